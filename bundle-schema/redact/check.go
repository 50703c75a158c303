package redact

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	bundle "azlb/bundle-schema"
)

// The second pass. It shares no list with the first: what is looked for stands in
// watch.go and structure.go, so that what one pass does not know the other may.

// block is how much of an entry is held at once, and overlap how much of a line that
// is longer is looked at again, because a secret could lie across the cut.
const (
	block   = 128 << 10
	overlap = 16 << 10
)

// deepest is how often something encoded is decoded: base64 in base64.
const deepest = 2

// Check is the second pass over the bytes of an entry, redacted as kind says. It
// returns the shape of the first thing that must not leave: an original that was
// removed elsewhere, a secret of known form, a value that the treatment takes out;
// empty: there is none. Base64, percent-encoding and the escapes of JSON are decoded.
func (l *Learned) Check(kind bundle.Redaction, r io.Reader) (Shape, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := &checker{l: l, kind: kind, joined: joined{in: &l.secrets}}
	buf := make([]byte, block)
	kept := 0
	for {
		n, err := io.ReadFull(r, buf[kept:])
		text := buf[:kept+n]
		end := err == io.EOF || err == io.ErrUnexpectedEOF
		if err != nil && !end {
			return "", fmt.Errorf("reading what is to be checked for secrets: %w", err)
		}
		cut := len(text)
		if !end {
			if at := bytes.LastIndexByte(text, '\n'); at >= 0 {
				cut = at + 1
			}
		}
		if shape := c.block(text[:cut]); shape != "" || end {
			return shape, nil
		}
		if kept = copy(buf, text[cut:]); cut == len(text) {
			kept = copy(buf, text[len(text)-overlap:])
		}
	}
}

// Holds is Check for a text that is at hand and had no treatment.
func (l *Learned) Holds(text []byte) Shape {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := &checker{l: l, kind: bundle.RedactText, joined: joined{in: &l.secrets}}
	return c.block(text)
}

// checker is one second pass.
type checker struct {
	l       *Learned
	kind    bundle.Redaction
	joined  joined // over the lines without what a log puts before each
	lower   []byte
	wrapped []byte // base64 that goes on over lines
	yaml    yamlWatch
}

// block looks at whole lines, or at a part of one that is very long.
func (c *checker) block(text []byte) Shape {
	for line := range bytes.Lines(text) {
		if shape := c.line(line); shape != "" {
			return shape
		}
	}
	if shape := c.structure(text); shape != "" {
		return shape
	}
	return c.look(text, 0)
}

// logged is how long that is which a log puts before a line: the container runtime,
// then klog.
func logged(line []byte) int {
	const farthest = 120
	digits := func(b []byte) bool { return len(bytes.Trim(b, "0123456789")) == 0 }
	at := 0
	if len(line) > 20 && digits(line[:4]) && line[4] == '-' && line[10] == 'T' {
		at = bytes.IndexByte(line[:min(len(line), 48)], ' ') + 1
		for _, stream := range []string{"stdout F ", "stdout P ", "stderr F ", "stderr P "} {
			if bytes.HasPrefix(line[at:], []byte(stream)) {
				at += len(stream)
			}
		}
	}
	if rest := line[at:]; len(rest) > 6 && strings.IndexByte("IWEF", rest[0]) >= 0 && digits(rest[1:5]) && rest[5] == ' ' {
		if end := bytes.Index(rest[:min(len(rest), farthest)], []byte("] ")); end >= 0 {
			at += end + 2
		}
	}
	return at
}

// line looks for originals and base64 that are broken into lines.
func (c *checker) line(line []byte) Shape {
	text := bytes.TrimSpace(line)
	if len(text) == 0 {
		return ""
	}
	if before := logged(text); before > 0 {
		if shape := c.l.secrets.in(text[:before]); shape != "" {
			return shape
		}
		text = text[before:]
	}
	if shape := c.joined.next(text); shape != "" {
		return shape
	}
	return c.unwrap(text)
}

// unwrap collects lines that are nothing but base64, and looks at them as one.
func (c *checker) unwrap(text []byte) Shape {
	const narrowest, most = 40, 1 << 20
	word := bytes.TrimRight(text, "=")
	whole := len(c.wrapped) > 0 || len(text) >= narrowest
	for i := 0; whole && i < len(word); i++ {
		whole = encodedByte[word[i]]
	}
	if whole && len(word) == len(text) && len(c.wrapped) < most {
		c.wrapped = append(c.wrapped, word...)
		return ""
	}
	if len(c.wrapped) == 0 {
		return ""
	}
	if whole {
		c.wrapped = append(c.wrapped, word...)
	}
	all := c.wrapped
	c.wrapped = nil
	return c.encoded(all, 0)
}

// look searches a text, and what is encoded in it.
func (c *checker) look(text []byte, depth int) Shape {
	lower := appendLower(c.lower[:0], text)
	if depth == 0 {
		c.lower = lower
	} else {
		c.lower = nil // the caller still reads its own
		if shape := c.l.secrets.in(text); shape != "" {
			return shape
		}
	}
	if shape := c.l.names.words(lower); shape != "" {
		return shape
	}
	if shape := watched(text, lower); shape != "" {
		return shape
	}
	if depth == deepest {
		return ""
	}
	if shape := c.encoded(text, depth); shape != "" {
		return shape
	}
	return c.escaped(text, depth)
}

// encoded looks into the words of base64.
func (c *checker) encoded(text []byte, depth int) Shape {
	var shape Shape
	encodedRuns(text, func(from, to int) {
		if shape == "" {
			shape = watchedRun(text, from, to)
		}
		decoded(text[from:to], func(inner []byte) {
			if shape == "" {
				shape = c.look(inner, depth+1)
			}
		})
	})
	return shape
}

// escaped looks at the lines that have escapes, without them.
func (c *checker) escaped(text []byte, depth int) Shape {
	for _, e := range []struct {
		sign byte
		undo func([]byte) []byte
	}{{'%', unescaped}, {'\\', unquoted}} {
		for at := 0; at < len(text); {
			next := bytes.IndexByte(text[at:], e.sign)
			if next < 0 {
				break
			}
			from := bytes.LastIndexByte(text[:at+next], '\n') + 1
			to := len(text)
			if end := bytes.IndexByte(text[at+next:], '\n'); end >= 0 {
				to = at + next + end + 1
			}
			at = to
			if plain := e.undo(text[from:to]); plain != nil {
				if shape := c.look(plain, depth+1); shape != "" {
					return shape
				}
			}
		}
	}
	return ""
}
