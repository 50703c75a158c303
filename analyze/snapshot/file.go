package snapshot

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"path"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"

	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
)

// reading is what becomes known of one file.
type reading struct {
	name     string
	evidence []*bundle.Evidence
	text     string // what it is, where it is no evidence of the catalogue
	notes    []string
	kinds    map[string]int // of objects that are not read
}

func (f *reading) as(e *bundle.Evidence) {
	for _, x := range f.evidence {
		if x == e {
			return
		}
	}
	f.evidence = append(f.evidence, e)
}

func (f *reading) note(s string) { f.notes = append(f.notes, s) }

func (f *reading) unused(kind string) {
	if f.kinds == nil {
		f.kinds = map[string]int{}
	}
	f.kinds[kind]++
}

// given is what one list, or one run of single objects, of a loose file holds.
type given struct {
	evidence   *bundle.Evidence
	file       string
	list       bool   // an item of a list, not a single object
	empty      bool   // a list without items
	partial    string // why the list is not whole
	cluster    bool   // has the API server's own Service: not restricted to a namespace
	namespaces map[string]bool
	groups     map[string]bool // lower case
	sets       map[string]bool // "group/scale set", lower case
}

// at is the place of a piece, for notes.
func at(d *Doc) string { return d.File + " line " + strconv.Itoa(d.Line) }

// file takes one file. entry is what the manifest says of it, nil for loose files:
// then its content decides what it is.
func (l *loader) file(name string, entry *bundle.Entry, r io.Reader) {
	f := &reading{name: name}
	l.files = append(l.files, f)
	l.visited[name] = true
	br := bufio.NewReaderSize(r, peekSize)
	head, _ := br.Peek(peekSize) // an error comes again when the rest is read
	if text := utf8Reader(head, br); text != io.Reader(br) {
		br = bufio.NewReaderSize(text, peekSize)
	}
	head, _ = br.Peek(peekSize)
	if entry != nil {
		if hint := bundle.ByID(entry.Evidence); hint != nil {
			l.entry(f, hint, head, br)
			return
		}
		f.note("its evidence " + strconv.Quote(entry.Evidence) + " is not in this version's catalogue")
	}
	if f.text = bundle.CompanionOf(head); f.text != "" {
		return
	}
	switch formOf(head) {
	case formEmpty:
		f.note("it is empty")
	case formBinary:
		f.note("it is no text")
	case formYAML:
		l.yaml(f, drain(br), nil)
	case formJSON:
		l.json(f, drain(br), nil)
	default:
		l.text(f, head, br)
	}
}

// entry takes a file of which the manifest says what it is.
func (l *loader) entry(f *reading, hint *bundle.Evidence, head []byte, r io.Reader) {
	f.as(hint)
	if hint == &bundle.KubeContext {
		return // the manifest has it too
	}
	if hint.Format == bundle.Log {
		l.log(f, r, hint)
		return
	}
	switch formOf(head) {
	case formEmpty:
	case formYAML:
		l.yaml(f, drain(r), hint)
	case formJSON:
		l.json(f, drain(r), hint)
	default:
		first := head[:lineEnd(head)]
		l.fault(f, hint, fault{1, "neither YAML nor JSON: " + string(first)})
	}
}

// yaml takes a YAML file.
func (l *loader) yaml(f *reading, text []byte, hint *bundle.Evidence) {
	blankWarnings(text)
	switch {
	case hint == &bundle.CloudConfig || hint == nil && !yamlObject.Match(text) && isConfigText(text):
		l.config(f, text)
	case hint == &bundle.KubeVersion || hint == nil && bytes.HasPrefix(bytes.TrimSpace(text), []byte("clientVersion:")):
		asJSON, err := yaml.YAMLToJSON(text)
		if err != nil {
			l.fault(f, &bundle.KubeVersion, fault{1, err.Error()})
			return
		}
		l.version(f, asJSON)
	default:
		l.kubernetes(f, cutYAML(f.name, text), hint)
	}
}

// json takes a file of one JSON document or of several in a row.
func (l *loader) json(f *reading, text []byte, hint *bundle.Evidence) {
	blankWarnings(text)
	d := json.NewDecoder(bytes.NewReader(text))
	line, counted := 1, 0
	for {
		var raw json.RawMessage
		err := d.Decode(&raw)
		if err == io.EOF {
			return
		}
		start, end := int(d.InputOffset())-len(raw), int(d.InputOffset())
		if err != nil {
			rest := bytes.TrimLeft(text[counted:], " \t\r\n")
			start, end = len(text)-len(rest), len(text)
		}
		line += bytes.Count(text[counted:start], []byte("\n"))
		counted = start
		l.document(f, text[start:end], line, err == nil, hint)
		if err != nil {
			return
		}
	}
}

// document takes one JSON document; whole is false where it is damaged.
func (l *loader) document(f *reading, text []byte, line int, whole bool, hint *bundle.Evidence) {
	keys := topKeys(text, whole)
	kube := keys["apiversion"] || keys["items"]
	switch {
	case hint == &bundle.CloudConfig || hint == nil && !kube && isConfig(keys):
		l.config(f, text)
	case hint == &bundle.KubeVersion || hint == nil && (keys["serverversion"] || keys["clientversion"]):
		l.version(f, text)
	case hint != nil && hint.Program == bundle.Kubectl || hint == nil && kube:
		l.kubernetes(f, cutJSON(f.name, text, line), hint)
	case hint != nil && hint.Redaction == bundle.RedactRows || hint == nil && isLogTable(text):
		rows, _ := az.LogRows(text) // of one that is damaged the rows before the damage
		l.logTable(f, rows, bytes.Contains(text, []byte("log_s")), hint)
	default:
		items, err := az.Items(text)
		if hint == nil && !isAzure(items) && (len(items) > 0 || err != nil || byFileName(f.name) == nil) {
			if len(items) == 0 && err == nil {
				f.note("it is an empty list, and its name does not say of what")
				return
			}
			l.search(f, bytes.NewReader(text))
			return
		}
		l.azure(f, &Doc{File: f.name, Line: line, Raw: text}, items, err, hint)
	}
}

// isLogTable reports whether a document is a log that Log Analytics has.
func isLogTable(text []byte) bool {
	_, ok := az.LogRows(text)
	return ok
}

// topKeys returns the keys of an object, or of a bare list's first object, in
// lower case. Of a damaged document the keys before the damage.
func topKeys(text []byte, whole bool) map[string]bool {
	out := map[string]bool{}
	d := json.NewDecoder(bytes.NewReader(text))
	t, err := d.Token()
	if t == json.Delim('[') {
		var first map[string]json.RawMessage
		if d.Decode(&first) == nil && first["kind"] != nil && first["apiVersion"] != nil {
			out["apiversion"] = true
		}
		return out
	}
	for err == nil && d.More() {
		if t, err = d.Token(); err != nil {
			break
		}
		if key, ok := t.(string); ok {
			out[strings.ToLower(key)] = true
		}
		var skipped json.RawMessage
		err = d.Decode(&skipped)
	}
	if !whole && isConfigText(text) {
		out["aadclientid"] = true
	}
	return out
}

// version takes `kubectl version -o json` or `-o yaml`.
func (l *loader) version(f *reading, text []byte) {
	f.as(&bundle.KubeVersion)
	var v struct {
		ServerVersion *struct{ GitVersion string }
	}
	if err := json.Unmarshal(text, &v); err != nil {
		l.fault(f, &bundle.KubeVersion, fault{1, err.Error()})
		return
	}
	g := &given{evidence: &bundle.KubeVersion, file: f.name, list: true}
	if v.ServerVersion == nil {
		f.note("it has the version of kubectl only, not the server's")
		g.partial = "kubectl did not reach the server"
	} else {
		l.s.Kubernetes = cmp.Or(l.s.Kubernetes, v.ServerVersion.GitVersion)
	}
	l.given = append(l.given, g)
}

// fileWords decide of an empty list what it is a list of; the first that occurs
// in the file's name.
var fileWords = []struct {
	evidence *bundle.Evidence
	words    []string
}{
	{&bundle.Resources, []string{"resources"}},
	{&bundle.ActivityLog, []string{"activity-log", "activitylog", "activity_log"}},
	{&bundle.RoleAssignments, []string{"role-assignment", "roleassignment", "role_assignment"}},
	{&bundle.RoleDefinitions, []string{"role-definition", "roledefinition", "role_definition", "custom-role"}},
	{&bundle.PolicyAssignments, []string{"policy-assignment", "policyassignment", "policy_assignment", "policies", "policy"}},
	{&bundle.SubscriptionLocks, []string{"subscription-lock"}},
	{&bundle.Locks, []string{"lock"}},
	{&bundle.NetworkUsages, []string{"usages", "usage"}},
	{&bundle.ScaleSetNICs, []string{"vmss-nic", "vmss_nic", "vmssnic"}},
	{&bundle.ScaleSetInstances, []string{"instances", "vmss-vm"}},
	{&bundle.ScaleSets, []string{"vmss", "scale-set", "scaleset"}},
	{&bundle.PrivateLinkServices, []string{"private-link", "privatelink", "pls"}},
	{&bundle.PublicIPs, []string{"public-ip", "publicip", "public_ip", "pip"}},
	{&bundle.NATGateways, []string{"nat-gateway", "natgateway", "nat_gateway", "natgw"}},
	{&bundle.RouteTables, []string{"route-table", "routetable", "route_table", "routes"}},
	{&bundle.NSGs, []string{"nsg", "security-group"}},
	{&bundle.VNets, []string{"vnet", "virtual-network"}},
	{&bundle.NICs, []string{"nic", "network-interface"}},
	{&bundle.EndpointSlices, []string{"endpointslice", "endpoint-slice"}},
	{&bundle.Endpoints, []string{"endpoints"}},
	{&bundle.Services, []string{"svc", "service"}},
	{&bundle.Nodes, []string{"node"}},
	{&bundle.Events, []string{"event"}},
	{&bundle.Pods, []string{"pod"}},
	{&bundle.LoadBalancers, []string{"lb", "load-balancer", "loadbalancer"}},
	{&bundle.VMs, []string{"vm", "virtual-machine"}},
}

// byFileName is asked for empty lists and for files that do not parse only. The
// longest word wins its place: words are compared in the order of the table, and
// short ones must stand alone between separators.
func byFileName(name string) *bundle.Evidence {
	name = strings.ToLower(strings.TrimSuffix(path.Base(name), path.Ext(name)))
	parts := strings.FieldsFunc(name, func(r rune) bool { return !('a' <= r && r <= 'z') })
	for _, w := range fileWords {
		for _, word := range w.words {
			if len(word) > 4 && strings.Contains(name, word) {
				return w.evidence
			}
			for _, p := range parts {
				if p == word || p == word+"s" {
					return w.evidence
				}
			}
		}
	}
	return nil
}
