package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Expected is what the cloud provider would build for one Service, next to what is
// there.
type Expected struct {
	Schema   int    `json:"schema"`
	Tool     string `json:"tool"`
	Service  string `json:"service"`
	Provider string `json:"provider"` // on which release of the provider it rests, in a sentence
	Note     string `json:"note"`     // why differences of this Service are not told as drift; empty: they are
	// Compared are the fields of which both values are known, Differ those of them that
	// differ, NotCompared the others.
	Compared    int              `json:"compared"`
	Differ      int              `json:"differ"`
	NotCompared int              `json:"notCompared"`
	Objects     []ExpectedObject `json:"objects"` // in the order in which a packet meets them
}

// ExpectedObject is one object of Azure, or the Service's own status.
type ExpectedObject struct {
	Hop    string          `json:"hop"`
	Name   string          `json:"name"`
	State  string          `json:"state"` // present, absent, not in the bundle, or leftover: nobody asks for it
	Fields []ExpectedField `json:"fields"`
}

// ExpectedField is one value. Differs is empty where the two agree, else missing,
// different, leftover, or "not compared" where nothing tells what to expect.
type ExpectedField struct {
	Name    string `json:"name"`
	Want    string `json:"want"`
	Got     string `json:"got"`
	Differs string `json:"differs"`
	Because string `json:"because"`
}

// summary says how much differs; empty where there is nothing to compare.
func (e *Expected) summary() string {
	rest := ""
	if e.NotCompared > 0 {
		rest = fmt.Sprintf("; %d more could not be compared", e.NotCompared)
	}
	switch {
	case e.Compared > 0:
		return fmt.Sprintf("%d of %d %s%s.", e.Differ, e.Compared, plural(e.Compared, "field differs", "fields differ"), rest)
	case e.NotCompared > 0:
		return fmt.Sprintf("None of the %d fields could be compared.", e.NotCompared)
	}
	return ""
}

// head is what stands above the objects; a report is known again by its title and by
// the line that names the program.
func (e *Expected) head() []string {
	lines := []string{e.summary(), e.Note, e.Provider, "Analysed by " + cmp.Or(e.Tool, notKnown)}
	if len(e.Objects) == 0 {
		lines[2] = "" // nothing rests on it
	}
	return slices.DeleteFunc(lines, func(s string) bool { return s == "" })
}

const expectedTitle = "Expected and actual objects of "

// signs are what a reader sees in front of a value.
var signs = map[string]string{"": "✓", "not compared": "?"}

func sign(f ExpectedField) string {
	if s, ok := signs[f.Differs]; ok {
		return s
	}
	return "✗"
}

var expectedHead = []string{"", "Field", "Expected", "Actual", "Because"}

// rows are the fields of an object; an actual value that is as expected is not
// written a second time.
func (o ExpectedObject) rows() [][]string {
	var rows [][]string
	for _, f := range o.Fields {
		got := f.Got
		if f.Differs == "" {
			got = "same"
		}
		rows = append(rows, []string{sign(f), f.Name, f.Want, got, f.Because})
	}
	return rows
}

// ExpectedTerminal draws the objects for a terminal of the given width.
func ExpectedTerminal(w io.Writer, e *Expected, width int) error {
	e = copied(e, clean)
	p := &page{width: max(width, 60)}
	p.text("", expectedTitle+e.Service+" (✓ as expected, ✗ different, ? not compared)")
	for _, line := range e.head() {
		p.text("", line)
	}
	for _, o := range e.Objects {
		p.gap()
		p.text("", strings.ToUpper(hopName(o.Hop))+" "+o.Name+" · "+o.State)
		p.grid(expectedHead, o.rows())
	}
	if p.err != nil {
		return fmt.Errorf("drawing the tables of %s: %w", e.Service, p.err)
	}
	if _, err := w.Write(p.Bytes()); err != nil {
		return fmt.Errorf("writing what is expected: %w", err)
	}
	return nil
}

// ExpectedMarkdown writes the objects for a ticket.
func ExpectedMarkdown(w io.Writer, e *Expected) error {
	e = copied(e, clean)
	m := &markdown{}
	m.f("# %s%s\n\n", expectedTitle, inline(e.Service))
	for _, line := range e.head() {
		m.para(inline(line))
	}
	for _, o := range e.Objects {
		m.f("## %s %s · %s\n\n", inline(hopName(o.Hop)), inline(o.Name), inline(o.State))
		m.table(expectedHead, o.rows())
	}
	if _, err := w.Write(m.Bytes()); err != nil {
		return fmt.Errorf("writing what is expected: %w", err)
	}
	return nil
}

// ExpectedJSON writes the objects for other programs; texts are as they stand in the
// evidence.
func ExpectedJSON(w io.Writer, e *Expected) error {
	return encode(w, copied(e, func(s string) string { return s }))
}
