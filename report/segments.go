package report

import "strings"

// segment is a piece of a text: prose, or what stood between two backticks.
type segment struct {
	Text string
	Code bool
}

// segments cuts a text at its `code`. A pair of backticks counts only where
// spaces or punctuation stand around it; others are ordinary characters.
func segments(s string) []segment {
	var out []segment
	prose := 0
	for i := 0; i < len(s); i++ {
		if s[i] != '`' || i > 0 && !strings.ContainsRune(" \n(", rune(s[i-1])) {
			continue
		}
		n := strings.IndexByte(s[i+1:], '`')
		end := i + 1 + n
		if n < 1 || strings.TrimSpace(s[i+1:end]) == "" || end+1 < len(s) && !strings.ContainsRune(" \n.,;:)", rune(s[end+1])) {
			continue
		}
		if prose < i {
			out = append(out, segment{Text: s[prose:i]})
		}
		out = append(out, segment{s[i+1 : end], true})
		prose, i = end+1, end
	}
	if prose < len(s) {
		out = append(out, segment{Text: s[prose:]})
	}
	return out
}
