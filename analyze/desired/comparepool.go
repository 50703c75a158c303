package desired

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/bundle-schema/azname"
)

// served are the Services on a load balancer in a family, sorted.
func (x *comparer) served(lb *snapshot.LoadBalancer, family corev1.IPFamily) []string {
	var out []string
	for _, s := range x.Graph.Services {
		want := x.wants[s.Key()]
		if want == nil || !slices.ContainsFunc(want.Lanes, func(l Lane) bool { return l.Family == family }) {
			continue
		}
		if x.on[s.Key()] == lb {
			out = append(out, s.Key())
		}
	}
	return out
}

// balancers compares what all Services of a load balancer have in common.
func (x *comparer) balancers() {
	for i := range x.Graph.Snapshot.Loads {
		lb := &x.Graph.Snapshot.Loads[i]
		services := append(x.served(lb, corev1.IPv4Protocol), x.served(lb, corev1.IPv6Protocol)...)
		if len(services) == 0 || !x.inGroup(lb.ID, x.Settings.Group) {
			continue
		}
		want := x.wants[services[0]]
		x.common(services, lb, "sku", want.SKU, firstText(lb.SKU.Name, "Basic"), "/sku/name", "Azure does not change the SKU of a load balancer in place")
		if x.Settings.Location.V != "" {
			x.common(services, lb, "location", x.Settings.Location, lb.Location, "/location", "a load balancer stays where it was made")
		}
	}
}

// common compares a value of the load balancer as a whole; no sync repairs it.
func (x *comparer) common(services []string, lb *snapshot.LoadBalancer, name string, want Value[string], got, pointer, why string) {
	if want.Unknown != "" || want.Inferred || want.V == "" {
		return
	}
	c := Check{Services: slices.Compact(slices.Sorted(slices.Values(services))), Hop: HopBalancer, Object: lb.Name, Field: name, Want: want.V, Got: got, Because: want.Because}
	if !strings.EqualFold(want.V, got) {
		c.Kind, c.Why = Different, why
	}
	var config *snapshot.Doc
	if x.Graph.Snapshot.Config != nil {
		config = x.Graph.Snapshot.Config.Doc
	}
	x.add(c, name, place{config, "/" + map[string]string{"sku": "loadBalancerSku", "location": "location"}[name]}, place{lb.Doc, lb.At + pointer})
}

// pools compares the members of the backend pools with the nodes.
func (x *comparer) pools() {
	for i := range x.Graph.Snapshot.Loads {
		lb := &x.Graph.Snapshot.Loads[i]
		if !x.inGroup(lb.ID, x.Settings.Group) {
			continue
		}
		for _, family := range []corev1.IPFamily{corev1.IPv4Protocol, corev1.IPv6Protocol} {
			if services := x.served(lb, family); len(services) > 0 && !x.preConfigured(lb) && x.Settings.ClusterName.Unknown == "" && !x.Settings.ClusterName.Inferred {
				x.pool(services, lb, azname.Pool(x.Settings.ClusterName.V, family == corev1.IPv6Protocol))
			}
		}
	}
}

// preConfigured reports whether the provider leaves the load balancer's pools alone,
// or may do so.
func (x *comparer) preConfigured(lb *snapshot.LoadBalancer) bool {
	v := x.Settings.PreConfigured
	if v.Unknown != "" {
		return false // rare, and then every node would be missing
	}
	internal := azname.IsInternalName(lb.Name)
	return strings.EqualFold(v.V, "all") || strings.EqualFold(v.V, "internal") && internal || strings.EqualFold(v.V, "external") && !internal
}

// pool compares one pool: is it there, and is every node in it that belongs there.
func (x *comparer) pool(services []string, lb *snapshot.LoadBalancer, name string) {
	object := lb.Name + "/" + name
	i := slices.IndexFunc(lb.Pools, func(p az.BackendPool) bool { return strings.EqualFold(p.Name, name) })
	if i < 0 {
		x.add(Check{Services: services, Kind: Missing, Hop: HopPool, Object: object, Field: Existence, Want: "backend pool " + name, Got: "absent",
			Because: "the pool of the cluster's nodes: " + x.Settings.ClusterName.Because, Heals: true}, name, place{lb.Doc, lb.At})
		return
	}
	p := &lb.Pools[i]
	x.add(Check{Services: services, Hop: HopPool, Object: object, Field: Existence, Want: "present", Got: "present", Because: x.Settings.ClusterName.Because}, name, place{lb.Doc, p.At})
	sku := firstText(lb.SKU.Name, "Basic")
	set, ok := "", true
	if strings.EqualFold(sku, "Basic") {
		set, ok = x.onlySet(lb)
	}
	if len(x.Settings.Many) > 0 || !ok || !x.Graph.Snapshot.Complete(&bundle.Nodes, "") {
		return // which nodes a load balancer gets is a choice of its own there
	}
	members := x.Graph.Members(p)
	empty := x.settled(members)
	for _, n := range x.Graph.Nodes {
		if at := x.place(n, sku); set == "" || strings.EqualFold(machineSet(n), set) {
			x.member(services, lb, p, object, at, members, empty)
		}
	}
	x.strangers(services, lb, object, members)
	x.scaleSets(services, lb, p, object)
}

// onlySet is the scale set or availability set whose machines a Basic load balancer
// may have: the primary one of azure.json for the cluster's own load balancer, else
// the only one that there is.
func (x *comparer) onlySet(lb *snapshot.LoadBalancer) (string, bool) {
	base := strings.TrimSuffix(strings.ToLower(lb.Name), "-internal")
	if c := x.Graph.Snapshot.Config; c != nil && strings.EqualFold(base, x.Settings.Balancer.V) {
		if name := firstText(c.PrimaryScaleSetName, c.PrimaryAvailabilitySetName); name != "" {
			return name, true
		}
	}
	set := ""
	for _, n := range x.Graph.Nodes {
		name := machineSet(n)
		switch {
		case n.ControlPlane() || n.Virtual():
		case name == "" || set != "" && !strings.EqualFold(set, name):
			return "", false
		default:
			set = name
		}
	}
	return set, set != ""
}

// machineSet is the scale set or availability set of a node; empty: not known.
func machineSet(n *topology.Node) string {
	switch {
	case n.ScaleSet != "":
		return n.ScaleSet
	case n.Machine != nil && n.Machine.AvailabilitySet != nil:
		return az.LastName(n.Machine.AvailabilitySet.ID)
	}
	return ""
}

// settled reports whether taking every node out that must leave would leave the pool
// empty: the provider then takes none.
func (x *comparer) settled(members []*topology.Member) bool {
	if !x.has(keepsLastMember) {
		return false
	}
	return !slices.ContainsFunc(members, func(m *topology.Member) bool { return m.Node == nil || x.place(m.Node, "Standard").Answer != No })
}

// member compares one node's place.
func (x *comparer) member(services []string, lb *snapshot.LoadBalancer, p *az.BackendPool, object string, at Place, members []*topology.Member, empty bool) {
	i := slices.IndexFunc(members, func(m *topology.Member) bool { return m.Node == at.Node })
	c := Check{Services: services, Hop: HopPool, Object: object, Field: "members", Want: at.Node.Name, Got: at.Node.Name, Because: at.Because, Heals: true}
	places := []place{{at.Node.Doc, at.Pointer}, {lb.Doc, p.At}}
	switch {
	case at.Answer == Perhaps, at.Answer == No && i < 0, at.Answer == No && empty:
		return
	case at.Answer == Yes && i < 0:
		if x.young(at.Node, members) || x.elsewhere(at.Node, lb) || x.unreadable(members) {
			return
		}
		c.Kind, c.Got = Missing, "absent"
	case at.Answer == No:
		c.Kind, c.Want = Leftover, "absent"
		places[1].pointer = members[i].At
	default:
		places[1].pointer = members[i].At
	}
	x.add(c, object+"/"+at.Node.Name, places...)
}

// young reports whether the node has come since the pool was filled and the
// controller may not have got to it.
func (x *comparer) young(n *topology.Node, members []*topology.Member) bool {
	created, now := n.CreationTimestamp.Time, x.Graph.Snapshot.Now
	if created.IsZero() || now.IsZero() || now.Sub(created) > syncTime {
		return false
	}
	for _, m := range members {
		if m.Node != nil && !created.After(m.Node.CreationTimestamp.Add(syncTime/20)) {
			return false
		}
	}
	return true
}

// elsewhere reports whether the node is in the pool of another load balancer of the
// same kind: the provider then leaves it there.
func (x *comparer) elsewhere(n *topology.Node, than *snapshot.LoadBalancer) bool {
	for i := range x.Graph.Snapshot.Loads {
		lb := &x.Graph.Snapshot.Loads[i]
		if lb == than || azname.IsInternalName(lb.Name) != azname.IsInternalName(than.Name) {
			continue
		}
		for j := range lb.Pools {
			if slices.ContainsFunc(x.Graph.Members(&lb.Pools[j]), func(m *topology.Member) bool { return m.Node == n }) {
				return true
			}
		}
	}
	return false
}

// unreadable reports whether some member names no machine that can be told: it may
// be the one that is looked for. Only the interface of a plain machine can hide it.
func (x *comparer) unreadable(members []*topology.Member) bool {
	return slices.ContainsFunc(members, func(m *topology.Member) bool {
		id, ok := az.ParseID(m.ID)
		return m.Node == nil && m.NIC == nil && m.Address == "" && (!ok || az.Masked(m.ID) || id.Name("virtualMachineScaleSets") == "")
	})
}

// strangers compares an IP-based pool, which holds addresses of nodes and nothing else.
func (x *comparer) strangers(services []string, lb *snapshot.LoadBalancer, object string, members []*topology.Member) {
	for _, m := range members {
		if m.Node == nil && m.Address != "" && m.ID == m.Address {
			x.add(Check{Services: services, Kind: Leftover, Hop: HopPool, Object: object, Field: "members", Want: "absent", Got: m.Address,
				Because: "no node has the address", Heals: true}, object+"/"+m.Address, place{lb.Doc, m.At})
		}
	}
}

// scaleSets compares the models of the scale sets, from which new instances get
// their pools.
func (x *comparer) scaleSets(services []string, lb *snapshot.LoadBalancer, p *az.BackendPool, object string) {
	if !x.has(scaleSetModel) {
		return
	}
	for i := range x.Graph.Snapshot.ScaleSets {
		set := &x.Graph.Snapshot.ScaleSets[i]
		if !x.wholly(set) || strings.EqualFold(set.OrchestrationMode, "Flexible") {
			continue
		}
		model, at := primary(set, strings.HasSuffix(strings.ToLower(p.Name), "-ipv6"))
		if model == nil {
			continue
		}
		c := Check{Services: services, Hop: HopPool, Object: "scale set " + set.Name, Field: "loadBalancerBackendAddressPools", Want: object, Got: object,
			Because: "new instances of the scale set join the pools of its model", Heals: true}
		if !slices.ContainsFunc(model.Pools, func(r az.Ref) bool { return az.SameID(r.ID, p.ID) }) {
			c.Kind, c.Got = Missing, "absent"
		}
		x.add(c, set.Name+object, place{lb.Doc, p.At}, place{set.Doc, at})
	}
}

// wholly reports whether nodes of the cluster stand on the scale set and all of
// them belong into the pools.
func (x *comparer) wholly(set *snapshot.ScaleSet) bool {
	group, n := az.GroupOf(set.ID), 0
	for _, node := range x.Graph.Nodes {
		if !strings.EqualFold(node.ScaleSet, set.Name) || group != "" && !strings.EqualFold(node.Group, group) {
			continue
		}
		if x.place(node, "Standard").Answer != Yes {
			return false
		}
		n++
	}
	return n > 0
}

// primary is the IP configuration of the model that joins the pools: the primary one
// for IPv4, the first of its family for IPv6 (getPrimaryNetworkInterfaceConfiguration,
// getConfigForScaleSetByIPFamily).
func primary(set *snapshot.ScaleSet, ipv6 bool) (*az.IPConfig, string) {
	nics := set.Profile.Network.NICs
	for i := range nics {
		if !nics[i].Primary && len(nics) > 1 {
			continue
		}
		for j := range nics[i].IPConfigurations {
			ip := &nics[i].IPConfigurations[j]
			six := strings.EqualFold(ip.Version, "IPv6")
			if ipv6 && six || !ipv6 && !six && (ip.Primary || len(nics[i].IPConfigurations) == 1) {
				return ip, set.At + fmt.Sprintf("/virtualMachineProfile/networkProfile/networkInterfaceConfigurations/%d/ipConfigurations/%d", i, j)
			}
		}
	}
	return nil, ""
}
