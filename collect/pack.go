package collect

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/redact"
)

var unsafeContext = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// write packs the bundle. Its name tells clusters and times apart.
func (s *session) write() (string, error) {
	path := s.o.Output
	if path == "" {
		name := strings.Trim(unsafeContext.ReplaceAllString(cmp.Or(append([]string{s.context}, s.o.ResourceGroups...)...), "_"), "._-")
		path = fmt.Sprintf("azlb-%s%s-%s.tgz", cmp.Or(name[:min(len(name), 60)], "cluster"), s.o.half(), s.started.UTC().Format("20060102T150405Z"))
		if _, err := os.Stat(path); err == nil && !s.o.Force {
			return "", fmt.Errorf("writing %s: %w", path, ErrExists)
		}
	}
	if err := s.withhold(); err != nil {
		return "", err
	}
	costs(s.entries)
	m := s.manifest()
	if err := s.unfit(m); err != nil {
		return "", err
	}
	if err := bundle.Create(path, m, s.spool.open); err != nil {
		return "", fmt.Errorf("writing the bundle %s: %w", path, err)
	}
	return filepath.Clean(path), nil
}

// manifest is built last: it holds what became of every command.
func (s *session) manifest() *bundle.Manifest {
	m := &bundle.Manifest{
		Schema: bundle.SchemaVersion, MinReader: bundle.SchemaVersion, Tool: s.o.Tool,
		Started: s.started.UTC(), Finished: s.o.Now().UTC(), Redaction: "secrets",
		Cluster: bundle.Cluster{Context: s.context, Region: s.found.Region, Managed: s.found.Managed, UID: s.uid(),
			Subscriptions: []string{}, ResourceGroups: []string{}},
		Entries: s.entries,
	}
	m.Cluster.Subscriptions = append(m.Cluster.Subscriptions, s.found.subscriptions(s.o.Subscription)...)
	for _, g := range s.found.Groups {
		m.Cluster.ResourceGroups = append(m.Cluster.ResourceGroups, g.Name)
	}
	for i := range m.Entries {
		m.Entries[i].Reason = sentence(m.Entries[i].Reason)
		m.Entries[i].Started = m.Entries[i].Started.UTC()
	}
	return m
}

// withhold is the second pass over what is to be packed. Secrets that were removed
// in one place may stand bare in another: such an entry is left out.
func (s *session) withhold() error {
	for i := range s.entries {
		e := &s.entries[i]
		for _, text := range []*string{&e.Stderr, &e.Reason} {
			if shape := s.spool.learned.Holds([]byte(*text)); shape != "" {
				*text = fmt.Sprintf("%s: it held a secret (%s)", redact.Mark, shape)
			}
		}
		if e.Path == "" {
			continue
		}
		r, err := s.spool.open(*e)
		if err != nil {
			return err
		}
		shape, err := s.spool.learned.Check(r)
		if err = errors.Join(err, r.Close()); err != nil {
			return fmt.Errorf("looking for secrets in %s: %w", e.Path, err)
		}
		if shape != "" {
			s.spool.drop(e.Path)
			e.Path, e.Status = "", bundle.StatusWithheld
			e.Reason = fmt.Sprintf("withheld: it still holds what looks like a secret (%s)", shape)
		}
	}
	return nil
}

// unfit reports the entries that hold a secret where it cannot be left out: in
// their command, or in the names that were looked for.
func (s *session) unfit(m *bundle.Manifest) error {
	rest := *m
	rest.Entries = nil
	holds := func(m bundle.Manifest) bool {
		raw, err := m.Marshal()
		return err != nil || s.spool.learned.Holds(raw) != ""
	}
	var where []string
	if holds(rest) {
		where = append(where, "the cluster's context or groups")
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

var uidLine = regexp.MustCompile(`(?m)^  uid: "?([0-9a-fA-F-]{36})"?\s*$`)

func (s *session) uid() string {
	if m := uidLine.FindSubmatch(s.spool.read(bundle.KubeSystem.Path)); m != nil {
		return string(m[1])
	}
	return ""
}
