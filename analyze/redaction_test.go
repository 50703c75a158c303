package analyze

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	diff "github.com/google/go-cmp/cmp"

	"azlb/analyze/rule/ruletest"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/pseudonym"
	"azlb/report"
)

// TestRedaction is the law analyze(redact(b)) = redact(analyze(b)) over all samples: with
// pseudonyms the analysis knows as much, and says the same of the same things. The answer
// is compared with the real names put back. No name of eight characters or more is left.
func TestRedaction(t *testing.T) {
	for _, s := range few(samples(t)) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			input := s.input(t)
			if s.Recording {
				input = unpacked(t, input)
			}
			files, err := ruletest.Load(input)
			if err != nil {
				t.Fatal(err)
			}
			names := pseudonym.New(bytes.Repeat([]byte{7}, 32))
			hidden := pseudonyms(files, names)
			sameUnderNames(t, names, analysed(t, input), analysed(t, laidDown(t, hidden)))
			raw, err := hidden.Manifest.Marshal()
			if err != nil {
				t.Fatal(err)
			}
			hidden.Content[bundle.ManifestName] = raw
			nameless(t, names, hidden.Content)
		})
	}
}

// unpacked lays an archive down as a directory.
func unpacked(t *testing.T, path string) string {
	t.Helper()
	b, err := bundle.Open([]string{path}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	files := &ruletest.Files{Manifest: *b.Manifest, Content: map[string][]byte{}}
	err = b.Each(func(f bundle.File) error {
		if f.Entry == nil {
			return nil // what is in the bundle, in words
		}
		raw, err := io.ReadAll(f.Reader)
		files.Content[f.Name] = raw
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return laidDown(t, files)
}

// TestRedactionOfCaptures is the same over recorded clusters, as loose files.
func TestRedactionOfCaptures(t *testing.T) {
	root := os.Getenv("AZLB_CAPTURES")
	if root == "" {
		t.Skip("AZLB_CAPTURES names no folder of recorded clusters")
	}
	folders, err := filepath.Glob(filepath.Join(root, "*", "truth.yaml"))
	if err != nil || len(folders) == 0 {
		t.Fatalf("no truth.yaml below %s: %v", root, err)
	}
	for _, path := range few(folders) {
		t.Run(filepath.Base(filepath.Dir(path)), func(t *testing.T) {
			t.Parallel()
			from := neutral(t, filepath.Dir(path))
			files, err := os.ReadDir(from)
			if err != nil {
				t.Fatal(err)
			}
			content := map[string][]byte{}
			names := pseudonym.New(bytes.Repeat([]byte{7}, 32))
			for _, f := range files {
				if content[f.Name()], err = os.ReadFile(filepath.Join(from, f.Name())); err != nil {
					t.Fatal(err)
				}
				names.Learn(like(f.Name()), content[f.Name()])
			}
			to := filepath.Join(t.TempDir(), "files")
			if err := os.Mkdir(to, 0o755); err != nil {
				t.Fatal(err)
			}
			hidden := map[string][]byte{}
			for _, f := range files {
				name := names.Text(f.Name())
				hidden[name] = names.Rewrite(content[f.Name()])
				if err := os.WriteFile(filepath.Join(to, name), hidden[name], 0o644); err != nil {
					t.Fatal(err)
				}
			}
			sameUnderNames(t, names, analysed(t, from), analysed(t, to))
			nameless(t, names, hidden)
		})
	}
}

// like is evidence of the form that a loose file has.
func like(name string) *bundle.Evidence {
	switch filepath.Ext(name) {
	case ".yaml":
		return &bundle.Services
	case ".json":
		return &bundle.LoadBalancers
	}
	return &bundle.ControllerLog
}

// pseudonyms is a bundle with the names of the map.
func pseudonyms(f *ruletest.Files, names *pseudonym.Names) *ruletest.Files {
	names.LearnManifest(&f.Manifest)
	for _, p := range f.Paths() {
		names.Learn(bundle.ByID(f.Entry(p).Evidence), f.Content[p])
	}
	out := &ruletest.Files{Manifest: f.Clone().Manifest, Content: map[string][]byte{}}
	for _, p := range f.Paths() {
		out.Content[names.Text(p)] = names.Rewrite(f.Content[p])
	}
	names.Manifest(&out.Manifest)
	return out
}

// sameUnderNames compares a report with one on pseudonyms, names put back and sorted.
func sameUnderNames(t *testing.T, names *pseudonym.Names, before, after *report.Report) {
	t.Helper()
	same := func(s string) string { return s }
	if d := diff.Diff(lawful(before, same), lawful(after, names.Restore)); d != "" {
		t.Errorf("another answer with pseudonyms (-real +pseudonyms, names put back):\n%s", d)
	}
}

// lawful is what the law holds: the verdict of every rule on every subject, the findings,
// the answer for each Service, its hops and the differences.
func lawful(r *report.Report, restore func(string) string) []string {
	out := answer(r, restore)
	for _, v := range r.Verdicts {
		out = append(out, fmt.Sprintf("verdict %s %s %s", v.Rule, restore(v.Subject), v.State))
	}
	for _, d := range r.Drift {
		out = append(out, fmt.Sprintf("drift %s %s %s %s", d.Kind, d.Hop, restore(d.Object), d.Field))
	}
	for i, line := range out {
		out[i] = firstOfEquals.ReplaceAllString(line, "$1 the first of several")
	}
	slices.Sort(out)
	return out
}

// firstOfEquals are the findings that speak of several things alike and name the first,
// by its name: which one that is follows the names.
var firstOfEquals = regexp.MustCompile(`((?:verdict|finding) AZLB-(?:POOL04 (?:\w+ \w+: )?Node|PROBE01 (?:info possible: )?Service)) [^ ]+`)

// nameless looks for names that are left.
func nameless(t *testing.T, names *pseudonym.Names, content map[string][]byte) {
	t.Helper()
	originals := names.Originals(8)
	if len(originals) == 0 {
		t.Error("no name was replaced")
	}
	for path, b := range content {
		lower := strings.ToLower(path + "\n" + string(b))
		for _, o := range originals {
			if i := strings.Index(lower, strings.ToLower(o)); i >= 0 {
				t.Errorf("%s still holds %s: …%s…", path, o, lower[max(0, i-30):min(len(lower), i+len(o)+30)])
			}
		}
	}
}
