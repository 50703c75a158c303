package signature

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// whole is a file with every key.
const whole = `signatures:
- id: ACME-FW01
  severity: error
  title: the firewall refuses
  symptom: pending
  cause: "a firewall"
  fix:
  - say: look
    run: "kubectl get pods"
    changes: false
  references: [https://wiki.acme.example/fw]
  affects: all
  healthy: none
  match:
  - codes: [FirewallSaysNo]
    pattern: rule \d+
    where: [event, log]
  matches:
  - 'Code="FirewallSaysNo" Message="rule 7"'
  ignores:
  - 'Code="FirewallSaysNo" Message="rule seven"'
`

func TestLoad(t *testing.T) {
	f, err := Load("team.yaml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	r := f.Rules[0]
	if len(f.Rules) != 1 || len(f.SHA256) != 64 || !r.Added || r.Doc.Fix[0].Run != "kubectl get pods" || r.Doc.References[0] != "https://wiki.acme.example/fw" || len(r.Texts[0].Where) != 2 {
		t.Errorf("%+v, %+v", f, r)
	}
}

// TestErrors: each names the line, the entry and the key, and a way out.
func TestErrors(t *testing.T) {
	without := func(lines ...string) string {
		out := whole
		for _, l := range lines {
			if !strings.Contains(out, l) {
				t.Fatalf("%q is not in the file", l)
			}
			out = strings.Replace(out, l+"\n", "", 1)
		}
		return out
	}
	instead := func(old, text string) string {
		if !strings.Contains(whole, old) {
			t.Fatalf("%q is not in the file", old)
		}
		return strings.Replace(whole, old, text, 1)
	}
	for _, c := range []struct{ name, content, want string }{
		{"nothing", "", "team.yaml: it is empty: begin with the key signatures"},
		{"no YAML", "signatures: [", "team.yaml: it is no well-formed YAML: line 1: "},
		{"a key twice", instead("  affects: all", "  id: ACME-FW02"), `team.yaml: it is no well-formed YAML: line 12: mapping key "id" already defined at line 2`},
		{"two documents", whole + "---\n" + whole, "more than one YAML document"},
		{"a list as root", "- id: ACME-FW01\n", "team.yaml: line 1: it does not begin with the key signatures"},
		{"an answer in words", instead("changes: false", "changes: maybe"), "changes: it is text; write true or false"},
		{"a tab", instead("  severity", "\tseverity"), ": indent with blanks"},
		{"a colon", instead("the firewall refuses", "firewall: it refuses"), "put a text with a colon and a blank into quotes"},
		{"another root", "rules: []\n", `team.yaml: line 1: there is no key "rules"`},
		{"no root", "{}\n", `team.yaml: line 1: it lacks the key signatures`},
		{"a number as a key", instead("  affects: all", "  7: all"), `team.yaml: line 12: the key "7" is no text`},
		{"a number that JSON lacks", instead("affects: all", "affects: .nan"), "team.yaml: it holds what JSON cannot"},
		{"an alias", "signatures:\n- &a " + strings.Repeat("x", 100_000) + strings.Repeat("\n- *a", 100_000), `team.yaml: line 3: "*a" stands for what is written elsewhere: write it out`},
		{"a merge", "a: &a {id: x}\nsignatures:\n- <<: *a\n", `team.yaml: line 3: "*a" stands for`},
		{"an alias of itself", "signatures: &a [*a]\n", "team.yaml: "},
		{"no entry", "signatures: []\n", "team.yaml: line 1: the list is empty"},
		{"an unknown key", instead("  affects: all", "  colour: red"), `team.yaml: line 12: signature 1 (ACME-FW01): there is no key "colour": see the README`},
		{"an unknown key of a step", instead("    changes: false", "    exec: true"), `team.yaml: line 10: signature 1 (ACME-FW01): fix, item 1: there is no key "exec"`},
		{"no title", without("  title: the firewall refuses"), "team.yaml: line 2: signature 1 (ACME-FW01): it lacks the key title"},
		{"a list for a text", instead(`cause: "a firewall"`, "cause: [a, b]"), "team.yaml: line 6: signature 1 (ACME-FW01): cause: it is a list; write text"},
		{"an id of ours", instead("ACME-FW01", "AZLB-FW01"), "team.yaml: line 2: signature 1 (AZLB-FW01): ids that begin with AZLB- are those of the built-in rules"},
		{"a shapeless id", instead("ACME-FW01", "firewall"), `team.yaml: line 2: signature 1 (firewall): id: "firewall" is no id: write capitals, a hyphen`},
		{"another severity", instead("severity: error", "severity: fatal"), `team.yaml: line 3: signature 1 (ACME-FW01): severity: it is "fatal", not one of error, warning, info`},
		{"a title with a period", instead("the firewall refuses", "the firewall refuses."), "line 4: signature 1 (ACME-FW01): the title ends in a period"},
		{"a blank cause", instead(`cause: "a firewall"`, `cause: "  "`), "title, symptom and cause must say something"},
		{"no pattern", instead(`pattern: rule \d+`, `pattern: rule (\d+`), "team.yaml: line 16: signature 1 (ACME-FW01): match, item 1: the pattern is no RE2 expression: missing closing )"},
		{"lookahead", instead(`pattern: rule \d+`, `pattern: rule (?=7)`), "the pattern is no RE2 expression"},
		{"a pattern of everything", instead("  - codes: [FirewallSaysNo]\n    pattern: rule \\d+", "  - pattern: .*x?"), "the pattern matches any text"},
		{"a pattern of five characters", instead("  - codes: [FirewallSaysNo]\n    pattern: rule \\d+", "  - pattern: .{5}"), "the pattern matches any text"},
		{"a pattern of a letter", instead("  - codes: [FirewallSaysNo]\n    pattern: rule \\d+", "  - pattern: '[a-w]'"), "the pattern matches any text"},
		{"a pattern of a word that all have", instead("  - codes: [FirewallSaysNo]\n    pattern: rule \\d+", "  - pattern: '(?i)error|nothing'"), "the pattern matches any text"},
		{"only a place", instead("  - codes: [FirewallSaysNo]\n    pattern: rule \\d+\n    where", "  - where"), "it says only where, not what"},
		{"a code of words", instead("[FirewallSaysNo]", "[Firewall says no]"), `"Firewall says no" is no ARM code`},
		{"another place", instead("[event, log]", "[pod]"), `where, item 1: it is "pod", not one of event, condition, log`},
		{"a text that it does not know", instead(`Message="rule 7"`, `Message="rules"`), `line 19: signature 1 (ACME-FW01): matches, item 1: it does not know this text, which says: FirewallSaysNo, "rules"`},
		{"a line of which the analysis reads the error alone", instead("'Code=\"FirewallSaysNo\" Message=\"rule 7\"'\n  ignores", `'E1126 10:00:00.123456       1 azure_loadbalancer.go:276] "rule 7 of Sync" err="Code=\"FirewallSaysNo\" Message=\"no\""'`+"\n  ignores"), `it does not know this text, which says: FirewallSaysNo, "no"`},
		{"a line that is no failure", instead("'Code=\"FirewallSaysNo\" Message=\"rule 7\"'\n  ignores", `'I1126 10:00:00.123456       1 azure_loadbalancer.go:276] rule 7 is there'`+"\n  ignores"), "it does not know this text, which says: nothing that is a failure"},
		{"a line of a log for events alone", strings.Replace(instead("'Code=\"FirewallSaysNo\" Message=\"rule 7\"'\n  ignores", `'E1126 10:00:00.123456       1 azure_loadbalancer.go:276] Code="FirewallSaysNo" Message="rule 7"'`+"\n  ignores"), "[event, log]", "[event]", 1), "it does not know this text"},
		{"a text that it should not know", instead(`"rule seven"`, `"rule 8"`), `line 21: signature 1 (ACME-FW01): ignores, item 1: it knows this text, which says: FirewallSaysNo, "rule 8"`},
		{"a control character", instead(`"a firewall"`, `"a\e[31m firewall"`), "line 6: signature 1 (ACME-FW01): cause: it has a character that nobody sees"},
		{"a mark that turns the text", instead(`run: "kubectl get pods"`, `run: "kubectl get \u202Epods"`), "line 8: signature 1 (ACME-FW01): fix, item 1: it has a character that nobody sees"},
		{"two commands", instead(`run: "kubectl get pods"`, `run: "kubectl get pods\nrm x"`), "line 9: signature 1 (ACME-FW01): fix, item 1: run is more than one line"},
		{"the id twice", whole + strings.TrimPrefix(whole, "signatures:\n"), "team.yaml: line 22: the id ACME-FW01 is that of line 2 of team.yaml already"},
		{"too long", "#" + strings.Repeat("x", MaxBytes), "more than 1024 KiB"},
	} {
		if _, err := Load("team.yaml", []byte(c.content)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v\nwant %s", c.name, err, c.want)
		} else if strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: more than one line: %v", c.name, err)
		}
	}
}

func TestUnique(t *testing.T) {
	a, err := Load("a.yaml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	b, err := Load("b.yaml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	if err := Unique(a, b); err == nil || !strings.Contains(err.Error(), "b.yaml: line 2: the id ACME-FW01 is that of line 2 of a.yaml already") {
		t.Error(err)
	}
}

// TestSchemaMatchesTheType: every field of the types is in the schema, and the schema has
// no other.
func TestSchemaMatchesTheType(t *testing.T) {
	var doc map[string]any
	if err := json.Unmarshal(Schema, &doc); err != nil {
		t.Fatal(err)
	}
	defs, used := doc["$defs"].(map[string]any), map[string]bool{}
	var visit func(typ reflect.Type, schema map[string]any)
	visit = func(typ reflect.Type, schema map[string]any) {
		props := schema["properties"].(map[string]any)
		var fields, keys []string
		for k := range props {
			keys = append(keys, k)
		}
		for _, f := range reflect.VisibleFields(typ) {
			name, inner := f.Tag.Get("json"), f.Type
			fields = append(fields, name)
			if inner.Kind() != reflect.Slice || inner.Elem().Kind() != reflect.Struct {
				continue
			}
			def := inner.Elem().Name()
			if ref := props[name].(map[string]any)["items"].(map[string]any)["$ref"]; ref != "#/$defs/"+def {
				t.Errorf("%s.%s refers to %v, not to %s", typ.Name(), f.Name, ref, def)
			}
			used[def] = true
			visit(inner.Elem(), defs[def].(map[string]any))
		}
		slices.Sort(fields)
		slices.Sort(keys)
		if !slices.Equal(fields, keys) {
			t.Errorf("%s: fields %v, properties %v", typ.Name(), fields, keys)
		}
		if schema["additionalProperties"] != false {
			t.Errorf("the schema of %s takes any key", typ.Name())
		}
	}
	visit(reflect.TypeFor[file](), doc)
	if len(used) != len(defs) {
		t.Errorf("%d of %d definitions are used", len(used), len(defs))
	}
}
