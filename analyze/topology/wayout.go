package topology

import (
	"net/netip"
	"strings"

	"azlb/analyze/snapshot"
	"azlb/bundle-schema/az"
)

// Exit is what carries a node's connections to the Internet.
type Exit string

// The ways out, in the order in which Azure takes them, and that there is none.
const (
	ByRoute        Exit = "a route"                 // of the customer, or one that a gateway may announce
	ByNATGateway   Exit = "a NAT gateway"           // of the subnet
	ByInstanceIP   Exit = "a public IP of its own"  // of the machine
	ByOutboundRule Exit = "an outbound rule"        // of a public load balancer
	ByLBRule       Exit = "a load balancing rule"   // of a public load balancer, which lets out as well
	ByDefault      Exit = "default outbound access" // an address of Azure that nobody configured
	NoExit         Exit = "nothing"
	ExitUnknown    Exit = ""
)

// WayOut is how one node reaches the Internet over IPv4.
type WayOut struct {
	Node *Node
	Exit Exit
	Why  string // for an unknown way: what is missing
	// The node's first interface with its subnet, where they are known.
	NIC    *snapshot.NIC
	IP     *az.IPConfig
	VNet   *snapshot.VNet
	Subnet *az.Subnet
	// Balancers have the node in one of their pools.
	Balancers []*snapshot.LoadBalancer
}

// inPool is a backend pool that a node is in by what the pool says.
type inPool struct{ node, pool string }

// WaysOut are the ways of all nodes, in their order.
func (g *Graph) WaysOut() []WayOut {
	in := map[inPool]bool{}
	for i := range g.Snapshot.Loads {
		lb := &g.Snapshot.Loads[i]
		for j := range lb.Pools {
			for _, m := range g.Members(&lb.Pools[j]) {
				if m.Node != nil {
					in[inPool{m.Node.Name, lb.Pools[j].At + lb.ID}] = true
				}
			}
		}
	}
	var out []WayOut
	for _, n := range g.Nodes {
		out = append(out, g.wayOut(n, in))
	}
	return out
}

// wayOut follows a node's first interface outwards.
func (g *Graph) wayOut(n *Node, in map[inPool]bool) WayOut {
	w := WayOut{Node: n}
	for _, nic := range n.NICs {
		for i := range nic.IPConfigurations {
			c := &nic.IPConfigurations[i]
			if strings.EqualFold(c.Version, "IPv6") || w.NIC != nil && !(nic.Primary && c.Primary) {
				continue
			}
			w.NIC, w.IP = nic, c
		}
	}
	if w.NIC == nil {
		return w.unknown("the node's network interface is not in the bundle")
	}
	w.VNet, w.Subnet = g.Subnet(w.IP.Subnet)
	if w.Subnet == nil {
		return w.unknown("the node's subnet is not in the bundle")
	}
	if exit, why := g.routed(w.VNet, w.Subnet); exit != NoExit {
		w.Exit, w.Why = exit, why
		return w
	}
	switch {
	case w.Subnet.NATGateway != nil:
		w.Exit = ByNATGateway
		return w
	case g.ownPublicIP(n):
		w.Exit = ByInstanceIP
		return w
	}
	return g.balanced(w, in)
}

func (w WayOut) unknown(why string) WayOut {
	w.Exit, w.Why = ExitUnknown, why
	return w
}

// routed reports whether a route takes the packets, or may: one to all addresses of the
// subnet's table, or one that a gateway announces.
func (g *Graph) routed(vnet *snapshot.VNet, subnet *az.Subnet) (exit Exit, why string) {
	if subnet.RouteTable != nil {
		table := g.RouteTable(subnet.RouteTable)
		if table == nil {
			return ExitUnknown, "the route table of the subnet is not in the bundle"
		}
		for _, r := range table.Routes {
			p, err := netip.ParsePrefix(r.AddressPrefix)
			if err == nil && p.Bits() <= 1 && p.Addr().Is4() && !strings.EqualFold(r.NextHopType, "Internet") {
				return ByRoute, ""
			}
		}
	}
	for _, p := range vnet.Peerings {
		if p.UseRemoteGateways {
			return ByRoute, "a gateway of a peered network may announce a route to everything"
		}
	}
	if ownGateway(vnet) {
		return ByRoute, "a gateway of the network may announce a route to everything"
	}
	return NoExit, ""
}

// ownPublicIP reports whether a machine has a public IP, or its scale set gives each one.
func (g *Graph) ownPublicIP(n *Node) bool {
	for _, nic := range n.NICs {
		for _, c := range nic.IPConfigurations {
			if c.PublicIP != nil {
				return true
			}
		}
	}
	for i := range g.Snapshot.ScaleSets {
		s := &g.Snapshot.ScaleSets[i]
		if !strings.EqualFold(s.Name, n.ScaleSet) || !strings.EqualFold(az.GroupOf(s.ID), n.Group) {
			continue
		}
		for _, nic := range s.Profile.Network.NICs {
			for _, c := range nic.IPConfigurations {
				if c.PublicIPModel != nil {
					return true
				}
			}
		}
	}
	return false
}

// balanced looks for a load balancer that lets the node out.
func (g *Graph) balanced(w WayOut, members map[inPool]bool) WayOut {
	named := map[string]bool{} // pools that an interface names
	for _, nic := range w.Node.NICs {
		for _, c := range nic.IPConfigurations {
			for _, pool := range c.Pools {
				if az.Key(pool.ID) == "" {
					return w.unknown("the ids of the node's backend pools are masked")
				}
				named[az.Key(pool.ID)] = true
			}
		}
	}
	exit, basic, nicBased := NoExit, false, len(named) > 0
	for i := range g.Snapshot.Loads {
		lb := &g.Snapshot.Loads[i]
		in := false
		for j := range lb.Pools {
			pool := &lb.Pools[j]
			if !named[az.Key(pool.ID)] && !members[inPool{w.Node.Name, pool.At + lb.ID}] {
				continue
			}
			delete(named, az.Key(pool.ID))
			in = true
			if e := letsOut(lb, pool); exit == NoExit || e == ByOutboundRule {
				exit = e
			}
		}
		if in {
			w.Balancers = append(w.Balancers, lb)
			basic = basic || !strings.EqualFold(lb.SKU.Name, "Standard")
		}
	}
	if len(named) > 0 {
		return w.unknown("a load balancer that the node is behind is not in the bundle")
	}
	switch {
	case exit != NoExit:
		w.Exit = exit
	case basic, !nicBased && (w.Subnet.DefaultOutbound == nil || *w.Subnet.DefaultOutbound):
		w.Exit = ByDefault // a pool of addresses takes it from nobody
	default:
		w.Exit = NoExit
	}
	return w
}

// letsOut reports by what a load balancer lets the members of a pool out.
func letsOut(lb *snapshot.LoadBalancer, pool *az.BackendPool) Exit {
	public := func(ref *az.Ref) bool {
		for i := range lb.Frontends {
			if f := &lb.Frontends[i]; refers(ref, f.ID) {
				return f.PublicIP != nil || f.PublicIPPrefix != nil
			}
		}
		return ref != nil // a frontend that is not told
	}
	for i := range lb.OutboundRules {
		if refers(lb.OutboundRules[i].Pool, pool.ID) {
			return ByOutboundRule
		}
	}
	for i := range lb.Rules {
		r := &lb.Rules[i]
		mine := refers(r.Pool, pool.ID)
		for j := range r.Pools {
			mine = mine || refers(&r.Pools[j], pool.ID)
		}
		if mine && public(r.Frontend) && (r.DisableOutboundSNAT == nil || !*r.DisableOutboundSNAT) {
			return ByLBRule
		}
	}
	return NoExit
}
