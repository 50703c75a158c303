package collect

import (
	"slices"
	"strings"

	bundle "azlb/bundle-schema"
)

// perKind is what is asked only of a group whose inventory shows something of its type.
func perKind() []*bundle.Evidence {
	return slices.DeleteFunc(slices.Clone(bundle.Catalogue), func(e *bundle.Evidence) bool { return e.Kind == "" })
}

// inventories plans what the inventories of the groups show.
func (s *session) inventories() {
	for _, e := range slices.Clone(s.entries) {
		if e.Evidence != bundle.Resources.ID || e.Path == "" {
			continue
		}
		types := map[string]bool{}
		for _, r := range listed[struct{ Type string }](s.spool.read(e.Path)) {
			types[strings.ToLower(r.Type)] = true
		}
		for _, list := range perKind() {
			if types[strings.ToLower(list.Kind)] {
				s.planner.once(list, Values{"subscription": e.Scope["subscription"], "group": e.Scope["group"]})
			}
		}
	}
}

// health plans what Azure says of the state of the things in the groups of the nodes and
// of the provider.
func (s *session) health() {
	for _, g := range s.ownGroups() {
		s.planner.once(&bundle.ResourceHealth, Values{"subscription": g.Subscription, "group": g.Name})
	}
}

// ownGroups are the groups of the nodes and of the provider's load balancers that could
// be read.
func (s *session) ownGroups() []Group {
	var list []Group
	for _, e := range s.entries {
		g := Group{Subscription: e.Scope["subscription"], Name: e.Scope["group"]}
		if e.Evidence == bundle.Group.ID && e.Path != "" && (s.hasNodes(e) || s.provider(e)) && !slices.ContainsFunc(list, g.same) {
			list = append(list, g)
		}
	}
	return list
}

// once adds a command unless it is planned already.
func (p *planner) once(e *bundle.Evidence, v Values) *Command {
	scope := scopeOf(e, v)
	if slices.ContainsFunc(p.plan.Always, func(c Command) bool { return c.Evidence == e && sameScope(c.Scope, scope) }) {
		return nil
	}
	return p.add(e, v)
}

func sameScope(a, b Values) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if !strings.EqualFold(v, b[k]) {
			return false
		}
	}
	return true
}

// count is how many commands of the evidence are planned.
func (p *planner) count(e *bundle.Evidence) int { return p.plan.count(e) }
