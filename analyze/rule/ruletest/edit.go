package ruletest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
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

// Apply makes the edits in order. What they decode stays so until an edit of the text
// itself, or the end.
func (f *Files) Apply(edits []Edit) error {
	for i, e := range edits {
		if err := f.apply(e); err != nil {
			return fmt.Errorf("edit %d (%s): %w", i+1, e.In, err)
		}
	}
	return f.encode()
}

// encode writes what edits have decoded, as kubectl or az would.
func (f *Files) encode() error {
	for path, doc := range f.open {
		if ev := bundle.ByID(f.Entry(path).Evidence); ev.Format == bundle.JSON {
			var buf bytes.Buffer
			enc := json.NewEncoder(&buf)
			enc.SetEscapeHTML(false)
			enc.SetIndent("", "  ")
			if err := enc.Encode(doc); err != nil {
				return err
			}
			f.Content[path] = buf.Bytes()
			continue
		}
		text, err := yaml.Marshal(doc)
		if err != nil {
			return err
		}
		f.Content[path] = text
	}
	f.open = nil
	return nil
}

func (f *Files) apply(e Edit) error {
	if len(e.Replace) > 0 || e.Shift+e.Append+e.Text+string(e.Drop) != "" {
		if err := f.encode(); err != nil {
			return err
		}
	}
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
		done, err := f.applyObject(path, kind, name, e)
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
			return f.change(path, func(doc any) (any, error) {
				if len(e.Add) > 0 {
					return added(doc, copied(e.Add).([]any)), nil
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

// change edits a file as what it decodes to.
func (f *Files) change(path string, edit func(any) (any, error)) error {
	doc, ok := f.open[path]
	if !ok {
		if err := yaml.Unmarshal(f.Content[path], &doc); err != nil {
			return fmt.Errorf("decoding %s: %w", path, err)
		}
	}
	doc, err := edit(doc)
	if err != nil {
		return err
	}
	if f.open == nil {
		f.open = map[string]any{}
	}
	f.open[path] = doc
	return nil
}

// applyObject edits one object of a list; done is false where it is not in the file.
func (f *Files) applyObject(path, kind, name string, e Edit) (done bool, err error) {
	_, open := f.open[path]
	if !open && !bytes.Contains(f.Content[path], []byte(name[strings.LastIndex(name, "/")+1:])) {
		return false, nil
	}
	err = f.change(path, func(doc any) (any, error) {
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
	if !done && !open {
		delete(f.open, path) // its text stays as it is
	}
	return done, err
}
