package report

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files under testdata")

func TestGolden(t *testing.T) {
	cases := map[string]func(io.Writer) error{
		"rich.json":    func(w io.Writer) error { return JSON(w, rich()) },
		"rich.md":      func(w io.Writer) error { return Markdown(w, rich()) },
		"rich.html":    func(w io.Writer) error { return HTML(w, rich()) },
		"rich.txt":     func(w io.Writer) error { return Terminal(w, rich(), 80) },
		"bare.json":    func(w io.Writer) error { return JSON(w, bare()) },
		"bare.md":      func(w io.Writer) error { return Markdown(w, bare()) },
		"bare.html":    func(w io.Writer) error { return HTML(w, bare()) },
		"bare.txt":     func(w io.Writer) error { return Terminal(w, bare(), 80) },
		"explain.txt":  func(w io.Writer) error { return Explain(w, topics()[0]) },
		"rules.txt":    func(w io.Writer) error { return Rules(w, chapters()) },
		"catalogue.md": func(w io.Writer) error { return Catalogue(w, chapters()) },
		"choice.txt":   func(w io.Writer) error { return Choice(w, "PublicIPAndLBSkuDoNotMatch", topics()) },
	}
	for name, write := range cases {
		t.Run(name, func(t *testing.T) {
			var got bytes.Buffer
			if err := write(&got); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", name)
			if *update {
				if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), got.String()); d != "" {
				t.Errorf("%s is not what is written now (go test ./report -update rewrites it):\n%s", path, d)
			}
		})
	}
}
