package analyze

// all are the decoded files of an evidence.
func (p *partner) all(evidence string) []any {
	var out []any
	for _, path := range p.files.Paths() {
		if p.files.Entry(path).Evidence == evidence {
			out = append(out, p.docs[path])
		}
	}
	return out
}

// items are the objects of an evidence, in all its files.
func (p *partner) items(evidence string) []any {
	var out []any
	for _, doc := range p.all(evidence) {
		if list, ok := doc.([]any); ok {
			out = append(out, list...)
			continue
		}
		list, _ := at(doc, "items").([]any)
		out = append(out, list...)
	}
	return out
}

// at follows keys into objects, nil where one is not there.
func at(v any, keys ...string) any {
	for _, k := range keys {
		m, _ := v.(map[string]any)
		v = m[k]
	}
	return v
}

// word is the text at the end of keys, empty where none is there.
func word(v any, keys ...string) string {
	s, _ := at(v, keys...).(string)
	return s
}

// list are the elements at the end of keys, none where no list is there.
func list(v any, keys ...string) []any {
	l, _ := at(v, keys...).([]any)
	return l
}
