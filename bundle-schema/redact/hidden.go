package redact

import "bytes"

// inBase64 finds words of base64 that stand for a text with a secret in it.
func inBase64(s *scrubber, line []byte) []span {
	var found []span
	if s.depth == deepest {
		return nil
	}
	encodedRuns(line, func(from, to int) {
		secret := false
		decoded(line[from:to], func(text []byte) { secret = secret || s.holds(text) })
		if secret {
			for to < len(line) && line[to] == '=' {
				to++
			}
			found = append(found, span{from, to})
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
		if plain == nil || !s.holds(plain) {
			return nil
		}
		var found []span
		for from := 0; from < len(text); {
			to := from
			for to < len(text) && bytes.IndexByte([]byte(" \t\"'"), text[to]) < 0 {
				to++
			}
			if word := undo(text[from:to]); word != nil && s.holds(word) {
				found = append(found, span{from, to})
			}
			from = to + 1
		}
		if len(found) == 0 {
			found = append(found, span{0, len(text)})
		}
		return found
	}
}

// holds reports whether a decoded text has a known shape.
func (s *scrubber) holds(text []byte) bool {
	inner := scrubber{counts: Counts{}, scan: true, depth: s.depth + 1}
	for line := range bytes.Lines(text) {
		inner.line(line)
	}
	return len(inner.hits) > 0
}

// learn remembers what a detector found; of what was encoded, what is in it.
func (s *scrubber) learn(d *detector, value []byte) {
	if s.learned == nil || s.scan {
		return
	}
	s.learned.seen(d.shape, string(value))
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
				found = append(found, span{at, to})
				return
			}
		}
	})
	return found
}
