package collect

import (
	"bufio"
	"bytes"
	"io"
	"slices"
	"strings"

	bundle "azlb/bundle-schema"
)

// podCap is how many pods of one namespace are kept.
const podCap = 500

// selection is what is wanted of the pods of one namespace: everything that a
// judgement of its LoadBalancer Services rests on. A pod that is none of it is not
// missed, so a list that was cut to these is complete.
type selection struct {
	wanted []wanted
	names  map[string]bool // of pods that an EndpointSlice names, or an event that tells of a timeout
}

// wanted is the selector of a LoadBalancer Service.
type wanted struct {
	service  string
	selector map[string]string
	// empty says that no EndpointSlice of the Service names an endpoint. Pods that
	// nearly match its selector show a slip in it (AZLB-DATA10).
	empty bool
}

// takes reports whether a pod is wanted.
func (s *selection) takes(p pod) bool {
	if s.names[p.Metadata.Name] {
		return true
	}
	return slices.ContainsFunc(s.wanted, func(w wanted) bool { return w.takes(p.Metadata.Labels) })
}

func (w wanted) takes(labels map[string]string) bool {
	missed := false
	for key, value := range w.selector {
		if got, ok := labels[key]; ok && got == value {
			continue
		}
		if missed || !w.empty || !nearly(labels, key, value) {
			return false
		}
		missed = true
	}
	return len(w.selector) > 0
}

// nearly reports whether labels may have a value in another spelling, with a letter
// more or less, or under another key. It takes more than what the rule calls near.
func nearly(labels map[string]string, key, value string) bool {
	if got, ok := labels[key]; ok {
		d := len(unparted(got)) - len(unparted(value))
		return -1 <= d && d <= 1
	}
	for _, got := range labels {
		if got == value {
			return true
		}
	}
	return false
}

// unparted is a value without what separates its parts.
func unparted(s string) string { return separators.Replace(s) }

var separators = strings.NewReplacer("-", "", "_", "", ".", "")

// selections reads from Services, EndpointSlices and events which pods are wanted, by
// namespace. Those that cannot be read want none.
func (s *session) selections() map[string]*selection {
	chosen := map[string]*selection{}
	var addresses [][]byte // of LoadBalancer Services
	s.each(&bundle.Services, func(item []byte) {
		svc, _ := fieldsOf[service](item, "metadata", "spec", "status")
		if svc.Spec.Type != "LoadBalancer" {
			return
		}
		in := chosen[svc.Metadata.Namespace]
		if in == nil {
			in = &selection{names: map[string]bool{}}
			chosen[svc.Metadata.Namespace] = in
		}
		in.wanted = append(in.wanted, wanted{svc.Metadata.Name, svc.Spec.Selector, s.read[&bundle.EndpointSlices] || s.read[&bundle.Endpoints]})
		for _, i := range svc.Status.LoadBalancer.Ingress {
			if i.IP != "" {
				addresses = append(addresses, []byte(i.IP))
			}
		}
	})
	s.each(&bundle.EndpointSlices, func(item []byte) {
		m, _ := fieldsOf[endpointSlice](item, "metadata")
		chosen[m.Metadata.Namespace].lists(m.Metadata.Labels["kubernetes.io/service-name"], func() []targetRef {
			full, _ := decoded[endpointSlice](item)
			return full.targets()
		})
	})
	s.each(&bundle.Endpoints, func(item []byte) {
		m, _ := fieldsOf[endpointsOf](item, "metadata")
		chosen[m.Metadata.Namespace].lists(m.Metadata.Name, func() []targetRef {
			full, _ := decoded[endpointsOf](item)
			return full.targets()
		})
	})
	s.each(&bundle.Events, func(item []byte) {
		if !slices.ContainsFunc(addresses, func(a []byte) bool { return bytes.Contains(item, a) }) {
			return
		}
		e, _ := decoded[event](item)
		for _, about := range []targetRef{e.InvolvedObject, e.Regarding} {
			if in := chosen[about.Namespace]; in != nil && about.Kind == "Pod" {
				in.names[about.Name] = true
			}
		}
	})
	return chosen
}

// lists adds the pods that an EndpointSlice, or Endpoints, of a Service name.
func (s *selection) lists(service string, targets func() []targetRef) {
	if s == nil {
		return
	}
	i := slices.IndexFunc(s.wanted, func(w wanted) bool { return w.service == service })
	if i < 0 {
		return
	}
	for _, t := range targets() {
		s.wanted[i].empty = false
		if t.Kind == "Pod" {
			s.names[t.Name] = true
		}
	}
}

// each visits the items of an answer; none where it did not come.
func (s *session) each(e *bundle.Evidence, visit func(item []byte)) {
	r, err := s.spool.open(bundle.Entry{Path: e.Path})
	if err != nil {
		return
	}
	defer r.Close()
	// What cannot be read to its end was cut already, and has an entry that says so.
	_ = cut(bufio.NewReaderSize(io.Reader(r), 1<<16), func(part []byte, item bool) error {
		if item {
			visit(part)
		}
		return nil
	})
}

// The parts of Kubernetes objects that tell which pods are wanted.
type (
	targetRef struct {
		Kind      string `json:"kind"`
		Namespace string `json:"namespace"`
		Name      string `json:"name"`
	}
	endpointSlice struct {
		Metadata  meta `json:"metadata"`
		Endpoints []struct {
			TargetRef *targetRef `json:"targetRef"`
		} `json:"endpoints"`
	}
	endpointsOf struct {
		Metadata meta `json:"metadata"`
		Subsets  []struct {
			Addresses         []struct{ TargetRef *targetRef }
			NotReadyAddresses []struct{ TargetRef *targetRef }
		} `json:"subsets"`
	}
	event struct {
		InvolvedObject targetRef `json:"involvedObject"`
		Regarding      targetRef `json:"regarding"` // in events.k8s.io
	}
)

// targets are what the endpoints stand for; one that nothing stands for is the zero value.
func (s endpointSlice) targets() (out []targetRef) {
	for _, e := range s.Endpoints {
		out = append(out, at(e.TargetRef))
	}
	return out
}

func (e endpointsOf) targets() (out []targetRef) {
	for _, s := range e.Subsets {
		for _, a := range slices.Concat(s.Addresses, s.NotReadyAddresses) {
			out = append(out, at(a.TargetRef))
		}
	}
	return out
}

func at(t *targetRef) targetRef {
	if t == nil {
		return targetRef{}
	}
	return *t
}
