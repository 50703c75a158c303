package snapshot

import "bytes"

// patterns finds any of many short strings in one pass: a log line is looked at
// once, however many shapes of failure there are.
type patterns struct {
	heads [1 << 10]uint64 // bit set of the first two bytes
	by    map[uint16][][]byte
}

// newPatterns takes strings of two bytes or more.
func newPatterns(list ...string) *patterns {
	p := &patterns{by: map[uint16][][]byte{}}
	for _, s := range list {
		h := uint16(s[0])<<8 | uint16(s[1])
		p.heads[h>>6] |= 1 << (h & 63)
		p.by[h] = append(p.by[h], []byte(s))
	}
	return p
}

// in calls found with the text behind each occurrence of a pattern until found
// returns true, and reports whether it did.
func (p *patterns) in(text []byte, found func(pattern, rest []byte) bool) bool {
	if len(text) < 2 {
		return false
	}
	h := uint16(text[0])
	for i := 1; i < len(text); i++ {
		h = h<<8 | uint16(text[i])
		if p.heads[h>>6]&(1<<(h&63)) == 0 {
			continue
		}
		for _, s := range p.by[h] {
			if at := text[i-1:]; bytes.HasPrefix(at, s) && found(s, at[len(s):]) {
				return true
			}
		}
	}
	return false
}
