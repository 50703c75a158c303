package signature

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"go.yaml.in/yaml/v3"
)

// Schema is the JSON Schema (2020-12) of a file of signatures.
//
//go:embed signatures.schema.json
var Schema []byte

var compiled = sync.OnceValues(func() (*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("signatures.schema.json", doc); err != nil {
		return nil, err
	}
	return c.Compile("signatures.schema.json")
})

// decode reads one YAML document and checks it by the schema. root is the document, for
// the lines of later errors.
func decode(content []byte) (root *yaml.Node, list *file, err error) {
	root = &yaml.Node{}
	d := yaml.NewDecoder(bytes.NewReader(content))
	if err := d.Decode(root); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, nil, errors.New("it is empty: begin with the key signatures, and a list below it")
		}
		return nil, nil, plain(err)
	}
	if err := d.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		return nil, nil, errors.New("it has more than one YAML document: take the line --- out, or make two files")
	}
	if n := alias(root); n != nil {
		return nil, nil, fmt.Errorf("line %d: %s stands for what is written elsewhere: write it out", n.Line, quoted("*"+n.Value))
	}
	if key := strangeKey(root); key != nil {
		return nil, nil, fmt.Errorf("line %d: the key %s is no text: see the README for the keys that there are", key.Line, quoted(key.Value))
	}
	var values any
	if err := root.Decode(&values); err != nil {
		return nil, nil, plain(err)
	}
	raw, err := json.Marshal(values)
	if err != nil {
		return nil, nil, fmt.Errorf("it holds what JSON cannot: %w", err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, nil, err
	}
	schema, err := compiled()
	if err != nil {
		return nil, nil, fmt.Errorf("reading the schema: %w", err)
	}
	var bad *jsonschema.ValidationError
	if _, ok := values.(map[string]any); !ok {
		return nil, nil, errors.New("line 1: it does not begin with the key signatures: write signatures: and a list below it")
	}
	if err := schema.Validate(doc); errors.As(err, &bad) {
		return nil, nil, first(root, bad)
	}
	list = &file{}
	return root, list, json.Unmarshal(raw, list)
}

// alias is the first place that repeats another one, nil where there is none: some bytes of
// them stand for gigabytes.
func alias(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n
	}
	for _, child := range n.Content {
		if found := alias(child); found != nil {
			return found
		}
	}
	return nil
}

// strangeKey is the first key that is no text, nil where there is none.
func strangeKey(n *yaml.Node) *yaml.Node {
	for i, child := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 && (child.Kind != yaml.ScalarNode || child.Tag != "!!str") {
			return child
		}
		if found := strangeKey(child); found != nil {
			return found
		}
	}
	return nil
}

// plain takes the library's own words off an error of YAML.
func plain(err error) error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	text = strings.TrimPrefix(text, "unmarshal errors:\n  ")
	text, _, _ = strings.Cut(text, "\n")
	for sign, hint := range map[string]string{
		"tab character":              "indent with blanks",
		"cannot start any token":     "indent with blanks, and put a text that begins with a sign such as @ into quotes",
		"mapping values are not all": "put a text with a colon and a blank into quotes",
	} {
		if strings.Contains(text, sign) {
			text += ": " + hint
		}
	}
	return fmt.Errorf("it is no well-formed YAML: %s", text)
}

// first is what the schema objects to first, by line; a key that is missing comes last, for
// it may be one that is misspelt.
func first(root *yaml.Node, bad *jsonschema.ValidationError) error {
	type fault struct {
		missing, line int
		say           string
	}
	var all []fault
	var visit func(*jsonschema.ValidationError)
	visit = func(e *jsonschema.ValidationError) {
		if len(e.Causes) == 0 {
			path, missing := e.InstanceLocation, 0
			switch k := e.ErrorKind.(type) {
			case *kind.AdditionalProperties:
				path = append(slices.Clone(path), slices.Min(k.Properties))
			case *kind.Required:
				missing = 1
			}
			all = append(all, fault{missing, lineOf(root, path), where(root, e.InstanceLocation) + objection(e.ErrorKind)})
		}
		for _, c := range e.Causes {
			visit(c)
		}
	}
	visit(bad)
	slices.SortFunc(all, func(a, b fault) int {
		return cmp.Or(a.missing-b.missing, a.line-b.line, strings.Compare(a.say, b.say))
	})
	return fmt.Errorf("line %d: %s", all[0].line, all[0].say)
}

// where names the entry and the key of a path: "signature 1 (ACME-FW01): fix, item 2: ".
func where(root *yaml.Node, path []string) string {
	if len(path) < 2 {
		return ""
	}
	i, _ := strconv.Atoi(path[1])
	id := ""
	if n := at(root, []string{path[0], path[1], "id"}); n != nil && n.Kind == yaml.ScalarNode && len(n.Value) <= 40 {
		id = n.Value
	}
	out := title(i, strings.ToValidUTF8(id, "?")) + ": "
	if len(path) == 2 {
		return out
	}
	var parts []string
	for _, p := range path[2:] {
		if n, err := strconv.Atoi(p); err == nil {
			p = fmt.Sprintf("item %d", n+1)
		}
		parts = append(parts, p)
	}
	return out + strings.Join(parts, ", ") + ": "
}

// inYAML are the types of JSON as who writes YAML calls them.
var inYAML = map[string]string{
	"array": "a list, with a hyphen before each item", "object": "keys with values, as in id: ACME-FW01", "string": "text",
	"boolean": "true or false", "number": "a number", "integer": "a number", "null": "empty",
}

// objection says what is wrong, and what to write instead.
func objection(k jsonschema.ErrorKind) string {
	switch k := k.(type) {
	case *kind.AdditionalProperties:
		return fmt.Sprintf("there is no key %q: see the README for the keys that there are", slices.Min(k.Properties))
	case *kind.Required:
		if len(k.Missing) > 1 {
			return "it lacks the keys " + strings.Join(k.Missing, ", ")
		}
		return "it lacks the key " + strings.Join(k.Missing, "")
	case *kind.Enum:
		var list []string
		for _, w := range k.Want {
			list = append(list, fmt.Sprint(w))
		}
		return "it is " + quoted(k.Got) + ", not one of " + strings.Join(list, ", ")
	case *kind.Type:
		got, _, _ := strings.Cut(inYAML[k.Got], ",")
		return "it is " + got + "; write " + inYAML[k.Want[0]]
	case *kind.Pattern:
		if strings.HasPrefix(k.Want, "^[A-Z]+-") {
			return fmt.Sprintf("%s is no id: write capitals, a hyphen, a topic and a number, as in ACME-FW01", quoted(k.Got))
		}
		return fmt.Sprintf("%s is no ARM code, which is one word: give other words as a pattern", quoted(k.Got))
	case *kind.MinLength:
		return fmt.Sprintf("it is shorter than %d characters", k.Want)
	case *kind.MaxLength:
		return fmt.Sprintf("it is longer than %d characters: shorten it", k.Want)
	case *kind.MinItems:
		return "the list is empty"
	case *kind.MaxItems:
		return fmt.Sprintf("the list has more than %d items: split it", k.Want)
	case *kind.MinProperties:
		return "it says nothing: give codes or a pattern"
	case *kind.UniqueItems:
		return "an item stands there twice"
	}
	return "it is not as the schema asks: " + strings.Join(k.KeywordPath(), " ")
}

func quoted(v any) string {
	s := fmt.Sprint(v)
	const most = 200
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return strconv.Quote(s)
}

// at finds the node of a path in a document, nil where there is none.
func at(n *yaml.Node, path []string) *yaml.Node {
	for n != nil && n.Kind == yaml.DocumentNode && len(n.Content) > 0 {
		n = n.Content[0]
	}
	for _, p := range path {
		if n == nil {
			return nil
		}
		var next *yaml.Node
		switch n.Kind {
		case yaml.MappingNode:
			for i := 0; i+1 < len(n.Content); i += 2 {
				if n.Content[i].Value == p {
					next = n.Content[i+1]
				}
			}
		case yaml.SequenceNode:
			if i, err := strconv.Atoi(p); err == nil && i >= 0 && i < len(n.Content) {
				next = n.Content[i]
			}
		}
		n = next
	}
	return n
}

// lineOf is the line of a path, or of the nearest place above it that is there.
func lineOf(root *yaml.Node, path []string) int {
	for n := len(path); n >= 0; n-- {
		if found := at(root, path[:n]); found != nil {
			return found.Line
		}
	}
	return 1
}
