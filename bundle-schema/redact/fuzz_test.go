package redact

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	bundle "azlb/bundle-schema"
)

// FuzzRedact redacts arbitrary bytes in every way. A second redaction must find
// nothing more to do, and neither pass may find anything that is left: a false hit of
// the second one costs an entry.
func FuzzRedact(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.*")
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add([]byte(assemble(string(b))))
		for line := range bytes.Lines(b) {
			f.Add([]byte(assemble(string(line))))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, kind := range []bundle.Redaction{bundle.RedactText, bundle.RedactObject, bundle.RedactARM, bundle.RedactConfig, bundle.RedactActivity} {
			once, _, _ := Document(kind, data)
			if hits := Scan(once); len(hits) > 0 {
				t.Errorf("%s of %q: %v still there in %q", kind, data, hits, once)
			}
			if shape := new(Learned).Holds(once); shape != "" {
				t.Errorf("%s of %q: the second pass finds %s in %q", kind, data, shape, once)
			}
			if twice, _, _ := Document(kind, once); !bytes.Equal(once, twice) {
				t.Errorf("%s of %q gives %q, and of that %q", kind, data, once, twice)
			}
		}
	})
}
