package report

import (
	"cmp"
	"fmt"
	"io"
	"regexp"
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

var ruleTopic = regexp.MustCompile(`^(?:AZLB-)?(.*?)\d{0,2}$`)
