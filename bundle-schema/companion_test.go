package bundle

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// someReport is a redaction report with every field filled.
func someReport() *RedactionReport {
	return &RedactionReport{Mode: "secrets", Passes: []Pass{{"first", "each answer", 2}, {"second", "the archive", 1}},
		Removed: map[string]int{"jwt": 2}, Entries: []Removed{{"logs/a.log", map[string]int{"jwt": 1}}, {"k8s/events.yaml", map[string]int{"jwt": 1}}},
		Withheld: []Withheld{{"controller-log", "config-key"}}}
}

func TestRedactionReportFollowsItsSchema(t *testing.T) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(RedactionSchema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("redaction.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("redaction.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	check := func(b []byte) error {
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		return s.Validate(doc)
	}
	raw, err := someReport().Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if err := check(raw); err != nil {
		t.Error(err)
	}
	if CompanionOf(raw) == "" || bytes.Index(raw, []byte("k8s/events")) > bytes.Index(raw, []byte("logs/a.log")) {
		t.Errorf("it is not recognised, or not sorted:\n%s", raw)
	}
	for _, at := range []string{`"mode":`, `"over":`, `"path":`, `"evidence":`} {
		if err := check(bytes.Replace(raw, []byte(at), []byte(`"more": 1, `+at), 1)); err == nil {
			t.Errorf("an unknown property beside %s must be refused", at)
		}
	}
}

func TestReadme(t *testing.T) {
	m := someManifest()
	m.Cluster.Context = "prod` # not a title\n# nor this"
	m.Entries = append(m.Entries, Entry{Evidence: "events", Status: StatusWithheld})
	text := string(Readme(m))
	for _, want := range []string{"2024-05-06 07:09 UTC", "`azlb-collect v0`", "`prod' # not a title # nor this`", "Services: `k8s/services.yaml`", "secret was still in it: Events",
		"your login may not read it: Network security groups", "Resource groups: `g`", "tar tzf", "--redact all"} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q:\n%s", want, text)
		}
	}
	m.Redaction = "all"
	if again := string(Readme(m)); !strings.Contains(again, "made-up") || strings.Contains(again, "--redact all") {
		t.Error("it does not say that names were replaced")
	}
	for line := range strings.Lines(text) {
		if len(line) > 82 && !strings.HasPrefix(line, "- ") {
			t.Errorf("%d columns: %s", len(line), line)
		}
	}
}

// TestBeside: companions lie in the archive, everything is inspected, and an objection
// means that there is no bundle.
func TestBeside(t *testing.T) {
	path := filepath.Join(t.TempDir(), "b.tgz")
	beside := Beside{Companions: []Companion{{ReadmeName, Readme(someManifest())}}}
	var seen []string
	object := ""
	beside.Inspect = func(f File) error {
		text, err := io.ReadAll(f.Reader)
		if len(text) > 0 {
			seen = append(seen, f.Name)
		}
		if f.Name == object {
			return errors.New("no")
		}
		return err
	}
	if err := Create(path, someManifest(), fromContent, beside); err != nil {
		t.Fatal(err)
	}
	if want := []string{ManifestName, ReadmeName, "azure/g/lb.json", "k8s/services.yaml"}; !slices.Equal(seen, want) {
		t.Errorf("seen: %q, want %q", seen, want)
	}
	if got := hear(t, defaultLimits, nil, path); len(got.Faults) > 0 || len(got.Files) != 4 {
		t.Errorf("%v", got)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	for _, object = range []string{ManifestName, ReadmeName, "k8s/services.yaml"} {
		seen = nil
		if err := Create(path, someManifest(), fromContent, beside); err == nil || len(seen) != 4 {
			t.Errorf("%s: %v, seen %q", object, err, seen)
		}
		if left, _ := os.ReadDir(filepath.Dir(path)); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
	m := someManifest()
	m.Entries[0].Path = ReadmeName
	if err := Create(path, m, fromContent, Beside{}); err == nil {
		t.Error("an entry may not lie where a companion does")
	}
}
