package az

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Item is one object of a document in no type yet, with its place. What it is
// may be asked (Text, Has) before it is decoded with As.
type Item struct {
	At    string // JSON pointer in the document, "" for the document itself
	value any
}

// Decode reads a list of T from any shape that az, ARM or Resource Graph print.
// A bare object is a list of one; null is an empty list.
//
// What is wrong with one item does not lose its neighbours: the good items are
// returned together with an error that names the pointers of the bad ones. Of a
// document that ends early the items before its end are returned.
func Decode[T any](raw []byte) ([]T, error) {
	items, err := Items(raw)
	var out []T
	errs := []error{err}
	for _, item := range items {
		v, err := As[T](item)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		out = append(out, v)
	}
	return out, errors.Join(errs...)
}

// Items unwraps a document: a bare list, the list under "value" (ARM, az rest)
// or "data" (Resource Graph), or a bare object. Empty and null items are left
// out. The answer of a failed call ({"error": …}) is an error.
func Items(raw []byte) ([]Item, error) {
	doc, err := whole(raw)
	if err != nil {
		values, prefix := salvage(raw)
		return list(values, prefix), fmt.Errorf("decoding JSON: %w", err)
	}
	switch v := doc.(type) {
	case []any:
		return list(v, ""), nil
	case map[string]any:
		for _, envelope := range []string{"value", "data"} {
			if key, inner, ok := lookup(v, envelope); ok {
				if values, isList := inner.([]any); isList {
					return list(values, pointer("", key)), nil
				}
				if inner == nil {
					return nil, nil
				}
			}
		}
		if _, fault, ok := lookup(v, "error"); ok {
			if code := (Item{value: fault}).Text("code"); code != "" {
				return nil, fmt.Errorf("the document is the answer of a failed call: %s: %s", code, Item{value: fault}.Text("message"))
			}
		}
		return list([]any{v}, "\x00"), nil
	case nil:
		return nil, nil
	}
	return nil, fmt.Errorf("decoding JSON: a list or an object is expected, found %s", kindOf(doc))
}

// IsObject reports whether the item is an object at all.
func (i Item) IsObject() bool { _, ok := i.value.(map[string]any); return ok }

// Has reports whether the object has a value under the key, written in lower
// case, directly or under "properties".
func (i Item) Has(key string) bool { _, ok := i.find(key); return ok }

// Text returns the scalar under the key, written in lower case, directly or
// under "properties"; empty where there is none.
func (i Item) Text(key string) string {
	v, _ := i.find(key)
	s, _ := text(v)
	return s
}

func (i Item) find(key string) (any, bool) {
	m, ok := i.value.(map[string]any)
	if !ok {
		return nil, false
	}
	if _, v, ok := lookup(m, key); ok && v != nil {
		return v, true
	}
	if _, inner, ok := lookup(m, "properties"); ok {
		if properties, ok := inner.(map[string]any); ok {
			_, v, _ := lookup(properties, key)
			return v, v != nil
		}
	}
	return nil, false
}

// lookup finds a key without case; of several spellings the first in byte order.
func lookup(m map[string]any, lower string) (key string, v any, ok bool) {
	if v, ok := m[lower]; ok {
		return lower, v, true
	}
	for k, x := range m {
		if len(k) == len(lower) && strings.EqualFold(k, lower) && (!ok || k < key) {
			key, v, ok = k, x, true
		}
	}
	return key, v, ok
}

// whole decodes a document that is complete; numbers keep their digits.
func whole(raw []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var doc any
	if err := d.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errors.New("the document is empty")
		}
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, errors.New("the document ends early")
		}
		return nil, err
	}
	if rest := bytes.TrimSpace(raw[d.InputOffset():]); len(rest) > 0 {
		return nil, fmt.Errorf("text follows the end of the document at offset %d", d.InputOffset())
	}
	return doc, nil
}

// salvage reads the items before the damage in a document that does not decode
// as a whole, with the pointer of the list that holds them.
func salvage(raw []byte) (values []any, prefix string) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	first, err := d.Token()
	if err != nil {
		return nil, ""
	}
	if first == json.Delim('{') {
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return nil, ""
			}
			name, _ := key.(string)
			if strings.EqualFold(name, "value") || strings.EqualFold(name, "data") {
				if open, err := d.Token(); err != nil || open != json.Delim('[') {
					return nil, ""
				}
				return elements(d), pointer("", name)
			}
			var skipped any
			if d.Decode(&skipped) != nil {
				return nil, ""
			}
		}
	}
	if first == json.Delim('[') {
		return elements(d), ""
	}
	return nil, ""
}

func elements(d *json.Decoder) (values []any) {
	for d.More() {
		var v any
		if d.Decode(&v) != nil {
			break
		}
		values = append(values, v)
	}
	return values
}

// list makes items; the prefix "\x00" marks the document itself, which has no index.
func list(values []any, prefix string) (out []Item) {
	for i, v := range values {
		if absent(v) {
			continue
		}
		at := ""
		if prefix != "\x00" {
			at = prefix + "/" + strconv.Itoa(i)
		}
		out = append(out, Item{At: at, value: v})
	}
	return out
}

// pointer appends a key to a JSON pointer (RFC 6901).
func pointer(base, key string) string {
	if strings.ContainsAny(key, "~/") {
		key = strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
	}
	return base + "/" + key
}

func kindOf(v any) string {
	switch v.(type) {
	case map[string]any:
		return "an object"
	case []any:
		return "a list"
	case string:
		return "a string"
	case bool:
		return "true or false"
	case nil:
		return "null"
	}
	return "a number"
}
