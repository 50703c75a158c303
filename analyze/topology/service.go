package topology

import (
	"slices"
	"strings"
	"sync"

	"azlb/analyze/snapshot"
	"azlb/bundle-schema/az"
	"azlb/bundle-schema/azname"
)

// Join says how the Azure side of a Service was found.
type Join string

// The ways to join, surest first.
const (
	ByUID     Join = "uid"     // names derived from the Service's uid
	ByAddress Join = "address" // the address in its status, or the one it asks for
	ByPort    Join = "port"    // the only frontend with exactly its ports
	NotJoined Join = ""        // nothing was found
)

// Cleanup is the finalizer that the service controller puts on a Service before its
// first sync, since Kubernetes 1.16, and takes off when the provider has cleaned up
// (k8s.io/cloud-provider/service/helpers).
const Cleanup = "service.kubernetes.io/load-balancer-cleanup"

// Service is a Service of type LoadBalancer and what Azure has of it.
type Service struct {
	*snapshot.Service
	Prefix    string // a<uid>; empty where the Service has no uid
	Join      Join
	Frontends []Frontend // its own and those it shares, in the order of the load balancers
	Endpoints []Endpoint
	Pods      []*snapshot.Pod // that its selector names
	Paths     []*Path         // one per port and IP family

	graph     *Graph
	poolNodes func() []string
}

func newService(g *Graph, row *snapshot.Service) *Service {
	s := &Service{Service: row, graph: g}
	s.poolNodes = sync.OnceValue(s.findPoolNodes)
	return s
}

// Frontend is a frontend IP configuration with its load balancer and address.
type Frontend struct {
	*az.Frontend
	LB       *snapshot.LoadBalancer
	PublicIP *snapshot.PublicIP // nil: internal, or not in the evidence
	Address  string             // empty: not known
	Own      bool               // its name carries the Service's prefix
}

// Key is "ns/name".
func (s *Service) Key() string { return s.Namespace + "/" + s.Name }

// Foreign reports whether another controller than the cloud provider owns it.
func (s *Service) Foreign() bool {
	return s.Spec.LoadBalancerClass != nil && *s.Spec.LoadBalancerClass != ""
}

// Deleting reports whether its deletion has begun.
func (s *Service) Deleting() bool { return s.DeletionTimestamp != nil }

// Guessed reports whether the Service has no uid and was matched by less.
func (s *Service) Guessed() bool { return s.Prefix == "" && s.Join != NotJoined }

// Addresses are those that its status shows.
func (s *Service) Addresses() []string {
	var out []string
	for _, i := range s.Status.LoadBalancer.Ingress {
		if i.IP != "" {
			out = append(out, i.IP)
		}
	}
	return out
}

// joinFrontends finds the Service's frontends: by the prefix in their name or in
// the name of a rule on them, by address, and, for a Service without a uid, by ports.
func (s *Service) joinFrontends() {
	if s.UID != "" {
		s.Prefix = azname.Prefix(string(s.UID))
	}
	s.each(func(f Frontend) {
		own := s.hasPrefix(f.Name)
		if own || s.hasRuleOn(f) {
			f.Own = own
			s.Frontends = append(s.Frontends, f)
			s.Join = ByUID
		}
	})
	addresses := s.Addresses()
	if s.Spec.LoadBalancerIP != "" && len(addresses) == 0 && s.Prefix == "" {
		addresses = append(addresses, s.Spec.LoadBalancerIP)
	}
	s.each(func(f Frontend) {
		if f.Address == "" || !slices.Contains(addresses, f.Address) || s.has(f) || s.Foreign() {
			return
		}
		s.Frontends = append(s.Frontends, f)
		if s.Join == NotJoined {
			s.Join = ByAddress
		}
	})
	if s.Join != NotJoined || s.Prefix != "" || s.Foreign() {
		return
	}
	var same []Frontend
	s.each(func(f Frontend) {
		if s.samePorts(f) && !s.graph.claimed(f) {
			same = append(same, f)
		}
	})
	if len(same) == 1 {
		s.Frontends, s.Join = same, ByPort
	}
}

// each visits every frontend of every load balancer.
func (s *Service) each(visit func(Frontend)) {
	for _, f := range s.graph.frontends {
		visit(f)
	}
}

func (s *Service) has(f Frontend) bool {
	return slices.ContainsFunc(s.Frontends, func(x Frontend) bool { return x.Frontend == f.Frontend })
}

func (s *Service) hasPrefix(name string) bool {
	p, ok := azname.ParsePrefix(name)
	return ok && s.Prefix != "" && p == s.Prefix
}

func (s *Service) hasRuleOn(f Frontend) bool {
	return s.Prefix != "" && slices.ContainsFunc(f.LB.Rules, func(r az.LBRule) bool {
		return s.hasPrefix(r.Name) && refers(r.Frontend, f.ID)
	})
}

// samePorts reports whether the rules on a frontend serve exactly the Service's ports.
func (s *Service) samePorts(f Frontend) bool {
	ports := map[int]bool{}
	for _, r := range f.LB.Rules {
		if refers(r.Frontend, f.ID) {
			ports[r.FrontendPort] = true
		}
	}
	for _, p := range s.Spec.Ports {
		if !ports[int(p.Port)] {
			return false
		}
		delete(ports, int(p.Port))
	}
	return len(ports) == 0 && len(s.Spec.Ports) > 0
}

// claimed reports whether a frontend carries the prefix of a Service of the bundle.
func (g *Graph) claimed(f Frontend) bool {
	return slices.ContainsFunc(g.Services, func(s *Service) bool {
		return s.UID != "" && strings.HasPrefix(strings.ToLower(f.Name), azname.Prefix(string(s.UID)))
	})
}

// refers reports whether a reference names the id. Children of one load balancer
// are compared by their last segments where the rest of the id is masked alike.
func refers(ref *az.Ref, id string) bool {
	if ref == nil {
		return false
	}
	return strings.EqualFold(ref.ID, id) || strings.EqualFold(lastSegment(ref.ID), lastSegment(id)) && az.SameID(ref.ID, id)
}

// lastSegment of an id tells most ids apart at little cost.
func lastSegment(id string) string {
	id = strings.TrimRight(id, "/")
	return id[strings.LastIndexByte(id, '/')+1:]
}
