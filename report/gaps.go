package report

import (
	"cmp"
	"slices"
	"strings"
)

// gap is what could not be evaluated for one reason.
type gap struct {
	Status   string     // of the evidence; empty: no evidence explains it
	Reason   string     // why all of it is missing
	Evidence []Evidence // what is missing
	Rules    []string   // the rules that were not evaluated for it
}

// One is the title where a single piece of evidence is missing; else the reason
// stands above the list.
func (g gap) One() string {
	if len(g.Evidence) != 1 {
		return ""
	}
	return cmp.Or(g.Evidence[0].Title, g.Evidence[0].ID)
}

// Supplied reports whether some of it has a command of its own.
func (g gap) Supplied() bool {
	return slices.ContainsFunc(g.Evidence, func(e Evidence) bool { return e.Supply != "" })
}

// gaps joins the evidence that is missing for the same reason, and with it the
// rules that were not evaluated for it. The engine names evidence by its title at
// the end of a reason, after a colon.
func gaps(r *Report) []gap {
	var out []gap
	at := map[string][]int{} // by title
	for _, e := range r.Coverage.Evidence {
		if e.Status == "ok" || e.Without == "" && e.Supply == "" {
			continue
		}
		i := slices.IndexFunc(out, func(g gap) bool { return g.Status == e.Status && g.Reason == e.Reason })
		if i < 0 {
			i = len(out)
			out = append(out, gap{Status: e.Status, Reason: e.Reason})
		}
		out[i].Evidence = append(out[i].Evidence, e)
		title := cmp.Or(e.Title, e.ID)
		at[title] = append(at[title], i)
	}
	for _, v := range r.Verdicts {
		if v.State != NotEvaluated && v.State != BrokenRule {
			continue
		}
		names := v.Reason[strings.LastIndex(v.Reason, ": ")+1:]
		known := false
		for title := range strings.SplitSeq(names, ",") {
			for _, i := range at[strings.TrimSpace(title)] {
				known = true
				if !slices.Contains(out[i].Rules, v.Rule) {
					out[i].Rules = append(out[i].Rules, v.Rule)
				}
			}
		}
		if known {
			continue
		}
		reason := cmp.Or(v.Reason, "no reason given")
		i := slices.IndexFunc(out, func(g gap) bool { return len(g.Evidence) == 0 && g.Reason == reason })
		if i < 0 {
			i = len(out)
			out = append(out, gap{Reason: reason})
		}
		if !slices.Contains(out[i].Rules, v.Rule) {
			out[i].Rules = append(out[i].Rules, v.Rule)
		}
	}
	return out
}
