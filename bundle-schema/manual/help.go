package manual

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// The help is drawn for a terminal of 80 columns. What is longer than the left column
// has its text in the line below.
const (
	width       = 80
	flagText    = 25 // where the text of a flag begins
	commandText = 34 // where that of a command begins at most
)

// Help is the page of a command: what it does, its command lines, its flags, its exit
// codes and examples.
func Help(c *cobra.Command) string {
	var b strings.Builder
	about := c.Long
	if about == "" {
		about = strings.ToUpper(c.Short[:1]) + c.Short[1:] + "."
	}
	first, rest, _ := strings.Cut(about, "\n\n")
	paragraph(&b, first)
	b.WriteString("\nUsage:\n")
	if commands := append([]*cobra.Command{c}, listed(c)...); len(commands) == 1 {
		fmt.Fprintf(&b, "  %s\n", usageLine(c))
	} else {
		column := flagText
		for _, cmd := range commands {
			if n := len(usageLine(cmd)) + 4; n <= commandText {
				column = max(column, n)
			}
		}
		for _, cmd := range commands {
			entry(&b, usageLine(cmd), cmd.Short, column)
		}
	}
	for rest != "" {
		first, rest, _ = strings.Cut(rest, "\n\n")
		b.WriteString("\n")
		paragraph(&b, first)
	}
	for _, s := range sections(c) {
		fmt.Fprintf(&b, "\n%s:\n", s.heading)
		for _, f := range s.flags {
			entry(&b, written(f), f.Usage, flagText)
		}
	}
	if codes := c.Annotations[exits]; codes != "" {
		b.WriteString("\nExit codes:\n")
		for code, meaning := range strings.Split(codes, "\n") {
			entry(&b, fmt.Sprint(code), meaning, 5)
		}
	}
	if c.Example != "" {
		b.WriteString("\nExamples:\n")
		for line := range strings.Lines(c.Example + "\n") {
			b.WriteString("  " + line)
		}
	}
	return b.String()
}

// paragraph writes wrapped text; lines that begin with a space stay as they are.
func paragraph(b *strings.Builder, text string) {
	if strings.HasPrefix(text, " ") || strings.HasPrefix(text, "\t") {
		b.WriteString(text + "\n")
		return
	}
	for _, line := range wrap(text, width) {
		b.WriteString(line + "\n")
	}
}

// entry writes a term and, from a column on, its text.
func entry(b *strings.Builder, term, text string, column int) {
	line := "  " + term
	if len(line) > column-2 {
		b.WriteString(line + "\n")
		line = ""
	}
	for _, words := range wrap(text, width-column) {
		fmt.Fprintf(b, "%-*s%s\n", column, line, words)
		line = ""
	}
}

// wrap cuts text into lines of at most so many characters, between words.
func wrap(text string, most int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > most {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
