package desired

import (
	"slices"
	"strings"
	"time"

	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
)

// membership is one pool whose members are compared with the nodes.
type membership struct {
	services []string // that the load balancer serves in the pool's family
	lb       *snapshot.LoadBalancer
	pool     *az.BackendPool
	object   string
	sku      string
	set      string // the scale set or availability set that alone may be in it; empty: any
	exact    bool   // see exact
	all      []*topology.Member
}

// exact reports whether the provider writes the pool as a list of addresses, in which
// it leaves nobody who does not belong there (backendPoolTypeNodeIP). Of a pool of
// network interfaces it only takes out who is excluded or gone.
func (c *Cluster) exact(p *az.BackendPool) bool {
	switch kind := c.Settings.PoolType; {
	case slices.ContainsFunc(p.Addresses, func(a az.PoolAddress) bool { return a.IPAddress != "" && a.NICIPConfiguration == nil }):
		return true
	case kind.Inferred && len(p.IPConfigurations) > 0: // from another pool
		return false
	default:
		return strings.EqualFold(kind.V, nodeIP)
	}
}

// settled reports whether taking every node out that must leave would leave the pool
// empty: the provider then takes none.
func (x *comparer) settled(m membership) bool {
	if !x.has(keepsLastMember) {
		return false
	}
	return !slices.ContainsFunc(m.all, func(o *topology.Member) bool {
		if o.Node == nil {
			return true
		}
		at := x.placeIn(o.Node, m.sku, m.exact)
		return at.Answer != No || at.Stays != ""
	})
}

// member compares one node's place.
func (x *comparer) member(m membership, n *topology.Node) {
	at := x.placeIn(n, m.sku, m.exact)
	i := slices.IndexFunc(m.all, func(o *topology.Member) bool { return o.Node == n })
	c := Check{Services: m.services, Hop: HopPool, Object: m.object, Field: "members", Want: n.Name, Got: n.Name, Because: at.Because, Heals: true}
	places := []place{{n.Doc, at.Pointer}, {m.lb.Doc, m.pool.At}}
	switch {
	case at.Answer == Perhaps, at.Answer == No && i < 0, at.Answer == No && x.settled(m):
		return
	case at.Answer == Yes && i < 0:
		if x.young(n, m.services) || x.elsewhere(n, m.lb) || x.unreadable(m.all) {
			return
		}
		c.Kind, c.Got = Missing, "absent"
	case at.Answer == No:
		c.Kind, c.Want, c.Heals, c.Why = Leftover, "absent", at.Stays == "", at.Stays
		places[1].pointer = m.all[i].At
	default:
		places[1].pointer = m.all[i].At
	}
	x.add(c, m.object+"/"+n.Name, places...)
}

// young reports whether the node has come so lately that the controller may not have
// got to it: no sync of these Services that has ended began when the node was Ready.
// That another new node is in the pool proves nothing, it is filled one by one.
func (x *comparer) young(n *topology.Node, services []string) bool {
	created, now := n.CreationTimestamp.Time, x.Graph.Snapshot.Now
	if created.IsZero() || now.IsZero() || now.Sub(created) > syncTime {
		return false
	}
	ready := created
	if c, _ := n.Condition("Ready"); c != nil && c.LastTransitionTime.After(created) {
		ready = c.LastTransitionTime.Time
	}
	return x.synced(services).Before(ready)
}

// synced is when the newest sync of the Services that has succeeded began, as events
// tell; zero: they tell of none.
func (x *comparer) synced(services []string) time.Time {
	var newest time.Time
	for _, key := range services {
		var began []time.Time
		var ended time.Time
		for _, e := range x.Graph.Snapshot.Events {
			switch {
			case e.Kind != "Service" || e.Namespace+"/"+e.Name != key:
			case e.Reason == "EnsuringLoadBalancer":
				began = append(began, e.First, e.Last)
			case e.Reason == "EnsuredLoadBalancer" && e.Last.After(ended):
				ended = e.Last
			}
		}
		for _, t := range began {
			if !t.After(ended) && t.After(newest) {
				newest = t
			}
		}
	}
	return newest
}

// elsewhere reports whether the node is in the pool of another load balancer: the
// provider then leaves it there (isBackendPoolOnSameLB).
func (x *comparer) elsewhere(n *topology.Node, than *snapshot.LoadBalancer) bool {
	for i := range x.Graph.Snapshot.Loads {
		lb := &x.Graph.Snapshot.Loads[i]
		if baseName(lb.Name) == baseName(than.Name) {
			continue
		}
		for j := range lb.Pools {
			if slices.ContainsFunc(x.Graph.Members(&lb.Pools[j]), func(m *topology.Member) bool { return m.Node == n }) {
				return true
			}
		}
	}
	for _, nic := range n.NICs {
		for _, ip := range nic.IPConfigurations {
			if slices.ContainsFunc(ip.Pools, func(r az.Ref) bool { return otherBalancer(r.ID, than.Name) }) {
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
// An address whose node has just gone, or is just coming, is the controller's next work.
func (x *comparer) strangers(m membership) {
	moving := x.moving()
	for _, o := range m.all {
		if o.Node != nil || o.Address == "" || o.ID != o.Address {
			continue
		}
		c := Check{Services: m.services, Kind: Leftover, Hop: HopPool, Object: m.object, Field: "members", Want: "absent", Got: o.Address, Because: "no node has the address", Heals: true}
		why := moving
		if why == "" && x.carried(o.Address) {
			why = "a machine has the address, whose node may just be gone or coming"
		}
		if why != "" {
			c.Kind, c.Heals, c.Want, c.Because = NotCompared, false, "", why
		}
		x.add(c, m.object+"/"+o.Address, place{m.lb.Doc, o.At})
	}
}

// moving says why a node may have gone since the controller's last work; empty: none
// has. The controller manager records an event when a node is removed.
func (x *comparer) moving() string {
	s := x.Graph.Snapshot
	if s.Now.IsZero() || !s.Complete(&bundle.Events, "") {
		return "the events, which would tell of a node that has just gone, are not in the bundle"
	}
	if !s.Complete(&bundle.NICs, "") || !s.Complete(&bundle.ScaleSetNICs, "") {
		return "the network interfaces, which would tell of a machine with the address, are not in the bundle"
	}
	for _, e := range s.Events {
		if e.Kind != "Node" || !e.Last.IsZero() && s.Now.Sub(e.Last) > syncTime {
			continue
		}
		if e.Reason == "RemovingNode" || e.Reason == "DeletingNode" || x.Graph.Node(e.Name) == nil {
			return "node " + e.Name + " has just gone or is coming"
		}
	}
	return ""
}

// carried reports whether a network interface has the address.
func (x *comparer) carried(address string) bool {
	return slices.ContainsFunc(x.Graph.Snapshot.NICs, func(n snapshot.NIC) bool {
		return slices.ContainsFunc(n.IPConfigurations, func(c az.IPConfig) bool { return c.PrivateIPAddress == address })
	})
}
