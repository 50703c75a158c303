package ruletest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"sigs.k8s.io/yaml"

	bundle "azlb/bundle-schema"
)

// Edit is one difference between a case's world and its base.
type Edit struct {
	// In names what is edited: "Service ns/name", "Node name" (any Kubernetes kind),
	// "load-balancers name" (an evidence id and the name of an object in it), or an
	// evidence id alone for the file as a whole.
	In     string         `json:"in"`
	Set    map[string]any `json:"set"`    // JSON pointer → value
	Unset  []string       `json:"unset"`  // JSON pointers
	Remove bool           `json:"remove"` // the object as a whole
	Add    []any          `json:"add"`    // objects added to the evidence's list
	Append string         `json:"append"` // lines added to the end of a log
	Text   string         `json:"text"`   // the whole file, replaced
	Event  *Event         `json:"event"`  // an event on the object that In names
	Drop   bundle.Status  `json:"drop"`   // the evidence was not collected: its state
	Stderr string         `json:"stderr"` // with drop: what the program said
	// Replace changes a text everywhere, names of files and the manifest left alone.
	Replace map[string]string `json:"replace"`
	// Shift moves all times, logs and manifest included, by a duration ("960h").
	Shift string `json:"shift"`
}

// Event is an event in short.
type Event struct {
	Type      string `json:"type"` // Warning when empty
	Reason    string `json:"reason"`
	Message   string `json:"message"`
	Component string `json:"component"` // service-controller when empty
	Ago       string `json:"ago"`       // before the end of the collection; 1m when empty
	Count     int    `json:"count"`     // 1 when 0
}

func (e *Event) kind() string { return cmp.Or(e.Type, "Warning") }

func (e *Event) component() string { return cmp.Or(e.Component, "service-controller") }

// Apply makes the edits in order.
func (f *Files) Apply(edits []Edit) error {
	for i, e := range edits {
		if err := f.apply(e); err != nil {
			return fmt.Errorf("edit %d (%s): %w", i+1, e.In, err)
		}
	}
	return nil
}

func (f *Files) apply(e Edit) error {
	for _, old := range slices.Sorted(maps.Keys(e.Replace)) {
		n, text := 0, e.Replace[old]
		for p, b := range f.Content {
			n += bytes.Count(b, []byte(old))
			f.Content[p] = bytes.ReplaceAll(b, []byte(old), []byte(text))
		}
		if n == 0 {
			return fmt.Errorf("%q occurs nowhere", old)
		}
	}
	if e.Shift != "" {
		by, err := time.ParseDuration(e.Shift)
		if err != nil {
			return err
		}
		f.Shift(by)
	}
	if e.In == "" {
		return nil
	}
	if ev := bundle.ByID(e.In); ev != nil {
		return f.applyFile(e)
	}
	kind, name, _ := strings.Cut(e.In, " ")
	for _, path := range f.Paths() {
		entry := f.Entry(path)
		ev := bundle.ByID(entry.Evidence)
		if ev == nil || ev.Format == bundle.Log || ev.ID != kind && ev.Format == bundle.JSON && !isKind(kind) || isKind(kind) && ev.Format != bundle.YAML || !isKind(kind) && ev.ID != kind {
			continue
		}
		done, err := f.applyObject(path, ev, kind, name, e)
		if err != nil || done {
			return err
		}
	}
	return fmt.Errorf("no such object")
}

// isKind tells a Kubernetes kind from an evidence id: kinds are capitalised.
func isKind(s string) bool { return s != "" && s[0] >= 'A' && s[0] <= 'Z' }

// applyFile edits the first file of an evidence as a whole.
func (f *Files) applyFile(e Edit) error {
	if e.Drop != "" {
		return f.drop(e.In, e.Drop, e.Stderr)
	}
	for _, path := range f.Paths() {
		if f.Entry(path).Evidence != e.In {
			continue
		}
		switch {
		case e.Append != "":
			f.Content[path] = append(bytes.TrimRight(f.Content[path], "\n"), []byte("\n"+strings.TrimRight(e.Append, "\n")+"\n")...)
		case e.Text != "":
			f.Content[path] = []byte(e.Text)
		default:
			return f.change(path, bundle.ByID(e.In), func(doc any) (any, error) {
				if len(e.Add) > 0 {
					return added(doc, e.Add), nil
				}
				return doc, patch(&doc, e)
			})
		}
		return nil
	}
	if e.Text == "" && e.Append == "" {
		return fmt.Errorf("the base has no file of this evidence")
	}
	ev := bundle.ByID(e.In)
	var scope map[string]string
	if groups := f.Manifest.Cluster.ResourceGroups; strings.Contains(ev.Path, "{group}") && len(groups) > 0 {
		scope = map[string]string{"group": groups[0]}
	}
	path := strings.NewReplacer("{pod}", "extra", "{container}", "extra", "{name}", "extra.log", "{group}", scope["group"], "{loadbalancer}", "extra", "{cluster}", "extra", "{location}", "extra").Replace(ev.Path)
	f.Manifest.Entries = slices.DeleteFunc(f.Manifest.Entries, func(en bundle.Entry) bool { return en.Evidence == e.In && en.Path == "" }) // that there is none
	*f.Entry(path) = bundle.Entry{Evidence: e.In, Path: path, Scope: scope, Status: bundle.StatusOK}
	f.Content[path] = []byte(e.Text + e.Append)
	return nil
}

// drop removes an evidence and says so in the manifest.
func (f *Files) drop(id string, status bundle.Status, stderr string) error {
	n := 0
	for i := range f.Manifest.Entries {
		en := &f.Manifest.Entries[i]
		if en.Evidence == id {
			delete(f.Content, en.Path)
			en.Path, en.Status, en.Reason, en.Bytes, en.SHA256 = "", status, "left out by the case", 0, ""
			en.Stderr = stderr
			n++
		}
	}
	if n == 0 {
		return fmt.Errorf("the manifest has no entry of this evidence")
	}
	return nil
}

// change decodes a file, edits it and writes it as kubectl or az would.
func (f *Files) change(path string, ev *bundle.Evidence, edit func(any) (any, error)) error {
	var doc any
	if err := yaml.Unmarshal(f.Content[path], &doc); err != nil {
		return fmt.Errorf("decoding %s: %w", path, err)
	}
	doc, err := edit(doc)
	if err != nil {
		return err
	}
	if ev.Format == bundle.JSON {
		var buf bytes.Buffer
		enc := json.NewEncoder(&buf)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		err = enc.Encode(doc)
		f.Content[path] = buf.Bytes()
	} else {
		f.Content[path], err = yaml.Marshal(doc)
	}
	return err
}

// applyObject edits one object of a list; done is false where it is not in the file.
func (f *Files) applyObject(path string, ev *bundle.Evidence, kind, name string, e Edit) (done bool, err error) {
	before := f.Content[path]
	err = f.change(path, ev, func(doc any) (any, error) {
		list := items(doc)
		for i, item := range list {
			if !is(item, kind, name) {
				continue
			}
			done = true
			switch {
			case e.Remove:
				return withItems(doc, slices.Delete(slices.Clone(list), i, i+1)), nil
			case e.Event != nil:
				return doc, f.event(item, *e.Event)
			}
			return doc, patch(&list[i], e)
		}
		return doc, nil
	})
	if !done {
		f.Content[path] = before
	}
	return done, err
}

// event adds an event about the object.
func (f *Files) event(on any, e Event) error {
	ago := time.Minute
	if e.Ago != "" {
		var err error
		if ago, err = time.ParseDuration(e.Ago); err != nil {
			return err
		}
	}
	at := f.Manifest.Finished.Add(-ago).UTC().Format(time.RFC3339)
	meta := on.(map[string]any)["metadata"].(map[string]any)
	object := map[string]any{"apiVersion": "v1", "kind": on.(map[string]any)["kind"], "name": meta["name"], "uid": meta["uid"]}
	namespace := "default"
	if ns, ok := meta["namespace"].(string); ok {
		object["namespace"], namespace = ns, ns
	}
	component := e.component()
	n := max(e.Count, 1)
	ev := map[string]any{"apiVersion": "v1", "kind": "Event", "count": n, "eventTime": nil, "firstTimestamp": at, "lastTimestamp": at,
		"involvedObject": object, "message": e.Message, "reason": e.Reason, "type": e.kind(),
		"source": map[string]any{"component": component}, "reportingComponent": component, "reportingInstance": "",
		"metadata": map[string]any{"name": fmt.Sprintf("%v.case%s%d", meta["name"], strings.ToLower(e.Reason), len(f.Content)), "namespace": namespace, "creationTimestamp": at,
			"uid": fmt.Sprintf("00000000-0000-4000-8000-%012d", crc32.ChecksumIEEE(fmt.Append(nil, meta["uid"], e.Reason, e.Message, at, n)))}}
	return f.applyFile(Edit{In: bundle.Events.ID, Add: []any{ev}})
}

// items of a Kubernetes List or of an az list; a bare object is a list of one.
func items(doc any) []any {
	switch d := doc.(type) {
	case []any:
		return d
	case map[string]any:
		if list, ok := d["items"].([]any); ok {
			return list
		}
		return []any{d}
	}
	return nil
}

func withItems(doc any, list []any) any {
	if d, ok := doc.(map[string]any); ok {
		d["items"] = list
		return d
	}
	return list
}

func added(doc any, more []any) any {
	if doc == nil {
		return more
	}
	return withItems(doc, append(items(doc), more...))
}

// is reports whether an item is the object "ns/name" or "name" of a kind; az
// objects are told by their name alone.
func is(item any, kind, name string) bool {
	m, ok := item.(map[string]any)
	if !ok {
		return false
	}
	if !isKind(kind) {
		return m["name"] == name
	}
	meta, _ := m["metadata"].(map[string]any)
	if m["kind"] != kind || meta == nil {
		return false
	}
	full, _ := meta["name"].(string)
	if ns, ok := meta["namespace"].(string); ok {
		full = ns + "/" + full
	}
	return full == name
}

// patch sets and unsets values by JSON pointer.
func patch(doc *any, e Edit) error {
	pointers := make([]string, 0, len(e.Set))
	for p := range e.Set {
		pointers = append(pointers, p)
	}
	slices.Sort(pointers)
	for _, p := range pointers {
		if err := put(doc, p, e.Set[p], false); err != nil {
			return err
		}
	}
	for _, p := range e.Unset {
		if err := put(doc, p, nil, true); err != nil {
			return err
		}
	}
	return nil
}

// put sets or deletes the value at a pointer, making objects on the way; "-" after
// a list appends to it.
func put(doc *any, pointer string, value any, del bool) error {
	if pointer == "" {
		*doc = value
		return nil
	}
	head, rest, more := strings.Cut(strings.TrimPrefix(pointer, "/"), "/")
	if more {
		rest = "/" + rest
	}
	key := strings.NewReplacer("~1", "/", "~0", "~").Replace(head)
	switch d := (*doc).(type) {
	case nil:
		*doc = map[string]any{}
		return put(doc, pointer, value, del)
	case map[string]any:
		if rest == "" && del {
			if _, ok := d[key]; !ok {
				return fmt.Errorf("%s: nothing to unset", pointer)
			}
			delete(d, key)
			return nil
		}
		child := d[key]
		err := put(&child, rest, value, del)
		d[key] = child
		return err
	case []any:
		if key == "-" {
			*doc = append(d, value)
			return nil
		}
		i, err := strconv.Atoi(key)
		if err != nil || i < 0 || i >= len(d) {
			return fmt.Errorf("%s: no such element", pointer)
		}
		if rest == "" && del {
			*doc = slices.Delete(d, i, i+1)
			return nil
		}
		return put(&d[i], rest, value, del)
	}
	return fmt.Errorf("%s: the value above is neither an object nor a list", pointer)
}
