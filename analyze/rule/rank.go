package rule

import (
	"cmp"
	"slices"

	"azlb/analyze/errtext"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// ranked is a finding on its way to its place.
type ranked struct {
	report.Finding
	rule  *Rule
	order int      // of the rule in the suite: the order in which a packet meets the topics
	fails []string // Services whose syncs stop now at an error that its rule knows; "" where it names none
}

// failing lists the Services of a finding, and "", with an error that stops their syncs
// now and that its rule knows: only that explains what those syncs did not do.
func failing(w *World, f report.Finding, claims map[*errtext.Error][]string) []string {
	return slices.DeleteFunc(append([]string{""}, f.Services...), func(key string) bool {
		return !slices.ContainsFunc(w.Errors.Current(key), func(e *errtext.Error) bool { return !e.Advisory && slices.Contains(claims[e], f.Rule) })
	})
}

// stops reports whether a finding tells why the syncs of another one's Services fail.
func (c ranked) stops(f ranked) bool {
	return slices.ContainsFunc(c.fails, func(key string) bool {
		return key == "" || len(f.Services) == 0 || slices.Contains(f.Services, key)
	})
}

// ofSyncs reports a rule that reads what syncs say, not only the state.
func ofSyncs(r *Rule) bool {
	return slices.ContainsFunc(slices.Concat(r.Needs.Any, r.Needs.All), func(e *bundle.Evidence) bool { return e == &bundle.Events || e == &bundle.ControllerLog })
}

// rank sorts findings, the likeliest root cause first: by severity, what works as
// designed below every other information, what was added below the built-in rules and the net
// below all, by confidence, by the number of Services harmed, by the place of the rule in
// the suite, by subject.
func rank(all []ranked) []ranked {
	slices.SortStableFunc(all, func(a, b ranked) int {
		return cmp.Or(
			cmp.Compare(severityOrder(a.Severity), severityOrder(b.Severity)),
			compareBool(a.rule.AsDesigned, b.rule.AsDesigned),
			cmp.Compare(turnOf(a.rule), turnOf(b.rule)),
			cmp.Compare(confidenceOrder(a.Confidence), confidenceOrder(b.Confidence)),
			cmp.Compare(len(b.Services), len(a.Services)),
			cmp.Compare(a.order, b.order),
			cmp.Compare(a.Subject.String(), b.Subject.String()),
		)
	})
	return all
}

// fold puts every finding that another one explains below that one, and returns
// the causes in rank order. A finding explains another when its rule is among the
// rules that the other follows from (directly or through a third), both are about
// the same subject and not of disjoint Services, or every Service of the other is
// harmed by it too, and it is no milder: a warning that may be history must not hide
// an error. What the net caught is explained by a failing sync alone: a pod that
// restarts or a thing left over never is why Azure refuses. What was added explains
// nothing, so that it hides nothing that is built in.
func fold(all []ranked, rules []*Rule) []report.Finding {
	causes := closure(rules)
	parent := make([]int, len(all))
	for i, f := range all {
		parent[i] = -1
		for j, c := range all {
			if i == j || c.rule.Added || severityOrder(c.Severity) > severityOrder(f.Severity) || !(causes[f.Rule][c.Rule] || f.rule.Net && !c.rule.Net && c.stops(f) && c.Severity != report.Info) {
				continue
			}
			if c.Severity != report.Error && c.Subject != f.Subject && ofSyncs(c.rule) && !ofSyncs(f.rule) && !c.stops(f) {
				continue // a sync that does not fail leaves nothing undone
			}
			if f.Subject == c.Subject && !disjoint(c.Services, f.Services) || contains(c.Services, f.Services) {
				parent[i] = j
				break // the highest ranked cause
			}
		}
	}
	root := func(i int) int {
		for steps := 0; parent[i] >= 0 && steps < len(all); steps++ {
			i = parent[i]
		}
		return i
	}
	var out []report.Finding
	at := map[int]int{}
	for i, f := range all {
		if root(i) == i {
			at[i] = len(out)
			out = append(out, f.Finding)
		}
	}
	for i, f := range all {
		if r := root(i); r != i {
			top := &out[at[r]]
			top.Consequences = append(top.Consequences, f.Finding)
		}
	}
	return out
}

// closure maps every rule to all rules that it follows from, through others too.
func closure(rules []*Rule) map[string]map[string]bool {
	direct := map[string][]string{}
	for _, r := range rules {
		direct[r.ID] = r.FollowsFrom
	}
	out := map[string]map[string]bool{}
	for _, r := range rules {
		seen := map[string]bool{}
		queue := slices.Clone(r.FollowsFrom)
		for len(queue) > 0 {
			id := queue[0]
			queue = queue[1:]
			if id == r.ID || seen[id] {
				continue
			}
			seen[id] = true
			queue = append(queue, direct[id]...)
		}
		out[r.ID] = seen
	}
	return out
}

// contains reports whether all of part, at least one, is in whole.
func contains(whole, part []string) bool {
	if len(part) == 0 {
		return false
	}
	for _, s := range part {
		if !slices.Contains(whole, s) {
			return false
		}
	}
	return true
}

// disjoint reports whether both name Services and none is in both.
func disjoint(a, b []string) bool {
	return len(a) > 0 && len(b) > 0 && !slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

func severityOrder(s report.Severity) int {
	return slices.Index([]report.Severity{report.Error, report.Warning, report.Info}, s)
}

func confidenceOrder(c report.Confidence) int {
	return slices.Index([]report.Confidence{report.Certain, report.Likely, report.Possible}, c)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
