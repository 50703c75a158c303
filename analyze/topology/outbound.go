package topology

import (
	"math"
	"slices"
	"strings"

	"azlb/analyze/snapshot"
	"azlb/bundle-schema/az"
)

// PortsPerAddress is how many SNAT ports one address of an outbound rule has, for each
// protocol.
const PortsPerAddress = 64000

// Outbound is an outbound rule of one of the provider's load balancers: the members of
// its pool reach the Internet from its addresses.
type Outbound struct {
	LB        *snapshot.LoadBalancer
	Rule      *az.OutboundRule
	Pool      *az.BackendPool // nil: the rule names none that the load balancer has
	Members   []*Member
	Frontends []Frontend // that the rule names
}

// Outbounds are the outbound rules of the cluster's load balancers, in their order.
func (g *Graph) Outbounds() []Outbound {
	var out []Outbound
	for i := range g.Snapshot.Loads {
		lb := &g.Snapshot.Loads[i]
		if !g.OwnLoadBalancer(lb) {
			continue
		}
		for j := range lb.OutboundRules {
			o := Outbound{LB: lb, Rule: &lb.OutboundRules[j]}
			for k := range lb.Pools {
				if refers(o.Rule.Pool, lb.Pools[k].ID) {
					o.Pool = &lb.Pools[k]
					o.Members = g.Members(o.Pool)
				}
			}
			for _, f := range g.frontends {
				if f.LB == lb && slices.ContainsFunc(o.Rule.Frontends, func(r az.Ref) bool { return refers(&r, f.ID) }) {
					o.Frontends = append(o.Frontends, f)
				}
			}
			out = append(out, o)
		}
	}
	return out
}

// Addresses is how many addresses the rule has; not known where one of its frontends
// takes them from a prefix, whose length no list of the bundle tells.
func (o Outbound) Addresses() (n int, known bool) {
	for _, f := range o.Frontends {
		if f.Frontend.PublicIPPrefix != nil {
			return 0, false
		}
	}
	return len(o.Frontends), len(o.Frontends) > 0 && len(o.Frontends) == len(o.Rule.Frontends)
}

// Automatic reports whether Azure divides the ports by the size of the pool.
func (o Outbound) Automatic() bool { return o.Rule.AllocatedOutboundPorts == 0 }

// Ports is how many SNAT ports each member has, for each protocol, where the pool has
// that many members.
func (o Outbound) Ports(members int) (ports int, known bool) {
	if !o.Automatic() {
		return o.Rule.AllocatedOutboundPorts, true
	}
	n, known := o.Addresses()
	return min(defaultPorts(members)*n, mostDefault), known
}

// Room is how many members the addresses have ports for; known only where the ports
// were given by hand.
func (o Outbound) Room() (members int, known bool) {
	n, known := o.Addresses()
	if o.Automatic() || !known {
		return 0, false
	}
	return PortsPerAddress * n / o.Rule.AllocatedOutboundPorts, true
}

// mostDefault is the most ports that a member gets without being told a number.
const mostDefault = 1024

// PoolTiers are the sizes of a pool up to which each member gets as many ports of each
// address by default (load-balancer-outbound-connections).
var PoolTiers = []struct{ Members, Ports int }{{50, 1024}, {100, 512}, {200, 256}, {400, 128}, {800, 64}, {math.MaxInt, 32}}

func defaultPorts(members int) int {
	for _, t := range PoolTiers {
		if members <= t.Members {
			return t.Ports
		}
	}
	return 0
}

// AKS is the managed cluster to which a load balancer belongs, nil where the bundle has
// none or several.
func (g *Graph) AKS(lb *snapshot.LoadBalancer) *snapshot.AKSCluster {
	var of *snapshot.AKSCluster
	for i := range g.Snapshot.AKS {
		c := &g.Snapshot.AKS[i]
		if !strings.EqualFold(c.NodeResourceGroup, az.GroupOf(lb.ID)) || az.Masked(c.NodeResourceGroup) {
			continue
		}
		if of != nil {
			return nil
		}
		of = c
	}
	return of
}
