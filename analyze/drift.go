package analyze

import (
	"fmt"
	"slices"

	"azlb/analyze/desired"
	"azlb/analyze/rule"
	"azlb/report"
)

// drift is what differs from what the provider would have built.
func drift(w *rule.World) []report.Drift {
	var out []report.Drift
	for _, c := range w.Compared.Drift() {
		d := report.Drift{Services: c.Services, Kind: string(c.Kind), Hop: c.Hop, Object: c.Object, Field: c.Field, Want: c.Want, Got: c.Got,
			Because: c.Because, Heals: c.Heals, Why: c.Why, Cites: c.Cites()}
		if c.Heals {
			d.Why = underway(w, c.Services)
		}
		if len(c.Services) == 1 {
			d.Service = c.Services[0]
		}
		out = append(out, d)
	}
	return out
}

// underway says that a sync ran while the evidence was collected, which may have
// repaired what differs; empty: none did.
func underway(w *rule.World, services []string) string {
	busy := slices.DeleteFunc(slices.Clone(services), func(key string) bool { return !rule.InFlight(w, key) })
	if len(busy) == 0 {
		return ""
	}
	of := busy[0]
	if more := len(busy) - 1; more > 0 {
		of += fmt.Sprintf(" and %d more", more)
	}
	return "a sync of " + of + " ran while the evidence was collected: it may be right since"
}

// driftCompared counts the checks that a report tells of: nothing found means little
// where nothing was compared. Of the Services it says which were not compared.
func driftCompared(w *rule.World, checks []desired.Check, services []string) report.Compared {
	out := report.Compared{Provider: w.Wants.Provider.Sentence()}
	for _, hop := range desired.Hops {
		n := report.HopCompared{Hop: hop}
		objects := map[string]bool{}
		for _, c := range checks {
			if c.Hop == hop {
				objects[c.Object] = true
				n.Fields++
			}
		}
		n.Objects = len(objects)
		out.Objects += n.Objects
		out.Fields += n.Fields
		out.Hops = append(out.Hops, n)
	}
	for _, key := range services {
		if why := w.Compared.Skipped[key]; why != "" {
			out.Skipped = append(out.Skipped, report.Skipped{Service: key, Reason: why})
		}
	}
	return out
}
