package bundle

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(ManifestSchema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("manifest.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("manifest.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestManifestFollowsItsSchema(t *testing.T) {
	s := compiled(t)
	check := func(b []byte) error {
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		return s.Validate(doc)
	}
	filled := someManifest()
	filled.Schema = SchemaVersion
	for name, m := range map[string]*Manifest{
		"filled": filled,
		"bare":   {Schema: 1, MinReader: 1, Redaction: "all", Entries: []Entry{{Evidence: "nodes", Status: StatusSkipped}}},
	} {
		b, err := m.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if err := check(b); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, at := range []string{`"schema":`, `"name":`, `"context":`, `"evidence":`} {
			if err := check(bytes.Replace(b, []byte(at), []byte(`"more": 1, `+at), 1)); err == nil {
				t.Errorf("%s: an unknown property beside %s must be refused", name, at)
			}
		}
	}
	b, _ := filled.Marshal()
	if err := check(bytes.Replace(b, []byte(`"denied"`), []byte(`"unheard"`), 1)); err == nil {
		t.Error("an unknown status must be refused")
	}
}

// node is as much of a JSON Schema as ours uses.
type node struct {
	Properties map[string]node
	Required   []string
	Items      *node
	Enum       []string
}

// TestSchemaNamesWhatTheTypesName compares both directions, at every depth.
func TestSchemaNamesWhatTheTypesName(t *testing.T) {
	var root node
	if err := json.Unmarshal(ManifestSchema, &root); err != nil {
		t.Fatal(err)
	}
	compare(t, "manifest", reflect.TypeFor[Manifest](), root)
	var want []string
	for _, s := range Statuses {
		want = append(want, string(s))
	}
	if diff := cmp.Diff(want, root.Properties["entries"].Items.Properties["status"].Enum); diff != "" {
		t.Errorf("statuses of the types (-) and of the schema (+): %s", diff)
	}
}

func compare(t *testing.T, at string, typ reflect.Type, n node) {
	t.Helper()
	var fields, optional, properties []string
	for i := range typ.NumField() {
		name, how, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
		fields = append(fields, name)
		if how == "omitempty" {
			optional = append(optional, name)
		}
		inner, child := typ.Field(i).Type, n.Properties[name]
		if inner.Kind() == reflect.Slice {
			inner = inner.Elem()
			if child.Items != nil {
				child = *child.Items
			}
		}
		if inner.Kind() == reflect.Struct && inner.PkgPath() == typ.PkgPath() {
			compare(t, at+"."+name, inner, child)
		}
	}
	for name := range n.Properties {
		properties = append(properties, name)
	}
	slices.Sort(fields)
	slices.Sort(properties)
	required := slices.Sorted(slices.Values(n.Required))
	if diff := cmp.Diff(fields, properties); diff != "" {
		t.Errorf("%s: fields of the type (-) and properties of the schema (+): %s", at, diff)
	}
	fields = slices.DeleteFunc(fields, func(name string) bool { return slices.Contains(optional, name) })
	if diff := cmp.Diff(fields, required); diff != "" {
		t.Errorf("%s: fields of the type (-) and required properties (+): %s", at, diff)
	}
}
