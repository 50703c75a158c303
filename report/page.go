package report

import (
	"bytes"
	"strconv"
	"strings"
)

// page collects the lines of a terminal of a width.
type page struct {
	bytes.Buffer
	width int
	err   error // the first one of drawing a table
}

// text writes a paragraph, its first line behind lead, the others below it.
func (p *page) text(lead, s string) {
	hang := strings.Repeat(" ", cells(lead))
	for i, line := range wrap(s, p.width-cells(lead)) {
		if i > 0 {
			lead = hang
		}
		p.WriteString(strings.TrimRight(lead+line, " ") + "\n")
	}
}

func (p *page) gap() { p.WriteByte('\n') }

func (p *page) title(s string) {
	p.gap()
	p.WriteString(strings.ToUpper(s) + "\n\n")
}

func (p *page) grid(head []string, rows [][]string) {
	if err := grid(&p.Buffer, p.width, head, rows); err != nil && p.err == nil {
		p.err = err
	}
}

// steps writes each command so that it can be copied: where it does not fit, it
// goes on behind a backslash.
func (p *page) steps(steps []Step) {
	for i, s := range steps {
		lead := "  " + strconv.Itoa(i+1) + ". "
		p.text(lead, strings.TrimSpace(prefixedBracket(kindOf(s))+s.Say))
		if strings.TrimSpace(s.Run) == "" {
			continue
		}
		p.command(strings.Repeat(" ", len(lead)), s.Run)
	}
}

func (p *page) command(indent, run string) {
	for _, line := range shell(run, indent, p.width) {
		p.WriteString(line + "\n")
	}
}

func prefixedBracket(kind string) string {
	if kind == "" {
		return ""
	}
	return "[" + kind + "] "
}
