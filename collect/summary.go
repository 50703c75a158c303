package collect

import (
	"fmt"
	"io"
	"slices"
	"strings"

	bundle "azlb/bundle-schema"
)

// summaryLines is how many lines the gaps may take: the rest is counted.
const summaryLines = 14

// Write tells a person what a collection came to: where the bundle is and how large, what
// is missing, why and what that costs, and what to do next. It never fails; what cannot be
// written is lost.
func (r Result) Write(w io.Writer, width int) {
	p := &paper{width: min(width, 100) - 1}
	p.text("", fmt.Sprintf("Wrote %s (%s): %d of %d commands were answered.", r.Path, Size(r.Size), r.Answered, r.Commands))
	if r.Early != "" {
		p.text("", "It ended early: "+r.Early+". What there was until then is in it.")
	}
	if len(r.LeftOut) > 0 {
		p.text("", "--namespace and --service left out the pods of: "+few(r.LeftOut, 5)+".")
	}
	p.line("")
	r.missing(p)
	p.line("")
	path := quote([]string{r.Path})
	if r.Map != "" {
		p.text("", "Names, addresses and ids have pseudonyms in it. "+r.Map+" tells whose they are: keep it to yourself, and do not send it with the bundle. To read a report with the real names:  azlb-analyze --names "+quote([]string{r.Map})+" "+path)
		p.line("")
	}
	p.line("Next: send it, or see what is wrong:  azlb-analyze " + path)
	p.line("What is in it, before you send it:    tar -tzf " + path)
	for _, l := range p.lines {
		fmt.Fprintln(w, l)
	}
}

// missing writes what is not in the bundle.
func (r Result) missing(p *paper) {
	if len(r.Missing) == 0 {
		p.line("Nothing that was asked for is missing.")
		return
	}
	p.line("What is missing, and what it costs:")
	begin := len(p.lines)
	for i, m := range r.Missing {
		before := len(p.lines)
		p.text("- ", m.sentence())
		if i > 0 && len(p.lines)-begin > summaryLines {
			p.lines = p.lines[:before]
			p.text("", fmt.Sprintf("and %d more, all in manifest.json of the bundle.", len(r.Missing)-i))
			return
		}
	}
}

// sentence is one gap: what, where, why, and the report's words for what it costs.
func (m Missing) sentence() string {
	var titles, rights, withouts []string
	for _, e := range m.Evidence {
		titles = append(titles, e.Title)
		rights = appendNew(rights, e.Right)
		withouts = appendNew(withouts, e.Without)
	}
	s := few(titles, 3)
	if len(m.Where) > 0 {
		s += " of " + few(m.Where, 3)
	}
	s += ": " + m.Reason
	if m.NeedsRight {
		s += ". It needs the right " + few(rights, 1)
	}
	s += ". Without it " + withouts[0]
	if len(withouts) > 1 {
		s += ", among others"
	}
	return s + "."
}

// few joins the first names and counts the others.
func few(names []string, most int) string {
	more := ""
	if len(names) > most {
		more = fmt.Sprintf(" and %d more", len(names)-most)
		names = names[:most]
	}
	return strings.Join(names, ", ") + more
}

// paper takes lines that are not wider than a terminal.
type paper struct {
	width int
	lines []string
}

func (p *paper) line(s string) { p.lines = append(p.lines, clean(s)) }

// text breaks a text at spaces; lead stands before its first line, blanks before the others.
func (p *paper) text(lead, s string) {
	line := lead
	for i, word := range strings.Fields(s) {
		switch {
		case i == 0:
		case len([]rune(line))+1+len([]rune(word)) > p.width:
			p.line(line)
			line = strings.Repeat(" ", len(lead))
		default:
			line += " "
		}
		line += word
	}
	p.line(line)
}

// Size prints a number of bytes the way people say it.
func Size(n int64) string {
	switch {
	case n >= 1<<20:
		return strings.Replace(fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)), ".0 ", " ", 1)
	case n >= 1<<10:
		return fmt.Sprintf("%.0f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d bytes", n)
}

// counted is how many things were asked for with commands, and how many were answered
// completely by any attempt.
func counted(entries []bundle.Entry) (commands, answered int) {
	open := gaps(entries)
	seen := map[string]bool{}
	for i := range slices.Backward(entries) {
		e := entries[i]
		if len(e.Argv) == 0 || seen[e.Asked()] {
			continue
		}
		seen[e.Asked()] = true
		commands++
		if !slices.Contains(open, i) {
			answered++
		}
	}
	return commands, answered
}
