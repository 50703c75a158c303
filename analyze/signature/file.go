// Package signature reads failures that a support team knows by their text: files in
// YAML, whose entries become rules. A file holds no code. Its rules run after those that
// are built in, and leave to these whatever they know (rule.Rule.Added).
package signature

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"azlb/analyze/rule"
)

// MaxBytes is the size that a file may have.
const MaxBytes = 1 << 20

// File is one file that was read and found well-formed.
type File struct {
	Name   string // as the report names it
	SHA256 string // of its bytes, in hexadecimal
	Rules  []*rule.Rule
	ids    []place
}

// place is where an entry gives its id.
type place struct {
	id   string
	line int
}

// file is the form in YAML, described by signatures.schema.json.
type file struct {
	Signatures []entry `json:"signatures"`
}

type entry struct {
	ID         string   `json:"id"`
	Severity   string   `json:"severity"`
	Title      string   `json:"title"`
	Symptom    string   `json:"symptom"`
	Cause      string   `json:"cause"`
	Fix        []step   `json:"fix"`
	References []string `json:"references"`
	Affects    string   `json:"affects"`
	Healthy    string   `json:"healthy"`
	Match      []words  `json:"match"`
	Matches    []string `json:"matches"`
	Ignores    []string `json:"ignores"`
}

type step struct {
	Say     string `json:"say"`
	Run     string `json:"run"`
	Changes bool   `json:"changes"`
}

type words struct {
	Codes   []string `json:"codes"`
	Pattern string   `json:"pattern"`
	Where   []string `json:"where"`
}

// Load reads a file. name is what errors and the report call it. The error names the
// line, the entry and the key, and what to write instead.
func Load(name string, content []byte) (*File, error) {
	if len(content) > MaxBytes {
		return nil, fmt.Errorf("%s: it has more than %d KiB, which no list of signatures needs: split it, and give --signatures twice", name, MaxBytes>>10)
	}
	root, list, err := decode(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	sum := sha256.Sum256(content)
	out := &File{Name: name, SHA256: hex.EncodeToString(sum[:])}
	for i, e := range list.Signatures {
		at := func(path ...string) int { return lineOf(root, append([]string{"signatures", fmt.Sprint(i)}, path...)) }
		r, err := e.rule(at)
		if f := (*flaw)(nil); errors.As(err, &f) {
			return nil, fmt.Errorf("%s: line %d: %s: %w", name, f.line, title(i, e.ID), err)
		}
		out.Rules = append(out.Rules, r)
		out.ids = append(out.ids, place{e.ID, at("id")})
	}
	return out, Unique(out)
}

// title names an entry in an error.
func title(i int, id string) string {
	if id == "" {
		return fmt.Sprintf("signature %d", i+1)
	}
	return fmt.Sprintf("signature %d (%s)", i+1, id)
}

// Unique reports an id that two entries of the files have.
func Unique(files ...*File) error {
	type first struct {
		file string
		line int
	}
	seen := map[string]first{}
	for _, f := range files {
		for _, p := range f.ids {
			if at, ok := seen[p.id]; ok {
				return fmt.Errorf("%s: line %d: the id %s is that of line %d of %s already: give this one another number", f.Name, p.line, p.id, at.line, at.file)
			}
			seen[p.id] = first{f.Name, p.line}
		}
	}
	return nil
}
