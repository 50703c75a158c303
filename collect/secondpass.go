package collect

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/redact"
)

// pack writes the bundle, and looks at the finished archive before it gets its name:
// every entry, every name, the manifest and what lies beside it. Where something is
// found that must not leave, the entry is left out and the bundle made again, once.
func (s *session) pack(path string) error {
	left := 0 // entries and texts that were left out
	for again := range 2 {
		costs(s.entries)
		m := s.manifest()
		companions, err := s.companions(m, left)
		if err != nil {
			return err
		}
		pass := &secondPass{learned: &s.spool.learned}
		err = bundle.Create(path, m, s.spool.open, bundle.Beside{Companions: companions, Inspect: pass.inspect})
		switch {
		case len(pass.found) == 0 && err != nil:
			return err
		case len(pass.found) == 0:
			return nil
		case again > 0:
			return pass.twice()
		}
		left = s.withhold(pass.found)
		if err := s.unfit(s.manifest()); err != nil {
			return err
		}
	}
	return nil
}

// secondPass looks for what must not leave in a finished archive.
type secondPass struct {
	learned *redact.Learned
	found   []find
}

// find is a file of the archive that must not leave as it is.
type find struct {
	name  string
	shape redact.Shape
}

// errFound keeps the archive from getting its name.
var errFound = errors.New("it holds what must not leave")

func (p *secondPass) inspect(f bundle.File) error {
	kind := bundle.RedactText
	if f.Entry != nil {
		if e := bundle.ByID(f.Entry.Evidence); e != nil {
			kind = e.Redaction
		}
	}
	shape := p.learned.Holds([]byte(f.Name))
	if shape == "" {
		var err error
		if shape, err = p.learned.Check(kind, f.Reader); err != nil {
			return fmt.Errorf("looking for secrets in %s: %w", f.Name, err)
		}
	}
	if shape == "" {
		return nil
	}
	p.found = append(p.found, find{f.Name, shape})
	return errFound
}

// twice is the error of a second hit. It names the files, but none whose name is
// itself what must not leave.
func (p *secondPass) twice() error {
	var names []string
	for _, f := range p.found {
		name := f.name
		if p.learned.Holds([]byte(name)) != "" {
			name = "a file that is named like a secret"
		}
		names = append(names, fmt.Sprintf("%s (%s)", name, f.shape))
	}
	return fmt.Errorf("no bundle is written, because a secret was found in it again after entries were left out, in %s: take it out of there, or leave the file out", strings.Join(names, ", "))
}

// withhold leaves out the entries that were found and cleans what the manifest says;
// it returns how much that was.
func (s *session) withhold(found []find) int {
	left := 0
	for _, f := range found {
		for i := range s.entries {
			switch e := &s.entries[i]; {
			case f.name == bundle.ManifestName:
				left += s.cleaned(e)
			case e.Path == f.name:
				s.leaveOut(e, f.shape)
				left++
			}
		}
	}
	return left
}

// leaveOut makes a gap of an entry. Where exactly the secret stood is not said.
func (s *session) leaveOut(e *bundle.Entry, shape redact.Shape) {
	s.spool.drop(e.Path)
	e.Path, e.Bytes, e.SHA256, e.Status = "", 0, "", bundle.StatusWithheld
	e.Reason = fmt.Sprintf("withheld: it still held what looks like a secret (%s)", shape)
	s.spool.withheld = append(s.spool.withheld, bundle.Withheld{Evidence: e.Evidence, Shape: string(shape)})
	s.cleaned(e)
}

// cleaned takes out of an entry of the manifest what must not leave: texts are
// replaced, and where the command, the scope or the path holds it, the entry is left
// out as well.
func (s *session) cleaned(e *bundle.Entry) int {
	holds := func(text string) redact.Shape { return s.spool.learned.Holds([]byte(text)) }
	n := 0
	for _, text := range []*string{&e.Stderr, &e.Reason} {
		if shape := holds(*text); shape != "" {
			*text = fmt.Sprintf("%s: it held a secret (%s)", redact.Mark, shape)
			n++
		}
	}
	shape := holds(e.Path)
	e.Argv = slices.Clone(e.Argv)
	for i, word := range e.Argv {
		if in := holds(word); in != "" {
			e.Argv[i], shape = redact.Mark, in
		}
	}
	for _, blank := range sortedKeys(e.Scope) {
		if in := holds(e.Scope[blank]); in != "" {
			e.Scope[blank], shape = redact.Mark, in
		}
	}
	if shape == "" {
		return n
	}
	if e.Path != "" {
		s.leaveOut(e, shape)
	}
	e.Status = bundle.StatusWithheld
	e.Reason = fmt.Sprintf("withheld: its command or its name holds what looks like a secret (%s)", shape)
	return n + 1
}

// unfit reports what cannot be left out although it holds a secret: what was looked
// for, and commands that hold one over several words.
func (s *session) unfit(m *bundle.Manifest) error {
	rest := *m
	rest.Entries = nil
	holds := func(m bundle.Manifest) bool {
		raw, err := m.Marshal()
		return err != nil || s.spool.learned.Holds(raw) != ""
	}
	var where []string
	if holds(rest) {
		where = append(where, "the cluster's context, subscriptions or groups")
	}
	for _, e := range m.Entries {
		alone := bundle.Manifest{Entries: []bundle.Entry{e}}
		if name := "the command or file of " + e.Evidence; holds(alone) && !slices.Contains(where, name) {
			where = append(where, name)
		}
	}
	if len(where) == 0 {
		return nil
	}
	return fmt.Errorf("no bundle is written, because it would hold a secret in %s: rename what is named like the secret, or leave out the file that holds it", strings.Join(where, ", "))
}

// companions are the README and the redaction report of the bundle.
func (s *session) companions(m *bundle.Manifest, left int) ([]bundle.Companion, error) {
	report := bundle.RedactionReport{Mode: m.Redaction, Removed: map[string]int{}, Withheld: s.spool.withheld}
	total := 0
	count := func(counts redact.Counts, into map[string]int) {
		for shape, n := range counts {
			into[string(shape)] += n
			report.Removed[string(shape)] += n
			total += n
		}
	}
	for _, path := range sortedKeys(s.spool.removed) {
		entry := bundle.Removed{Path: path, Removed: map[string]int{}}
		if count(s.spool.removed[path], entry.Removed); len(entry.Removed) > 0 {
			report.Entries = append(report.Entries, entry)
		}
	}
	count(s.spool.said, map[string]int{})
	report.Passes = []bundle.Pass{
		{Name: "first", Over: "each answer before it was stored, and what the programs said", Hits: total},
		{Name: "second", Over: "the finished archive: every entry, every name, the manifest; base64, URLs and JSON decoded", Hits: left},
	}
	raw, err := report.Marshal()
	if err != nil {
		return nil, err
	}
	return []bundle.Companion{{Name: bundle.ReadmeName, Body: bundle.Readme(m)}, {Name: bundle.RedactionName, Body: raw}}, nil
}
