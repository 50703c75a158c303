package desired

import (
	"cmp"
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
		x.common(services, lb, "sku", want.SKU, cmp.Or(lb.SKU.Name, "Basic"), "/sku/name", "Azure does not change the SKU of a load balancer in place")
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
	sku := cmp.Or(lb.SKU.Name, "Basic")
	set, ok := "", true
	if strings.EqualFold(sku, "Basic") {
		set, ok = x.onlySet(lb)
	}
	if len(x.Settings.Many) > 0 || !ok || strings.EqualFold(x.Settings.PoolType.V, podIP) || !x.Graph.Snapshot.Complete(&bundle.Nodes, "") {
		return // which nodes a load balancer gets is a choice of its own there, or it gets none
	}
	m := membership{services: services, lb: lb, pool: p, object: object, sku: sku, set: set, exact: x.exact(p), all: x.Graph.Members(p)}
	for _, n := range x.Graph.Nodes {
		if set == "" || strings.EqualFold(machineSet(n), set) {
			x.member(m, n)
		}
	}
	x.strangers(m)
	x.scaleSets(m)
}

// onlySet is the scale set or availability set whose machines a Basic load balancer
// may have: the primary one of azure.json for the cluster's own load balancer, else
// the only one that there is.
func (x *comparer) onlySet(lb *snapshot.LoadBalancer) (string, bool) {
	base := strings.TrimSuffix(strings.ToLower(lb.Name), "-internal")
	if c := x.Graph.Snapshot.Config; c != nil && strings.EqualFold(base, x.Settings.Balancer.V) {
		if name := cmp.Or(c.PrimaryScaleSetName, c.PrimaryAvailabilitySetName); name != "" {
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
