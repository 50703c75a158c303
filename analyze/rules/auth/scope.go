package auth

import (
	"slices"
	"strings"

	"azlb/analyze/rule"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
)

// roleScope is where the role is given: the virtual network or subnet itself,
// because its group often belongs to somebody else, and else the resource group, as
// a public IP that does not exist yet has no scope of its own.
func roleScope(scope string) string {
	id, ok := az.ParseID(scope)
	if !ok || id.Group == "" || id.Provider == "" {
		return scope
	}
	if id.Name("virtualNetworks") != "" {
		return scope
	}
	return az.ID{Subscription: id.Subscription, Group: id.Group}.String()
}

// existence is what the evidence says of a scope.
type existence int

const (
	unproved existence = iota
	proved
	disproved
)

// exists looks for the scope: a subnet or virtual network by itself, anything else
// by its resource group, of which some object must be in the evidence.
func exists(p *rule.Pass, scope string) existence {
	id, ok := az.ParseID(scope)
	switch {
	case !ok || id.Group == "":
		return unproved
	case noGroup(p, id):
		return disproved
	}
	if id.Name("virtualNetworks") != "" {
		for i := range p.Snapshot.VNets {
			v := &p.Snapshot.VNets[i]
			if az.SameID(v.ID, scope) {
				return proved
			}
			for _, s := range v.Subnets {
				if az.SameID(s.ID, scope) {
					return proved
				}
			}
		}
		if p.Complete(&bundle.VNets, id.Group) && groupSeen(p, id) && !az.Masked(scope) {
			return disproved
		}
		return unproved
	}
	if groupSeen(p, id) {
		return proved
	}
	return unproved
}

// nowhere says of a scope that was disproved what is not there.
func nowhere(p *rule.Pass, scope string) string {
	if id, ok := az.ParseID(scope); ok && noGroup(p, id) {
		return "there is no resource group " + id.Group
	}
	return az.LastName(scope) + " is not in the list of its group"
}

// noGroup reports whether Azure answered that there is no such resource group.
func noGroup(p *rule.Pass, id az.ID) bool {
	return p.Snapshot.Manifest != nil && !groupSeen(p, id) && slices.ContainsFunc(p.Snapshot.Manifest.Entries, func(e bundle.Entry) bool {
		sub := e.Scope["subscription"]
		return e.Evidence == bundle.Group.ID && e.Status == bundle.StatusNotFound && strings.EqualFold(e.Scope["group"], id.Group) && (sub == "" || strings.EqualFold(sub, id.Subscription))
	})
}

// groupSeen reports whether an object of the resource group is in the evidence.
func groupSeen(p *rule.Pass, id az.ID) bool {
	want := az.Key(az.ID{Subscription: id.Subscription, Group: id.Group}.String())
	if want == "" {
		return false
	}
	in := func(other string) bool {
		o, ok := az.ParseID(other)
		return ok && o.Group != "" && az.Key(az.ID{Subscription: o.Subscription, Group: o.Group}.String()) == want
	}
	s := p.Snapshot
	for _, n := range s.Nodes {
		if in(n.Spec.ProviderID) {
			return true
		}
	}
	for i := range s.Groups {
		if in(s.Groups[i].ID) {
			return true
		}
	}
	for i := range s.Loads {
		if in(s.Loads[i].ID) {
			return true
		}
	}
	for i := range s.PublicIPs {
		if in(s.PublicIPs[i].ID) {
			return true
		}
	}
	for i := range s.NSGs {
		if in(s.NSGs[i].ID) {
			return true
		}
	}
	for i := range s.VNets {
		if in(s.VNets[i].ID) {
			return true
		}
	}
	for i := range s.Routes {
		if in(s.Routes[i].ID) {
			return true
		}
	}
	return false
}

// role is a built-in role that holds the action.
func role(action string) string {
	if strings.HasPrefix(strings.ToLower(action), "microsoft.compute/") {
		return "Virtual Machine Contributor"
	}
	return "Network Contributor"
}
