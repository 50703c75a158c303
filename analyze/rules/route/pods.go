package route

import (
	"fmt"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/rule"
	"azlb/analyze/topology"
	"azlb/report"
)

// harmed are the Services that lose packets for want of the routes: whole, where every
// ready endpoint is reached over one that is not there, and in part. With
// externalTrafficPolicy Local no packet goes from node to node, and a pod on the host's
// network needs no route; a node reaches its own pods without.
func harmed(p *rule.Pass, s *topology.RouteSite, list []topology.Routeless) (whole, part []string) {
	for _, svc := range p.Graph.Served() {
		ready, pool := svc.ReadyEndpoints(), svc.PoolNodes()
		lost := 0
		for _, e := range ready {
			a, err := netip.ParseAddr(e.Address)
			if err == nil && slices.ContainsFunc(list, func(m topology.Routeless) bool { return m.Node == e.Node && m.CIDR.Contains(a) }) &&
				slices.ContainsFunc(s.Senders, func(n *topology.Node) bool { return n != e.Node && slices.Contains(pool, n.Name) }) {
				lost++
			}
		}
		switch {
		case lost == 0 || svc.Local():
		case lost == len(ready):
			whole = append(whole, svc.Key())
		default:
			part = append(part, svc.Key())
		}
	}
	return whole, part
}

// tell adds to a finding what the missing routes come to, and its severity.
func tell(p *rule.Pass, s *topology.RouteSite, f *rule.Finding, list []topology.Routeless) {
	whole, part := harmed(p, s, list)
	switch {
	case len(whole) > 0:
		f.Severity, f.Services = report.Error, whole
		f.Message += fmt.Sprintf(" All ready endpoints of %s run there: what the load balancer hands to another node does not arrive.", rule.List(whole))
	case len(part) > 0:
		f.Severity, f.Services = report.Warning, part
		f.Message += fmt.Sprintf(" Some of the endpoints of %s run there: connections that get to these from another node fail.", rule.List(part))
	case !slices.ContainsFunc(list, func(m topology.Routeless) bool {
		return m.Node.Ready() == corev1.ConditionTrue && !m.Node.Spec.Unschedulable
	}):
		f.Severity, f.Services = report.Info, nil
		f.Message += " No Service that is served is reached that way now, and no new pods come there: the provider takes a route away with its node, so these may be about to go, or gone since."
	default:
		f.Severity, f.Services = report.Warning, nil
		f.Message += " No Service that is served is reached that way now."
	}
}

// nodesOf are the names of the nodes, and the proof that they have these ranges.
func nodesOf(list []topology.Routeless) (names []string, cites []report.Cite) {
	for _, m := range list {
		if !slices.Contains(names, m.Node.Name) {
			names = append(names, m.Node.Name)
			if len(names) <= 3 {
				cites = append(cites, m.Node.Doc.Cite("/spec/podCIDR"))
			}
		}
	}
	return names, cites
}
