package snapshot

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// placeJSON finds a value by its offsets, without decoding the document, which
// may end early. It returns false where the text is no JSON.
func placeJSON(raw []byte, path []string) (place, bool) {
	s := jsonText(raw)
	at := s.space(0)
	if at >= len(s) || s[at] != '{' && s[at] != '[' {
		return place{}, false
	}
	start, member := at, false
	var p place
	for _, k := range path {
		if next, ok := s.step(at, k); ok {
			p.path = append(p.path, next.keys...)
			start, at, member = next.start, next.value, next.member
			continue
		}
		break
	}
	if len(path) > 0 && len(p.path) == 0 && s.skip(at) < 0 {
		return place{}, false
	}
	end := s.skip(at)
	if !member && s[at] == '{' {
		for _, names := range nameKeys {
			inner, ok := jsonStep{value: at}, true
			for _, k := range names {
				if inner, ok = s.step(inner.value, k); !ok {
					break
				}
			}
			if ok && len(inner.keys) == 1 && s[inner.value] != '{' && s[inner.value] != '[' {
				start, end = inner.start, s.skip(inner.value)
				break
			}
		}
	}
	if end < 0 { // a document that ends early
		end = len(raw)
	}
	p.line = 1 + bytes.Count(raw[:start], []byte("\n"))
	text := raw[start:end]
	if i := bytes.IndexByte(text, '\n'); i >= 0 {
		text = text[:i]
	}
	p.quote = strings.TrimSuffix(strings.TrimSpace(string(text)), ",")
	return p, true
}

// jsonText is a document in which offsets are walked. All methods return -1, or
// false, at text that is no JSON.
type jsonText []byte

// jsonStep is one step down: the member or element, its value, and the keys gone
// through (two where "properties" was in between).
type jsonStep struct {
	start, value int
	keys         []string
	member       bool
}

// step goes to a key without case, or below "properties" to it, or to an element.
func (s jsonText) step(at int, key string) (jsonStep, bool) {
	switch s[at] {
	case '{':
		if found, ok := s.member(at, key); ok {
			return found, true
		}
		if outer, ok := s.member(at, "properties"); ok && s[outer.value] == '{' {
			if found, ok := s.member(outer.value, key); ok {
				found.keys = append(outer.keys, found.keys...)
				return found, true
			}
		}
	case '[':
		n, err := strconv.Atoi(key)
		for i := s.space(at + 1); err == nil && i >= 0 && i < len(s) && s[i] != ']'; n-- {
			if n == 0 {
				return jsonStep{start: i, value: i, keys: []string{key}}, true
			}
			if i = s.comma(s.skip(i)); i < 0 {
				break
			}
		}
	}
	return jsonStep{}, false
}

// member finds a key of the object at an offset; the exact spelling wins.
func (s jsonText) member(at int, key string) (found jsonStep, ok bool) {
	for i := s.space(at + 1); i >= 0 && i < len(s) && s[i] == '"'; {
		end := s.skip(i)
		if end < 0 {
			break
		}
		name := s.unquote(i, end)
		value := s.space(end)
		if value >= len(s) || s[value] != ':' {
			break
		}
		if value = s.space(value + 1); value >= len(s) {
			break
		}
		if name == key || !ok && strings.EqualFold(name, key) {
			found, ok = jsonStep{i, value, []string{name}, true}, true
			if name == key {
				break
			}
		}
		if i = s.comma(s.skip(value)); i < 0 {
			break
		}
	}
	return found, ok
}

func (s jsonText) unquote(from, to int) string {
	if body := s[from+1 : to-1]; bytes.IndexByte(body, '\\') < 0 {
		return string(body)
	}
	var name string
	if json.Unmarshal(s[from:to], &name) != nil {
		return ""
	}
	return name
}

// space skips white space.
func (s jsonText) space(i int) int {
	for i >= 0 && i < len(s) && (s[i] == ' ' || s[i] == '\n' || s[i] == '\r' || s[i] == '\t') {
		i++
	}
	return i
}

// comma goes from the end of a value to the next one, or to the closing bracket.
func (s jsonText) comma(i int) int {
	if i < 0 {
		return -1
	}
	if i = s.space(i); i < len(s) && s[i] == ',' {
		return s.space(i + 1)
	}
	return i
}

// skip returns the offset behind the value that begins at an offset.
func (s jsonText) skip(i int) int {
	if i >= len(s) {
		return -1
	}
	depth := 0
	for ; i < len(s); i++ {
		switch s[i] {
		case '"':
			for i++; i < len(s) && s[i] != '"'; i++ {
				if s[i] == '\\' {
					i++
				}
			}
			if i >= len(s) {
				return -1
			}
		case '{', '[':
			depth++
			continue
		case '}', ']':
			depth--
		case ' ', '\n', '\r', '\t', ',', ':':
			continue
		default:
			for i+1 < len(s) && !bytes.ContainsRune([]byte(" \n\r\t,:]}"), rune(s[i+1])) {
				i++
			}
		}
		if depth <= 0 {
			return i + 1
		}
	}
	return -1
}
