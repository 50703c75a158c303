package topology

import (
	"regexp"
	"slices"
	"strings"

	"azlb/analyze/snapshot"
	"azlb/bundle-schema/az"
	"azlb/bundle-schema/azname"
)

// Others are the load balancers and public IPs in the nodes' resource groups that are
// nobody's of this cluster: neither a name nor a tag of them is one that a provider or
// AKS gives, no Service asks for them, and no node or frontend of the cluster uses them.
func (g *Graph) Others() (loads []*snapshot.LoadBalancer, addresses []*snapshot.PublicIP) {
	for i := range g.Snapshot.Loads {
		if lb := &g.Snapshot.Loads[i]; g.beside(lb.ID) && g.otherBalancer(lb) {
			loads = append(loads, lb)
		}
	}
	for i := range g.Snapshot.PublicIPs {
		if p := &g.Snapshot.PublicIPs[i]; g.beside(p.ID) && g.otherAddress(p) {
			addresses = append(addresses, p)
		}
	}
	return loads, addresses
}

// beside reports whether a resource lies in a resource group of the nodes.
func (g *Graph) beside(id string) bool {
	group := strings.ToLower(az.GroupOf(id))
	return !az.Masked(group) && slices.Contains(g.NodeGroups, group)
}

// otherBalancer reports a load balancer that has nothing to do with any cluster. One
// with a node of this cluster behind it has, and so may one whose backends are not known.
func (g *Graph) otherBalancer(lb *snapshot.LoadBalancer) bool {
	if strings.EqualFold(cutFold(lb.Name, "-internal"), "kubernetes") || g.OwnLoadBalancer(lb) {
		return false
	}
	ofService := func(name string) bool { _, ok := azname.ParsePrefix(name); return ok }
	if slices.ContainsFunc(lb.Frontends, func(f az.Frontend) bool { return ofService(f.Name) }) ||
		slices.ContainsFunc(lb.Rules, func(r az.LBRule) bool { return ofService(r.Name) }) {
		return false
	}
	for i := range lb.Pools {
		if slices.ContainsFunc(g.Members(&lb.Pools[i]), func(m *Member) bool { return m.Node != nil || m.NIC == nil && m.Machine == nil }) {
			return false
		}
	}
	return true
}

// generated is the name of an address that AKS makes for outbound connections.
var generated = regexp.MustCompile(`(?i)^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// otherAddress reports a public IP that has nothing to do with any cluster.
func (g *Graph) otherAddress(p *snapshot.PublicIP) bool {
	for k := range p.Tags {
		if key := strings.ToLower(k); strings.HasPrefix(key, "aks-managed") || strings.HasPrefix(key, "k8s-azure") || strings.HasPrefix(key, "kubernetes") {
			return false
		}
	}
	if generated.MatchString(p.Name) || slices.ContainsFunc(g.Services, func(s *Service) bool { return s.uses(p) }) {
		return false
	}
	for _, part := range strings.FieldsFunc(p.Name, func(r rune) bool { return r == '-' }) {
		if _, ok := azname.ParsePrefix(part); ok {
			return false
		}
	}
	if p.IPConfiguration == nil {
		return p.NATGateway == nil
	}
	id, ok := az.ParseID(p.IPConfiguration.ID)
	if !ok {
		return false
	}
	if name := id.Name("loadBalancers"); name != "" {
		return slices.ContainsFunc(g.Snapshot.Loads, func(lb snapshot.LoadBalancer) bool {
			return strings.EqualFold(lb.Name, name) && strings.EqualFold(az.GroupOf(lb.ID), id.Group) && g.otherBalancer(&lb)
		})
	}
	return id.Name("virtualMachineScaleSets") == "" && id.Name("networkInterfaces") == "" // not of a machine, which may be a node
}
