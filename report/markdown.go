package report

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Markdown writes the report for a ticket. Whatever comes from the evidence is
// inert there: no markup, HTML, mention, reference, address or table cell begins
// or ends in it.
func Markdown(w io.Writer, r *Report) error {
	m := &markdown{layout: arrange(r)}
	m.identity()
	m.services()
	m.wide()
	m.designed()
	m.compared()
	m.gaps()
	m.inventory()
	if _, err := w.Write(m.Bytes()); err != nil {
		return fmt.Errorf("writing the Markdown report: %w", err)
	}
	return nil
}

type markdown struct {
	bytes.Buffer
	*layout
}

func (m *markdown) f(format string, args ...any) { fmt.Fprintf(&m.Buffer, format, args...) }

// para writes a paragraph; an empty one is left out.
func (m *markdown) para(s string) {
	if s != "" {
		m.f("%s\n\n", s)
	}
}

// table writes rows whose cells are raw text; a column without any is left out.
func (m *markdown) table(head []string, rows [][]string) {
	head, rows = filledColumns(head, rows)
	m.f("| %s |\n|%s\n", strings.Join(head, " | "), strings.Repeat(" --- |", len(head)))
	for _, row := range rows {
		m.f("|")
		for _, cell := range row {
			m.f(" %s |", inline(cell))
		}
		m.f("\n")
	}
	m.f("\n")
}

func (m *markdown) identity() {
	m.f("# Azure load balancer report\n\n")
	var rows [][]string
	for _, f := range identity(m.Report) {
		rows = append(rows, []string{f.Name, f.Value})
	}
	m.table([]string{"Cluster", ""}, rows)
	m.para(strong(inline(partial(m.Report))))
	m.f("## What is broken and why\n\n")
	for i, line := range headline(m.Report) {
		text := inline(line)
		if i == 0 {
			text = strong(text)
		}
		m.para(text)
	}
}

func (m *markdown) services() {
	m.f("## Services\n\n")
	if len(m.Shown) == 0 {
		m.para(without(m.Report))
		return
	}
	m.para(inline(counts(tallies(m.Services))))
	for _, s := range m.Shown {
		m.f("### %s · %s\n\n", inline(s.Key()), inline(string(s.Status)))
		m.para(inline(s.Summary))
		m.para(inline(exposure(s.Service) + " · " + cmp.Or(strings.Join(s.Addresses, ", "), "no address")))
		for _, w := range s.Ways {
			m.path(w)
		}
		switch {
		case s.Full != nil:
			m.finding(s.Full)
		case s.Root != nil:
			m.f("Root cause: %s\n\n", m.link(s.Root))
		case s.RootCause != "":
			m.f("Root cause: %s\n\n", ruleID(s.RootCause))
		}
		for _, n := range s.Also {
			m.f("Also: %s\n\n", m.link(n))
		}
	}
}

// path writes the chain in one line; below it, of a path that is shown in full,
// every hop with its reason and its proof, of others the reasons of those that decide.
func (m *markdown) path(w way) {
	var chain []string
	first := blocksAt(w.Path)
	for i, h := range w.Hops {
		hop := inline(hopName(h.Kind)) + " " + mark(h)
		if i == first {
			hop = strong(hop + " " + outcome(h))
		}
		chain = append(chain, hop)
	}
	m.f("Port %s%s\n\n", inline(portName(w.Path)), prefixed(" at ", inline(w.Address)))
	if len(chain) == 0 {
		m.para("No hop of this path is known.")
		return
	}
	m.para(strings.Join(chain, " → "))
	if !w.Full {
		for _, h := range w.Deciding() {
			m.f("- %s%s%s\n", mark(h), prefixed(" ", inline(oneLine(hopName(h.Kind)+" "+h.Name))), prefixed(": ", inline(cmp.Or(h.Say, outcome(h)))))
		}
		if len(w.Deciding()) > 0 {
			m.f("\n")
		}
		return
	}
	var rows [][]string
	for _, h := range w.Hops {
		var proof []string
		for _, c := range h.Cites {
			proof = append(proof, place(c))
		}
		rows = append(rows, []string{mark(h), hopName(h.Kind), h.Name, outcome(h), h.Say, strings.Join(proof, " ")})
	}
	m.table([]string{"", "Hop", "Object", "Verdict", "Why", "Proof"}, rows)
}

func (m *markdown) link(n *numbered) string {
	return "[" + n.Label() + "](#" + n.Anchor() + ")" + prefixed(", ", inline(n.Title)) + " (" + inline(string(n.Severity)) + ")"
}

func (m *markdown) finding(n *numbered) {
	f := n.Finding
	m.f("#### %s\n\n", n.Label())
	m.para(strong(inline(f.Title)))
	m.f("%s, %s%s · at fault: %s\n\n", inline(string(f.Severity)), inline(string(f.Confidence)),
		prefixed(": ", inline(f.Why)), inline(f.Subject.String()))
	m.para(inline(f.Message))
	for _, line := range hiddenLines(f) {
		m.para(inline(line))
	}
	if len(f.Services) > 0 {
		m.para("Harms " + strconv.Itoa(len(f.Services)) + " " + plural(len(f.Services), "Service", "Services") + ": " + inline(strings.Join(f.Services, ", ")))
	}
	m.cites(f.Cites)
	m.steps(f.Fix)
	if len(f.Consequences) > 0 {
		m.f("Follows from it:\n\n")
		m.consequences("", f.Consequences)
		m.f("\n")
	}
	if len(f.References) > 0 {
		m.f("References:\n\n")
		for _, ref := range f.References {
			m.f("- %s\n", reference(ref))
		}
		m.f("\n")
	}
}

func (m *markdown) cites(cites []Cite) {
	if len(cites) == 0 {
		return
	}
	m.f("Proof:\n\n")
	for _, c := range cites {
		m.f("- %s%s\n\n", code(place(c)), prefixed(" ", code(c.Pointer)))
		if strings.TrimSpace(c.Quote) != "" {
			m.f("%s\n", fenced("  ", "text", c.Quote))
		}
	}
}

func (m *markdown) steps(steps []Step) {
	if len(steps) == 0 {
		return
	}
	m.f("Fix:\n\n")
	for i, s := range steps {
		marker := strconv.Itoa(i+1) + ". "
		m.f("%s%s\n\n", marker, oneLine(marked(s)+" "+inline(s.Say)))
		if strings.TrimSpace(s.Run) != "" {
			m.f("%s\n", fenced(strings.Repeat(" ", len(marker)), "sh", s.Run))
		}
	}
}

// marked says of a command whether it changes something.
func marked(s Step) string {
	switch kindOf(s) {
	case "CHANGES":
		return "**CHANGES**"
	case "reads":
		return "*reads*"
	}
	return ""
}

func (m *markdown) consequences(indent string, list []Finding) {
	for _, f := range list {
		m.f("%s- %s, %s, %s%s%s", indent, ruleID(f.Rule), inline(string(f.Severity)), inline(f.Subject.String()),
			prefixed(": ", inline(f.Title)), prefixed(". ", inline(f.Message)))
		for _, c := range f.Cites {
			m.f(" (%s)", code(place(c)))
		}
		m.f("\n")
		m.consequences(indent+"  ", f.Consequences)
	}
}

func strong(s string) string {
	if s == "" {
		return ""
	}
	return "**" + s + "**"
}
