package analyze

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"azlb/analyze/rule/ruletest"
	bundle "azlb/bundle-schema"
)

// settle is the host's cluster with the guest's Services in it. What both have is the
// host's: nodes, machines, networks, the controllers. Of the guest comes what names
// something of its own.
func (g *guest) settle(t *testing.T, host *partner) *ruletest.Files {
	t.Helper()
	out := host.files.Clone()
	c := &out.Manifest.Cluster
	for _, entry := range g.files.Manifest.Entries {
		e := g.entry(t, entry)
		newGroup := e.Scope["group"] != "" && !slices.Contains(c.ResourceGroups, e.Scope["group"])
		ours := newGroup || g.own.MatchString(e.Scope["namespace"])
		switch content, ok := out.Content[e.Path]; {
		case e.Path == "" && ours:
			out.Manifest.Entries = append(out.Manifest.Entries, e)
		case e.Path == "":
		case bundle.ByID(e.Evidence).Format == bundle.Log:
			out.Content[e.Path] = content
			if ok {
				out.Content[e.Path] = g.log(content, g.files.Content[entry.Path])
			}
		case ok:
			out.Content[e.Path] = g.file(t, e, host.docs[e.Path], g.docs[entry.Path])
			if i := out.Entry(e.Path); i.Status == bundle.StatusEmpty && string(out.Content[e.Path]) != "[]\n" {
				i.Status, i.Reason = bundle.StatusOK, ""
			}
		case ours:
			*out.Entry(e.Path) = e
			out.Content[e.Path] = g.file(t, e, nil, g.docs[entry.Path])
		case g.owns(g.renamed(g.docs[entry.Path])):
			out.Manifest.Entries = slices.DeleteFunc(out.Manifest.Entries, func(h bundle.Entry) bool {
				return h.Path == "" && h.Evidence == e.Evidence && maps.Equal(h.Scope, e.Scope)
			})
			*out.Entry(e.Path) = e
			out.Content[e.Path] = g.file(t, e, emptyLike(g.docs[entry.Path]), g.docs[entry.Path])
		}
		if out.Content[e.Path] == nil {
			delete(out.Content, e.Path)
		}
	}
	for _, group := range g.files.Manifest.Cluster.ResourceGroups {
		if !slices.Contains(c.ResourceGroups, group) {
			c.ResourceGroups = append(slices.Clone(c.ResourceGroups), group)
		}
	}
	return out
}

func emptyLike(doc any) any {
	if _, ok := doc.([]any); ok {
		return []any{}
	}
	return map[string]any{"apiVersion": "v1", "kind": "List", "items": []any{}}
}

// entry is one of the guest's in the host's manifest.
func (g *guest) entry(t *testing.T, e bundle.Entry) bundle.Entry {
	t.Helper()
	raw, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	var out bundle.Entry
	if err := json.Unmarshal([]byte(g.rename(string(raw))), &out); err != nil {
		t.Fatal(err)
	}
	if out.Scope["namespace"] == "default" {
		out.Scope["namespace"] += suffix
		out.Path = strings.Replace(out.Path, "default", "default"+suffix, 1)
	}
	return out
}

// file is a file of both; host is nil where only the guest has it.
func (g *guest) file(t *testing.T, e bundle.Entry, a, b any) []byte {
	t.Helper()
	b = g.renamed(b)
	var merged any
	var raw []byte
	var err error
	if bundle.ByID(e.Evidence).Format == bundle.YAML {
		merged = g.objects(a, b)
		raw, err = yaml.Marshal(merged)
	} else {
		if merged = b; a != nil {
			merged = g.merge(a, b)
		}
		if e.Evidence == bundle.NSGs.ID {
			spread(a, merged)
		}
		raw, err = json.MarshalIndent(merged, "", "  ")
		raw = append(raw, '\n')
	}
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// objects adds Kubernetes objects of the guest to a list.
func (g *guest) objects(a, b any) any {
	there := map[string]bool{}
	merged := slices.Clone(list(a, "items"))
	for _, item := range merged {
		there[objectKey(item)] = true
	}
	for _, item := range list(b, "items") {
		g.leaveDefault(item)
		if !there[objectKey(item)] && g.owns(item) {
			merged = append(merged, item)
		}
	}
	shell, _ := b.(map[string]any)
	if h, ok := a.(map[string]any); ok {
		shell = maps.Clone(h)
	}
	if shell["items"] != nil {
		shell["items"] = merged
	}
	return shell
}

func objectKey(v any) string {
	return fmt.Sprint(at(v, "kind"), at(v, "metadata", "namespace"), at(v, "metadata", "name"))
}

// leaveDefault moves an object from the namespace default, but the API server's Service
// and what is about nodes.
func (g *guest) leaveDefault(item any) {
	if word(item, "metadata", "name") == "kubernetes" || word(item, "involvedObject", "kind") == "Node" {
		return
	}
	var visit func(any)
	visit = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				visit(e)
			}
		case map[string]any:
			if v["namespace"] == "default" {
				v["namespace"] = "default" + suffix
			}
			for _, e := range v {
				visit(e)
			}
		}
	}
	visit(item)
}

// merge adds to a value of the host what the guest's value has and names something of
// its own.
func (g *guest) merge(a, b any) any {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok {
			return a
		}
		out := maps.Clone(a)
		for k, v := range b {
			if old, ok := a[k]; ok {
				out[k] = g.merge(old, v)
			} else if g.owns(v) {
				out[k] = v
			}
		}
		if strings.HasPrefix(word(a, "name"), "k8s-azure-lb_") {
			g.destinations(out, a, b)
		}
		return out
	case []any:
		b, _ := b.([]any)
		out := slices.Clone(a)
		where := map[string]int{}
		for i, e := range a {
			where[elementKey(e)] = i
		}
		for _, e := range b {
			if i, ok := where[elementKey(e)]; ok {
				out[i] = g.merge(a[i], e)
			} else if g.owns(e) {
				out = append(out, e)
			}
		}
		return out
	case nil:
		if g.owns(b) {
			return b
		}
	}
	return a
}

// elementKey tells which elements of two lists are the same.
func elementKey(v any) string {
	for _, key := range []string{"id", "name"} {
		if s := word(v, key); s != "" {
			return strings.ToLower(s)
		}
	}
	raw, _ := json.Marshal(v)
	return string(raw)
}

// destinations lets a security rule, which several Services with the same sources and
// ports share, have the destinations of both.
func (g *guest) destinations(out, a, b map[string]any) {
	all := either(a, "destinationAddressPrefix", "destinationAddressPrefixes")
	for _, d := range either(b, "destinationAddressPrefix", "destinationAddressPrefixes") {
		if !slices.Contains(all, d) && g.owns(d) {
			all = append(all, d)
		}
	}
	if len(all) < 2 {
		return
	}
	slices.Sort(all)
	many := make([]any, len(all))
	for i, d := range all {
		many[i] = d
	}
	delete(out, "destinationAddressPrefix")
	out["destinationAddressPrefixes"] = many
}

// spread gives the rules that came to a security group priorities of their own: the
// next ones, of the rules that deny the rest the ones before.
func spread(before, after any) {
	old, _ := before.([]any)
	for _, group := range after.([]any) {
		var rules []any
		for _, o := range old {
			if elementKey(o) == elementKey(group) {
				rules = list(o, "securityRules")
			}
		}
		taken := map[string]bool{}
		of := func(r any) string { return fmt.Sprint(at(r, "direction"), at(r, "priority")) }
		for i, r := range list(group, "securityRules") {
			r, step := r.(map[string]any), 1.0
			if strings.Contains(word(r, "name"), "deny-all") {
				step = -1
			}
			for i >= len(rules) && taken[of(r)] {
				r["priority"] = r["priority"].(float64) + step
			}
			taken[of(r)] = true
		}
	}
}
