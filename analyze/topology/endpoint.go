package topology

import (
	"fmt"

	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/labels"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// Endpoint is one address behind a Service.
type Endpoint struct {
	Slice       *snapshot.EndpointSlice
	Index       int // in the slice
	Address     string
	NodeName    string
	Node        *Node // nil: not in the bundle
	Pod         *snapshot.Pod
	Ready       bool
	Terminating bool
	Serving     bool // answers, which a pod that is ending may still do
}

// Cite proves the endpoint.
func (e Endpoint) Cite() report.Cite {
	return e.Slice.Doc.Cite(fmt.Sprintf("/endpoints/%d/conditions/ready", e.Index))
}

// Slices are the EndpointSlices of the Service.
func (s *Service) Slices() []*snapshot.EndpointSlice {
	var out []*snapshot.EndpointSlice
	for i := range s.graph.Snapshot.Slices {
		sl := &s.graph.Snapshot.Slices[i]
		if sl.Namespace == s.Namespace && sl.Labels[discoveryv1.LabelServiceName] == s.Name {
			out = append(out, sl)
		}
	}
	return out
}

// ReadyEndpoints are the endpoints that take traffic.
func (s *Service) ReadyEndpoints() []Endpoint {
	var out []Endpoint
	for _, e := range s.Endpoints {
		if e.Ready {
			out = append(out, e)
		}
	}
	return out
}

// ReadyEndpoints are the endpoints that take the path's traffic: ready, of its IP
// family, and in a slice that has its port. A targetPort named after a port that
// the pods do not have leaves slices without it, although the pods in them are ready.
func (p *Path) ReadyEndpoints() []Endpoint {
	var out []Endpoint
	for _, e := range p.Service.ReadyEndpoints() {
		if FamilyOf(e.Address) == p.Family && hasPort(e.Slice, p.Port.Name) {
			out = append(out, e)
		}
	}
	return out
}

// hasPort reports whether the slice serves the Service port of that name; the only
// port of a Service may have none.
func hasPort(sl *snapshot.EndpointSlice, name string) bool {
	for _, port := range sl.Ports {
		if port.Name == nil && name == "" || port.Name != nil && *port.Name == name {
			return true
		}
	}
	return false
}

// joinEndpoints collects the Service's endpoints and pods. A pod appears once for
// every address; an endpoint without a ready condition counts as ready, as the API says.
func (s *Service) joinEndpoints() {
	pods := map[string]*snapshot.Pod{}
	for i := range s.graph.Snapshot.Pods {
		p := &s.graph.Snapshot.Pods[i]
		if p.Namespace != s.Namespace {
			continue
		}
		pods[p.Name] = p
		if len(s.Spec.Selector) > 0 && labels.SelectorFromSet(s.Spec.Selector).Matches(labels.Set(p.Labels)) {
			s.Pods = append(s.Pods, p)
		}
	}
	for _, sl := range s.Slices() {
		for i, e := range sl.Endpoints {
			for _, a := range e.Addresses {
				x := Endpoint{Slice: sl, Index: i, Address: a, Ready: e.Conditions.Ready == nil || *e.Conditions.Ready,
					Terminating: e.Conditions.Terminating != nil && *e.Conditions.Terminating}
				x.Serving = x.Ready || e.Conditions.Serving != nil && *e.Conditions.Serving
				if e.NodeName != nil {
					x.NodeName = *e.NodeName
					x.Node = s.graph.Node(x.NodeName)
				}
				if e.TargetRef != nil && e.TargetRef.Kind == "Pod" {
					x.Pod = pods[e.TargetRef.Name]
				}
				s.Endpoints = append(s.Endpoints, x)
			}
		}
	}
}

// Local reports whether only endpoints on the receiving node are used.
func (s *Service) Local() bool {
	return s.Spec.ExternalTrafficPolicy == corev1.ServiceExternalTrafficPolicyLocal
}

// EndpointsKnown reports whether the absence of endpoints means that there are none.
func (s *Service) EndpointsKnown() bool {
	return s.graph.Snapshot.Complete(&bundle.EndpointSlices, "") || s.graph.Snapshot.Complete(&bundle.Endpoints, "")
}
