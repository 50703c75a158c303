package snapshot

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"
)

// piece is one object of a file: a document, or an item of a List.
type piece struct {
	doc  *Doc
	body []byte // what is decoded; the same bytes as doc.Raw but for items of a document decoded as a whole
	json bool
	list bool   // an item of a List
	kind string // of the List without "List"; items of raw API lists have none of their own
}

// pieces is a file cut into its objects.
type pieces struct {
	all    []piece
	empty  []string // kinds of Lists without items, "" where the List does not say
	faults []fault
}

// fault is a part of a file that does not parse.
type fault struct {
	line   int
	reason string
}

var yamlLine = regexp.MustCompile(`^yaml: line (\d+): (.*)$`)

// yamlFault turns the line in a parser's message, which counts from the piece's
// first, into one of the file.
func yamlFault(first int, err error) fault {
	reason := strings.TrimPrefix(err.Error(), "error converting YAML to JSON: ")
	reason = strings.TrimPrefix(reason, "error unmarshaling JSON: ")
	if m := yamlLine.FindStringSubmatch(reason); m != nil {
		n, _ := strconv.Atoi(m[1])
		reason = fmt.Sprintf("%s (near line %d)", m[2], first+n-1)
	}
	return fault{first, strings.TrimPrefix(reason, "yaml: ")}
}

// cutYAML cuts a file at "---", and a List below a column-0 "items:" at the lines
// that begin with "- " in column 0, as kubectl writes it. Any other layout is
// decoded as a whole. The dashes of items are overwritten in text, so that an item
// stands alone; positions stay.
func cutYAML(file string, text []byte) pieces {
	var out pieces
	line, start, first := 1, 0, 1
	flush := func(end int) {
		if body := text[start:end]; len(bytes.TrimSpace(body)) > 0 {
			cutDocument(&out, file, body, first)
		}
	}
	for i := 0; i < len(text); line++ {
		end := i + lineEnd(text[i:])
		if l := text[i:end]; bytes.HasPrefix(l, []byte("---")) && (len(bytes.TrimSpace(l)) == 3 || l[3] == ' ' || l[3] == '\t') {
			flush(i)
			copy(l, "   ") // what stands behind the mark belongs to the new document
			start, first = i, line
			if len(bytes.TrimSpace(l)) == 0 {
				start, first = end, line+1
			}
		}
		i = end
	}
	flush(len(text))
	return out
}

// cutDocument cuts one YAML document.
func cutDocument(out *pieces, file string, text []byte, first int) {
	itemsAt, line := -1, first
	var marks []mark
	end, kind := len(text), ""
	for i := 0; i < len(text); line++ {
		next := i + lineEnd(text[i:])
		l := bytes.TrimRight(text[i:next], " \t\r\n")
		switch {
		case len(l) == 0 || l[0] == ' ' || l[0] == '#' || l[0] == '\t':
		case bytes.Equal(l, []byte("items:")) && itemsAt < 0:
			itemsAt = i
		case itemsAt >= 0 && end == len(text) && (bytes.HasPrefix(l, []byte("- ")) || len(l) == 1 && l[0] == '-'):
			marks = append(marks, mark{i, line})
		default:
			if len(marks) > 0 && end == len(text) {
				end = i
			}
			if rest, ok := bytes.CutPrefix(l, []byte("kind:")); ok {
				kind = string(bytes.Trim(bytes.TrimSpace(rest), `"'`))
			}
		}
		i = next
	}
	if len(marks) == 0 {
		cutWhole(out, file, text, first)
		return
	}
	if kind == "" && end == len(text) { // kubectl writes it behind the items: the last of them may have lost a part
		out.faults = append(out.faults, fault{line - 1, "the List ends early: what follows its items is missing"})
		end, marks = marks[len(marks)-1].at, marks[:len(marks)-1]
	}
	kind = listOf(kind)
	for n, m := range marks {
		to := end
		if n+1 < len(marks) {
			to = marks[n+1].at
		}
		text[m.at] = ' '
		body := text[m.at:to]
		out.all = append(out.all, piece{body: body, list: true, kind: kind,
			doc: &Doc{File: file, Line: m.line, Prefix: "/items/" + strconv.Itoa(n), Raw: body}})
	}
}

// mark is where an item begins.
type mark struct{ at, line int }

// cutWhole takes a document that has no List of kubectl's layout.
func cutWhole(out *pieces, file string, text []byte, first int) {
	doc := &Doc{File: file, Line: first, Raw: text}
	if !hasItems(text) {
		if header := headerOf(text); header.kind != "" || len(bytes.TrimSpace(dropComments(text))) > 0 {
			out.all = append(out.all, piece{doc: doc, body: text})
		}
		return
	}
	asJSON, err := yaml.YAMLToJSON(text)
	if err != nil {
		out.faults = append(out.faults, yamlFault(first, err))
		return
	}
	var list struct {
		Kind  string
		Items []json.RawMessage
	}
	if err := json.Unmarshal(asJSON, &list); err != nil {
		out.faults = append(out.faults, fault{first, err.Error()})
		return
	}
	if len(list.Items) == 0 {
		out.empty = append(out.empty, listOf(list.Kind))
	}
	for n, item := range list.Items {
		at := *doc
		at.base = "/items/" + strconv.Itoa(n)
		out.all = append(out.all, piece{doc: &at, body: item, json: true, list: true, kind: listOf(list.Kind)})
	}
}

// hasItems reports whether a document has a key "items" at its top.
func hasItems(text []byte) bool {
	for line := range bytes.Lines(text) {
		if bytes.HasPrefix(line, []byte("items:")) || bytes.HasPrefix(line, []byte(`"items":`)) {
			return true
		}
	}
	return false
}

func dropComments(text []byte) []byte {
	var out []byte
	for line := range bytes.Lines(text) {
		if l := bytes.TrimSpace(line); len(l) > 0 && l[0] != '#' && !bytes.Equal(l, []byte("...")) {
			out = append(out, line...)
		}
	}
	return out
}

// cutJSON cuts one JSON document: a List into its items with their offsets, any
// other object into itself. Of a List that ends early the items before its end
// are kept. first is the document's first line.
func cutJSON(file string, text []byte, first int) pieces {
	var out pieces
	d := json.NewDecoder(bytes.NewReader(text))
	switch t, err := d.Token(); {
	case err == nil && t == json.Delim('['):
		if err := out.items(d, file, "", text, first); err != nil {
			out.faults = append(out.faults, fault{first, jsonFault(err).Error()})
		}
		return out
	case err != nil || t != json.Delim('{'):
		out.faults = append(out.faults, fault{first, "a list or an object is expected"})
		return out
	}
	kind, isList, damaged := "", false, error(nil)
	for d.More() && damaged == nil {
		key, err := d.Token()
		if err != nil {
			damaged = err
			break
		}
		switch key {
		case "items":
			var t json.Token
			if t, damaged = d.Token(); t == json.Delim('[') {
				isList = true
				damaged = out.items(d, file, "/items", text, first)
			}
		case "kind":
			damaged = d.Decode(&kind)
		default:
			var skipped json.RawMessage
			damaged = d.Decode(&skipped)
		}
	}
	if damaged == nil {
		_, damaged = d.Token()
	}
	if damaged != nil {
		at := first + bytes.Count(text[:min(int(d.InputOffset()), len(text))], []byte("\n"))
		out.faults = append(out.faults, fault{at, jsonFault(damaged).Error()})
	}
	for i := range out.all {
		out.all[i].kind = listOf(kind)
	}
	switch {
	case isList && len(out.all) == 0 && damaged == nil:
		out.empty = append(out.empty, listOf(kind))
	case !isList && damaged == nil:
		out.all = append(out.all, piece{body: text, json: true, doc: &Doc{File: file, Line: first, Raw: text}})
	}
	return out
}

// items reads the list that the decoder has just entered.
func (p *pieces) items(d *json.Decoder, file, prefix string, text []byte, first int) error {
	line, counted := first, 0
	for n := 0; d.More(); n++ {
		var item json.RawMessage
		if err := d.Decode(&item); err != nil {
			return err
		}
		end := int(d.InputOffset())
		start := end - len(item)
		line += bytes.Count(text[counted:start], []byte("\n"))
		counted = start
		p.all = append(p.all, piece{body: text[start:end], json: true, list: true,
			doc: &Doc{File: file, Line: line, Prefix: prefix + "/" + strconv.Itoa(n), Raw: text[start:end]}})
	}
	_, err := d.Token()
	return err
}

func jsonFault(err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("it is no valid JSON: %w", err)
	}
	return fmt.Errorf("the document ends early (%w)", err)
}

// listOf is the kind of the items of a List; the general "List" says nothing.
func listOf(kind string) string {
	if n := len(kind) - len("List"); n >= 0 && kind[n:] == "List" {
		return kind[:n]
	}
	return ""
}

// header is what an object says about itself.
type header struct{ kind, apiVersion string }

// headerOf reads the header of a YAML object in block style without decoding it.
func headerOf(body []byte) header {
	var h header
	indent := -1
	for line := range bytes.Lines(body) {
		l := bytes.TrimLeft(line, " ")
		if len(bytes.TrimSpace(l)) == 0 || l[0] == '#' {
			continue
		}
		if indent < 0 {
			indent = len(line) - len(l)
		}
		if len(line)-len(l) != indent {
			continue
		}
		if v, ok := bytes.CutPrefix(l, []byte("kind:")); ok {
			h.kind = plain(v)
		} else if v, ok := bytes.CutPrefix(l, []byte("apiVersion:")); ok {
			h.apiVersion = plain(v)
		}
	}
	return h
}

func plain(v []byte) string {
	v = bytes.TrimSpace(v)
	if i := bytes.Index(v, []byte(" #")); i >= 0 {
		v = bytes.TrimSpace(v[:i])
	}
	return string(bytes.Trim(v, `"'`))
}

// header of the piece, from its own bytes or from its List.
func (p piece) header() header {
	var h header
	if !p.json {
		h = headerOf(p.body)
	}
	if h.kind == "" {
		var own struct{ Kind, APIVersion string }
		if p.decode(&own) == nil {
			h = header{own.Kind, own.APIVersion}
		}
	}
	if h.kind == "" {
		h.kind = p.kind
	}
	return h
}

func (p piece) decode(into any) error {
	if p.json {
		return json.Unmarshal(p.body, into)
	}
	return yaml.Unmarshal(p.body, into)
}
