package report

import (
	"cmp"
	"strconv"
	"strings"
)

func (t *terminal) wide() {
	t.title("Cluster-wide and further findings")
	if len(t.Wide) == 0 {
		t.text("", noWide)
	}
	for i, n := range t.Wide {
		if i > 0 {
			t.gap()
		}
		t.finding(n)
	}
}

// designed writes a paragraph for each thing that is no fault, those of one rule below it.
func (t *terminal) designed() {
	if len(t.Designed) == 0 {
		return
	}
	t.title(designedTitle)
	t.text("", designedSay)
	t.gap()
	for _, d := range t.Designed {
		said := func(n *numbered) string { return oneLine(n.Message + prefixed(" ", reserve(n.Finding))) }
		if len(d.All) == 1 {
			t.text("- ", oneLine(d.Title+" · "+d.Label()+prefixed(": ", said(d.All[0]))))
			continue
		}
		t.text("- ", oneLine(d.Title+" · "+d.Label()))
		for _, n := range d.All {
			t.text("  - ", said(n))
		}
	}
}

func (t *terminal) gaps() {
	t.title("What could not be evaluated")
	if len(t.Gaps) == 0 {
		t.text("", noGaps)
	}
	for i, g := range t.Gaps {
		if i > 0 {
			t.gap()
		}
		t.missing(g)
	}
	if len(t.Verdicts) > 0 {
		t.gap()
		t.text("", "Verdicts of the rules: "+counts(states(t.Verdicts))+".")
	}
	if len(t.Notes) > 0 {
		t.title("Notes")
		for _, n := range t.Notes {
			t.text("- ", n)
		}
	}
}

// missing writes one reason, what is missing for it, and how to supply that.
func (t *terminal) missing(g gap) {
	if one := g.One(); one != "" {
		t.text("", one)
		t.text("  ", g.Status+prefixed(": ", g.Reason))
	} else {
		t.text("", strings.TrimPrefix(g.Status+prefixed(": ", g.Reason), ": "))
	}
	for _, e := range g.Evidence {
		switch {
		case g.One() == "":
			t.text("  - ", cmp.Or(e.Title, e.ID)+prefixed(": without it ", e.Without))
		case e.Without != "":
			t.text("  - ", "without it "+e.Without)
		}
		if strings.HasPrefix(e.Supply, "kubectl ") || strings.HasPrefix(e.Supply, "az ") {
			t.command("    ", e.Supply)
		} else if e.Supply != "" {
			t.text("    ", "To supply it: "+e.Supply)
		}
	}
	if len(g.Rules) > 0 {
		t.text("  not evaluated ", ruleList(g.Rules))
	}
}

// ruleList names the rules, and only counts those of each topic where they would fill the
// screen.
func ruleList(rules []string) string {
	const most = 24
	if len(rules) <= most {
		return strings.Join(rules, ", ")
	}
	topic := func(i int) string { return ruleTopic.FindStringSubmatch(rules[i])[1] }
	var s []string
	for _, t := range count(len(rules), topic) {
		s = append(s, t.Name+" "+strconv.Itoa(t.N))
	}
	return strconv.Itoa(len(rules)) + " rules, by topic: " + strings.Join(s, ", ") + "; the HTML and Markdown reports name each"
}

// compared tells each difference as a short paragraph: a table of so many columns
// fits no terminal.
func (t *terminal) compared() {
	t.title(comparedTitle)
	t.text("", oneLine(compared(t.Report)+" "+basis(t.Report)))
	for _, s := range skipped(t.Report) {
		t.text("", s)
	}
	for _, d := range t.Drift {
		t.gap()
		t.text("- ", oneLine(d.Kind+": "+hopName(d.Hop)+" "+d.Object+prefixed(", ", d.Field))+prefixed(" · ", several(d.Services)))
		t.text("  wanted   ", d.Want+prefixed(" (", d.Because+")"))
		t.text("  found    ", d.Got)
		t.text("  repair   ", d.Repair())
	}
}

// inventory counts what was read and names the files: all that came without a
// manifest, else those with something to say about.
func (t *terminal) inventory() {
	t.title("Inventory")
	t.grid([]string{"In the bundle", "Number", "In the bundle", "Number"}, twoColumns(t.Inventory.Items))
	var rows [][]string
	for _, f := range t.Bundle.Files {
		if t.Bundle.Loose || f.As == "" || f.Note != "" {
			rows = append(rows, []string{f.Name, reading(f) + prefixed("; ", f.Note)})
		}
	}
	t.grid([]string{"File", "Read as"}, rows)
	if n := len(t.Bundle.Files) - len(rows); n > 0 {
		t.text("", strconv.Itoa(n)+plural(n, " file was", " files were")+" read as what the collector wrote; the HTML and Markdown reports list all.")
	}
}

// twoColumns puts the second half of a list beside the first.
func twoColumns(items []Count) [][]string {
	var rows [][]string
	half := (len(items) + 1) / 2
	for i, c := range items[:half] {
		row := []string{c.What, strconv.Itoa(c.N), "", ""}
		if i+half < len(items) {
			row[2], row[3] = items[i+half].What, strconv.Itoa(items[i+half].N)
		}
		rows = append(rows, row)
	}
	return rows
}
