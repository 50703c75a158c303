package redact

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Object redacts Kubernetes objects as kubectl prints them in YAML: values of env
// and envFrom, args and command but for the published Flags, commands of probes and
// hooks, HTTP headers, last-applied-configuration, managedFields, and the data of
// Secrets and ConfigMaps. It edits lines, so that everything else keeps its bytes.
//
// It works item by item. An item that cannot be read with certainty (it does not
// parse, has anchors, or is not in the layout of kubectl) is left out, a comment
// stands in its place, and an error names its line; the other items are kept. Where
// that happens outside of the items of a list, nothing is kept.
func Object(b []byte) ([]byte, Counts, error) { return object(b, new(Learned)) }

func object(b []byte, l *Learned) ([]byte, Counts, error) {
	counts := Counts{}
	var out []byte
	var errs []error
	for _, p := range pieces(b) {
		edited, err := redactPiece(p.text, counts, l)
		if err != nil {
			errs = append(errs, fmt.Errorf("the object at line %d is left out: %w", p.line, err))
			edited = []byte(leftOut)
			if !bytes.HasPrefix(p.text, []byte("- ")) {
				return edited, counts, errors.Join(errs...) // without its frame a list cannot be read
			}
		}
		out = append(out, edited...)
	}
	s := scrubber{counts: counts, learned: l}
	return s.text(out), counts, errors.Join(errs...)
}

const leftOut = "# an object was left out here: it could not be redacted with certainty\n"

// foreignBreaks are what YAML takes for the end of a line and kubectl never prints:
// the lines could not be counted.
const foreignBreaks = "\u0085\u2028\u2029"

// redactPiece edits one piece, and reads what it edited again: nothing may be left.
func redactPiece(text []byte, counts Counts, l *Learned) ([]byte, error) {
	trimmed := string(bytes.TrimSpace(text))
	if trimmed == "" || trimmed == "---" || strings.HasPrefix(trimmed, "#") && !strings.Contains(trimmed, "\n") {
		return text, nil
	}
	if strings.ContainsAny(trimmed, foreignBreaks) || strings.Contains(strings.ReplaceAll(trimmed, "\r\n", ""), "\r") {
		return nil, errLayout
	}
	done := Counts{}
	out, err := editObject(text, done, l)
	if err != nil || len(done) == 0 {
		return out, err
	}
	left := Counts{}
	if _, err := editObject(out, left, nil); err != nil || len(left) > 0 {
		return nil, errLayout
	}
	counts.Add(done)
	return out, nil
}

func editObject(text []byte, counts Counts, l *Learned) ([]byte, error) {
	var doc yaml.Node
	if yaml.Unmarshal(text, &doc) != nil {
		return nil, errors.New("it does not parse as YAML")
	}
	if len(doc.Content) != 1 {
		return text, nil
	}
	root := doc.Content[0]
	if root.Kind == yaml.ScalarNode || slices.ContainsFunc(root.Content, func(n *yaml.Node) bool {
		return root.Kind == yaml.SequenceNode && n.Kind == yaml.ScalarNode
	}) {
		return nil, errors.New("it is no object")
	}
	e := yamlEdit{lines: slices.Collect(bytes.Lines(text)), counts: counts, learned: l}
	if err := e.node(root, len(e.lines)+1, place{}); err != nil {
		return nil, err
	}
	return bytes.Join(e.lines, nil), nil
}

// scalarAt is the text at a path of keys, empty where there is none.
func scalarAt(n *yaml.Node, path ...string) string {
	for _, key := range path {
		var found *yaml.Node
		for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == key {
				found = n.Content[i+1]
			}
		}
		if found == nil {
			return ""
		}
		n = found
	}
	return n.Value
}

// yamlEdit edits the lines of one piece by the positions of its nodes. An edited
// line keeps its number; lines that go become empty.
type yamlEdit struct {
	lines   [][]byte
	counts  Counts
	learned *Learned
}

// place is where a node lies.
type place struct {
	kind      string // of the object around it
	flags     bool   // the published flags stay there
	container bool   // inside of a container
	parent    string // key that holds it; empty: it is the object itself
}

var errLayout = errors.New("it is not in the layout that kubectl prints")

// node edits a node whose lines end before end.
func (e *yamlEdit) node(n *yaml.Node, end int, at place) error {
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		return errors.New("it has anchors or aliases")
	}
	switch n.Kind {
	case yaml.SequenceNode:
		for i, item := range n.Content {
			stop := end
			if i+1 < len(n.Content) {
				stop = n.Content[i+1].Line
			}
			if err := e.node(item, stop, at); err != nil {
				return err
			}
		}
	case yaml.MappingNode:
		if kind := scalarAt(n, "kind"); kind != "" && scalarAt(n, "apiVersion") != "" {
			at = place{kind: kind, flags: slices.Contains(systemNamespaces, scalarAt(n, "metadata", "namespace")), container: at.container}
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			stop := end
			if i+2 < len(n.Content) {
				stop = n.Content[i+2].Line
			}
			if err := e.pair(n, n.Content[i], n.Content[i+1], stop, at); err != nil {
				return err
			}
		}
	}
	return nil
}

// pair edits one key and its value.
func (e *yamlEdit) pair(in, key, value *yaml.Node, end int, at place) error {
	with, shape := e.replacement(key.Value, at)
	switch {
	case with != "" && value.Value == with, with != "" && value.Kind != yaml.ScalarNode && len(value.Content) == 0, value.Tag == "!!null":
		return nil // nothing is there, or not any more
	case with != "":
		if in.Style&yaml.FlowStyle != 0 {
			return errLayout
		}
		e.counts[shape]++
		e.learn(shape, value)
		return e.replace(key, with, end)
	case at.container && slices.Contains(argumentKeys, key.Value):
		if in.Style&yaml.FlowStyle != 0 {
			return errLayout
		}
		return e.arguments(key, value, end, at.flags)
	}
	at.container, at.parent = at.container || containerLists[key.Value], key.Value
	return e.node(value, end, at)
}

var containerLists = map[string]bool{"containers": true, "initContainers": true, "ephemeralContainers": true}

const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// argumentKeys are the keys of a container whose lists keep the published flags only.
var argumentKeys = []string{"args", "command"}

// objectRule is a value that is replaced as a whole.
type objectRule struct {
	key   string
	where func(place) bool
	with  string
	shape Shape
}

var objectRules = []objectRule{
	{lastApplied, anywhere, Mark, LastApplied},
	{"managedFields", func(at place) bool { return at.parent == "metadata" }, "[]", LastApplied},
	{"env", inContainer, "[]", Environment},
	{"envFrom", inContainer, "[]", Environment},
	{"httpHeaders", inContainer, "[]", HTTPHeaders},
	{"data", ofContent, "{}", Content},
	{"stringData", ofContent, "{}", Content},
	{"binaryData", ofContent, "{}", Content},
}

func anywhere(place) bool       { return true }
func inContainer(at place) bool { return at.container }
func ofContent(at place) bool {
	return at.parent == "" && (at.kind == "Secret" || at.kind == "ConfigMap")
}

// replacement is what a value is replaced by as a whole, empty if it is not.
func (e *yamlEdit) replacement(key string, at place) (string, Shape) {
	for _, r := range objectRules {
		if r.key == key && r.where(at) {
			return r.with, r.shape
		}
	}
	return "", ""
}

// replace writes a key's value anew and empties the lines below it.
func (e *yamlEdit) replace(key *yaml.Node, with string, end int) error {
	head, err := e.before(key)
	if err != nil {
		return err
	}
	name := key.Value
	if key.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 {
		name = "'" + name + "'"
	}
	e.lines[key.Line-1] = []byte(head + name + ": " + with + "\n")
	e.empty(key.Line+1, end)
	return nil
}

// before is the beginning of the line in which a block node starts: indentation and
// dashes only.
func (e *yamlEdit) before(n *yaml.Node) (string, error) {
	if n.Line < 1 || n.Line > len(e.lines) || n.Column-1 > len(e.lines[n.Line-1]) {
		return "", errLayout
	}
	head := string(e.lines[n.Line-1][:n.Column-1])
	if strings.Trim(head, " -") != "" {
		return "", errLayout
	}
	return head, nil
}

func (e *yamlEdit) empty(from, to int) {
	for i := from; i < to && i <= len(e.lines); i++ {
		e.lines[i-1] = nil
	}
}

// arguments keeps of a command line what Flags names.
func (e *yamlEdit) arguments(key, value *yaml.Node, end int, flags bool) error {
	if value.Kind != yaml.SequenceNode || value.Style&yaml.FlowStyle != 0 {
		if value.Kind == yaml.SequenceNode && len(value.Content) == 0 {
			return nil
		}
		e.counts[Argument]++
		e.learn(Argument, value)
		return e.replace(key, "[]", end)
	}
	args := make([]string, len(value.Content))
	for i, item := range value.Content {
		if item.Kind != yaml.ScalarNode {
			return errLayout
		}
		args[i] = item.Value
	}
	kept := keptArguments(args, flags)
	e.learn(Argument, value)
	for i, item := range value.Content {
		if kept[i] == args[i] {
			continue
		}
		head, err := e.before(item)
		if err != nil {
			return err
		}
		stop := end
		if i+1 < len(value.Content) {
			stop = value.Content[i+1].Line
		}
		e.counts[Argument]++
		if strings.HasPrefix(kept[i], "*") {
			kept[i] = "'" + kept[i] + "'" // else YAML takes it for an alias
		}
		e.lines[item.Line-1] = []byte(head + kept[i] + "\n")
		e.empty(item.Line+1, stop)
	}
	return nil
}

// learn remembers the secrets in what is removed: what has a known form or stands
// behind the name of a secret, and the value of a variable with such a name.
func (e *yamlEdit) learn(shape Shape, n *yaml.Node) {
	if e.learned == nil {
		return
	}
	if name := scalarAt(n, "name"); configSecret.MatchString(name) || strings.Contains(strings.ToLower(name), "pass") {
		e.learned.add(shape, scalarAt(n, "value"))
	}
	if n.Kind == yaml.ScalarNode {
		s := scrubber{counts: Counts{}, learned: e.learned}
		s.text([]byte(n.Value))
	}
	for i, inner := range n.Content {
		e.learn(shape, inner)
		if i > 0 && n.Kind == yaml.SequenceNode { // a flag and its value may be two words
			s := scrubber{counts: Counts{}, learned: e.learned}
			s.text([]byte(n.Content[i-1].Value + " " + inner.Value))
		}
	}
}
