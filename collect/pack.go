package collect

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	bundle "azlb/bundle-schema"
)

var unsafeContext = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// write packs the bundle. Its name tells clusters and times apart, and no cluster where
// names are replaced; the map is written first, so that no bundle is without its own.
func (s *session) write() (string, error) {
	path := s.o.Output
	if path == "" {
		name := ""
		if s.names == nil {
			name = strings.Trim(unsafeContext.ReplaceAllString(cmp.Or(append([]string{s.context}, s.o.ResourceGroups...)...), "_"), "._-")
		}
		path = fmt.Sprintf("azlb-%s%s-%s.tgz", cmp.Or(name[:min(len(name), 60)], "cluster"), s.o.half(), s.started.UTC().Format("20060102T150405Z"))
		if err := free(path, s.o.Force); err != nil {
			return "", err
		}
	}
	if err := s.fit(); err != nil {
		return "", err
	}
	if s.names != nil {
		if err := s.names.beside(path, s.o.Force); err != nil {
			return "", err
		}
		if err := s.hideNames(); err != nil {
			return "", err
		}
		if err := s.names.save(); err != nil {
			return "", err
		}
	}
	if err := s.pack(path); err != nil {
		return "", errors.Join(err, s.names.discard())
	}
	return filepath.Clean(path), nil
}

// manifest is built last: it holds what became of every command.
func (s *session) manifest() *bundle.Manifest {
	m := &bundle.Manifest{
		Schema: bundle.SchemaVersion, MinReader: bundle.SchemaVersion, Tool: s.o.Tool,
		Started: s.started.UTC(), Finished: s.o.Now().UTC(), Redaction: bundle.RedactionSecrets,
		Cluster: bundle.Cluster{Context: s.context, Region: s.found.Region, Managed: s.found.Managed, UID: s.uid(),
			Subscriptions: []string{}, ResourceGroups: []string{}},
		Entries: s.entries,
	}
	if s.hidden != nil {
		m.Redaction, m.Names, m.Cluster = bundle.RedactionAll, s.names.ID(), *s.hidden
		return m
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

var uidLine = regexp.MustCompile(`(?m)^  uid: "?([0-9a-fA-F-]{36})"?\s*$`)

func (s *session) uid() string {
	if m := uidLine.FindSubmatch(s.spool.read(bundle.KubeSystem.Path)); m != nil {
		return string(m[1])
	}
	return ""
}
