package redact

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	bundle "azlb/bundle-schema"
)

var update = flag.Bool("update", false, "write the expected files of testdata anew")

// TestDocuments redacts every testdata/<kind>-<name>.in.<ext> and compares with the
// file of the same name without ".in".
func TestDocuments(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.in.*")
	if len(files) == 0 {
		t.Fatal("testdata holds no documents")
	}
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			kind, _, _ := strings.Cut(filepath.Base(name), "-")
			got, counts, err := Document(bundle.Redaction(kind), []byte(assemble(string(b))))
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, "# "+counts.String()+"\n"...)
			golden := strings.Replace(name, ".in.", ".", 1)
			if *update {
				if err := os.WriteFile(golden, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("(-want +got), write anew with -update after reading it:\n%s", diff)
			}
			if bytes.Contains(got, []byte("hush")) {
				t.Error("a value that the test marks with \"hush\" is still there")
			}
			got = bytes.TrimSuffix(got, []byte("# "+counts.String()+"\n"))
			again, more, err := Document(bundle.Redaction(kind), got)
			if err != nil || !bytes.Equal(again, got) || len(more) > 0 {
				t.Errorf("a second redaction changes it (%v, %v):\n%s", err, more, cmp.Diff(string(got), string(again)))
			}
			if hits := Scan(got); len(hits) > 0 {
				t.Errorf("still there: %v", hits)
			}
			var any any
			if err := yaml.Unmarshal(got, &any); err != nil {
				t.Errorf("the result does not parse: %v", err)
			}
		})
	}
}

// TestObjectLeavesOutWhatItCannotRead: the neighbours stay.
func TestObjectLeavesOutWhatItCannotRead(t *testing.T) {
	list := "apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Service\n  metadata:\n    name: before\n@- apiVersion: v1\n  kind: Service\n  metadata:\n    name: after\nkind: List\n"
	for name, bad := range map[string]string{
		"broken":         "- apiVersion: v1\n  kind: Pod\n\tx: hush\n",
		"cut":            "- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: \"hush\n",
		"flow":           "- {apiVersion: v1, kind: Pod, spec: {containers: [{env: [{name: a, value: hush}]}]}}\n",
		"anchor":         "- apiVersion: v1\n  kind: Pod\n  spec: &hush\n    x: y\n",
		"no object":      "- hush\n",
		"a foreign line": "- apiVersion: v1\n  kind: Pod\n  note: \"a\u2028b\"\n  spec:\n    containers:\n    - env:\n      - value: hush\n",
	} {
		got, _, err := Object([]byte(strings.Replace(list, "@", bad, 1)))
		want := strings.Replace(list, "@", leftOut, 1)
		if err == nil || !strings.Contains(err.Error(), "line 7") || string(got) != want {
			t.Errorf("%s: %v\n%s", name, err, cmp.Diff(want, string(got)))
		}
	}
}

func TestCutJSONIsKeptAsFarAsItGoes(t *testing.T) {
	for in, want := range map[string]string{
		`{"a":1,"adminPassword":"hush","b":[1,2`:    `{"a":1,"adminPassword":"REDACTED","b":[1,2`,
		`{"a":1,"adminPassword":"hu`:                `{"a":1`,
		`{"a":1,"settings":{"commandToExecute":"hu`: `{"a":1`,
		`{"a":1} hush`: `{"a":1}`,
		`hush`:         ``,
	} {
		got, _, err := ARM([]byte(in))
		if err == nil || string(got) != want {
			t.Errorf("ARM(%s): %q, %v; want %q", in, got, err, want)
		}
	}
}

// TestCapturedObjectsStay: the recorded lists hold no secret but the fake one of
// azure.json, and az's own are touched only where they name a user.
func TestCapturedObjectsStay(t *testing.T) {
	dir := os.Getenv("AZLB_CAPTURES")
	if dir == "" {
		t.Skip("AZLB_CAPTURES is not set: it names the folder of recorded clusters")
	}
	for pattern, c := range map[string]struct {
		kind    bundle.Redaction
		allowed []string
	}{
		"kubectl-*.yaml": {bundle.RedactObject, nil},
		"az-*.json":      {bundle.RedactARM, []string{"adminUsername", "ssh", "name", "secrets", "publicKeys", "path", "keyData"}},
		"azure.json":     {bundle.RedactConfig, []string{"aadClientSecret"}},
	} {
		files, _ := filepath.Glob(filepath.Join(dir, "*", pattern))
		if len(files) == 0 {
			t.Errorf("no %s in the captures", pattern)
		}
		for _, name := range files {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			got, counts, err := Document(c.kind, b)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if c.allowed == nil && !bytes.Equal(got, b) {
				t.Errorf("%s changed (%v):\n%s", name, counts, cmp.Diff(string(b), string(got)))
			}
			for line := range bytes.Lines(got) {
				if bytes.Contains(b, bytes.TrimSpace(line)) {
					continue
				}
				if key := strings.Split(string(line), `"`); len(key) < 2 || !slices.Contains(c.allowed, key[1]) {
					t.Errorf("%s: %s", name, line)
				}
			}
		}
	}
}
