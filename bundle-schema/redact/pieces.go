package redact

import (
	"bytes"
	"strings"
)

// piece is a part of a YAML file that is parsed alone.
type piece struct {
	line int // first line, from 1
	text []byte
}

// pieces cuts at "---", and below a column-0 "items:" at the lines that begin with
// "- ", until the next key in column 0: kubectl prints lists so.
func pieces(b []byte) []piece {
	var out []piece
	start, line, first, items := 0, 0, 1, false
	cut := func(at, next int) {
		if at > start {
			out = append(out, piece{first, b[start:at]})
		}
		start, first = at, next
	}
	at := 0
	for text := range bytes.Lines(b) {
		line++
		switch {
		case bytes.HasPrefix(text, []byte("---")):
			cut(at, line)
			cut(at+len(text), line+1) // the separator is a piece of its own
			items = false
		case items && (bytes.HasPrefix(text, []byte("- ")) || !strings.ContainsRune(" \t#\r\n-", rune(text[0]))):
			cut(at, line)
			items = text[0] == '-'
		case bytes.HasPrefix(text, []byte("items:")) && len(bytes.TrimSpace(text)) == len("items:"):
			cut(at+len(text), line+1)
			items = true
		}
		at += len(text)
	}
	cut(at, line+1)
	return out
}
