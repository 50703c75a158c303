package redact

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"io"
)

// Hit is a known shape that is still there. It never carries the value.
type Hit struct {
	Shape  Shape
	Offset int // in bytes, of the value
}

// Text removes all known shapes from a text, line by line. It leaves error codes,
// ids, names and etags as they are.
func Text(b []byte) ([]byte, Counts) {
	s := scrubber{counts: Counts{}}
	return s.text(b), s.counts
}

// Scan finds the known shapes that Text would remove.
func Scan(b []byte) []Hit {
	s := scrubber{counts: Counts{}, scan: true}
	for line := range bytes.Lines(b) {
		s.line(line)
		s.offset += len(line)
	}
	return s.hits
}

// longestLine is how much of one line Stream looks at; a log has none that long.
const longestLine = 1 << 20

// Stream copies a log and removes all known shapes on the way. It holds one line;
// of a line longer than 1 MiB the rest is left out, because a secret could lie
// across the cut.
func Stream(w io.Writer, r io.Reader) (Counts, error) { return new(Learned).Stream(w, r) }

// Stream is the function Stream, and remembers what it removes.
func (l *Learned) Stream(w io.Writer, r io.Reader) (Counts, error) {
	s := scrubber{counts: Counts{}, learned: l}
	lines := bufio.NewReaderSize(r, longestLine)
	for {
		line, err := lines.ReadSlice('\n')
		tooLong := err == bufio.ErrBufferFull
		if tooLong {
			line = append(bytes.Clone(line), " "+Mark+": the rest of a line longer than 1 MiB\n"...)
			for err == bufio.ErrBufferFull {
				_, err = lines.ReadSlice('\n')
			}
		}
		if len(line) > 0 {
			if _, werr := w.Write(s.line(line)); werr != nil {
				return s.counts, fmt.Errorf("writing the redacted text: %w", werr)
			}
		}
		switch {
		case err == io.EOF:
			return s.counts, nil
		case err != nil:
			return s.counts, fmt.Errorf("reading the text to redact: %w", err)
		}
	}
}

// scrubber removes shapes from one line after the other.
type scrubber struct {
	counts  Counts
	learned *Learned // nil: nothing is remembered
	key     pemBlock
	scan    bool
	offset  int // of the line, in a scan
	hits    []Hit
	lower   []byte // the line in lower case
	depth   int    // how often the line was decoded
}

func (s *scrubber) text(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for line := range bytes.Lines(b) {
		out = append(out, s.line(line)...)
	}
	return out
}

// line removes what is secret in a line, its line end included.
func (s *scrubber) line(line []byte) []byte {
	out := s.privateKey(line)
	for range 8 { // what a replacement leaves may read as a shape again
		next, changed := s.shapes(out)
		if s.scan || !changed {
			return next
		}
		out = next
	}
	return append([]byte(Mark), line[len(bytes.TrimRight(line, "\r\n")):]...)
}

// shapes replaces every known shape of a line once.
func (s *scrubber) shapes(line []byte) (out []byte, changed bool) {
	s.lower = appendLower(s.lower[:0], line)
	for i := range detectors {
		d := &detectors[i]
		found := d.matches(s, line, s.lower)
		if len(found) == 0 {
			continue
		}
		var replaced []byte
		last := 0
		for _, at := range found {
			if at.from < last {
				continue
			}
			s.found(cmp.Or(at.shape, d.shape), at.from)
			s.learn(d, cmp.Or(at.shape, d.shape), line[at.from:at.to])
			replaced = append(append(replaced, line[last:at.from]...), Mark...)
			last = at.to
		}
		if !s.scan {
			replaced = append(replaced, line[last:]...)
			changed = changed || !bytes.Equal(line, replaced)
			line = replaced
			s.lower = appendLower(s.lower[:0], line)
		}
	}
	return line, changed
}

// appendLower appends ASCII in lower case; other than bytes.ToLower it keeps offsets.
func appendLower(to, from []byte) []byte {
	at := len(to)
	to = append(to, from...)
	for i, c := range to[at:] {
		if 'A' <= c && c <= 'Z' {
			to[at+i] = c + 'a' - 'A'
		}
	}
	return to
}

func (s *scrubber) found(shape Shape, at int) {
	s.counts[shape]++
	if s.scan {
		s.hits = append(s.hits, Hit{shape, s.offset + at})
	}
}

// splice replaces line[from:to], except in a scan.
func (s *scrubber) splice(line []byte, from, to int, with string) []byte {
	if s.scan {
		return line
	}
	return append(append(append([]byte{}, line[:from]...), with...), line[to:]...)
}
