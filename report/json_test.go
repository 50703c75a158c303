package report

import (
	"bytes"
	"encoding/json"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

func TestJSONRoundTrip(t *testing.T) {
	for name, r := range map[string]*Report{"rich": rich(), "bare": bare(), "empty": {}} {
		text := written(t, func(w io.Writer) error { return JSON(w, r) })
		var back Report
		d := json.NewDecoder(strings.NewReader(text))
		d.DisallowUnknownFields()
		if err := d.Decode(&back); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want := copied(r, func(s string) string { return strings.ToValidUTF8(s, "\uFFFD") })
		if diff := cmp.Diff(want, &back); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if strings.Contains(text, ": null") {
			t.Errorf("%s: a list is null", name)
		}
	}
}

func compiled(t *testing.T, schema []byte) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("a.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("a.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSchemaAcceptsWhatIsWritten(t *testing.T) {
	reports, traces := compiled(t, Schema), compiled(t, SchemaOfTrace)
	for name, x := range map[string]struct {
		schema *jsonschema.Schema
		write  func(io.Writer) error
	}{
		"rich":  {reports, func(w io.Writer) error { return JSON(w, rich()) }},
		"bare":  {reports, func(w io.Writer) error { return JSON(w, bare()) }},
		"trace": {traces, func(w io.Writer) error { return TraceJSON(w, sampleTrace()) }},
	} {
		s := x.schema
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(written(t, x.write)))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(doc); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		unknownProperties(t, s, doc, doc, "")
	}
}

// unknownProperties puts a property that the schema does not know into every
// object of a document, one at a time.
func unknownProperties(t *testing.T, s *jsonschema.Schema, doc, at any, path string) {
	t.Helper()
	switch v := at.(type) {
	case map[string]any:
		v["unknown"] = "x"
		if s.Validate(doc) == nil {
			t.Errorf("an unknown property at %s/unknown is accepted", path)
		}
		delete(v, "unknown")
		for k, child := range v {
			unknownProperties(t, s, doc, child, path+"/"+k)
		}
	case []any:
		if len(v) > 0 {
			unknownProperties(t, s, doc, v[0], path+"/0")
		}
	}
}

// Every field of the types is in the schema, and the schema has no other.
func TestSchemaMatchesTheTypes(t *testing.T) {
	matches(t, Schema, reflect.TypeFor[Report]())
	matches(t, SchemaOfTrace, reflect.TypeFor[Trace]())
}

func matches(t *testing.T, schema []byte, root reflect.Type) {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal(schema, &doc); err != nil {
		t.Fatal(err)
	}
	defs := doc["$defs"].(map[string]any)
	seen := map[string]bool{}
	var visit func(typ reflect.Type, schema map[string]any)
	visit = func(typ reflect.Type, schema map[string]any) {
		var fields []string
		props := schema["properties"].(map[string]any)
		for _, f := range reflect.VisibleFields(typ) {
			if f.Anonymous {
				continue // its fields are the type's own
			}
			name := f.Tag.Get("json")
			fields = append(fields, name)
			inner := f.Type
			prop, ok := props[name].(map[string]any)
			if !ok {
				t.Errorf("%s.%s is not in the schema", typ.Name(), f.Name)
				continue
			}
			if inner.Kind() == reflect.Slice {
				inner = inner.Elem()
				prop, _ = prop["items"].(map[string]any)
			}
			if inner.Kind() != reflect.Struct || inner == reflect.TypeFor[time.Time]() {
				continue
			}
			def := strings.TrimPrefix(prop["$ref"].(string), "#/$defs/")
			if !strings.EqualFold(def, inner.Name()) {
				t.Errorf("%s.%s refers to %s", typ.Name(), f.Name, def)
			}
			if !seen[def] {
				seen[def] = true
				visit(inner, defs[def].(map[string]any))
			}
		}
		if len(props) != len(fields) {
			t.Errorf("the schema of %s has %d properties, the type %d fields", typ.Name(), len(props), len(fields))
		}
		var required []string
		for _, r := range schema["required"].([]any) {
			required = append(required, r.(string))
		}
		slices.Sort(required)
		slices.Sort(fields)
		if !slices.Equal(required, fields) {
			t.Errorf("%s: required %v, fields %v", typ.Name(), required, fields)
		}
	}
	visit(root, doc)
	if len(seen) != len(defs) {
		t.Errorf("%d definitions are used, %d are in the schema", len(seen), len(defs))
	}
}
