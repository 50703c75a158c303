package errtext

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// fields prints what a text says, without the empty fields: one "Name: value" a line.
func fields(e Error) string {
	var b strings.Builder
	v := reflect.ValueOf(e)
	for _, name := range []string{
		"Action", "Allowed", "ClientID", "ClientSide", "Code", "Credential", "Detail", "Inner", "Linked", "LinkedAction", "LinkedScope",
		"Measured", "Message", "Node", "ObjectID", "OperationGroup", "RetryAfter", "Scope", "Status", "Target", "Token", "Transient",
	} {
		f := v.FieldByName(name)
		if f.IsZero() {
			continue
		}
		s := fmt.Sprint(f.Interface())
		if name == "Inner" {
			s = strings.Join(e.Inner, " ")
		}
		fmt.Fprintf(&b, "%s: %s\n", name, s)
	}
	return b.String()
}

func TestUnwrapPublishedTexts(t *testing.T) {
	a, err := txtar.ParseFile("testdata/published.txtar")
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Files) < 80 || len(a.Files)%2 != 0 {
		t.Fatalf("%d files, want pairs of raw and want for at least 40 texts", len(a.Files))
	}
	for i := 0; i < len(a.Files); i += 2 {
		name, _ := strings.CutSuffix(a.Files[i].Name, "/raw")
		t.Run(name, func(t *testing.T) {
			if a.Files[i+1].Name != name+"/want" {
				t.Fatalf("%s is followed by %s", a.Files[i].Name, a.Files[i+1].Name)
			}
			found := unwrap(strings.TrimSuffix(string(a.Files[i].Data), "\n"))
			if len(found) != 1 {
				t.Fatalf("%d failures, want one", len(found))
			}
			if d := cmp.Diff(string(a.Files[i+1].Data), fields(found[0])); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// FuzzUnwrap: no text breaks unwrap, and a message that it made is left alone.
func FuzzUnwrap(f *testing.F) {
	a, err := txtar.ParseFile("testdata/published.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for i := 0; i < len(a.Files); i += 2 {
		f.Add(string(a.Files[i].Data))
	}
	for _, s := range []string{"", `"`, `[]`, `["a"]`, `\u00`, `{"error":{"message":"{\"error\":{\"message\":\"x\"}}"}}`, "AADSTS1: a Trace ID: b", `{"Error":{"Details":[{"Code":"X","Me sage":"y"}]}}`, `Code="X" Message="a\xacb"`, "[[x]]", `"\"x\""`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, e := range unwrap(text) {
			again := unwrap(e.Message)
			if e.Message != "" && (len(again) == 0 || again[0].Message != e.Message) {
				t.Fatalf("message %q becomes %q", e.Message, fields(again[0]))
			}
		}
	})
}
