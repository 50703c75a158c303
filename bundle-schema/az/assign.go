package az

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// As decodes an item into T. Keys are compared without case, "properties" are
// merged into their object at every level, null, empty lists and objects of
// nothing but null are absent, numbers may come as strings and strings as
// numbers, and a masked value where a number is expected is absent. Every field
// tagged "@at" gets the JSON pointer of its object in the document, with the
// keys as the document spells them.
func As[T any](item Item) (T, error) {
	var out T
	a := assigner{fields: map[reflect.Type]map[string][]int{}}
	if err := a.set(reflect.ValueOf(&out).Elem(), item.value, item.At); err != nil {
		var zero T
		return zero, err
	}
	return out, nil
}

type assigner struct {
	fields map[reflect.Type]map[string][]int // lower-case key → index of the field
}

// set stores a JSON value in v; at is the value's pointer.
func (a assigner) set(v reflect.Value, x any, at string) error {
	if absent(x) {
		return nil
	}
	switch v.Kind() {
	case reflect.Pointer:
		if s, isText := x.(string); isText && Masked(s) {
			return nil
		}
		v.Set(reflect.New(v.Type().Elem()))
		return a.set(v.Elem(), x, at)
	case reflect.Struct:
		m, ok := x.(map[string]any)
		if !ok {
			if s, isText := x.(string); isText && Masked(s) {
				return nil
			}
			return mismatch(at, "an object", x)
		}
		return a.object(v, m, at)
	case reflect.Slice:
		return a.list(v, x, at)
	case reflect.Map:
		return a.tags(v, x, at)
	}
	return scalar(v, x, at)
}

// object fills a struct. Where both the object and its properties have a key, the
// properties win, except for what identifies the object.
func (a assigner) object(v reflect.Value, m map[string]any, at string) error {
	fields := a.fieldsOf(v.Type())
	if index, ok := fields["@at"]; ok {
		v.FieldByIndex(index).SetString(at)
	}
	if err := a.keys(v, m, at, fields, nil); err != nil {
		return err
	}
	key, inner, ok := lookup(m, "properties")
	properties, isObject := inner.(map[string]any)
	if !ok || !isObject || !(has(m, "id") || has(m, "name")) {
		return nil
	}
	return a.keys(v, properties, pointer(at, key), fields, func(lower string) bool {
		return identity[lower] && has(m, lower)
	})
}

var identity = map[string]bool{"name": true, "id": true, "type": true, "etag": true}

func has(m map[string]any, lower string) bool {
	_, v, _ := lookup(m, lower)
	return !absent(v)
}

// keys stores every key of m that the struct knows, in byte order, so that of two
// spellings of one key always the same wins.
func (a assigner) keys(v reflect.Value, m map[string]any, at string, fields map[string][]int, skip func(string) bool) error {
	var known []string
	for k := range m {
		if _, ok := fields[strings.ToLower(k)]; ok && !strings.HasPrefix(k, "@") {
			known = append(known, k)
		}
	}
	slices.Sort(known)
	for _, k := range known {
		lower := strings.ToLower(k)
		if skip != nil && skip(lower) {
			continue
		}
		if err := a.set(v.FieldByIndex(fields[lower]), m[k], pointer(at, k)); err != nil {
			return err
		}
	}
	return nil
}

func (a assigner) list(v reflect.Value, x any, at string) error {
	values, ok := x.([]any)
	if !ok {
		if s, isText := x.(string); isText && Masked(s) {
			return nil
		}
		return mismatch(at, "a list", x)
	}
	out := reflect.MakeSlice(v.Type(), 0, len(values))
	for i, e := range values {
		if absent(e) {
			continue
		}
		one := reflect.New(v.Type().Elem()).Elem()
		if err := a.set(one, e, at+"/"+strconv.Itoa(i)); err != nil {
			return err
		}
		out = reflect.Append(out, one)
	}
	if out.Len() > 0 {
		v.Set(out)
	}
	return nil
}

// tags stores a map, whose keys are data and stay as they are.
func (a assigner) tags(v reflect.Value, x any, at string) error {
	m, ok := x.(map[string]any)
	if !ok {
		if s, isText := x.(string); isText && Masked(s) {
			return nil
		}
		return mismatch(at, "an object", x)
	}
	out := reflect.MakeMapWithSize(v.Type(), len(m))
	for k, e := range m {
		if v.Type().Elem().Kind() == reflect.Struct {
			one := reflect.New(v.Type().Elem()).Elem()
			if err := a.set(one, e, pointer(at, k)); err != nil {
				return err
			}
			out.SetMapIndex(reflect.ValueOf(k), one)
			continue
		}
		s, ok := text(e)
		if e != nil && !ok {
			return mismatch(pointer(at, k), "a string", e)
		}
		out.SetMapIndex(reflect.ValueOf(k), reflect.ValueOf(s))
	}
	v.Set(out)
	return nil
}

func scalar(v reflect.Value, x any, at string) error {
	s, ok := text(x)
	if !ok {
		return mismatch(at, "a plain value", x)
	}
	if v.Kind() == reflect.String {
		v.SetString(s)
		return nil
	}
	s = strings.TrimSpace(s)
	if s == "" || Masked(s) {
		return nil
	}
	switch v.Kind() {
	case reflect.Bool:
		b, err := strconv.ParseBool(strings.ToLower(s))
		if err != nil {
			return mismatch(at, "true or false", x)
		}
		v.SetBool(b)
	case reflect.Int:
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			f, err := strconv.ParseFloat(s, 64)
			if n = int64(f); err != nil || float64(n) != f {
				return mismatch(at, "a whole number", x)
			}
		}
		v.SetInt(n)
	default:
		return fmt.Errorf("%s: a field of kind %s cannot be decoded", at, v.Kind())
	}
	return nil
}

// text returns a scalar as the document writes it.
func text(x any) (string, bool) {
	switch x := x.(type) {
	case string:
		return x, true
	case json.Number:
		return x.String(), true
	case bool:
		return strconv.FormatBool(x), true
	}
	return "", false
}

// absent reports whether a value says nothing: null, an empty list, or an object
// without a single value (the SDK era prints models full of nulls).
func absent(x any) bool {
	switch x := x.(type) {
	case nil:
		return true
	case []any:
		return len(x) == 0
	case map[string]any:
		for _, v := range x {
			if !absent(v) {
				return false
			}
		}
		return true
	}
	return false
}

func mismatch(at, want string, x any) error {
	if at == "" {
		at = "/"
	}
	found := kindOf(x)
	if s, ok := text(x); ok {
		found = strconv.Quote(s)
	}
	return fmt.Errorf("%s: %s is expected, found %s", at, want, found)
}

// fieldsOf maps the lower-case keys of a struct to its fields, embedded ones included.
func (a assigner) fieldsOf(t reflect.Type) map[string][]int {
	if f, ok := a.fields[t]; ok {
		return f
	}
	out := map[string][]int{}
	for _, f := range reflect.VisibleFields(t) {
		key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if key == "" || key == "-" {
			continue
		}
		if key = strings.ToLower(key); len(out[key]) == 0 || len(f.Index) < len(out[key]) {
			out[key] = f.Index
		}
	}
	a.fields[t] = out
	return out
}
