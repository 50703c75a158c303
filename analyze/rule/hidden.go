package rule

import (
	"cmp"
	"slices"

	bundle "azlb/bundle-schema"
	"azlb/report"
)

// lack is what kept a rule from being evaluated.
type lack struct {
	evidence []*bundle.Evidence
	unrun    bool // the rule did not look at all
	lost     []*bundle.Evidence
}

// missed is the lack of a rule that looked and found nothing. Nothing is lost where all
// that it would need besides was never asked for: on AKS, for one, nobody has the
// controller's log.
func missed(w *World, incomplete []*bundle.Evidence) *lack {
	return &lack{evidence: incomplete, lost: slices.DeleteFunc(slices.Clone(incomplete), func(e *bundle.Evidence) bool { return notLost(w, e) })}
}

// unrun is the lack of a rule that did not look.
func unrun(missing []*bundle.Evidence) *lack {
	return &lack{evidence: missing, unrun: true, lost: missing}
}

// hide tells of each error and warning that no finding explains which of its causes could
// not be seen: the rules that it follows from, directly or through others, that were not
// evaluated for want of evidence. Those that are nearest stand first, then those that did
// not look at all, then in the order of the suite.
func hide(w *World, findings []report.Finding, rules []*Rule, lacks map[string]*lack) {
	all := closure(rules)
	byID := map[string]*Rule{}
	for _, r := range rules {
		byID[r.ID] = r
	}
	for i := range findings {
		f := &findings[i]
		if f.Severity == report.Info {
			continue
		}
		var causes []*Rule
		for _, r := range rules {
			if all[f.Rule][r.ID] && lacks[r.ID] != nil && len(lacks[r.ID].lost) > 0 {
				causes = append(causes, r)
			}
		}
		direct := byID[f.Rule].FollowsFrom
		slices.SortStableFunc(causes, func(a, b *Rule) int {
			return cmp.Or(compareBool(!slices.Contains(direct, a.ID), !slices.Contains(direct, b.ID)), compareBool(!lacks[a.ID].unrun, !lacks[b.ID].unrun))
		})
		for _, r := range causes {
			missing := lacks[r.ID].lost
			f.Hidden = append(f.Hidden, report.Hidden{Rule: r.ID, Title: r.Doc.Title, Missing: titles(missing), Supply: supply(w, missing[0])})
		}
	}
}

// supply is what supplies evidence of which something is missing.
func supply(w *World, e *bundle.Evidence) string {
	for _, g := range slices.Concat(w.Snapshot.Gaps, w.Snapshot.Spare) {
		if g.Evidence == e && g.Supply != "" {
			return g.Supply
		}
	}
	return commands([]*bundle.Evidence{e})
}
