package report

import (
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
	for _, part := range parts(t) {
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

// parts are a rule's paragraphs before the fix.
func parts(t Topic) []field {
	return []field{{"Symptom", t.Doc.Symptom}, {"Codes", strings.Join(t.Codes, ", ")}, {"Cause", t.Doc.Cause}, {"Affects", t.Doc.Affects}, {"Not this fault", t.Doc.Healthy}}
}

// Rules prints the rules as a list, chapter by chapter: id, severity, title.
func Rules(w io.Writer, chapters []Chapter) error {
	p := &page{width: terminalWidth}
	for i, c := range chapters {
		if i > 0 {
			p.gap()
		}
		p.text("", c.Name+": "+c.About)
		p.list("  ", c.Topics)
	}
	if _, err := w.Write(p.Bytes()); err != nil {
		return fmt.Errorf("listing the rules: %w", err)
	}
	return nil
}

// Choice prints the rules that know a code, one line each, and how to choose.
func Choice(w io.Writer, code string, topics []Topic) error {
	p := &page{width: terminalWidth}
	p.text("", itoa(len(topics))+" rules know the code "+code+":")
	p.gap()
	p.list("  ", topics)
	p.gap()
	p.text("", "The code alone does not tell which: what the failed call was about does, or what the cluster looks like. See which title fits, and give its id to explain; or give the bundle to azlb-analyze, which looks.")
	if _, err := w.Write(p.Bytes()); err != nil {
		return fmt.Errorf("listing the rules: %w", err)
	}
	return nil
}

func (p *page) list(indent string, topics []Topic) {
	longest := 0
	for _, t := range topics {
		longest = max(longest, cells(t.ID))
	}
	for _, t := range topics {
		p.text(fmt.Sprintf("%s%-*s  %-7s  ", indent, longest, t.ID, t.Severity), t.Doc.Title)
	}
}
