package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// comparedTitle heads the section about the desired state.
const comparedTitle = "Compared with what the cloud provider would build"

// compared says how much was compared and how much of it differs: nothing found
// means little where nothing was compared.
func compared(r *Report) string {
	c := r.DriftCompared
	if c.Objects == 0 {
		return "Nothing could be compared."
	}
	differ := "none differs"
	if n := len(r.Drift); n > 0 {
		differ = fmt.Sprintf("%d %s", n, plural(n, "difference", "differences"))
	}
	var hops []string
	for _, h := range c.Hops {
		if h.Fields > 0 {
			hops = append(hops, fmt.Sprintf("%s %d", hopName(h.Hop), h.Fields))
		}
	}
	return fmt.Sprintf("%d %s of %d %s were compared: %s%s.",
		c.Fields, plural(c.Fields, "field", "fields"), c.Objects, plural(c.Objects, "object", "objects"), differ, prefixed(" (fields by hop: ", strings.Join(hops, ", ")+")"))
}

// basis says what the comparison rests on.
func basis(r *Report) string { return r.DriftCompared.Provider }

// skipped lists the Services that were not compared, each reason once.
func skipped(r *Report) []string {
	var out []string
	for _, reason := range reasons(r.DriftCompared.Skipped) {
		var names []string
		for _, s := range r.DriftCompared.Skipped {
			if s.Reason == reason {
				names = append(names, s.Service)
			}
		}
		out = append(out, "Not compared: "+several(names)+" ("+reason+").")
	}
	return out
}

func reasons(list []Skipped) []string {
	var out []string
	for _, s := range list {
		seen := false
		for _, r := range out {
			seen = seen || r == s.Reason
		}
		if !seen {
			out = append(out, s.Reason)
		}
	}
	return out
}

// first are up to five names, and how many more there are.
func first(names []string) []string {
	const most = 5
	if n := len(names); n > most {
		return append(slices.Clone(names[:most]), strconv.Itoa(n-most)+" more")
	}
	return names
}

// several are the same names as part of a sentence.
func several(names []string) string {
	list := first(names)
	if len(list) == len(names) {
		return strings.Join(names, ", ")
	}
	last := len(list) - 1
	return strings.Join(list[:last], ", ") + " and " + list[last]
}

// Repair says whether a difference goes away by itself.
func (d Drift) Repair() string {
	if d.Heals {
		return oneLine("at the next sync" + prefixed("; ", d.Why))
	}
	return oneLine("no sync repairs it" + prefixed(": ", d.Why))
}

// Of names the Services of a difference.
func (d Drift) Of() []string { return first(d.Services) }

// What is the field that differs; of an object as a whole nothing more is to say.
func (d Drift) What() string {
	if d.Field == "existence" {
		return ""
	}
	return d.Field
}

// differenceHead and differences are the table of what differs.
var differenceHead = []string{"Services", "Difference", "Object", "Field", "Wanted", "Found", "Because", "Repaired"}

func differences(r *Report) [][]string {
	var rows [][]string
	for _, d := range r.Drift {
		rows = append(rows, []string{several(d.Services), d.Kind, oneLine(hopName(d.Hop) + " " + d.Object), d.Field, d.Want, d.Got, d.Because, d.Repair()})
	}
	return rows
}
