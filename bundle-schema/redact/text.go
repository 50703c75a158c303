package redact

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"regexp"
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
	out := make([]byte, 0, len(b))
	for line := range bytes.Lines(b) {
		out = append(out, s.line(line)...)
	}
	return out, s.counts
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
func Stream(w io.Writer, r io.Reader) (Counts, error) {
	s := scrubber{counts: Counts{}}
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
	counts Counts
	inKey  int // lines of a private key that may follow
	scan   bool
	offset int // of the line, in a scan
	hits   []Hit
}

// longestKey is how many lines of a private key are expected at most; one of 16384
// bits has about 200.
const longestKey = 250

var (
	keyBegin = regexp.MustCompile(`-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----`)
	keyEnd   = regexp.MustCompile(`-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----`)
	keyLine  = regexp.MustCompile(`^\s*(?:\S*\d:\d\S*\s+(?:std(?:out|err) [FP] )?)?["']?([A-Za-z0-9+/]{1,100}={0,2})["',]*\s*$`) // behind a timestamp, if any
	keyInfo  = regexp.MustCompile(`(?:Proc-Type|DEK-Info|Version|Comment): .*$`)
)

// line removes what is secret in a line, its line end included.
func (s *scrubber) line(line []byte) []byte {
	out := s.privateKey(line)
	for range 8 { // what a replacement leaves may read as a shape again
		next := s.shapes(out)
		if s.scan || bytes.Equal(next, out) {
			return next
		}
		out = next
	}
	return append([]byte(Mark), line[len(bytes.TrimRight(line, "\r\n")):]...)
}

// privateKey removes a PEM block, which may go on over many lines, each behind a
// prefix that a log put before it.
func (s *scrubber) privateKey(line []byte) []byte {
	if s.inKey > 0 {
		s.inKey--
		if at := keyEnd.FindIndex(line); at != nil {
			s.inKey = 0
			return s.splice(line, at[0], at[1], Mark)
		}
		if at := keyLine.FindSubmatchIndex(line); at != nil {
			return s.splice(line, at[2], at[3], Mark)
		}
		if !keyInfo.Match(line) && len(bytes.TrimSpace(line)) > 0 {
			s.inKey = 0
		}
	}
	for from := 0; ; {
		at := keyBegin.FindIndex(line[from:])
		if at == nil {
			return line
		}
		begin := from + at[0]
		s.found(PrivateKey, begin)
		end := keyEnd.FindIndex(line[begin:])
		if end == nil { // it goes on in the next line
			s.inKey = longestKey
			return s.splice(line, begin, len(bytes.TrimRight(line, "\r\n")), Mark)
		}
		if s.scan {
			from = begin + end[1]
			continue
		}
		line = s.splice(line, begin, begin+end[1], Mark)
		from = begin
	}
}

// shapes replaces every known shape of a line once.
func (s *scrubber) shapes(line []byte) []byte {
	lower := bytes.ToLower(line)
	assigns := hinted(lower, assignmentHints)
	for _, d := range detectors {
		if d.shape == Assignment && !assigns || d.shape != Assignment && !hinted(lower, d.hints) {
			continue
		}
		var out []byte
		last := 0
		for _, at := range d.re.FindAllSubmatchIndex(line, -1) {
			from, to := group(at)
			if d.real != nil && !d.real(line, string(line[from:to]), from) {
				continue
			}
			s.found(d.shape, from)
			out = append(append(out, line[last:from]...), Mark...)
			last = to
		}
		if last > 0 && !s.scan {
			line = append(out, line[last:]...)
		}
	}
	return line
}

// group is the last group that took part in a match.
func group(at []int) (from, to int) {
	for i := len(at) - 2; i > 0; i -= 2 {
		if at[i] >= 0 {
			return at[i], at[i+1]
		}
	}
	return at[0], at[1]
}

func hinted(lower []byte, hints []string) bool {
	for _, h := range hints {
		if bytes.Contains(lower, []byte(h)) {
			return true
		}
	}
	return false
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
