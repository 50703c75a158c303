package redact

import (
	"bytes"
	"slices"
	"strings"

	bundle "azlb/bundle-schema"
)

// structure returns the shape of a value that the entry's treatment takes out, where
// it is still there.
func (c *checker) structure(text []byte) Shape {
	switch c.kind {
	case bundle.RedactObject:
		return c.yaml.lines(text)
	case bundle.RedactARM:
		return keyed(text, armWatch)
	case bundle.RedactActivity:
		return keyed(text, activityWatch)
	case bundle.RedactConfig:
		if first := bytes.TrimSpace(text); len(first) > 0 && first[0] != '{' && first[0] != '[' {
			return configLines(text)
		}
		return keyed(text, configWatch)
	}
	return ""
}

// yamlWatch follows the lines of objects as kubectl prints them.
type yamlWatch struct {
	key    string // whose list or map may come in the next lines
	indent int    // of that key
	flag   bool   // the argument before was a flag whose value is a word of its own
}

// emptied are the keys of objects whose lists and maps the treatment empties.
var emptied = map[string]Shape{
	"env": Environment, "envFrom": Environment, "httpHeaders": HTTPHeaders, "managedFields": LastApplied,
	"command": Argument, "args": Argument, "data": Content, "stringData": Content, "binaryData": Content,
}

func (y *yamlWatch) lines(text []byte) Shape {
	for line := range bytes.Lines(text) {
		if shape := y.line(line); shape != "" {
			return shape
		}
	}
	return ""
}

// line looks at one line, which may be an item below the key before it.
func (y *yamlWatch) line(line []byte) Shape {
	content := bytes.TrimRight(line, "\r\n ")
	inner := bytes.TrimLeft(content, " ")
	indent := len(content) - len(inner)
	if len(inner) == 0 {
		return ""
	}
	if y.key != "" {
		item := inner[0] == '-' && indent >= y.indent
		switch shape := emptied[y.key]; {
		case shape == Argument && item:
			if y.argument(string(bytes.TrimSpace(inner[1:]))) {
				return ""
			}
			return shape
		case shape == Argument && indent > y.indent: // an argument of several lines
			return shape
		case shape == Content && indent > y.indent, shape != Content && item:
			return shape
		}
		y.key = ""
	}
	for bytes.HasPrefix(inner, []byte("- ")) {
		inner = bytes.TrimLeft(inner[2:], " ")
		indent = len(content) - len(inner)
	}
	end := bytes.IndexByte(inner, ':')
	if end < 0 || end > 80 {
		return ""
	}
	key, value := string(bytes.Trim(inner[:end], `"'`)), string(bytes.TrimSpace(inner[end+1:]))
	if key == lastApplied && value != Mark && value != "" && value != "null" {
		return LastApplied
	}
	shape := emptied[key]
	switch {
	case shape == "" || shape == Content && indent > 2:
	case value == "":
		*y = yamlWatch{key: key, indent: indent}
	case shape == Content && value != "{}" && value != "null", shape != Content && value[0] == '[' && value != "[]":
		return shape
	}
	return ""
}

// argument reports whether an argument is what may stay: marks, the published flags
// and their values.
func (y *yamlWatch) argument(item string) bool {
	for _, word := range strings.Fields(strings.Trim(item, `"'`)) {
		name, value, has := strings.Cut(word, "=")
		switch {
		case word == Mark:
			y.flag = false
		case published(name):
			if has && !modest(value) {
				return false
			}
			y.flag = !has
		case y.flag && modest(word):
			y.flag = false
		default:
			return false
		}
	}
	return true
}

// modest reports the letters that the value of a published flag is made of.
func modest(value string) bool {
	return strings.Trim(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.,:/=*+-") == ""
}

// keyWatch says what may stand behind keys of JSON.
type keyWatch struct {
	null   []string // keys in lower case whose value is null
	texts  []string // keys whose text is the mark
	ends   []string // what keys end with whose text is the mark
	parts  []string // what such keys contain
	nested bool     // what is nested below such a key is marked as well
	shape  Shape
}

var armWatch = keyWatch{
	null: []string{"ssh", "secrets", "publickeys", "settings", "protectedsettings", "additionalunattendcontent", "httpproxyconfig",
		"linuxprofile", "windowsprofile", "aadprofile", "claims", "httprequest", "winrm"},
	texts: []string{"adminusername", "adminpassword", "customdata", "userdata", "keydata", "caller"},
	ends:  []string{"password", "secret", "sharedkey", "accesskey", "primarykey", "secondarykey", "connectionstring", "sastoken"},
	shape: VMSecret,
}

var activityWatch = func() keyWatch {
	w := armWatch
	w.texts = slices.DeleteFunc(slices.Clone(w.texts), func(key string) bool { return key == "caller" })
	w.null = append(slices.Clone(w.null), "requestbody", "responsebody", "authorization", "description")
	return w
}()

var configWatch = keyWatch{ends: []string{"key"}, parts: []string{"secret", "password", "token", "credential", "connectionstring"}, nested: true, shape: ConfigKey}

// keyed looks at the values of JSON behind the keys that a watch names.
func keyed(text []byte, w keyWatch) Shape {
	var lower [64]byte
	for at := 0; ; {
		next := bytes.Index(text[at:], []byte(`":`))
		if next < 0 {
			return ""
		}
		end := at + next
		at = end + 2
		begin := bytes.LastIndexByte(text[max(0, end-len(lower)):end], '"')
		if begin < 0 {
			continue
		}
		key := string(appendLower(lower[:0], text[max(0, end-len(lower))+begin+1:end]))
		null := slices.Contains(w.null, key)
		if !null && !w.names(key) {
			continue
		}
		value := bytes.TrimLeft(text[at:], " \t\r\n")
		if len(value) == 0 || empty(value, `""`, "null") {
			continue
		}
		switch {
		case null:
			return w.shape
		case value[0] == '"' && !removed(value[1:]) && !(w.nested && empty(value, `"msi"`)):
			return w.shape
		case w.nested && (value[0] == '{' || value[0] == '[') && !removedInside(value):
			return w.shape
		case w.nested && (value[0] == '-' || value[0] >= '0' && value[0] <= '9'):
			return w.shape
		}
	}
}

// names reports keys whose text is the mark.
func (w *keyWatch) names(key string) bool {
	return slices.Contains(w.texts, key) ||
		slices.ContainsFunc(w.ends, func(end string) bool { return strings.HasSuffix(key, end) }) ||
		slices.ContainsFunc(w.parts, func(part string) bool { return strings.Contains(key, part) })
}

// empty reports whether a value begins with one of these.
func empty(value []byte, of ...string) bool {
	return slices.ContainsFunc(of, func(v string) bool { return bytes.HasPrefix(value, []byte(v)) })
}

// removed reports whether a text in quotes is the mark.
func removed(value []byte) bool {
	end := bytes.IndexByte(value, '"')
	return end >= 0 && marked(string(value[:end]))
}

// removedInside reports whether all texts of an object or list are marks or empty.
func removedInside(value []byte) bool {
	depth := 0
	for at := 0; at < len(value); at++ {
		switch value[at] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return true
			}
		case '"':
			end := bytes.IndexByte(value[at+1:], '"')
			if end < 0 {
				return false
			}
			rest := bytes.TrimLeft(value[at+end+2:], " \t\r\n")
			isKey := len(rest) > 0 && rest[0] == ':'
			if !isKey && end > 0 && !removed(value[at+1:]) && !empty(value[at:], `"msi"`) {
				return false
			}
			at += end + 1
		}
	}
	return true
}

// configLines looks at azure.json in the form of YAML.
func configLines(text []byte) Shape {
	hidden := -1 // indentation of a key below which nothing may stand
	for line := range bytes.Lines(text) {
		inner := bytes.TrimLeft(line, " ")
		indent := len(line) - len(inner)
		inner = bytes.TrimSpace(inner)
		if len(inner) == 0 || inner[0] == '#' {
			continue
		}
		if hidden >= 0 && (indent > hidden || indent == hidden && inner[0] == '-') {
			return ConfigKey
		}
		hidden = -1
		key, value, ok := strings.Cut(strings.TrimPrefix(string(inner), "- "), ":")
		key = strings.ToLower(strings.Trim(key, `"' `))
		if !ok || strings.ContainsAny(key, " <>{}[]\"\\") || !configWatch.names(key) {
			continue
		}
		hidden = indent
		switch value = strings.Trim(value, ` "'`); value {
		case "", "msi", "true", "false", "null", "~":
			continue
		}
		if !marked(value) {
			return ConfigKey
		}
	}
	return ""
}
