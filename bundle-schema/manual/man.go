package manual

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// Man writes the man page of a program: the same texts as its help, on one page for all
// commands. It carries no date, so that the same program gives the same bytes.
func Man(w io.Writer, root *cobra.Command, version string) error {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	first, rest, _ := strings.Cut(root.Long, "\n\n")
	p(".TH %s 1 \"\" %q", roff(strings.ToUpper(root.Name())), roff(version))
	p(".SH NAME\n%s \\- %s", roff(root.Name()), prose(strings.Trim(strings.TrimPrefix(first, root.CommandPath()), " .")))
	p(".SH SYNOPSIS")
	for i, c := range append([]*cobra.Command{root}, listed(root)...) {
		if i > 0 {
			p(".br")
		}
		command, operands, _ := strings.Cut(usageLine(c), c.Name())
		p(".B %s", roff(command+c.Name()))
		if operands != "" {
			p("%s", roff(strings.TrimSpace(operands)))
		}
	}
	p(".SH DESCRIPTION\n%s", prose(first))
	for rest != "" {
		first, rest, _ = strings.Cut(rest, "\n\n")
		p(".PP\n%s", prose(first))
	}
	p(".SH COMMANDS")
	for _, c := range listed(root) {
		p(".TP\n.B %s\n%s", roff(c.Use), prose(c.Short))
	}
	p(".SH OPTIONS")
	for _, s := range sections(root) {
		p(".SS %s", roff(s.heading))
		for _, f := range s.flags {
			p(".TP\n.B %s\n%s", roff(written(f)), prose(f.Usage))
		}
	}
	p(".SH EXIT STATUS")
	for code, meaning := range strings.Split(root.Annotations[exits], "\n") {
		p(".TP\n.B %d\n%s", code, prose(meaning))
	}
	p(".SH EXAMPLES\n.nf")
	for line := range strings.Lines(root.Example) {
		p("%s", roff(strings.TrimSuffix(line, "\n")))
	}
	p(".fi")
	_, err := io.WriteString(w, b.String())
	return err
}

// prose quotes text that may be filled, in lines that a person can read too.
func prose(text string) string {
	lines := wrap(text, 72)
	for i, line := range lines {
		lines[i] = roff(line)
	}
	return strings.Join(lines, "\n")
}

// roff quotes text: no character of it is a command, and its dashes can be typed.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "~", `\(ti`, "^", `\(ha`, "`", `\(ga`, "'", `\(aq`).Replace(text)
	if strings.HasPrefix(text, ".") {
		return `\&` + text
	}
	return text
}
