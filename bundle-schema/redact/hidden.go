package redact

import (
	"bytes"
	"cmp"
)

// inBase64 finds words of base64 that stand for a text with a secret in it.
func inBase64(s *scrubber, line []byte) []span {
	var found []span
	if s.depth == deepest {
		return nil
	}
	encodedRuns(line, func(from, to int) {
		var shape Shape
		decoded(line[from:to], func(text []byte) { shape = cmp.Or(shape, s.holds(text)) })
		if shape != "" {
			for to < len(line) && line[to] == '=' {
				to++
			}
			found = append(found, span{from, to, shape})
		}
	})
	return found
}

// inWords finds words with escapes that stand for a text with a secret in it; where
// the secret shows only in the whole line, all of it.
func inWords(sign byte, undo func([]byte) []byte) func(*scrubber, []byte) []span {
	return func(s *scrubber, line []byte) []span {
		text := bytes.TrimRight(line, "\r\n")
		if s.depth == deepest || bytes.IndexByte(text, sign) < 0 {
			return nil
		}
		plain := undo(text)
		if plain == nil {
			return nil
		}
		whole := s.holds(plain)
		if whole == "" {
			return nil
		}
		var found []span
		for from := 0; from < len(text); {
			to := from
			for to < len(text) && bytes.IndexByte([]byte(" \t\"'"), text[to]) < 0 {
				to++
			}
			if word := undo(text[from:to]); word != nil {
				if shape := s.holds(word); shape != "" {
					found = append(found, span{from, to, shape})
				}
			}
			from = to + 1
		}
		if len(found) == 0 {
			found = append(found, span{0, len(text), whole})
		}
		return found
	}
}

// holds returns the first known shape of a decoded text; empty: it has none.
func (s *scrubber) holds(text []byte) Shape {
	inner := scrubber{counts: Counts{}, scan: true, depth: s.depth + 1}
	for line := range bytes.Lines(text) {
		if inner.line(line); len(inner.hits) > 0 {
			return inner.hits[0].Shape
		}
	}
	return ""
}

// learn remembers what a detector found; of what was encoded, what is in it.
func (s *scrubber) learn(d *detector, shape Shape, value []byte) {
	if s.learned == nil || s.scan {
		return
	}
	s.learned.seen(shape, string(value))
	if d.decode != nil {
		inner := scrubber{counts: Counts{}, learned: s.learned, depth: s.depth + 1}
		inner.text(d.decode(value))
	}
}

// everyText is all that a word of base64 may stand for.
func everyText(run []byte) []byte {
	var all []byte
	decoded(bytes.TrimRight(run, "="), func(text []byte) { all = append(append(all, text...), '\n') })
	return all
}

// bareKeys finds private keys in base64 without the lines around them.
func bareKeys(line, _ []byte) []span {
	var found []span
	encodedRuns(line, func(from, to int) {
		for at := from; at < to; at++ {
			if c := byte('/'); at > from {
				c = line[at-1]
				if c != '/' && c != '-' && c != '_' {
					continue
				}
			}
			if encodedPrivateKey(line[at:to]) {
				for to < len(line) && line[to] == '=' {
					to++
				}
				found = append(found, span{from: at, to: to})
				return
			}
		}
	})
	return found
}
