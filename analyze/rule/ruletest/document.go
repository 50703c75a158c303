package ruletest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

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

// copied is a value of its own: later edits change what earlier ones added.
func copied(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, x := range v {
			out[k] = copied(x)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = copied(x)
		}
		return out
	}
	return v
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
		if err := put(doc, p, copied(e.Set[p]), false); err != nil {
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
