package report

import (
	"regexp"
	"strings"
)

// A word that Markdown and the ticket systems' own additions leave alone. A run
// of hex digits can be a commit, and ABC-12 a ticket: both become links.
var (
	plainWord  = regexp.MustCompile(`^[\p{L}\p{N}\x{80}-\x{10FFFF}]+(?:['-][\p{L}\p{N}\x{80}-\x{10FFFF}]+)*$`)
	commitWord = regexp.MustCompile(`(?:^|-)[0-9a-fA-F]{7,}(?:-|$)`)
	ticketWord = regexp.MustCompile(`^[A-Za-z].*-[0-9]+$`)
	listMarker = regexp.MustCompile(`^([0-9]+)([.)])`)
)

// structural characters are entities: not even a code span may hold them, for
// code spans in table cells still end at a pipe.
const structuralSet = "|`<>&"

var structural = map[byte]string{'|': "&#124;", '`': "&#96;", '<': "&lt;", '>': "&gt;", '&': "&amp;"}

// inline renders a text for a paragraph, a heading or a table cell. Plain words
// stay; everything else becomes a code span, in which Markdown, HTML, mentions,
// references and addresses are inert and which can be copied without rubbish.
func inline(s string) string {
	var b strings.Builder
	for _, g := range segments(oneLine(s)) {
		if g.Code && !strings.ContainsAny(g.Text, structuralSet) {
			b.WriteString("`" + strings.TrimSpace(g.Text) + "`")
			continue
		}
		for i, w := range strings.Split(g.Text, " ") {
			if i > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(words(w))
		}
	}
	return listMarker.ReplaceAllString(b.String(), `$1\$2`)
}

// words renders a piece without spaces.
func words(w string) string {
	at := strings.IndexAny(w, structuralSet)
	if at < 0 {
		return word(w)
	}
	return word(w[:at]) + structural[w[at]] + words(w[at+1:])
}

// word renders a piece without spaces and structural characters.
func word(w string) string {
	core := strings.TrimLeft(w, `("'`)
	lead := w[:len(w)-len(core)]
	rest := strings.TrimRight(core, `.,;:!?)"'%`)
	if strings.Contains(rest, "(") {
		rest = strings.TrimRight(core, ".,;:!?")
	}
	trail := core[len(rest):]
	switch {
	case rest == "":
		return w
	case plainWord.MatchString(rest) && !commitWord.MatchString(rest) && !ticketWord.MatchString(rest):
		return lead + rest + trail
	}
	return lead + "`" + rest + "`" + trail
}

// code renders a text as one code span outside of tables, its fence longer than
// any run of backticks inside.
func code(s string) string {
	s = oneLine(s)
	if s == "" {
		return ""
	}
	fence := strings.Repeat("`", longestRun(s)+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// fenced renders a text as a code block, each line behind the indent.
func fenced(indent, info, s string) string {
	fence := strings.Repeat("`", max(3, longestRun(s)+1))
	var b strings.Builder
	b.WriteString(indent + fence + info + "\n")
	for line := range strings.SplitSeq(strings.Trim(s, "\n"), "\n") {
		b.WriteString(strings.TrimRight(indent+line, " ") + "\n")
	}
	b.WriteString(indent + fence + "\n")
	return b.String()
}

func longestRun(s string) int {
	longest, run := 0, 0
	for i := range len(s) {
		if s[i] != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

// webAddress is a reference that may become a link. Issues and pull requests of
// others stay text: a link to one writes "mentioned in" into that other thread.
var (
	webAddress = regexp.MustCompile(`^https://[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?:/[A-Za-z0-9/._~%=#?-]*)?$`)
	thread     = regexp.MustCompile(`^https://github\.com/[^/]+/[^/]+/(?:issues|pull|commit)/`)
)

// reference renders one of a rule's references.
func reference(s string) string {
	if webAddress.MatchString(s) && !thread.MatchString(s) {
		return "[" + code(strings.TrimPrefix(s, "https://")) + "](" + s + ")"
	}
	return code(s)
}
