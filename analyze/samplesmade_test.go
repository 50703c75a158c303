package analyze

import (
	"os"
	"path/filepath"
	"testing"

	diff "github.com/google/go-cmp/cmp"

	"azlb/analyze/rule/ruletest"
	bundle "azlb/bundle-schema"
)

// TestSamplesUpToDate makes every derived and every hand-written bundle again, in
// memory, and compares it with the one that is kept.
func TestSamplesUpToDate(t *testing.T) {
	for _, s := range few(samples(t)) {
		if s.Recording {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			own := filepath.Join(s.dir(), "bundle")
			kept, err := ruletest.Load(own)
			if err != nil {
				t.Fatal(err)
			}
			made := kept.Clone()
			if s.Base != "" {
				if made, err = ruletest.Load(filepath.Join("..", "samples", s.Base, "bundle")); err != nil {
					t.Fatal(err)
				}
				if err := made.Apply(s.Edits); err != nil {
					t.Fatal(err)
				}
			}
			made.Seal()
			if d := diff.Diff(text(made), text(kept)); d != "" {
				t.Errorf("run `go run ./samples/testdata/gen %s` (-made +kept):\n%s", s.name, d)
			}
			if d := diff.Diff(manifest(t, made), manifest(t, kept)); d != "" {
				t.Errorf("the manifest is stale: run `go run ./samples/testdata/gen %s` (-made +kept):\n%s", s.name, d)
			}
			if stray := strays(t, own, kept); len(stray) > 0 {
				t.Errorf("files that the manifest does not list: %v", stray)
			}
		})
	}
}

// manifest is the manifest as it is written: its entries have an order.
func manifest(t *testing.T, f *ruletest.Files) string {
	t.Helper()
	raw, err := f.Manifest.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func text(f *ruletest.Files) map[string]string {
	out := map[string]string{}
	for p, b := range f.Content {
		out[p] = string(b)
	}
	return out
}

// strays are files of a bundle's directory that its manifest does not name.
func strays(t *testing.T, dir string, f *ruletest.Files) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if rel = filepath.ToSlash(rel); f.Content[rel] == nil && rel != bundle.ManifestName {
			out = append(out, rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
