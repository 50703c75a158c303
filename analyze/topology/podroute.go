package topology

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/snapshot"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// routeSeparator stands in the provider's route names between node and range, where it
// knows of two IP families; before, a route has the node's name alone
// (mapNodeNameToRouteName in azure_routes.go).
const routeSeparator = "____"

// routeSettling is how long a new node may wait for its route.
const routeSettling = 5 * time.Minute

// Routeless is a range of pods to which a table has no route, or one that leads to
// something else than the node.
type Routeless struct {
	Node  *Node
	CIDR  netip.Prefix
	Wrong *az.Route // the provider's own route for it, with another next hop; nil: there is none
}

// podRanges are those of a node's pods; before 1.16 there is only the one.
func podRanges(n *Node) []string {
	if len(n.Spec.PodCIDRs) == 0 {
		return []string{n.Spec.PodCIDR}
	}
	return n.Spec.PodCIDRs
}

// Routeless lists what a table lacks of the routes that the provider makes, one for each
// node and range of pods. No table at all lacks every one. Virtual nodes and those that
// the provider is to leave alone get none, and that of a node which goes may be gone
// before it; nor do pods whose addresses are the virtual network's own need one.
func (g *Graph) Routeless(t *snapshot.RouteTable, v *snapshot.VNet) []Routeless {
	var out []Routeless
	for _, n := range g.Nodes {
		if n.Virtual() || n.Labels["kubernetes.azure.com/managed"] == "false" || n.Leaving() || g.waitsForRoute(n) {
			continue
		}
		for i, text := range podRanges(n) {
			cidr, err := netip.ParsePrefix(text)
			if err != nil || i > 0 && familyUnknown(t, cidr) || v != nil && slices.ContainsFunc(v.AddressSpace.AddressPrefixes, func(s string) bool { return holdsRange(s, cidr) }) {
				continue
			}
			if routed, wrong := routeFor(t, n, cidr); !routed {
				out = append(out, Routeless{n, cidr.Masked(), wrong})
			}
		}
	}
	return out
}

// waitsForRoute reports a node that has just joined and waits for its route.
func (g *Graph) waitsForRoute(n *Node) bool {
	c, _ := n.Condition(corev1.NodeNetworkUnavailable)
	return (c == nil || c.Status != corev1.ConditionFalse) && g.Snapshot.Now.Sub(n.CreationTimestamp.Time) < routeSettling
}

// routeFor reports whether a route of the table covers the range of the node's pods;
// what leads somewhere else counts only where it is the provider's, as others may be an
// appliance that knows the way.
func routeFor(t *snapshot.RouteTable, n *Node, cidr netip.Prefix) (ok bool, wrong *az.Route) {
	if t == nil {
		return false, nil
	}
	for i := range t.Routes {
		r := &t.Routes[i]
		if routeOf(r, n) && r.AddressPrefix == cidr.String() && len(n.Addresses()) > 0 && r.NextHopIPAddress != "" && !slices.Contains(n.Addresses(), r.NextHopIPAddress) {
			return false, r
		}
		ok = ok || holdsRange(r.AddressPrefix, cidr)
	}
	return ok, nil
}

// holdsRange reports whether a prefix that is not that of all addresses covers the range.
func holdsRange(prefix string, cidr netip.Prefix) bool {
	to, err := netip.ParsePrefix(prefix)
	return err == nil && to.Bits() > 0 && to.Bits() <= cidr.Bits() && to.Contains(cidr.Addr())
}

// routeOf reports whether the provider made the route for the node.
func routeOf(r *az.Route, n *Node) bool {
	name, _, _ := strings.Cut(r.Name, routeSeparator)
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

// ByRoutes says why pods of other nodes are reached by routes of a table (kubenet),
// empty where nothing tells: with an overlay or addresses of the virtual network no
// pod needs a route.
func (g *Graph) ByRoutes() (because string, cite report.Cite) {
	for _, n := range g.Nodes {
		if n.Labels["kubernetes.azure.com/azure-cni-overlay"] == "true" || n.Labels["kubernetes.azure.com/podnetwork-type"] != "" {
			return "", report.Cite{} // Azure CNI: what is left of routes is of an earlier time
		}
	}
	for _, n := range g.Nodes {
		for i := range g.Snapshot.Routes {
			t := &g.Snapshot.Routes[i]
			for j := range t.Routes {
				if r := &t.Routes[j]; routeOf(r, n) && slices.Contains(podRanges(n), r.AddressPrefix) {
					return "the provider made route " + r.Name + " of " + t.Name, t.Doc.Cite(r.At + "/name")
				}
			}
		}
	}
	for _, n := range g.Nodes {
		if c, i := n.Condition(corev1.NodeNetworkUnavailable); c != nil && (c.Reason == "RouteCreated" || c.Reason == "NoRouteCreated") {
			return "the route controller set the condition NetworkUnavailable of " + n.Name, n.Doc.Cite(fmt.Sprintf("/status/conditions/%d/reason", i))
		}
	}
	return "", report.Cite{}
}

// RouteSite is the nodes of the subnets that have one route table, or none.
type RouteSite struct {
	Table   *snapshot.RouteTable // nil: none
	VNet    *snapshot.VNet
	Subnet  *az.Subnet // the first
	Senders []*Node
}

// RouteSites are the subnets of the nodes. One whose table is not in the bundle is left out.
func (g *Graph) RouteSites() []*RouteSite {
	var out []*RouteSite
	for _, n := range g.Nodes {
		v, subnet := g.Home(n)
		if subnet == nil || n.Virtual() {
			continue
		}
		table := g.RouteTable(subnet.RouteTable)
		if table == nil && subnet.RouteTable != nil {
			continue
		}
		i := slices.IndexFunc(out, func(s *RouteSite) bool { return s.Table == table && (table != nil || s.Subnet == subnet) })
		if i < 0 {
			i = len(out)
			out = append(out, &RouteSite{Table: table, VNet: v, Subnet: subnet})
		}
		out[i].Senders = append(out[i].Senders, n)
	}
	return out
}

// Unrouted is a site whose table lacks routes to pods.
type Unrouted struct {
	Site *RouteSite
	Lost []Routeless
}

// Unrouted are the sites with a table that lacks routes to pods, where routes carry the
// packets of pods; it is looked up once.
func (g *Graph) Unrouted() []Unrouted { return g.unrouted() }

func (g *Graph) findUnrouted() []Unrouted {
	if because, _ := g.ByRoutes(); because == "" {
		return nil
	}
	var out []Unrouted
	for _, s := range g.RouteSites() {
		if s.Table == nil {
			continue
		}
		if lost := g.Routeless(s.Table, s.VNet); len(lost) > 0 {
			out = append(out, Unrouted{s, lost})
		}
	}
	return out
}
