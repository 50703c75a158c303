package snapshot

import (
	"bytes"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"azlb/report"
)

// Cite proves something with the value at pointer (relative to the piece for
// YAML, to the file for az JSON): its line and a quotation of it. A pointer that
// leads nowhere cites the nearest parent; the Pointer of the cite says which.
//
// Of an object in a list, or of the piece as a whole, the line of its name is
// quoted. Keys of az JSON are compared without case, and where a key is not found
// directly it is looked for under "properties".
func (d *Doc) Cite(pointer string) report.Cite {
	cite := report.Cite{File: d.File, Line: d.Line}
	if d.Raw == nil {
		cite.Quote = proof(d.Text)
		for at := pointer; at != ""; at = at[:max(strings.LastIndexByte(at, '/'), 0)] {
			if v, ok := d.places[at]; ok {
				cite.Line, cite.Quote = v.line, proof(v.raw)
				break
			}
		}
		return cite
	}
	path := append(keysOf(d.base), keysOf(pointer)...)
	found, ok := placeJSON(d.Raw, path)
	if !ok {
		found, ok = placeYAML(d.Raw, path)
	}
	if !ok {
		cite.Pointer = d.Prefix + d.base
		cite.Quote = proof(lineAt(d.Raw, 1))
		return cite
	}
	cite.Line = d.Line + found.line - 1
	cite.Quote = proof(found.quote)
	cite.Pointer = d.Prefix
	for _, key := range found.path {
		cite.Pointer += "/" + escapeKey(key)
	}
	return cite
}

// place is where a value stands in a piece.
type place struct {
	path  []string // as far as the pointer led, keys as the piece spells them
	line  int      // from 1
	quote string
}

// nameKeys are looked at in this order for the line that names an object.
var nameKeys = [][]string{{"metadata", "name"}, {"name"}, {"id"}}

func keysOf(pointer string) []string {
	if pointer == "" {
		return nil
	}
	keys := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	for i, k := range keys {
		keys[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(k)
	}
	return keys
}

func escapeKey(key string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(key) }

// lineAt returns line n, from 1.
func lineAt(text []byte, n int) string {
	for line := range bytes.Lines(text) {
		if n--; n == 0 {
			return strings.TrimSpace(string(line))
		}
	}
	return ""
}

// placeYAML finds a value by parsing the piece with positions.
func placeYAML(raw []byte, path []string) (place, bool) {
	var doc yaml.Node
	if yaml.Unmarshal(raw, &doc) != nil || len(doc.Content) == 0 {
		return place{}, false
	}
	node, key := doc.Content[0], (*yaml.Node)(nil)
	var p place
	for _, k := range path {
		nextKey, next := child(node, k)
		if next == nil {
			break
		}
		key, node, p.path = nextKey, next, append(p.path, k)
	}
	p.line = node.Line
	if key != nil {
		p.line = key.Line
	} else if node.Kind == yaml.MappingNode {
		p.line = nameLine(node)
	}
	p.quote = lineAt(raw, p.line)
	if key != nil && node.Kind == yaml.ScalarNode && !endsInLine(node, p.quote) {
		p.quote = key.Value + ": " + node.Value
	}
	return p, true
}

// endsInLine reports whether a scalar ends in the line where its key stands.
func endsInLine(node *yaml.Node, line string) bool {
	switch node.Style {
	case yaml.LiteralStyle, yaml.FoldedStyle:
		return false
	case yaml.SingleQuotedStyle:
		return strings.HasSuffix(line, "'")
	case yaml.DoubleQuotedStyle:
		return strings.HasSuffix(line, `"`)
	}
	return strings.HasSuffix(line, node.Value)
}

// child is the value under a key of a mapping, with the key, or an item of a list.
func child(node *yaml.Node, key string) (k, v *yaml.Node) {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	switch node.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == key {
				return node.Content[i], node.Content[i+1]
			}
		}
	case yaml.SequenceNode:
		if n, err := strconv.Atoi(key); err == nil && n >= 0 && n < len(node.Content) {
			return nil, node.Content[n]
		}
	}
	return nil, nil
}

// nameLine is the line of what names a mapping, else its first.
func nameLine(node *yaml.Node) int {
	for _, path := range nameKeys {
		at, line := node, 0
		for _, k := range path {
			key, v := child(at, k)
			if v == nil {
				line = 0
				break
			}
			at, line = v, key.Line
		}
		if line > 0 && at.Kind == yaml.ScalarNode {
			return line
		}
	}
	return node.Line
}
