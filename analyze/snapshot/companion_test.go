package snapshot

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	bundle "azlb/bundle-schema"
)

// TestCompanions: what a bundle says of itself is no evidence, in the bundle and as
// loose files, and the report says what it is.
func TestCompanions(t *testing.T) {
	dir := t.TempDir()
	m := &bundle.Manifest{Redaction: "secrets", Cluster: bundle.Cluster{Context: "lab"}}
	report, err := (&bundle.RedactionReport{Mode: "secrets"}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	companions := []bundle.Companion{{Name: bundle.ReadmeName, Body: bundle.Readme(m)}, {Name: bundle.RedactionName, Body: report}}
	archive := filepath.Join(dir, "b.tgz")
	nothing := func(bundle.Entry) (io.ReadCloser, error) { return nil, os.ErrNotExist }
	if err := bundle.Create(archive, m, nothing, bundle.Beside{Companions: companions}); err != nil {
		t.Fatal(err)
	}
	loose := []string{}
	for _, c := range companions {
		path := filepath.Join(dir, "renamed-"+c.Name)
		if err := os.WriteFile(path, c.Body, 0o600); err != nil {
			t.Fatal(err)
		}
		loose = append(loose, path)
	}
	for _, inputs := range [][]string{{archive}, loose} {
		b, err := bundle.Open(inputs, nil)
		if err != nil {
			t.Fatal(err)
		}
		s, err := Load(b)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		if len(s.Files) != 2 {
			t.Errorf("%v: %d files", inputs, len(s.Files))
		}
		for _, f := range s.Files {
			if f.Note != "" || !strings.Contains(f.As, "the bundle") {
				t.Errorf("%s was read as %q (%s)", f.Name, f.As, f.Note)
			}
		}
		if len(s.Services) > 0 {
			t.Errorf("they are taken for evidence: %v", s.Services)
		}
	}
}
