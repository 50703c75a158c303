package topology

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
)

// WayOut is the way of one node.
func (g *Graph) WayOut(n *Node) WayOut {
	for _, w := range g.WaysOut() {
		if w.Node == n {
			return w
		}
	}
	return WayOut{Node: n, Why: "the node is not in the bundle"}
}

// LeavesWith are the public addresses one of which the node's connections of a protocol
// ("Tcp") carry in the Internet; none with the reason where they are not all known.
func (g *Graph) LeavesWith(w WayOut, protocol string) (list []netip.Addr, why string) {
	refs, why := g.exits(w, protocol)
	for _, ref := range refs {
		pip := g.PublicIP(&ref)
		if pip == nil {
			return nil, "public IP " + az.LastName(ref.ID) + " is not in the bundle"
		}
		a, err := netip.ParseAddr(pip.IPAddress)
		if err != nil {
			return nil, "public IP " + pip.Name + " shows no address"
		}
		if a.Is4() && !slices.Contains(list, a) {
			list = append(list, a)
		}
	}
	slices.SortFunc(list, netip.Addr.Compare)
	if len(list) == 0 && why == "" {
		why = "it has no public address"
	}
	return list, why
}

// exits are the public IPs that a way has.
func (g *Graph) exits(w WayOut, protocol string) (refs []az.Ref, why string) {
	switch w.Exit {
	case ExitUnknown:
		return nil, w.Why
	case NoExit:
		return nil, "nothing is known to carry its connections to the Internet"
	case ByNATGateway:
		return g.natted(w.Subnet.NATGateway)
	}
	if w.Node.ScaleSet != "" && !g.Snapshot.Complete(&bundle.ScaleSets, w.Node.Group) {
		return nil, "whether its scale set gives it a public IP of its own is not in the bundle"
	}
	switch w.Exit {
	case ByInstanceIP:
		if w.IP.PublicIP == nil {
			return nil, "its own public IP is not in the bundle"
		}
		return []az.Ref{*w.IP.PublicIP}, ""
	case ByOutboundRule, ByLBRule:
		return g.translated(w, protocol)
	}
	return nil, "it leaves by " + string(w.Exit)
}

// natted are the public IPs of a NAT gateway.
func (g *Graph) natted(ref *az.Ref) ([]az.Ref, string) {
	i := slices.IndexFunc(g.Snapshot.NATGateways, func(n snapshot.NATGateway) bool { return az.SameID(n.ID, ref.ID) })
	if i < 0 {
		return nil, fmt.Sprintf("NAT gateway %s is not in the bundle", az.LastName(ref.ID))
	}
	if n := &g.Snapshot.NATGateways[i]; len(n.PublicIPPrefixes) > 0 {
		return nil, fmt.Sprintf("NAT gateway %s takes addresses from a prefix, whose range is not in the bundle", n.Name)
	}
	return g.Snapshot.NATGateways[i].PublicIPs, ""
}

// translated are the public IPs of the frontends by which load balancers let the node
// out: those of outbound rules, or where there is none of its load balancing rules.
func (g *Graph) translated(w WayOut, protocol string) (refs []az.Ref, why string) {
	if !g.Snapshot.Complete(&bundle.LoadBalancers, w.Node.Group) {
		return nil, "the load balancers are not completely in the bundle"
	}
	add := func(lb *snapshot.LoadBalancer, names []az.Ref) {
		for i := range lb.Frontends {
			f := &lb.Frontends[i]
			if !slices.ContainsFunc(names, func(r az.Ref) bool { return refers(&r, f.ID) }) {
				continue
			}
			if f.PublicIPPrefix != nil {
				why = fmt.Sprintf("frontend %s of load balancer %s takes addresses from a prefix, whose range is not in the bundle", f.Name, lb.Name)
			}
			if f.PublicIP != nil {
				refs = append(refs, *f.PublicIP)
			}
		}
	}
	for _, lb := range w.Balancers {
		for _, pool := range g.poolsOf(lb, w.Node) {
			if w.Exit == ByOutboundRule {
				for _, r := range lb.OutboundRules {
					if refers(r.Pool, pool.ID) && carries(r.Protocol, protocol) {
						add(lb, r.Frontends)
					}
				}
				continue
			}
			for _, r := range lb.Rules {
				several := slices.ContainsFunc(r.Pools, func(p az.Ref) bool { return refers(&p, pool.ID) })
				if r.Frontend != nil && (several || refers(r.Pool, pool.ID)) && carries(r.Protocol, protocol) && (r.DisableOutboundSNAT == nil || !*r.DisableOutboundSNAT) {
					add(lb, []az.Ref{*r.Frontend})
				}
			}
		}
	}
	if why != "" {
		return nil, why
	}
	return refs, ""
}

// poolsOf are the pools of a load balancer that the node is in.
func (g *Graph) poolsOf(lb *snapshot.LoadBalancer, n *Node) []*az.BackendPool {
	var out []*az.BackendPool
	for i := range lb.Pools {
		if slices.ContainsFunc(g.Members(&lb.Pools[i]), func(m *Member) bool { return m.Node == n }) {
			out = append(out, &lb.Pools[i])
		}
	}
	return out
}

func carries(rule, protocol string) bool {
	return strings.EqualFold(rule, "All") || strings.EqualFold(rule, protocol)
}

// FrontendAt is the frontend with an address, nil where the bundle has none.
func (g *Graph) FrontendAt(a netip.Addr) *Frontend {
	for i := range g.frontends {
		if f, err := netip.ParseAddr(g.frontends[i].Address); err == nil && f == a {
			return &g.frontends[i]
		}
	}
	return nil
}

// NodeOfPods is the only node that gives an address to its pods by spec.podCIDRs, nil
// where none does, or where the node's network or a peer of it has the address itself:
// pods then do not get theirs from the range.
func (g *Graph) NodeOfPods(a netip.Addr) *Node {
	var of *Node
	for _, n := range g.Nodes {
		if n.Virtual() || !slices.ContainsFunc(podRanges(n), func(r string) bool { _, ok := covers(r, a); return ok }) {
			continue
		}
		if of != nil {
			return nil
		}
		of = n
	}
	if of == nil {
		return nil
	}
	v, _ := g.Home(of)
	if v == nil || InSpace(v, a) {
		return nil
	}
	return of
}

// InSpace reports whether a network or a peer of it has an address in its address space.
func InSpace(v *snapshot.VNet, a netip.Addr) bool {
	holds := func(p string) bool { _, ok := covers(p, a); return ok }
	return slices.ContainsFunc(v.AddressSpace.AddressPrefixes, holds) ||
		slices.ContainsFunc(v.Peerings, func(p az.Peering) bool { return slices.ContainsFunc(p.RemotePrefixes(), holds) })
}
