package topology

import (
	"slices"
	"strings"

	"azlb/bundle-schema/az"
	"azlb/bundle-schema/azname"
)

// naming is a name that the cluster may have, and what says so.
type naming struct{ name, because string }

// nameCluster finds --cluster-name of the controller: its own flag, else the name in
// what stands in Azure for a Service of this bundle. What is another cluster's tells
// nothing, though it be in the same resource group.
func (g *Graph) nameCluster() {
	for _, l := range g.Snapshot.Logs {
		if n := l.Flags["cluster-name"]; n != "" && l.Flags["cloud-provider"] == "azure" {
			g.ClusterName, g.NameBecause = n, "--cluster-name of the controller manager"
			return
		}
	}
	for _, names := range []func() []naming{g.namesOfAddresses, g.namesOfPools, g.namesOfTags, g.namesOfBalancers, g.namesOfNodePools, g.nameOfManaged} {
		found := names()
		if len(found) == 0 {
			continue
		}
		g.ClusterName, g.NameBecause = found[0].name, found[0].because
		for _, n := range found[1:] {
			if !strings.EqualFold(n.name, g.ClusterName) {
				g.NameUnknown = "the cluster's name is not known: it is " + g.ClusterName + " by " + g.NameBecause + " and " + n.name + " by " + n.because
				break
			}
		}
		return
	}
	g.ClusterName, g.NameBecause, g.NameGuessed = "kubernetes", "the provider's default", true
}

// NameSure reports whether the name is known: what bears another name is then not
// the cluster's, and what bears it is.
func (g *Graph) NameSure() bool { return g.NameUnknown == "" && !g.NameGuessed }

// namesOfAddresses are those in the names of public IPs made for living Services.
func (g *Graph) namesOfAddresses() []naming {
	var out []naming
	for _, p := range g.Snapshot.PublicIPs {
		base, ok := g.madeFor(p.Name)
		if !ok {
			continue
		}
		n := naming{base, "the name of public IP " + p.Name}
		if c := azname.ClusterOfTags(p.Tags); strings.EqualFold(c, base) {
			n = naming{c, "the tag of public IP " + p.Name}
		}
		out = append(out, n)
	}
	return out
}

// madeFor cuts the name of a public IP before the prefix of a living Service.
func (g *Graph) madeFor(name string) (base string, ok bool) {
	lower := strings.ToLower(name)
	for i := range lower {
		if lower[i] != '-' || i == 0 {
			continue
		}
		if prefix, ok := azname.ParsePrefix(lower[i+1:]); ok && g.living[prefix] {
			return name[:i], true
		}
	}
	return "", false
}

// namesOfPools are the names of the pools that rules of living Services refer to. A
// load balancer that azure.json does not name bears the cluster's name as its pool does.
func (g *Graph) namesOfPools() []naming {
	var out []naming
	c := g.Snapshot.Config
	for i := range g.Snapshot.Loads {
		lb := &g.Snapshot.Loads[i]
		for j := range lb.Rules {
			r := &lb.Rules[j]
			prefix, ok := azname.ParsePrefix(r.Name)
			ref := poolRef(r)
			if !ok || !g.living[prefix] || ref == nil {
				continue
			}
			pool := az.LastName(ref.ID)
			if pool == "" || az.Masked(pool) {
				continue
			}
			base := cutFold(pool, "-IPv6")
			out = append(out, naming{base, "the backend pool of rule " + r.Name})
			if c != nil && c.Invalid == "" && c.LoadBalancerName == "" && len(c.MultipleLoadBalancers) == 0 && !c.ManyBalancersOld && strings.EqualFold(lb.SKU.Name, "Standard") {
				if name := cutFold(lb.Name, "-internal"); !strings.EqualFold(name, base) {
					out = append(out, naming{name, "load balancer " + lb.Name})
				}
			}
		}
	}
	return out
}

// namesOfTags are the tags of public IPs that say whose they are.
func (g *Graph) namesOfTags() []naming {
	var out []naming
	for _, p := range g.Snapshot.PublicIPs {
		c := azname.ClusterOfTags(p.Tags)
		if c == "" {
			continue
		}
		services := azname.ServicesOfTag(p.Tags)
		for i := range g.Snapshot.Services {
			s := &g.Snapshot.Services[i]
			if s.Spec.Type == "LoadBalancer" && slices.Contains(services, s.Namespace+"/"+s.Name) {
				out = append(out, naming{c, "the tag of public IP " + p.Name})
			}
		}
	}
	return out
}

// namesOfBalancers are those of the load balancers that carry living Services, unless
// azure.json gives load balancers names of their own.
func (g *Graph) namesOfBalancers() []naming {
	if c := g.Snapshot.Config; c != nil && (c.LoadBalancerName != "" || len(c.MultipleLoadBalancers) > 0) {
		return nil
	}
	var out []naming
	for i := range g.Snapshot.Loads {
		if lb := &g.Snapshot.Loads[i]; g.carries(lb) {
			out = append(out, naming{cutFold(lb.Name, "-internal"), "the name of load balancer " + lb.Name + ", which carries a Service"})
		}
	}
	return out
}

// namesOfNodePools are the pools that hold nodes of the cluster on a load balancer of
// the same name.
func (g *Graph) namesOfNodePools() []naming {
	var out []naming
	for i := range g.Snapshot.Loads {
		lb := &g.Snapshot.Loads[i]
		for j := range lb.Pools {
			base := cutFold(lb.Pools[j].Name, "-IPv6")
			if strings.EqualFold(base, cutFold(lb.Name, "-internal")) && slices.ContainsFunc(g.Members(&lb.Pools[j]), func(m *Member) bool { return m.Node != nil }) {
				out = append(out, naming{base, "the backend pool of load balancer " + lb.Name + ", which holds the nodes"})
			}
		}
	}
	return out
}

// nameOfManaged is the name of every AKS cluster.
func (g *Graph) nameOfManaged() []naming {
	managed := g.Snapshot.Manifest != nil && g.Snapshot.Manifest.Cluster.Managed
	for _, n := range g.Nodes {
		if _, ok := n.Labels["kubernetes.azure.com/cluster"]; ok {
			managed = true
		}
	}
	if !managed {
		return nil
	}
	return []naming{{"kubernetes", "the name that AKS gives to every cluster"}}
}

// cutFold cuts a suffix in any case.
func cutFold(s, suffix string) string {
	if i := len(s) - len(suffix); i >= 0 && strings.EqualFold(s[i:], suffix) {
		return s[:i]
	}
	return s
}
