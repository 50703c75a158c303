// Package redact removes what must not leave the customer: secrets that slipped
// into logs, environment and arguments of pods, keys of azure.json. Its functions
// are pure, work on bytes and are idempotent; what they cannot read they leave out
// and say so (fail closed).
package redact

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	bundle "azlb/bundle-schema"
)

// Mark stands where something was removed. The length of a configured secret is
// added in parentheses, because an empty or cut one is a fault of its own.
const Mark = "REDACTED"

// Counts says how many of which shape were removed.
type Counts map[Shape]int

// Add adds other to c.
func (c Counts) Add(other Counts) {
	for shape, n := range other {
		c[shape] += n
	}
}

// String lists the counts in the order of the shapes' names: "jwt 2, password 1".
func (c Counts) String() string {
	var parts []string
	for _, shape := range slices.Sorted(maps.Keys(c)) {
		parts = append(parts, fmt.Sprintf("%s %d", shape, c[shape]))
	}
	return strings.Join(parts, ", ")
}

// Document gives a whole answer the treatment that its Evidence names. With an
// error comes what may be kept all the same: it is redacted and ends, or has gaps,
// where the answer could not be read.
func Document(kind bundle.Redaction, b []byte) ([]byte, Counts, error) {
	return new(Learned).Document(kind, b)
}

// marked reports whether a value was removed already.
func marked(value string) bool {
	return value == Mark || strings.HasPrefix(value, Mark+"(len=") && strings.HasSuffix(value, ")")
}

// sized is the mark with the length in bytes of what it stands for.
func sized(value string) string { return fmt.Sprintf("%s(len=%d)", Mark, len(value)) }

// finished removes known shapes from a redacted JSON document, which must stay one.
func finished(b []byte, counts Counts, l *Learned, err error) ([]byte, Counts, error) {
	s := scrubber{counts: counts, learned: l}
	out := s.text(b)
	if err == nil && json.Valid(b) && !json.Valid(out) {
		return nil, counts, errors.New("redacting the text left no JSON: the answer is withheld")
	}
	return out, counts, err
}
