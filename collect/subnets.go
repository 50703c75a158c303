package collect

import (
	"fmt"
	"slices"
	"strings"

	bundle "azlb/bundle-schema"
)

// subnets plans the subnets that nodes and frontends are in one by one, where the list of
// their virtual networks did not come: a role may be given at the subnet alone.
func (s *session) subnets(refs *references) {
	var ids []string
	for id := range refs.subnets {
		if !refs.read[id] {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	for _, id := range ids {
		part := strings.Split(id, "/") // "", subscriptions, S, resourcegroups, G, providers, microsoft.network, virtualnetworks, V, subnets, N
		if len(part) != 11 || part[9] != "subnets" {
			continue
		}
		g := Group{Subscription: part[2], Name: part[4]}
		if !s.refusedNetworks(g) {
			continue
		}
		before := s.planner.count(&bundle.Subnets)
		c := s.planner.once(&bundle.Subnets, Values{"subscription": g.Subscription, "group": g.Name, "vnet": part[8], "subnet": part[10]})
		if c != nil && before >= subnetCap {
			c.Skip = fmt.Sprintf("at most %d subnets are read one by one", subnetCap)
		}
	}
}

// refusedNetworks reports whether the virtual networks of a group were asked for in vain.
func (s *session) refusedNetworks(g Group) bool {
	asked, read := false, false
	for _, e := range s.entries {
		if e.Evidence == bundle.VNets.ID && g.same(Group{Subscription: e.Scope["subscription"], Name: e.Scope["group"]}) {
			asked, read = true, read || e.Status.Complete()
		}
	}
	return asked && !read
}
