package desired

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/snapshot"
	"azlb/bundle-schema/az"
)

// scaleSets compares the models of the scale sets, from which new instances get
// their pools. A pool of addresses is filled without them (backendPoolTypeNodeIP).
func (x *comparer) scaleSets(m membership) {
	if !x.has(scaleSetModel) || m.exact || x.Settings.PoolType.Unknown != "" && len(m.all) == 0 {
		return
	}
	for i := range x.Graph.Snapshot.ScaleSets {
		set := &x.Graph.Snapshot.ScaleSets[i]
		if m.set != "" && !strings.EqualFold(set.Name, m.set) || strings.EqualFold(set.OrchestrationMode, "Flexible") || !x.wholly(m, set) {
			continue
		}
		model, at := primary(set, strings.HasSuffix(strings.ToLower(m.pool.Name), "-ipv6"))
		if model == nil {
			continue
		}
		c := Check{Services: m.services, Hop: HopPool, Object: "scale set " + set.Name, Field: "loadBalancerBackendAddressPools", Want: m.object, Got: m.object,
			Because: "new instances of the scale set join the pools of its model", Heals: true}
		switch named := NamesPool(model.Pools, m.pool.ID); {
		case named == Perhaps, named == No && slices.ContainsFunc(model.Pools, func(r az.Ref) bool { return otherBalancer(r.ID, m.lb.Name) }):
			continue // a model that is in the pool of another load balancer stays there (ensureVMSSInPool)
		case named == No:
			c.Kind, c.Got = Missing, "absent"
		}
		x.add(c, set.Name+m.object, place{m.lb.Doc, m.pool.At}, place{set.Doc, at})
	}
}

// NamesPool says whether one of the references is to the pool. Of ids in which
// something is masked only the names of load balancer and pool are compared: where
// none has them, nothing tells.
func NamesPool(refs []az.Ref, pool string) Answer {
	want, ok := az.ParseID(pool)
	answer := No
	for _, r := range refs {
		if az.SameID(r.ID, pool) {
			return Yes
		}
		got, parsed := az.ParseID(r.ID)
		if !az.Masked(r.ID) && !az.Masked(pool) && az.Masked(got.Subscription) == az.Masked(want.Subscription) {
			continue
		}
		answer = Perhaps
		if ok && parsed && samePart(got, want, "loadBalancers") && samePart(got, want, "backendAddressPools") {
			return Yes
		}
	}
	return answer
}

// samePart compares one name of two ids.
func samePart(a, b az.ID, typ string) bool {
	name := a.Name(typ)
	return name != "" && !az.Masked(name) && strings.EqualFold(name, b.Name(typ))
}

// otherBalancer reports whether the pool is one of a load balancer that is neither
// the named one nor its internal or public twin (isBackendPoolOnSameLB).
func otherBalancer(pool, lb string) bool {
	id, ok := az.ParseID(pool)
	name := id.Name("loadBalancers")
	return ok && name != "" && baseName(name) != baseName(lb)
}

// baseName is the name that a load balancer has in common with its twin, in lower case.
func baseName(lb string) string { return strings.TrimSuffix(strings.ToLower(lb), "-internal") }

// wholly reports whether nodes of the cluster stand on the scale set, all of them
// belong into the pools, and the controller has come to one of them.
func (x *comparer) wholly(m membership, set *snapshot.ScaleSet) bool {
	group, n := az.GroupOf(set.ID), 0
	for _, node := range x.Graph.Nodes {
		if !strings.EqualFold(node.ScaleSet, set.Name) || group != "" && !strings.EqualFold(node.Group, group) {
			continue
		}
		if x.place(node, "Standard").Answer != Yes {
			return false
		}
		if !x.young(node, m.services) {
			n++
		}
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
