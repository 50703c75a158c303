package topology

import (
	"cmp"
	"slices"
	"strings"

	"azlb/analyze/snapshot"
	"azlb/bundle-schema/az"
	"azlb/bundle-schema/azname"
)

// OwnLoadBalancer reports whether the load balancer is this cluster's: it has its name
// in a resource group where the provider works, or carries one of its Services. Where
// azure.json tells the names of Standard ones, the provider looks at no other.
func (g *Graph) OwnLoadBalancer(lb *snapshot.LoadBalancer) bool {
	if g.ownName(lb.Name) && g.ownGroup(lb) {
		return true
	}
	c := g.Snapshot.Config
	told := c != nil && c.Invalid == "" && !az.Masked(c.LoadBalancerName)
	return g.carries(lb) && (!told || !strings.EqualFold(lb.SKU.Name, "Standard"))
}

// carries reports whether a frontend or a rule bears the name of a Service of this bundle.
func (g *Graph) carries(lb *snapshot.LoadBalancer) bool {
	mine := func(name string) bool {
		prefix, ok := azname.ParsePrefix(name)
		return ok && g.living[prefix]
	}
	return slices.ContainsFunc(lb.Frontends, func(f az.Frontend) bool { return mine(f.Name) }) ||
		slices.ContainsFunc(lb.Rules, func(r az.LBRule) bool { return mine(r.Name) })
}

// ownName reports whether the provider of this cluster gives that name to a load balancer.
func (g *Graph) ownName(name string) bool {
	base := cutFold(name, "-internal")
	if g.NameUnknown == "" && strings.EqualFold(base, g.ClusterName) {
		return true
	}
	c := g.Snapshot.Config
	if c == nil {
		return false
	}
	if strings.EqualFold(base, c.LoadBalancerName) {
		return true
	}
	return slices.ContainsFunc(c.MultipleLoadBalancers, func(m snapshot.BalancerConfig) bool {
		return strings.EqualFold(m.Name, base)
	})
}

// ownGroup reports whether the provider keeps its load balancers in the resource group
// of this one. Where nothing tells the group, only a name that is there once counts.
func (g *Graph) ownGroup(lb *snapshot.LoadBalancer) bool {
	group := az.GroupOf(lb.ID)
	if group == "" || az.Masked(group) {
		return true
	}
	if groups := g.balancerGroups(); len(groups) > 0 {
		return slices.Contains(groups, strings.ToLower(group))
	}
	return !slices.ContainsFunc(g.Snapshot.Loads, func(x snapshot.LoadBalancer) bool {
		return strings.EqualFold(x.Name, lb.Name) && !strings.EqualFold(az.GroupOf(x.ID), group)
	})
}

// balancerGroups are the resource groups of the provider's load balancers: what
// azure.json says, else where Services stand, else the nodes'; empty: not known.
func (g *Graph) balancerGroups() []string {
	if c := g.Snapshot.Config; c != nil && c.Invalid == "" {
		if group := cmp.Or(c.LoadBalancerResourceGroup, c.ResourceGroup); group != "" && !az.Masked(group) {
			return []string{strings.ToLower(group)}
		}
	}
	if groups := g.CarrierGroups(); len(groups) > 0 {
		return groups
	}
	return g.NodeGroups
}

// CarrierGroups are the resource groups of the load balancers that carry Services of
// this bundle, by what is in it or by what public IPs and nodes refer to; lower-cased,
// sorted.
func (g *Graph) CarrierGroups() []string {
	var out []string
	add := func(id string) {
		if group := strings.ToLower(az.GroupOf(id)); group != "" && !az.Masked(group) && !slices.Contains(out, group) {
			out = append(out, group)
		}
	}
	for i := range g.Snapshot.Loads {
		if lb := &g.Snapshot.Loads[i]; g.carries(lb) {
			add(lb.ID)
		}
	}
	for _, p := range g.Snapshot.PublicIPs {
		if p.IPConfiguration == nil {
			continue
		}
		if prefix, ok := azname.ParsePrefix(az.LastName(p.IPConfiguration.ID)); ok && g.living[prefix] {
			add(p.IPConfiguration.ID)
		}
	}
	for _, n := range g.Nodes {
		for _, nic := range n.NICs {
			for i := range nic.IPConfigurations {
				for _, pool := range nic.IPConfigurations[i].Pools {
					if id, ok := az.ParseID(pool.ID); ok && g.ownName(id.Name("loadBalancers")) {
						add(pool.ID)
					}
				}
			}
		}
	}
	slices.Sort(out)
	return out
}

// ownAddress reports whether the provider of this cluster may have made the public
// IP: it lies where it makes some, and serves no load balancer of somebody else.
func (g *Graph) ownAddress(p *snapshot.PublicIP) bool {
	if p.IPConfiguration != nil && !g.ownConfiguration(p.IPConfiguration.ID) {
		return false
	}
	group := az.GroupOf(p.ID)
	if group == "" || az.Masked(group) {
		return true
	}
	groups := g.addressGroups()
	if len(groups) > 0 {
		return slices.Contains(groups, strings.ToLower(group))
	}
	return !slices.ContainsFunc(g.Snapshot.PublicIPs, func(x snapshot.PublicIP) bool { return !strings.EqualFold(az.GroupOf(x.ID), group) })
}

// ownConfiguration reports whether an IP configuration is, or may be, a frontend of a
// load balancer of this cluster.
func (g *Graph) ownConfiguration(id string) bool {
	parsed, ok := az.ParseID(id)
	if !ok {
		return true
	}
	name := parsed.Name("loadBalancers")
	if name == "" {
		return false // a machine, a gateway
	}
	for i := range g.Snapshot.Loads {
		lb := &g.Snapshot.Loads[i]
		if strings.EqualFold(lb.Name, name) && strings.EqualFold(az.GroupOf(lb.ID), parsed.Group) {
			return g.OwnLoadBalancer(lb)
		}
	}
	groups := g.balancerGroups()
	return az.Masked(name) || g.ownName(name) && (len(groups) == 0 || az.Masked(parsed.Group) || slices.Contains(groups, strings.ToLower(parsed.Group)))
}

// addressGroups are the resource groups in which the provider makes public IPs: what
// azure.json says, else the nodes', and where those of living Services are, whom an
// annotation may send elsewhere; empty: not known.
func (g *Graph) addressGroups() []string {
	var out []string
	if c := g.Snapshot.Config; c != nil && c.Invalid == "" && c.ResourceGroup != "" {
		if az.Masked(c.ResourceGroup) {
			return nil
		}
		out = append(out, strings.ToLower(c.ResourceGroup))
	} else {
		out = append(out, g.NodeGroups...)
	}
	for i := range g.Snapshot.PublicIPs {
		if p := &g.Snapshot.PublicIPs[i]; p.ID != "" {
			if _, ok := g.madeFor(p.Name); ok && !az.Masked(az.GroupOf(p.ID)) {
				out = append(out, strings.ToLower(az.GroupOf(p.ID)))
			}
		}
	}
	return out
}
