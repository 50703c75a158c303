package report

import (
	"cmp"
	"strconv"
	"strings"
)

func (m *markdown) wide() {
	m.f("## Cluster-wide and further findings\n\n")
	if len(m.Wide) == 0 {
		m.para(noWide)
	}
	for _, n := range m.Wide {
		m.finding(n)
	}
}

// designed writes a line for each thing that is no fault, those of one rule below it.
func (m *markdown) designed() {
	if len(m.Designed) == 0 {
		return
	}
	m.f("## %s\n\n%s\n\n", designedTitle, designedSay)
	for _, d := range m.Designed {
		m.f("- %s · %s", strong(inline(d.Title)), d.Label())
		lead := ": "
		if len(d.All) > 1 {
			lead = "\n  - "
		}
		for _, n := range d.All {
			m.f("%s%s%s", lead, inline(n.Message), prefixed(" ", inline(reserve(n.Finding))))
			for _, c := range n.Cites {
				m.f(" %s", code(place(c)))
			}
		}
		m.f("\n")
	}
	m.f("\n")
}

func (m *markdown) gaps() {
	m.f("## What could not be evaluated\n\n")
	if len(m.Gaps) == 0 {
		m.para(noGaps)
	}
	for _, g := range m.Gaps {
		m.missing(g)
	}
	if len(m.Gaps) > 0 {
		m.f("\n")
	}
	if len(m.Verdicts) > 0 {
		m.f("Verdicts of the rules: %s.\n\n", inline(counts(states(m.Verdicts))))
	}
	if len(m.Notes) > 0 {
		m.f("## Notes\n\n")
		for _, n := range m.Notes {
			m.f("- %s\n", inline(n))
		}
		m.f("\n")
	}
}

// missing writes one reason, what is missing for it, and how to supply that.
func (m *markdown) missing(g gap) {
	if len(g.Evidence) == 0 {
		m.f("- %s\n", cmp.Or(strong(inline(g.Reason)), "unnamed"))
	} else {
		m.f("- %s%s\n", strong(inline(g.Status)), prefixed(": ", inline(g.Reason)))
	}
	for _, e := range g.Evidence {
		m.f("  - %s%s\n", strong(inline(cmp.Or(e.Title, e.ID))), prefixed(": without it ", inline(e.Without)))
		if strings.TrimSpace(e.Supply) != "" {
			m.f("    - To supply it: %s\n", code(e.Supply))
		}
	}
	if len(g.Rules) > 0 {
		m.f("  - Not evaluated: %s\n", inline(strings.Join(g.Rules, ", ")))
	}
}

func (m *markdown) inventory() {
	m.f("## Inventory\n\n")
	var rows [][]string
	for _, c := range m.Inventory.Items {
		rows = append(rows, []string{c.What, strconv.Itoa(c.N)})
	}
	if len(rows) > 0 {
		m.table([]string{"In the bundle", "Number"}, rows)
	} else {
		m.para("Nothing was counted.")
	}
	rows = nil
	for _, f := range m.Bundle.Files {
		rows = append(rows, []string{f.Name, reading(f), f.Note})
	}
	if len(rows) > 0 {
		m.table([]string{"File", "Read as", "Note"}, rows)
	}
}

// compared writes what differs from what the cloud provider would have built.
func (m *markdown) compared() {
	m.f("## %s\n\n", comparedTitle)
	m.para(inline(oneLine(compared(m.Report) + " " + basis(m.Report))))
	for _, s := range skipped(m.Report) {
		m.para(inline(s))
	}
	if rows := differences(m.Report); len(rows) > 0 {
		m.table(differenceHead, rows)
	}
}
