package multislb

import (
	"slices"
	"strings"
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/rule"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
)

// localPool is the backend pool that a local Service has for itself in one family,
// where there are several load balancers: the nodes with an endpoint, kept up to
// date from the EndpointSlices.
type localPool struct {
	path    *topology.Path
	members []string // names of the nodes in it, sorted
	missing []string // with a ready endpoint, but not in it, sorted
	unsure  bool     // of the missing ones, the age of the endpoints is not known
}

// localPools are the local Service's own pools, where pool, nodes and endpoints
// are known as a whole.
func localPools(p *rule.Pass, s *topology.Service) []localPool {
	if !s.Local() || !s.EndpointsKnown() || !p.Graph.Whole(&bundle.LoadBalancers) || !p.Complete(&bundle.Nodes, "") {
		return nil
	}
	var out []localPool
	for _, path := range s.Paths {
		name := strings.ToLower(s.Namespace + "-" + s.Name)
		if path.Family == corev1.IPv6Protocol {
			name += "-ipv6"
		}
		if path.Pool.To == nil || !strings.EqualFold(path.Pool.To.Name, name) || slices.ContainsFunc(out, func(l localPool) bool { return l.path.Pool.To == path.Pool.To }) {
			continue
		}
		l := localPool{path: path}
		for _, m := range path.Members {
			if m.Node != nil {
				l.members = append(l.members, m.Node.Name)
			}
		}
		for _, e := range path.ReadyEndpoints() {
			if e.Node == nil || slices.Contains(l.members, e.Node.Name) || recent(p, e) {
				continue
			}
			l.missing = append(l.missing, e.Node.Name)
			l.unsure = l.unsure || e.Pod == nil
		}
		slices.Sort(l.members)
		slices.Sort(l.missing)
		l.missing = slices.Compact(l.missing)
		out = append(out, l)
	}
	return out
}

// settling is how long a pool may lag behind its endpoints: the provider collects
// changes for 30 seconds, and a write may be tried again.
const settling = 5 * time.Minute

// recent reports whether the endpoint's pod became ready so lately that the pool
// may still follow.
func recent(p *rule.Pass, e topology.Endpoint) bool {
	if e.Pod == nil {
		return false
	}
	for _, c := range e.Pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			return p.Snapshot.Now.Sub(c.LastTransitionTime.Time) < settling
		}
	}
	return false
}

// oneSlice reports whether one of the Service's slices accounts for every node of
// the pool, and the others for those that are missing.
func (l localPool) oneSlice() bool {
	var slicesOf [][]string
	for _, sl := range l.path.Service.Slices() {
		v6 := sl.AddressType == discoveryv1.AddressTypeIPv6
		if v6 != (l.path.Family == corev1.IPv6Protocol) || len(sl.Endpoints) == 0 {
			continue
		}
		var nodes []string
		for _, e := range sl.Endpoints {
			if e.NodeName != nil {
				nodes = append(nodes, *e.NodeName)
			}
		}
		slicesOf = append(slicesOf, nodes)
	}
	return len(slicesOf) > 1 && slices.ContainsFunc(slicesOf, func(nodes []string) bool {
		return !slices.ContainsFunc(l.members, func(m string) bool { return !slices.Contains(nodes, m) }) &&
			!slices.ContainsFunc(l.missing, func(m string) bool { return slices.Contains(nodes, m) })
	})
}

// serving reports whether some node of the pool has a ready endpoint.
func (l localPool) serving() bool {
	return slices.ContainsFunc(l.path.ReadyEndpoints(), func(e topology.Endpoint) bool { return e.Node != nil && slices.Contains(l.members, e.Node.Name) })
}
