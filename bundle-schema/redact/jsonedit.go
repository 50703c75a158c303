package redact

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// jsonEdit walks a JSON document and replaces values in place, so that everything
// else keeps its bytes, order and layout. choose gets the path of keys in lower
// case (lists add none) and the raw value; it returns what replaces the value, or
// nil to go on inside.
type jsonEdit struct {
	b      []byte
	dec    *json.Decoder
	out    bytes.Buffer
	copied int
	choose func(path []string, raw []byte) []byte
}

// edit returns the edited document. Where the document does not parse, the result
// ends there and an error says so.
func (e *jsonEdit) edit() ([]byte, error) {
	e.dec = json.NewDecoder(bytes.NewReader(e.b))
	e.dec.UseNumber()
	start := e.next()
	err := e.value(nil)
	if err != nil {
		return e.out.Bytes(), fmt.Errorf("it is no JSON after byte %d, and the rest is left out: %w", max(start, int(e.dec.InputOffset())), err)
	}
	if rest := bytes.TrimSpace(e.b[e.dec.InputOffset():]); len(rest) > 0 {
		e.copy(int(e.dec.InputOffset()))
		return e.out.Bytes(), fmt.Errorf("something follows the JSON at byte %d, and is left out", e.dec.InputOffset())
	}
	e.copy(len(e.b))
	return e.out.Bytes(), nil
}

// value edits the value that comes next.
func (e *jsonEdit) value(path []string) error {
	start := e.next()
	if start < len(e.b) && e.b[start] != '{' && e.b[start] != '[' || e.wanted(path) {
		var raw json.RawMessage
		if err := e.dec.Decode(&raw); err != nil {
			return err
		}
		end := int(e.dec.InputOffset())
		if with := e.choose(path, raw); with != nil {
			e.copy(start)
			e.out.Write(with)
			e.copied = end
		}
		e.copy(end)
		return nil
	}
	open, err := e.dec.Token()
	if err != nil {
		return err
	}
	for e.dec.More() {
		inner := path
		if open == json.Delim('{') {
			key, err := e.dec.Token()
			if err != nil {
				return err
			}
			name, _ := key.(string)
			inner = append(path[:len(path):len(path)], strings.ToLower(name))
		}
		if err := e.value(inner); err != nil {
			return err
		}
	}
	_, err = e.dec.Token()
	if err == nil {
		e.copy(int(e.dec.InputOffset()))
	}
	return err
}

// wanted reports whether an object or list is to be replaced as a whole.
func (e *jsonEdit) wanted(path []string) bool { return e.choose(path, nil) != nil }

// next is where the next value begins.
func (e *jsonEdit) next() int {
	at := int(e.dec.InputOffset())
	for at < len(e.b) && strings.IndexByte(" \t\r\n:,", e.b[at]) >= 0 {
		at++
	}
	return at
}

// copy takes over the original as far as end.
func (e *jsonEdit) copy(end int) {
	if end > e.copied {
		e.out.Write(e.b[e.copied:end])
		e.copied = end
	}
}

// leaf is the last key of a path, and parent the one before it.
func leaf(path []string) string {
	if len(path) == 0 {
		return ""
	}
	return path[len(path)-1]
}

func parent(path []string) string {
	if len(path) < 2 {
		return ""
	}
	return path[len(path)-2]
}
