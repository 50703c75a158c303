package bundle

import (
	"bytes"
	_ "embed" // the schema
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ManifestSchema is the JSON Schema (2020-12) of manifest.json.
//
//go:embed manifest.schema.json
var ManifestSchema []byte

// Marshal is the manifest as it stands in a bundle: indented, entries sorted by
// path, evidence and scope, lists and maps never null, so that the same manifest
// gives the same bytes.
func (m *Manifest) Marshal() ([]byte, error) {
	out := *m
	out.Cluster.Subscriptions = append([]string{}, m.Cluster.Subscriptions...)
	out.Cluster.ResourceGroups = append([]string{}, m.Cluster.ResourceGroups...)
	out.Entries = append([]Entry{}, m.Entries...)
	for i := range out.Entries {
		e := &out.Entries[i]
		e.Argv = append([]string{}, e.Argv...)
		if e.Scope == nil {
			e.Scope = map[string]string{}
		}
	}
	slices.SortStableFunc(out.Entries, func(a, b Entry) int { return strings.Compare(a.order(), b.order()) })
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(out); err != nil {
		return nil, fmt.Errorf("encoding the manifest: %w", err)
	}
	return buf.Bytes(), nil
}

// order is what entries are sorted by; what has no path comes last.
func (e Entry) order() string {
	key := []string{e.Path, e.Evidence}
	if e.Path == "" {
		key[0] = "\U0010ffff"
	}
	for _, blank := range slices.Sorted(maps.Keys(e.Scope)) {
		key = append(key, blank, e.Scope[blank])
	}
	return strings.Join(append(key, e.Argv...), "\x00")
}
