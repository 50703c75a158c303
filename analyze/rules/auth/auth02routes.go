package auth

import (
	"fmt"
	"net/netip"
	"slices"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// routesLost turns the finding about a route table that cannot be written into
// what it harms: the Services all of whose ready endpoints run on nodes whose pods
// have no route. The provider sends no event, logs "route created" all the same
// and lets NodeNetworkUnavailable become false, so only the table itself tells. It
// returns false where every node has its route: a later try was not refused.
func routesLost(p *rule.Pass, errs []*errtext.Error, f *rule.Finding) bool {
	f.Severity, f.Services, f.Errors = report.Warning, nil, nil
	table := tableOf(p, errs[len(errs)-1].Scope)
	if table == nil {
		f.Message += " Nodes that join get no route for their pods; the route table is not in the bundle, so which ones is not known."
		return true
	}
	lost := map[*topology.Node]bool{}
	var names []string
	for _, n := range p.Graph.Nodes {
		if cidr := podCIDR(n); cidr.IsValid() && !n.Virtual() && !routed(table, cidr) {
			lost[n] = true
			if names = append(names, n.Name); len(names) <= 3 {
				f.Cites = append(f.Cites, n.Doc.Cite("/spec/podCIDR"))
			}
		}
	}
	if len(lost) == 0 {
		return false
	}
	f.Cites = append(f.Cites, table.Doc.Cite(table.At+"/routes"))
	f.Message += fmt.Sprintf(" %s has no route for the pods of %s, so other nodes do not reach them.", table.Name, rule.List(names))
	for _, s := range p.Graph.Services {
		if behind(s, lost) {
			f.Services = append(f.Services, s.Key())
		}
	}
	if len(f.Services) > 0 {
		f.Severity = report.Error
		f.Message += fmt.Sprintf(" All ready endpoints of %s run there.", rule.List(f.Services))
	}
	return true
}

func tableOf(p *rule.Pass, scope string) *snapshot.RouteTable {
	id, ok := az.ParseID(scope)
	if !ok || id.Name("routeTables") == "" {
		return nil
	}
	return p.Graph.RouteTable(&az.Ref{ID: az.ID{Subscription: id.Subscription, Group: id.Group, Provider: id.Provider, Types: id.Types[:1], Names: id.Names[:1]}.String()})
}

func podCIDR(n *topology.Node) netip.Prefix {
	cidr, err := netip.ParsePrefix(n.Spec.PodCIDR)
	if err != nil {
		return netip.Prefix{}
	}
	return cidr.Masked()
}

// routed reports whether a route of the table covers the range.
func routed(t *snapshot.RouteTable, cidr netip.Prefix) bool {
	return slices.ContainsFunc(t.Routes, func(r az.Route) bool {
		to, err := netip.ParsePrefix(r.AddressPrefix)
		return err == nil && to.Bits() > 0 && to.Bits() <= cidr.Bits() && to.Contains(cidr.Addr())
	})
}

// behind reports whether the Service is served only over routes that are not
// there. With externalTrafficPolicy Local no packet goes from node to node, and a
// pod on the host's network needs no route.
func behind(s *topology.Service, lost map[*topology.Node]bool) bool {
	ready := s.ReadyEndpoints()
	if len(ready) == 0 || s.Foreign() || s.Local() {
		return false
	}
	for _, e := range ready {
		a, err := netip.ParseAddr(e.Address)
		if err != nil || e.Node == nil || !lost[e.Node] || !podCIDR(e.Node).Contains(a) {
			return false
		}
	}
	return true
}
