package redact

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"strings"
	"sync"

	bundle "azlb/bundle-schema"
)

// Learned are the secrets that were removed, so that a second pass can look for
// them where nothing tells their form: the client's secret out of azure.json may
// stand bare in a log. It is safe for concurrent use; its zero value knows nothing.
type Learned struct {
	mu       sync.Mutex
	by       map[uint64][]original // by their first eight bytes
	prefixes [1 << 12]uint64       // a bit for each hash of those
}

// original is a secret as it may stand somewhere.
type original struct {
	text  string
	shape Shape
}

// shortest is the shortest original that is looked for, in bytes: a shorter one is
// found by chance.
const shortest = 8

// Document is the function Document, and remembers what it removes.
func (l *Learned) Document(kind bundle.Redaction, b []byte) ([]byte, Counts, error) {
	switch kind {
	case bundle.RedactObject:
		return object(b, l)
	case bundle.RedactARM:
		return arm(b, l)
	case bundle.RedactConfig:
		return config(b, l)
	case bundle.RedactActivity:
		return activity(b, l)
	case bundle.RedactRows:
		return rows(b, l)
	case bundle.RedactProxy:
		return kubeProxy(b, l)
	}
	s := scrubber{counts: Counts{}, learned: l}
	return s.text(b), s.counts, nil
}

// seen remembers a value that its shape in a text gave away, if it looks made by a
// machine: `password=production` does not make a secret of that word.
func (l *Learned) seen(shape Shape, value string) {
	if (shape == Assignment || shape == URLPassword) && !random(nil, value, 0) {
		return
	}
	l.add(shape, value)
}

// add remembers a value, also as JSON and URLs spell it. What would be found in any
// evidence is not remembered: words, names, paths, ids.
func (l *Learned) add(shape Shape, value string) {
	if l == nil {
		return
	}
	for _, line := range strings.Split(value, "\n") {
		line = strings.TrimSpace(line)
		if len(line) < shortest || marked(line) || masked(line) || common(line) {
			continue
		}
		quoted, _ := json.Marshal(line) // of a string never fails
		for _, text := range []string{line, string(quoted[1 : len(quoted)-1]), url.QueryEscape(line)} {
			l.remember(original{text, shape})
		}
	}
}

func (l *Learned) remember(o original) {
	l.mu.Lock()
	defer l.mu.Unlock()
	begin := prefix(o.text)
	for _, known := range l.by[begin] {
		if known.text == o.text {
			return
		}
	}
	if l.by == nil {
		l.by = map[uint64][]original{}
	}
	l.by[begin] = append(l.by[begin], o)
	l.prefixes[slot(begin)/64] |= 1 << (slot(begin) % 64)
}

// common reports values that stand in evidence for other reasons: a path, an
// address, an id, a name or a word.
func common(v string) bool {
	return v[0] == '/' || strings.Contains(v, "://") || guid.MatchString(v) || plainWord.MatchString(v) || kubeName.MatchString(v)
}

var plainWord = regexp.MustCompile(`^(?:[A-Z]?[a-z]+|[A-Z]+|[0-9]+)$`)

func prefix[T string | []byte](text T) uint64 {
	var b [8]byte
	copy(b[:], text)
	return binary.LittleEndian.Uint64(b[:])
}

// slot is the place of a prefix among the bits that are asked first.
func slot(prefix uint64) uint64 { return prefix * 0x9e3779b97f4a7c15 >> (64 - 18) }

// in returns the shape of a remembered secret that stands in a line; empty: none does.
func (l *Learned) in(line []byte) Shape {
	for at := 0; at+shortest <= len(line); at++ {
		begin := binary.LittleEndian.Uint64(line[at:])
		if s := slot(begin); l.prefixes[s/64]&(1<<(s%64)) == 0 {
			continue
		}
		for _, o := range l.by[begin] {
			if bytes.HasPrefix(line[at:], []byte(o.text)) {
				return o.shape
			}
		}
	}
	return ""
}

// Holds returns the shape of a remembered secret that stands in b; empty: none does.
func (l *Learned) Holds(b []byte) Shape {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.in(b)
}

// Check is the second pass over redacted bytes. It returns the shape of the first
// secret in them, a remembered one or one of known form; empty: there is none.
func (l *Learned) Check(r io.Reader) (Shape, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := scrubber{counts: Counts{}, scan: true}
	lines := bufio.NewReaderSize(r, longestLine)
	for {
		line, err := lines.ReadSlice('\n')
		if err == bufio.ErrBufferFull { // JSON may be one line of any length
			var rest []byte
			line = bytes.Clone(line)
			rest, err = lines.ReadBytes('\n')
			line = append(line, rest...)
		}
		if shape := l.in(line); shape != "" {
			return shape, nil
		}
		if s.line(line); len(s.hits) > 0 {
			return s.hits[0].Shape, nil
		}
		switch {
		case err == io.EOF:
			return "", nil
		case err != nil:
			return "", fmt.Errorf("reading what is to be checked for secrets: %w", err)
		}
	}
}
