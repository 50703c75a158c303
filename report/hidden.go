package report

import (
	"strconv"
	"strings"
)

// hiddenLines say which causes of a finding could not be seen: the first three rules, a
// line for what is missing and its supply, and how many more there are.
func hiddenLines(f *Finding) []string {
	const most = 3
	type group struct{ missing, supply, rules string }
	var groups []group
	for _, h := range f.Hidden[:min(most, len(f.Hidden))] {
		name := ruleID(h.Rule) + prefixed(" (", h.Title)
		if h.Title != "" {
			name += ")"
		}
		if n := len(groups) - 1; n >= 0 && groups[n].missing == h.Missing && groups[n].supply == h.Supply {
			groups[n].rules += ", " + name
			continue
		}
		groups = append(groups, group{h.Missing, h.Supply, name})
	}
	var out []string
	for _, g := range groups {
		out = append(out, oneLine("Cause not visible: "+g.rules+" could not be judged without "+g.missing+prefixed("; ", marking(g.supply))))
	}
	if n := len(f.Hidden) - most; n > 0 {
		out[len(out)-1] += " (and " + strconv.Itoa(n) + plural(n, " more rule could not be judged)", " more rules could not be judged)")
	}
	return out
}

// marking puts the command in a supply between backticks.
func marking(supply string) string {
	before, command := "", supply
	if i := strings.Index(supply, ": "); i >= 0 {
		before, command = supply[:i+2], supply[i+2:]
	}
	if strings.HasPrefix(command, "kubectl ") || strings.HasPrefix(command, "az ") {
		return before + "`" + command + "`"
	}
	return supply
}
