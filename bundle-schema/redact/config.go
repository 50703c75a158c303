package redact

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// configSecret is what a key of azure.json looks like that may hold a secret.
var configSecret = regexp.MustCompile(`(?i)secret|password|token|key$|credential|connectionstring`)

// Config redacts the configuration of the cloud provider (azure.json). Of a secret
// its length stays, and so do "" and the literal "msi", because rules read them.
// The provider takes YAML as well as JSON.
func Config(b []byte) ([]byte, Counts, error) { return config(b, new(Learned)) }

func config(b []byte, l *Learned) ([]byte, Counts, error) {
	counts := Counts{}
	if text := bytes.TrimSpace(b); len(text) > 0 && text[0] != '{' && text[0] != '[' {
		s := scrubber{counts: counts, learned: l}
		return s.text(configYAML(b, counts, l)), counts, nil
	}
	e := jsonEdit{b: b, choose: func(path []string, raw []byte) []byte {
		if raw == nil || !slices.ContainsFunc(path, configSecret.MatchString) {
			return nil
		}
		value := string(raw)
		switch {
		case raw[0] == '"':
			if json.Unmarshal(raw, &value) != nil {
				return nil
			}
		case value == "true" || value == "false" || value == "null":
			return nil
		}
		if harmless(value) {
			return nil
		}
		counts[ConfigKey]++
		l.add(ConfigKey, value)
		return []byte(strconv.Quote(sized(value)))
	}}
	out, err := e.edit()
	return finished(out, counts, l, err)
}

// harmless reports values that are no secret: none, the managed identity, the mark.
func harmless(value string) bool { return value == "" || value == "msi" || marked(value) }

// yamlKey is a line of YAML with a key: indentation, key, value.
var yamlKey = regexp.MustCompile(`^(\s*(?:- +)?)(["']?)([\w.-]+)(["']?\s*:)(\s*)(.*?)\s*$`)

// configYAML does the same to YAML, line by line; what is nested under such a key
// is left out.
func configYAML(b []byte, counts Counts, l *Learned) []byte {
	var out []byte
	hidden := -1 // indentation of the key whose value is left out
	for line := range bytes.Lines(b) {
		indent := len(line) - len(bytes.TrimLeft(line, " "))
		if hidden >= 0 && (indent > hidden || len(bytes.TrimSpace(line)) == 0 || indent == hidden && line[indent] == '-') {
			l.add(ConfigKey, strings.Trim(string(bytes.TrimSpace(line)), `"'`))
			continue
		}
		hidden = -1
		m := yamlKey.FindSubmatch(line)
		if m == nil || !configSecret.Match(m[3]) {
			out = append(out, line...)
			continue
		}
		hidden = indent
		value := strings.Trim(string(m[6]), `"'`)
		if harmless(value) || value == "true" || value == "false" || value == "null" || value == "~" {
			out = append(out, line...)
			continue
		}
		with := sized(value)
		if strings.ContainsAny(value[:1], "|>[{&!") {
			with = Mark // the value itself is below, or is none that has a length
		} else {
			l.add(ConfigKey, value)
		}
		counts[ConfigKey]++
		out = append(append(out, bytes.Join(m[1:5], nil)...), " "+with+"\n"...)
	}
	return out
}
