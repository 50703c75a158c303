package snapshot

import (
	"net/netip"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// endpointsObject is the part of a v1 Endpoints that a slice has too.
type endpointsObject struct {
	metav1.ObjectMeta `json:"metadata"`
	Subsets           []struct {
		Addresses         []endpointAddress `json:"addresses"`
		NotReadyAddresses []endpointAddress `json:"notReadyAddresses"`
		Ports             []struct {
			Name     string          `json:"name"`
			Port     int32           `json:"port"`
			Protocol corev1.Protocol `json:"protocol"`
		} `json:"ports"`
	} `json:"subsets"`
}

type endpointAddress struct {
	IP        string                  `json:"ip"`
	NodeName  *string                 `json:"nodeName"`
	TargetRef *corev1.ObjectReference `json:"targetRef"`
}

// endpoints turns an Endpoints object into slices, one for each subset and IP
// family, as the EndpointSlice mirroring controller does. An object without
// addresses becomes one slice without endpoints: that says that there are none.
func (l *loader) endpoints(p piece) (metav1.ObjectMeta, error) {
	var e endpointsObject
	if err := p.decode(&e); err != nil {
		return e.ObjectMeta, err
	}
	var slices []discoveryv1.EndpointSlice
	for _, subset := range e.Subsets {
		for _, family := range []discoveryv1.AddressType{discoveryv1.AddressTypeIPv4, discoveryv1.AddressTypeIPv6} {
			slice := discoveryv1.EndpointSlice{AddressType: family}
			for i, list := range [][]endpointAddress{subset.Addresses, subset.NotReadyAddresses} {
				ready := i == 0
				for _, a := range list {
					if familyOf(a.IP) == family {
						slice.Endpoints = append(slice.Endpoints, discoveryv1.Endpoint{Addresses: []string{a.IP}, NodeName: a.NodeName,
							TargetRef: a.TargetRef, Conditions: discoveryv1.EndpointConditions{Ready: &ready, Serving: &ready}})
					}
				}
			}
			for _, port := range subset.Ports {
				slice.Ports = append(slice.Ports, discoveryv1.EndpointPort{Name: &port.Name, Port: &port.Port, Protocol: &port.Protocol})
			}
			if len(slice.Endpoints) > 0 {
				slices = append(slices, slice)
			}
		}
	}
	if len(slices) == 0 {
		slices = []discoveryv1.EndpointSlice{{AddressType: discoveryv1.AddressTypeIPv4}}
	}
	for i := range slices {
		slices[i].ObjectMeta = metav1.ObjectMeta{Namespace: e.Namespace, Name: e.Name + "-" + strconv.Itoa(i), UID: e.UID,
			ResourceVersion: e.ResourceVersion, Labels: map[string]string{discoveryv1.LabelServiceName: e.Name}}
		l.converted = append(l.converted, EndpointSlice{EndpointSlice: slices[i], Doc: p.doc})
	}
	return e.ObjectMeta, nil
}

func familyOf(ip string) discoveryv1.AddressType {
	if a, err := netip.ParseAddr(ip); err == nil && a.Is6() && !a.Is4In6() {
		return discoveryv1.AddressTypeIPv6
	}
	return discoveryv1.AddressTypeIPv4
}

// adoptEndpoints adds the converted slices of Services that have no real one.
func (l *loader) adoptEndpoints() {
	real := map[string]bool{}
	for _, s := range l.s.Slices {
		real[s.Namespace+"/"+s.Labels[discoveryv1.LabelServiceName]] = true
	}
	for _, s := range l.converted {
		if !real[s.Namespace+"/"+s.Labels[discoveryv1.LabelServiceName]] {
			l.s.Slices = append(l.s.Slices, s)
		}
	}
}
