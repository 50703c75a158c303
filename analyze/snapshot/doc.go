package snapshot

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"azlb/report"
)

// Doc is one kept piece of a file: a YAML document, one item of a List, a JSON
// file, or a line of text. Lines are found only for what is cited.
type Doc struct {
	File   string
	Line   int                  // of the piece's first byte, from 1
	Prefix string               // JSON pointer of the piece in its document: "" or "/items/3"
	Raw    []byte               // YAML or JSON; nil for a line of text
	Text   string               // the line, where Raw is nil
	places map[string]descValue // of a text that describes an object: pointer → its line
	base   string               // pointer of the row inside Raw, where a List was decoded as a whole
}

// quoteLimit is the length of a quotation in runes.
const quoteLimit = 240

// Quote makes a short quotation of one line out of a text.
func Quote(s string) string {
	s = strings.TrimSpace(s)
	s = strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) <= quoteLimit {
		return s
	}
	return string([]rune(s)[:quoteLimit-1]) + "…"
}

// CiteWhole proves something with the piece as a whole.
func (d *Doc) CiteWhole() report.Cite { return d.Cite("") }
