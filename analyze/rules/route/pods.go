package route

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// separator stands in the provider's route names between node and range, where it
// knows of two IP families; before, a route has the node's name alone
// (mapNodeNameToRouteName in azure_routes.go).
const separator = "____"

// settling is how long a new node may wait for its route.
const settling = 5 * time.Minute

// missing is a range of pods to which a table has no route, or one that leads to
// something else than the node.
type missing struct {
	node  *topology.Node
	cidr  netip.Prefix
	wrong *az.Route // the provider's own route for it, with another next hop; nil: there is none
}

// ranges are those of a node's pods; before 1.16 there is only the one.
func ranges(n *topology.Node) []string {
	if len(n.Spec.PodCIDRs) == 0 {
		return []string{n.Spec.PodCIDR}
	}
	return n.Spec.PodCIDRs
}

// routeless lists what a table lacks of the routes that the provider makes, one for each
// node and range of pods. No table at all lacks every one. Nodes that Azure has no
// machine for, and those that the provider is to leave alone, get none; nor do pods
// whose addresses are the virtual network's own need one.
func routeless(p *rule.Pass, t *snapshot.RouteTable, v *snapshot.VNet) []missing {
	var out []missing
	for _, n := range p.Graph.Nodes {
		if n.Virtual() || n.Labels["kubernetes.azure.com/managed"] == "false" || arriving(p, n) {
			continue
		}
		for i, text := range ranges(n) {
			cidr, err := netip.ParsePrefix(text)
			if err != nil || i > 0 && familyUnknown(t, cidr) || v != nil && slices.ContainsFunc(v.AddressSpace.AddressPrefixes, func(s string) bool { return holds(s, cidr) }) {
				continue
			}
			if routed, wrong := routeTo(t, n, cidr); !routed {
				out = append(out, missing{n, cidr.Masked(), wrong})
			}
		}
	}
	return out
}

// arriving reports a node that has just joined and waits for its route.
func arriving(p *rule.Pass, n *topology.Node) bool {
	c, _ := n.Condition(corev1.NodeNetworkUnavailable)
	return (c == nil || c.Status != corev1.ConditionFalse) && p.Snapshot.Now.Sub(n.CreationTimestamp.Time) < settling
}

// routeTo reports whether a route of the table covers the range of the node's pods;
// what leads somewhere else counts only where it is the provider's, as others may be an
// appliance that knows the way.
func routeTo(t *snapshot.RouteTable, n *topology.Node, cidr netip.Prefix) (ok bool, wrong *az.Route) {
	if t == nil {
		return false, nil
	}
	for i := range t.Routes {
		r := &t.Routes[i]
		if mine(r, n) && r.AddressPrefix == cidr.String() && len(n.Addresses()) > 0 && r.NextHopIPAddress != "" && !slices.Contains(n.Addresses(), r.NextHopIPAddress) {
			return false, r
		}
		ok = ok || holds(r.AddressPrefix, cidr)
	}
	return ok, nil
}

// holds reports whether a prefix that is not that of all addresses covers the range.
func holds(prefix string, cidr netip.Prefix) bool {
	to, err := netip.ParsePrefix(prefix)
	return err == nil && to.Bits() > 0 && to.Bits() <= cidr.Bits() && to.Contains(cidr.Addr())
}

// mine reports whether the provider made the route for the node.
func mine(r *az.Route, n *topology.Node) bool {
	name, _, _ := strings.Cut(r.Name, separator)
	return strings.EqualFold(name, n.Name)
}

// familyUnknown reports that the table has no route of the family of a second range: the
// provider then may not make any.
func familyUnknown(t *snapshot.RouteTable, cidr netip.Prefix) bool {
	return t == nil || !slices.ContainsFunc(t.Routes, func(r az.Route) bool {
		p, err := netip.ParsePrefix(r.AddressPrefix)
		return err == nil && p.Addr().Is6() == cidr.Addr().Is6()
	})
}

// byRoutes says why pods of other nodes are reached by routes of a table (kubenet),
// empty where nothing tells: with an overlay or addresses of the virtual network no
// pod needs a route.
func byRoutes(p *rule.Pass) (because string, cite report.Cite) {
	for _, n := range p.Graph.Nodes {
		if n.Labels["kubernetes.azure.com/azure-cni-overlay"] == "true" || n.Labels["kubernetes.azure.com/podnetwork-type"] != "" {
			return "", report.Cite{} // Azure CNI: what is left of routes is of an earlier time
		}
	}
	for _, n := range p.Graph.Nodes {
		for i := range p.Snapshot.Routes {
			t := &p.Snapshot.Routes[i]
			for j := range t.Routes {
				if r := &t.Routes[j]; mine(r, n) && slices.Contains(ranges(n), r.AddressPrefix) {
					return "the provider made route " + r.Name + " of " + t.Name, t.Doc.Cite(r.At + "/name")
				}
			}
		}
	}
	for _, n := range p.Graph.Nodes {
		if c, i := n.Condition(corev1.NodeNetworkUnavailable); c != nil && (c.Reason == "RouteCreated" || c.Reason == "NoRouteCreated") {
			return "the route controller set the condition NetworkUnavailable of " + n.Name, n.Doc.Cite(fmt.Sprintf("/status/conditions/%d/reason", i))
		}
	}
	return "", report.Cite{}
}

// site is the nodes of the subnets that have one route table, or none.
type site struct {
	table   *snapshot.RouteTable // nil: none
	vnet    *snapshot.VNet
	subnet  *az.Subnet // the first
	senders []*topology.Node
}

// sites are the subnets of the nodes. One whose table is not in the bundle is left out.
func sites(p *rule.Pass) []*site {
	var out []*site
	for _, n := range p.Graph.Nodes {
		v, subnet := p.Graph.Home(n)
		if subnet == nil || n.Virtual() {
			continue
		}
		table := p.Graph.RouteTable(subnet.RouteTable)
		if table == nil && subnet.RouteTable != nil {
			continue
		}
		i := slices.IndexFunc(out, func(s *site) bool { return s.table == table && (table != nil || s.subnet == subnet) })
		if i < 0 {
			i = len(out)
			out = append(out, &site{table: table, vnet: v, subnet: subnet})
		}
		out[i].senders = append(out[i].senders, n)
	}
	return out
}

// harmed are the Services that lose packets for want of the routes: whole, where every
// ready endpoint is reached over one that is not there, and in part. With
// externalTrafficPolicy Local no packet goes from node to node, and a pod on the host's
// network needs no route; a node reaches its own pods without.
func (s *site) harmed(p *rule.Pass, list []missing) (whole, part []string) {
	for _, svc := range p.Graph.Served() {
		ready, pool := svc.ReadyEndpoints(), svc.PoolNodes()
		lost := 0
		for _, e := range ready {
			a, err := netip.ParseAddr(e.Address)
			if err == nil && slices.ContainsFunc(list, func(m missing) bool { return m.node == e.Node && m.cidr.Contains(a) }) &&
				slices.ContainsFunc(s.senders, func(n *topology.Node) bool { return n != e.Node && slices.Contains(pool, n.Name) }) {
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
func (s *site) tell(p *rule.Pass, f *rule.Finding, list []missing) {
	whole, part := s.harmed(p, list)
	switch {
	case len(whole) > 0:
		f.Severity, f.Services = report.Error, whole
		f.Message += fmt.Sprintf(" All ready endpoints of %s run there: what the load balancer hands to another node does not arrive.", rule.List(whole))
	case len(part) > 0:
		f.Severity, f.Services = report.Warning, part
		f.Message += fmt.Sprintf(" Some of the endpoints of %s run there: connections that get to these from another node fail.", rule.List(part))
	default:
		f.Severity, f.Services = report.Warning, nil
		f.Message += " No Service that is served is reached that way now."
	}
}

// nodesOf are the names of the nodes, and the proof that they have these ranges.
func nodesOf(list []missing) (names []string, cites []report.Cite) {
	for _, m := range list {
		if !slices.Contains(names, m.node.Name) {
			names = append(names, m.node.Name)
			if len(names) <= 3 {
				cites = append(cites, m.node.Doc.Cite("/spec/podCIDR"))
			}
		}
	}
	return names, cites
}
