package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

// terminalWidth is the width of what explain and rules print.
const terminalWidth = 80

// Explain prints a rule's whole text for a terminal of 80 columns.
func Explain(w io.Writer, t Topic) error {
	p := &page{width: terminalWidth}
	d := t.Doc
	p.text("", t.ID+"  ("+string(t.Severity)+")")
	p.text("", d.Title)
	for _, part := range []field{{"Symptom", d.Symptom}, {"Cause", d.Cause}, {"Affects", d.Affects}, {"Not this fault", d.Healthy}} {
		if part.Value != "" {
			p.title(part.Name)
			p.text("  ", part.Value)
		}
	}
	if len(d.Fix) > 0 {
		p.title("Fix")
		p.steps(d.Fix)
	}
	for _, table := range d.Tables {
		p.gap()
		p.text("", table.Title)
		p.comparison(table)
	}
	if len(d.References) > 0 {
		p.title("References")
		for _, ref := range d.References {
			p.text("  ", ref)
		}
	}
	if p.err != nil {
		return fmt.Errorf("drawing the tables of %s: %w", t.ID, p.err)
	}
	if _, err := w.Write(p.Bytes()); err != nil {
		return fmt.Errorf("explaining %s: %w", t.ID, err)
	}
	return nil
}

// comparison draws a table where it fits, else a block for each row: narrow
// columns of broken sentences cannot be compared.
func (p *page) comparison(t Table) {
	if total(used(append([][]string{t.Head}, t.Rows...), nil)) <= p.width {
		p.grid(t.Head, t.Rows)
		return
	}
	longest := 0
	for _, head := range t.Head[1:] {
		longest = max(longest, cells(head))
	}
	for _, row := range t.Rows {
		p.gap()
		p.text("  ", row[0])
		for i, cell := range row[1:] {
			p.text("    "+t.Head[i+1]+strings.Repeat(" ", longest-cells(t.Head[i+1])+2), cell)
		}
	}
}

// Rules prints the rules as a list: id, severity, title.
func Rules(w io.Writer, topics []Topic) error {
	p := &page{width: terminalWidth}
	longest := 0
	for _, t := range topics {
		longest = max(longest, cells(t.ID))
	}
	for _, t := range topics {
		p.text(fmt.Sprintf("%-*s  %-7s  ", longest, t.ID, t.Severity), t.Doc.Title)
	}
	if _, err := w.Write(p.Bytes()); err != nil {
		return fmt.Errorf("listing the rules: %w", err)
	}
	return nil
}

// Catalogue writes the page of all rules in Markdown.
func Catalogue(w io.Writer, topics []Topic) error {
	m := &markdown{}
	m.f("# Catalogue of rules\n\n")
	var b bytes.Buffer
	for _, t := range topics {
		id := ruleID(t.ID)
		fmt.Fprintf(&b, "| [%s](#%s) | %s | %s |\n", id, strings.ToLower(id), inline(string(t.Severity)), inline(t.Doc.Title))
	}
	m.f("| Rule | Severity | What is wrong |\n| --- | --- | --- |\n%s\n", b.String())
	for _, t := range topics {
		m.topic(t)
	}
	if _, err := w.Write(m.Bytes()); err != nil {
		return fmt.Errorf("writing the catalogue of rules: %w", err)
	}
	return nil
}

func (m *markdown) topic(t Topic) {
	d := t.Doc
	m.f("## %s\n\n", ruleID(t.ID))
	m.para(strong(inline(d.Title)) + " (" + inline(string(t.Severity)) + ")")
	for _, part := range []field{{"Symptom", d.Symptom}, {"Cause", d.Cause}, {"Affects", d.Affects}, {"Not this fault", d.Healthy}} {
		if part.Value != "" {
			m.f("%s: %s\n\n", part.Name, inline(part.Value))
		}
	}
	m.steps(d.Fix)
	for _, table := range d.Tables {
		m.para(inline(table.Title))
		head := make([]string, len(table.Head))
		for i, cell := range table.Head {
			head[i] = inline(cell)
		}
		m.table(head, table.Rows)
	}
	if len(d.References) > 0 {
		m.f("References:\n\n")
		for _, ref := range d.References {
			m.f("- %s\n", reference(ref))
		}
		m.f("\n")
	}
}
