package report

import (
	"cmp"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// Terminal writes the report as tables for a terminal of the given width in cells; fewer
// than 60 are taken as 60. No line is wider, and nothing in it moves the cursor.
func Terminal(w io.Writer, r *Report, width int) error {
	t := &terminal{layout: arrange(r), page: page{width: max(width, 60)}}
	t.identity()
	t.services()
	t.wide()
	t.designed()
	t.compared()
	t.gaps()
	t.inventory()
	if t.err != nil {
		return fmt.Errorf("drawing the tables of the report: %w", t.err)
	}
	if _, err := w.Write(t.Bytes()); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

type terminal struct {
	*layout
	page
}

func (t *terminal) identity() {
	for _, f := range identity(t.Report) {
		t.text(fmt.Sprintf("%-16s ", f.Name), f.Value)
	}
	if s := partial(t.Report); s != "" {
		t.gap()
		t.text("! ", s)
	}
	t.title("What is broken and why")
	for _, line := range headline(t.Report) {
		t.text("", line)
	}
}

func (t *terminal) services() {
	t.title("Services")
	if len(t.Shown) == 0 {
		t.text("", without(t.Report))
		return
	}
	t.text("", counts(tallies(t.Services)))
	for _, s := range t.Shown {
		t.gap()
		t.text("", s.Key()+" · "+strings.ToUpper(string(s.Status))+" · "+exposure(s.Service)+" · "+
			cmp.Or(strings.Join(s.Addresses, ", "), "no address"))
		if s.Summary != "" {
			t.text("  ", s.Summary)
		}
		for _, w := range s.Ways {
			t.path(w)
		}
		switch {
		case s.Full != nil:
			t.gap()
			t.finding(s.Full)
		case s.Root != nil:
			t.text("  Root cause: ", t.refer(s.Root))
		case s.RootCause != "":
			t.text("  Root cause: ", ruleID(s.RootCause))
		}
		for _, n := range s.Also {
			t.text("  Also: ", t.refer(n))
		}
	}
}

func (t *terminal) refer(n *numbered) string {
	return n.Label() + prefixed(", ", n.Title) + " (" + string(n.Severity) + ")"
}

// path draws the table of all hops of a path that is shown in full, of others the
// chain and the reasons of the hops that decide.
func (t *terminal) path(w way) {
	t.text("  ", "Port "+portName(w.Path)+prefixed(" at ", w.Address))
	if len(w.Hops) == 0 {
		t.text("  ", "No hop of this path is known.")
		return
	}
	if !w.Full {
		var chain []string
		for _, h := range w.Hops {
			chain = append(chain, hopName(h.Kind)+" "+mark(h))
		}
		t.text("  ", strings.Join(chain, " → "))
		for _, h := range w.Deciding() {
			t.text("  "+mark(h)+" ", hopName(h.Kind)+prefixed(" ", h.Name)+prefixed(": ", cmp.Or(h.Say, outcome(h))))
		}
		return
	}
	var rows [][]string
	for i, h := range w.Hops {
		sign := mark(h)
		if i == blocksAt(w.Path) {
			sign += " <<"
		}
		rows = append(rows, []string{sign, hopName(h.Kind), outcome(h), h.Name, h.Say})
	}
	t.grid([]string{"", "Hop", "Verdict", "Object", "Why"}, rows)
}

func (t *terminal) finding(n *numbered) {
	f := n.Finding
	t.text("  ", n.Label()+" · "+strings.ToUpper(string(f.Severity))+prefixed(" · ", f.Title))
	t.text("  at fault    ", f.Subject.String())
	t.text("  confidence  ", string(f.Confidence)+prefixed(": ", f.Why))
	if len(f.Services) > 0 {
		t.text("  harms       ", strings.Join(f.Services, ", "))
	}
	t.gap()
	t.text("  ", f.Message)
	for _, line := range hiddenLines(f) {
		t.text("  ", line)
	}
	if len(f.Cites) > 0 {
		t.gap()
		t.text("  ", "Proof")
	}
	t.cites("  ", f.Cites)
	if len(f.Fix) > 0 {
		t.gap()
		t.text("  ", "Fix")
	}
	t.steps(f.Fix)
	if len(f.Consequences) > 0 {
		t.gap()
		t.text("  ", "Follows from it")
		t.consequences("  ", f.Consequences)
	}
	if len(f.References) > 0 {
		t.gap()
		t.text("  See ", strings.Join(f.References, "\n"))
	}
}

func (t *terminal) cites(indent string, cites []Cite) {
	for _, c := range cites {
		t.text(indent+"- ", place(c)+prefixed("  ", c.Pointer))
		if strings.TrimSpace(c.Quote) != "" {
			t.text(indent+"  | ", c.Quote)
		}
	}
}

func (t *terminal) consequences(indent string, list []Finding) {
	for _, f := range list {
		t.text(indent+"- ", ruleID(f.Rule)+" ("+string(f.Severity)+"), "+f.Subject.String()+prefixed(": ", f.Title)+prefixed(". ", f.Message))
		t.cites(indent+"  ", f.Cites)
		t.consequences(indent+"  ", f.Consequences)
	}
}

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

var ruleTopic = regexp.MustCompile(`^(?:AZLB-)?(.*?)\d{0,2}$`)

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
