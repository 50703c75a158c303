package walk

import (
	"fmt"
	"net/netip"
	"slices"

	"azlb/analyze/topology"
	"azlb/report"
)

// endpoint adds the pods: with externalTrafficPolicy Local only those on a node of
// the backend pool count.
func (w *Walk) endpoint() {
	p := w.Path
	s := p.Service
	if len(s.Spec.Selector) == 0 && len(s.Endpoints) == 0 {
		w.add(Endpoint, "", report.HopUnknown, report.VerdictUnknown, "the Service has no selector; its endpoints are made by hand", nil)
		return
	}
	if len(s.Slices()) == 0 && !s.EndpointsKnown() {
		w.gone(Endpoint, report.HopUnknown, "the EndpointSlices are not in the bundle")
		return
	}
	ready := p.ReadyEndpoints()
	var cites []report.Cite
	for _, sl := range s.Slices() {
		cites = append(cites, sl.Doc.Cite("/endpoints"))
		break
	}
	ofFamily, others := 0, 0
	for _, e := range s.ReadyEndpoints() {
		if topology.FamilyOf(e.Address) == p.Family {
			ofFamily++
		} else {
			others++
		}
	}
	if len(ready) == 0 && !s.EndpointsKnown() {
		w.add(Endpoint, "", report.HopUnknown, report.VerdictUnknown, "no ready endpoint is in the bundle, but the EndpointSlices are not complete there", cites)
		return
	}
	if len(ready) == 0 && ofFamily == 0 && others > 0 {
		w.add(Endpoint, "", report.HopAbsent, report.Blocks, fmt.Sprintf("none of the %d ready endpoints has an %s address", others, p.Family), cites)
		return
	}
	if n := ofFamily; len(ready) == 0 && n > 0 {
		w.add(Endpoint, "", report.HopAbsent, report.Blocks, fmt.Sprintf("%d pods are ready, but none of them has the port (targetPort %s)", n, p.Port.TargetPort.String()), cites)
		return
	}
	if len(ready) == 0 {
		if n := ending(s); n > 0 {
			w.add(Endpoint, "", report.HopFound, report.VerdictUnknown, fmt.Sprintf("no ready endpoint, but %d that are ending still answer: kube-proxy of Kubernetes 1.26 and later sends to them until they are gone", n), cites)
			return
		}
		say := fmt.Sprintf("no ready endpoint (%d not ready)", len(s.Endpoints))
		if down, _ := onDownNodes(s.Endpoints); down > 0 && down == len(s.Endpoints) {
			say += ", all on nodes that are down or not Ready"
			cites = append(cites, NodeCite(s.Endpoints[0].Node))
		}
		w.add(Endpoint, "", report.HopAbsent, report.Blocks, say, cites)
		return
	}
	if down, unseen := onDownNodes(ready); down == len(ready) {
		for _, e := range ready[:min(len(ready), 2)] {
			cites = append(cites, NodeCite(e.Node))
		}
		w.add(Endpoint, "", report.HopFound, report.Blocks, fmt.Sprintf("all %d ready endpoints are on nodes that are down or not Ready", down), cites)
		return
	} else if down+unseen == len(ready) {
		w.add(Endpoint, "", report.HopFound, report.VerdictUnknown, fmt.Sprintf("%d ready endpoints, but whether their nodes are up is not in the bundle", len(ready)), cites)
		return
	}
	if n, all, proof := w.cutOff(ready); n > 0 {
		verdict, say := report.Passes, fmt.Sprintf("%d ready endpoints, but other nodes have no route to the pods of %d of them", len(ready), n)
		if all { // a packet that the load balancer hands to the pods' own node arrives
			verdict, say = report.VerdictUnknown, fmt.Sprintf("%d ready endpoints, all on nodes to whose pods other nodes have no route: only what the load balancer hands to these very nodes arrives", len(ready))
		}
		w.add(Endpoint, "", report.HopFound, verdict, say, append(cites, proof...))
		return
	}
	if w.unseenRoutes() {
		w.add(Endpoint, "", report.HopFound, report.VerdictUnknown, fmt.Sprintf("%d ready endpoints, but whether other nodes have a route to them is not in the bundle", len(ready)), cites)
		return
	}
	if !s.Local() {
		w.add(Endpoint, "", report.HopFound, report.Passes, fmt.Sprintf("%d ready endpoints", len(ready)), cites)
		return
	}
	local := LocalEndpoints(p)
	switch {
	case local == 0 && unplaced(p):
		w.add(Endpoint, "", report.HopFound, report.VerdictUnknown, fmt.Sprintf("%d ready endpoints; whether one is on a node of the backend pool (externalTrafficPolicy Local) cannot be told", len(ready)), cites)
	case local > 0:
		w.add(Endpoint, "", report.HopFound, report.Passes, fmt.Sprintf("%d of %d ready endpoints are on nodes of the backend pool (externalTrafficPolicy Local)", local, len(ready)), cites)
	case len(p.Members) == 0:
		w.add(Endpoint, "", report.HopFound, report.VerdictUnknown, fmt.Sprintf("%d ready endpoints", len(ready)), cites)
	case !s.EndpointsKnown():
		w.add(Endpoint, "", report.HopUnknown, report.VerdictUnknown, "externalTrafficPolicy is Local, no ready endpoint in the bundle is on a node of the backend pool, and the EndpointSlices are not complete there", cites)
	default:
		w.add(Endpoint, "", report.HopFound, report.Blocks, "externalTrafficPolicy is Local and no ready endpoint is on a node of the backend pool", cites)
	}
}

// ending counts the endpoints that are ending and still answer.
func ending(s *topology.Service) int {
	n := 0
	for _, e := range s.Endpoints {
		if e.Terminating && e.Serving {
			n++
		}
	}
	return n
}

// onDownNodes counts the endpoints whose node takes no traffic, and those whose node
// is named but not in the bundle.
func onDownNodes(list []topology.Endpoint) (down, unseen int) {
	for _, e := range list {
		switch {
		case e.Node == nil && e.NodeName != "":
			unseen++
		case e.Node != nil && Down(e.Node) != "":
			down++
		}
	}
	return down, unseen
}

// LocalEndpoints counts the ready endpoints on nodes of the path's backend pool.
func LocalEndpoints(p *topology.Path) int {
	n := 0
	for _, e := range p.ReadyEndpoints() {
		for _, m := range p.Members {
			if m.Node != nil && m.Node.Name == e.NodeName {
				n++
				break
			}
		}
	}
	return n
}

// unplaced reports whether the node of some member of the pool is not known.
func unplaced(p *topology.Path) bool {
	return slices.ContainsFunc(p.Members, func(m *topology.Member) bool { return m.Node == nil })
}

// cutOff tells of endpoints on nodes to which the other nodes have no route, where routes
// carry the packets of pods (kubenet): what the load balancer hands to another node does
// not get there. all: no endpoint can be reached from another node.
func (w *Walk) cutOff(ready []topology.Endpoint) (n int, all bool, cites []report.Cite) {
	if w.Path.Service.Local() {
		return 0, false, nil
	}
	for _, u := range w.graph.Unrouted() {
		if !slices.ContainsFunc(w.Path.Members, func(m *topology.Member) bool { return slices.Contains(u.Site.Senders, m.Node) }) {
			continue
		}
		for _, e := range ready {
			a, err := netip.ParseAddr(e.Address)
			if err == nil && slices.ContainsFunc(u.Lost, func(r topology.Routeless) bool { return r.Node == e.Node && r.CIDR.Contains(a) }) {
				n++
			}
		}
		if n > 0 {
			return n, n == len(ready), []report.Cite{u.Site.Table.Doc.Cite(u.Site.Table.At + "/routes")}
		}
	}
	return 0, false, nil
}

// unseenRoutes reports whether routes carry the packets of pods, and the bundle does not
// show those of some node to which the load balancer may hand one.
func (w *Walk) unseenRoutes() bool {
	if because, _ := w.graph.ByRoutes(); because == "" || w.Path.Service.Local() {
		return false
	}
	sites := w.graph.RouteSites()
	seen := func(n *topology.Node) bool {
		return slices.ContainsFunc(sites, func(s *topology.RouteSite) bool { return slices.Contains(s.Senders, n) })
	}
	if len(w.Path.Members) == 0 { // no pool, or it is not known who is in it
		return len(w.graph.Unrouted()) > 0 || slices.ContainsFunc(w.graph.Nodes, func(n *topology.Node) bool { return !n.Virtual() && !seen(n) })
	}
	return slices.ContainsFunc(w.Path.Members, func(m *topology.Member) bool { return m.Node != nil && !seen(m.Node) })
}
