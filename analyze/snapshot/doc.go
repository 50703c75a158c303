package snapshot

import (
	"regexp"
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
	s = oneLine(s)
	if utf8.RuneCountInString(s) <= quoteLimit {
		return s
	}
	return string([]rune(s)[:quoteLimit-1]) + "…"
}

func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

var (
	// ruler is the line between the blocks of an error of Azure's client.
	ruler = regexp.MustCompile(`-{8,}`)
	// deciding are the places where such an error comes to what went wrong, after wrappers
	// and the address of the request: the best first. Of a refused right these are the
	// action and its scope.
	deciding = []*regexp.Regexp{regexp.MustCompile(`does not have (?:the )?(?:authorization|permission) to perform action`), regexp.MustCompile(`(?i)\\*"code\\*" ?: ?\\*"\w|\bCode=\\*"\w`), regexp.MustCompile(`ERROR CODE: \w`)}
)

// proof is a quotation as Quote makes it, but of a longer text it leaves out the middle:
// what went wrong stands at an error's code, or at its end.
func proof(s string) string {
	const head = 100
	s = ruler.ReplaceAllString(oneLine(s), "…")
	r := []rune(s)
	if len(r) <= quoteLimit {
		return s
	}
	first := string(r[:head])
	if i := strings.LastIndexByte(first, ' '); i > head/2 {
		first = first[:i]
	}
	most := quoteLimit - utf8.RuneCountInString(first) - 3
	for _, re := range deciding {
		if m := re.FindStringIndex(s); m != nil {
			if m[0] <= len(first)+3 {
				return Quote(s)
			}
			rest := []rune(s[m[0]:])
			if len(rest) > most {
				rest = append(rest[:most-1:most-1], '…')
			}
			return first + " … " + string(rest)
		}
	}
	last := string(r[len(r)-most:])
	if i := strings.IndexByte(last, ' '); i >= 0 && i < most/2 {
		last = last[i+1:]
	}
	return first + " … " + last
}

// CiteWhole proves something with the piece as a whole.
func (d *Doc) CiteWhole() report.Cite { return d.Cite("") }
