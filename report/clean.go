package report

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// terminalSequence matches what a terminal would obey: CSI, OSC and the other
// string sequences of ECMA-48, then any other escape.
var terminalSequence = regexp.MustCompile(
	`(?:\x1b\[|\x{9b})[0-?]*[ -/]*[@-~]` +
		`|(?:\x1b[\]PX^_]|[\x{90}\x{98}\x{9d}-\x{9f}])[^\x07\x1b\x{9c}\n]*(?:\x07|\x1b\\|\x{9c})` +
		`|\x1b[ -/]*[0-~]?`)

// clean makes a text from the evidence safe to show: what a terminal would obey
// is removed, and what cannot be seen or turns the reading direction is shown as
// [U+200B], because an invisible character in a name is often the fault itself.
// Line breaks stay.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = terminalSequence.ReplaceAllString(s, "")
	s = strings.ReplaceAll(s, "\r\n", "\n")
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\n':
			b.WriteByte('\n')
		case r == '\t', r == '\r':
			b.WriteByte(' ')
		case unicode.Is(unicode.Cc, r):
		case invisible(r):
			fmt.Fprintf(&b, "[U+%04X]", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// invisible holds for format characters (zero width, bidi, tags), line
// separators, the no-break space and the Hangul fillers.
func invisible(r rune) bool {
	switch r {
	case '\u00a0', '\u2028', '\u2029', '\u115f', '\u1160', '\u3164', '\uffa0':
		return true
	}
	return unicode.Is(unicode.Cf, r) || r >= 0xe0000 && r <= 0xe0fff
}

// oneLine joins the lines and runs of spaces of a text.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
