package collect

import (
	"bytes"

	"sigs.k8s.io/yaml"
)

// sections keeps of an item, as kubectl prints it, the fields of the object that are
// named: the rest of a node or a pod is long, and decoding it costs a hundred times as
// much. Not ok: the item is in another layout.
func sections(item []byte, names ...string) ([]byte, bool) {
	var out []byte
	keep, found := false, false
	for line := range bytes.Lines(item) {
		if len(line) < 3 || line[0] != '-' && line[0] != ' ' || line[1] != ' ' {
			return nil, false
		}
		if line[2] != ' ' && line[2] != '-' { // a field of the object, or the end of a text in quotes
			keep = false
			for _, name := range names {
				keep = keep || bytes.HasPrefix(line[2:], []byte(name+":"))
			}
			found = found || keep
		}
		if keep {
			out = append(append(out, ' '), line[1:]...)
		}
	}
	return out, found
}

// fieldsOf decodes named fields of an item, or where it is in another layout the whole of it.
func fieldsOf[T any](item []byte, names ...string) (T, bool) {
	if text, ok := sections(item, names...); ok {
		var one T
		if yaml.Unmarshal(text, &one) == nil {
			return one, true
		}
	}
	return decoded[T](item)
}
