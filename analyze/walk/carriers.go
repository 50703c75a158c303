package walk

import (
	"slices"

	"azlb/analyze/topology"
)

// Outage is what nodes that are down for one reason do.
type Outage struct {
	Reason string
	Nodes  []*topology.Node
	Harmed []*topology.Service // that no other node carries; none: others carry all
}

// Outages groups the nodes that Services use and that are down by their reason (empty:
// the node is not meant), those that harm Services apart. A Service without an address
// is not harmed: something else is wrong first. down is whether a node can carry none.
func Outages(g *topology.Graph, down func(*topology.Node) bool, reason func(*topology.Node) string) []Outage {
	used := map[string]bool{}
	harm := map[string][]*topology.Service{} // by node
	for _, s := range g.Served() {
		for _, n := range s.PoolNodes() {
			used[n] = true
		}
		for _, e := range s.Endpoints {
			used[e.NodeName] = true
		}
		if len(s.Status.LoadBalancer.Ingress) > 0 {
			for _, n := range carriers(s, down) {
				harm[n] = append(harm[n], s)
			}
		}
	}
	var out []Outage
	for _, n := range g.Nodes {
		why := reason(n)
		if why == "" || !used[n.Name] || n.Virtual() {
			continue
		}
		i := slices.IndexFunc(out, func(o Outage) bool { return o.Reason == why && (len(o.Harmed) > 0) == (len(harm[n.Name]) > 0) })
		if i < 0 {
			i = len(out)
			out = append(out, Outage{Reason: why})
		}
		o := &out[i]
		o.Nodes = append(o.Nodes, n)
		for _, s := range harm[n.Name] {
			if !slices.Contains(o.Harmed, s) {
				o.Harmed = append(o.Harmed, s)
			}
		}
	}
	return out
}

// carriers are the names of the nodes on which alone a Service depends and that are
// all down: those of its pods, or else the members of its backend pools. None where
// one of them is up or not known.
func carriers(s *topology.Service, down func(*topology.Node) bool) []string {
	endpoints := s.ReadyEndpoints()
	if len(endpoints) == 0 {
		endpoints = s.Endpoints
	}
	if out := allDown(nodesOf(reached(s, endpoints)), down); out != nil {
		return out
	}
	var members []*topology.Node
	for _, path := range s.Paths {
		for _, m := range path.Members {
			members = append(members, m.Node)
		}
	}
	return allDown(members, down)
}

// reached are the endpoints that the load balancer reaches: with externalTrafficPolicy
// Local those on nodes of its pool. Where none is, or the pool is not known, all of them
// say whether the pods' own nodes are up.
func reached(s *topology.Service, endpoints []topology.Endpoint) []topology.Endpoint {
	pool := s.PoolNodes()
	in := slices.DeleteFunc(slices.Clone(endpoints), func(e topology.Endpoint) bool { return !slices.Contains(pool, e.NodeName) })
	if !s.Local() || len(in) == 0 {
		return endpoints
	}
	return in
}

func nodesOf(endpoints []topology.Endpoint) []*topology.Node {
	var out []*topology.Node
	for _, e := range endpoints {
		out = append(out, e.Node)
	}
	return out
}

// allDown are the names of the nodes if each of them is down, else none. One that is
// not in the bundle (nil) may be up.
func allDown(nodes []*topology.Node, down func(*topology.Node) bool) []string {
	var out []string
	for _, n := range nodes {
		if n == nil || !down(n) {
			return nil
		}
		if !slices.Contains(out, n.Name) {
			out = append(out, n.Name)
		}
	}
	return out
}
