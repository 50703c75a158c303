package snapshot

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	bundle "azlb/bundle-schema"
)

// TestRefusals: what az failed at is read from the manifest with its line, but for what was
// answered in another form.
func TestRefusals(t *testing.T) {
	dir := t.TempDir()
	group := map[string]string{"group": "rg"}
	m := bundle.Manifest{Schema: 1, MinReader: 1, Entries: []bundle.Entry{
		{Evidence: bundle.Services.ID, Status: bundle.StatusDenied, Stderr: "kubectl"},
		{Evidence: bundle.LoadBalancers.ID, Scope: group, Status: bundle.StatusFailed, Stderr: "again"},
		{Evidence: bundle.LoadBalancers.ID, Scope: group, Status: bundle.StatusEmpty, Stderr: "a warning"},
		{Evidence: bundle.PublicIPs.ID, Scope: group, Status: bundle.StatusDenied, Stderr: "ERROR: (X) y"},
		{Evidence: bundle.NSGs.ID, Scope: group, Status: bundle.StatusNotFound, Stderr: "ERROR: (Z) y"},
	}}
	raw, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, bundle.ManifestName), raw, 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := bundle.Open([]string{dir}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	s, err := Load(b)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range s.Refusals {
		c := r.Doc.Cite(r.At + "/stderr")
		got = append(got, fmt.Sprint(r.Evidence, " ", c.Pointer, " ", c.Line > 1, " ", c.Quote))
	}
	want := []string{`nsgs /entries/2/stderr true "stderr": "ERROR: (Z) y"`, `public-ips /entries/3/stderr true "stderr": "ERROR: (X) y"`} // Marshal sorts them
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
