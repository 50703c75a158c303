package snapshot

import (
	"maps"
	"slices"
	"strings"

	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
)

// coverLoose decides how far the lists in loose files reach, and what is missing.
//
// A list of Azure objects is whole for the resource groups that occur in it, an
// empty one for the groups of the nodes. A list of Kubernetes objects is whole if
// it looks unrestricted: it has more than one namespace, or the API server's own
// Service; nodes have no namespace; pods are whole in each namespace that occurs.
// An empty list of namespaced objects may be of one namespace and is never whole.
// A single object is read, and never whole.
func (l *loader) coverLoose(faults []bundle.Fault) {
	damaged := map[string]bool{}
	for _, f := range faults {
		damaged[f.Name] = true
	}
	short := map[*bundle.Evidence]string{}
	slices.SortStableFunc(l.given, func(a, b *given) int { // Services first: others are measured by them
		return boolInt(a.evidence != &bundle.Services) - boolInt(b.evidence != &bundle.Services)
	})
	for _, g := range l.given {
		if l.s.Manifest != nil && l.inManifest(g.file) {
			continue
		}
		whole := (g.list || g.evidence == &bundle.AKSCluster) && g.partial == "" && !l.broken[g.file] && !damaged[g.file]
		if why := l.coverOne(g, whole); why != "" {
			short[g.evidence] = g.file + " " + why
		}
	}
	if l.s.Manifest != nil {
		return
	}
	l.wholeScaleSets(&bundle.ScaleSetInstances)
	l.wholeScaleSets(&bundle.ScaleSetNICs)
	l.wholeBalancers()
	l.replaceEndpoints()
	for _, e := range bundle.Catalogue {
		l.missing(e, short[e])
	}
}

func (l *loader) inManifest(file string) bool {
	for i := range l.s.Manifest.Entries {
		if l.s.Manifest.Entries[i].Path == file {
			return true
		}
	}
	return false
}

// coverOne notes one list; it returns why it does not reach as far as it might.
func (l *loader) coverOne(g *given, whole bool) string {
	e := g.evidence
	switch {
	case e == &bundle.Pods || e == &bundle.ControllerPods:
		for ns := range g.namespaces {
			if e == &bundle.ControllerPods {
				ns = ""
			}
			l.cover(e, strings.ToLower(ns), whole)
		}
		if g.empty {
			l.cover(&bundle.Pods, "?", false)
		}
		return ""
	case narrowed(e):
		l.cover(e, "", false)
		return "may be of one scope or one identity only"
	case e.Program == bundle.Az && scoped(e):
		groups := slices.Collect(maps.Keys(g.groups))
		if g.empty {
			groups = l.s.groups
		}
		for _, group := range groups {
			l.cover(e, group, whole)
		}
		if len(groups) == 0 { // masked ids: read, of a group that nobody knows
			l.cover(e, "?", false)
		}
	case e == &bundle.Services || e == &bundle.EndpointSlices || e == &bundle.Endpoints || e == &bundle.Events:
		free := g.cluster || len(g.namespaces) > 1 || e != &bundle.Services && l.everyNamespace(g)
		l.cover(e, "", whole && free)
		if whole && !free {
			if g.empty {
				return "is an empty list, perhaps of one namespace only"
			}
			return "has one namespace only"
		}
	default:
		l.cover(e, "", whole || !g.list && (e == &bundle.KubeSystem || e == &bundle.Account || e == &bundle.AzVersion))
	}
	switch {
	case g.partial != "":
		return "is not the whole of it: " + g.partial
	case !g.list && e.Program == bundle.Az && scoped(e) && e != &bundle.Group && e != &bundle.AKSCluster:
		return "is a single object and no list"
	}
	return ""
}

// narrowed reports evidence of which a list does not show what it was asked for: az lists
// the roles and locks of a subscription, a group, a resource or an identity alike.
func narrowed(e *bundle.Evidence) bool {
	switch e {
	case &bundle.RoleAssignments, &bundle.RoleDefinitions, &bundle.SubscriptionLocks, &bundle.Locks, &bundle.PolicyAssignments:
		return true
	}
	return false
}

// everyNamespace reports whether a list has every namespace in which there is a
// Service of the cluster's users.
func (l *loader) everyNamespace(g *given) bool {
	if !l.s.Complete(&bundle.Services, "") || len(l.s.Services) == 0 {
		return false
	}
	for _, s := range l.s.Services {
		if !g.namespaces[s.Namespace] && !(s.Namespace == "default" && s.Name == "kubernetes") {
			return false
		}
	}
	return true
}

// wholeScaleSets takes completeness back where a scale set of the group is in no
// list of instances.
func (l *loader) wholeScaleSets(e *bundle.Evidence) {
	have := map[string]bool{}
	var empty []string
	for _, g := range l.given {
		if g.evidence == e {
			for set := range g.sets {
				have[set] = true
			}
			if g.empty {
				empty = append(empty, strings.ToLower(g.file))
			}
		}
	}
	want := map[string]bool{}
	for _, n := range l.s.Nodes {
		if id, ok := az.ParseID(n.Spec.ProviderID); ok && id.Name("virtualMachineScaleSets") != "" {
			want[setKey(id)] = true
		}
	}
	for _, s := range l.s.ScaleSets {
		if id, ok := az.ParseID(s.ID); ok && s.SKU.Capacity > 0 {
			want[setKey(id)] = true
		}
	}
	for set := range want {
		group, name, _ := strings.Cut(set, "/")
		named := slices.ContainsFunc(empty, func(file string) bool { return strings.Contains(file, name) })
		if x := l.s.known[e.ID][group]; !have[set] && !named && x.complete {
			l.s.known[e.ID][group] = extent{x.read, false}
		}
	}
}

// missing adds the gaps of one piece of evidence. short is why a list that was
// given does not reach far enough.
func (l *loader) missing(e *bundle.Evidence, short string) {
	switch {
	case !l.s.Have(e):
		if answer, ok := l.failed[e]; ok {
			l.gap(e, nil, answer.Status, answer.Reason)
		} else if l.optional(e) {
			l.s.Spare = append(l.s.Spare, bundle.Gap{Evidence: e, Status: bundle.StatusSkipped, Reason: "not given", Supply: l.supply(e, nil)})
		} else {
			l.gap(e, nil, bundle.StatusSkipped, "not given")
		}
	case e.Program == bundle.Az && scoped(e) && !l.optional(e):
		for _, g := range l.s.groups {
			x := l.s.known[e.ID][g]
			scope := map[string]string{"group": l.spelled(g)}
			switch {
			case !x.read:
				l.gap(e, scope, bundle.StatusSkipped, "not given for resource group "+l.spelled(g))
			case !x.complete && short != "":
				l.gap(e, scope, bundle.StatusTruncated, short)
			case !x.complete && !l.hasGap(e):
				l.gap(e, scope, bundle.StatusTruncated, "not given for every scale set of "+l.spelled(g))
			}
		}
	case short != "" && !l.s.Complete(e, ""):
		l.gap(e, nil, bundle.StatusTruncated, short)
	}
}

func (l *loader) hasGap(e *bundle.Evidence) bool {
	return slices.ContainsFunc(l.gaps, func(g bundle.Gap) bool { return g.Evidence == e })
}

func (l *loader) gap(e *bundle.Evidence, scope map[string]string, status bundle.Status, reason string) {
	l.gaps = append(l.gaps, bundle.Gap{Evidence: e, Scope: scope, Status: status, Reason: reason, Supply: l.supply(e, scope)})
}

// spelled is a resource group as the evidence writes it.
func (l *loader) spelled(group string) string {
	for _, n := range l.s.Nodes {
		if g := az.GroupOf(n.Spec.ProviderID); strings.EqualFold(g, group) {
			return g
		}
	}
	return group
}
