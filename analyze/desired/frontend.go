package desired

import (
	"net/netip"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"azlb/bundle-schema/azname"
)

// Frontend is a frontend IP configuration.
type Frontend struct {
	Name Value[string]
	// Shared says that the Service pins an address which another Service may have
	// brought: the frontend then bears that Service's name.
	Shared bool
	// Subnet is the name of the subnet of an internal frontend; PrivateIP the address
	// in it that the Service asks for, empty where any will do.
	Subnet    Value[string]
	PrivateIP Value[string]
	Version   Value[string] // IPv4 or IPv6
}

// frontend follows getDefaultFrontendIPConfigName and reconcileFrontendIPConfigs.
func frontend(c *Cluster, a annotations, want *Service, family corev1.IPFamily, second bool) Frontend {
	f := Frontend{
		Name:    known(azname.Frontend(c.Version, a.service.Prefix, want.Subnet.V, second), "named after the Service's uid"),
		Version: Value[string]{V: string(family), Because: "spec.ipFamilies", Pointer: "/spec/ipFamilies"},
	}
	if a.service.Prefix == "" {
		f.Name = unknown[string]("the Service has no uid in the evidence")
	}
	pinned := a.addressOf(c, family)
	f.Shared = pinned.V != "" || a.publicIPName(c, family == corev1.IPv6Protocol).V != ""
	if !want.Internal.V {
		return f
	}
	f.Subnet = want.Subnet
	if f.Subnet.V == "" {
		f.Subnet = c.Settings.Subnet
	}
	f.PrivateIP = pinned
	return f
}

// addressOf is the address that the Service asks for in a family
// (getServiceLoadBalancerIP): the annotation of the family wins over
// spec.loadBalancerIP.
func (a annotations) addressOf(c *Cluster, family corev1.IPFamily) Value[string] {
	key, v6 := ipv4Address, family == corev1.IPv6Protocol
	if v6 {
		key = ipv6Address
	}
	if v := a.text(key); v.V != "" && c.has(addressAnnotations) {
		return v
	}
	ip, err := netip.ParseAddr(strings.TrimSpace(a.service.Spec.LoadBalancerIP))
	if err != nil || ip.Is4() == v6 {
		return Value[string]{}
	}
	return Value[string]{V: ip.String(), Because: "spec.loadBalancerIP", Pointer: "/spec/loadBalancerIP"}
}
