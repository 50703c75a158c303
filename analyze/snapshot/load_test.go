package snapshot

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	bundle "azlb/bundle-schema"
	"azlb/report"
)

// file is one file of a test, with what the manifest says of it.
type file struct {
	name, text string
	entry      *bundle.Entry
}

// loaded loads files as they would pass in a bundle.
func loaded(m *bundle.Manifest, files ...file) *Snapshot {
	l := newLoader(m)
	for _, f := range files {
		l.file(f.name, f.entry, strings.NewReader(f.text))
	}
	return l.finish(nil)
}

// loose loads files of testdata/loose.
func loose(t *testing.T, names ...string) *Snapshot {
	t.Helper()
	var files []file
	for _, name := range names {
		files = append(files, file{name: name, text: data(t, name)})
	}
	return loaded(nil, files...)
}

func data(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "loose", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// gapsOf prints the gaps in one line each.
func gapsOf(s *Snapshot) (out []string) {
	for _, g := range s.Gaps {
		out = append(out, fmt.Sprintf("%s %v %s: %s", g.Evidence.ID, g.Scope, g.Status, g.Reason))
	}
	return out
}

// blockMark is what stands behind the key of a text that goes on over lines.
var blockMark = regexp.MustCompile(`^(\S+:) [|>]-? `)

// cited checks that the quote of a cite begins in the cited line.
func cited(t *testing.T, c report.Cite, text string) {
	t.Helper()
	lines := strings.Split(text, "\n")
	if c.Line < 1 || c.Line > len(lines) {
		t.Errorf("cite %+v is of a line beyond the %d of the file", c, len(lines))
		return
	}
	line := blockMark.ReplaceAllString(strings.Join(strings.Fields(strings.Join(lines[c.Line-1:], " ")), " "), "$1 ")
	if quote := strings.TrimSuffix(c.Quote, "…"); quote == "" || !strings.Contains(line, quote) {
		t.Errorf("line %d of %s is %q, the quote %q", c.Line, c.File, lines[c.Line-1], c.Quote)
	}
}

func TestErasOfKubernetes(t *testing.T) {
	s := loose(t, "eras.yaml")
	if n := s.Nodes[0]; n.ExternalID != "k8s-agent-0" || n.Status.NodeInfo.KubeletVersion != "v1.9.2" || n.Doc.Line != 3 {
		t.Errorf("node %+v at line %d", n.ExternalID, n.Doc.Line)
	}
	var services []string
	for _, x := range s.Services {
		services = append(services, fmt.Sprintf("%s/%s %s at %d", x.Namespace, x.Name, x.Spec.Type, x.Doc.Line))
	}
	if d := cmp.Diff([]string{"default/kubernetes ClusterIP at 14", "shop/web LoadBalancer at 27"}, services); d != "" {
		t.Error(d)
	}
	var slices []string
	for _, x := range s.Slices {
		line := x.Labels["kubernetes.io/service-name"] + " " + string(x.AddressType)
		for _, e := range x.Endpoints {
			node := "-"
			if e.NodeName != nil {
				node = *e.NodeName
			}
			line += fmt.Sprintf(" %s@%s:%v", e.Addresses[0], node, *e.Conditions.Ready)
		}
		slices = append(slices, line)
	}
	if d := cmp.Diff([]string{"api IPv4 10.244.0.11@k8s-agent-0:true",
		"web IPv4 10.244.0.9@k8s-agent-0:true 10.244.0.10@-:false", "web IPv6 2001:db8::9@k8s-agent-0:true"}, slices); d != "" {
		t.Error(d)
	}
	var events []string
	for _, e := range s.Events {
		events = append(events, fmt.Sprintf("%s %s/%s %s %s %s..%s x%d %q", e.Kind, e.Namespace, e.Name, e.Component, e.Reason, e.First.Format("15:04"), e.Last.Format("15:04"), e.Count, e.Message))
	}
	if d := cmp.Diff([]string{
		`Service shop/web service-controller CreatingLoadBalancerFailed 08:11..08:15 x3 "Error creating load balancer (will retry): failed\n- not a new item: of the list"`,
		`Service shop/web service-controller SyncLoadBalancerFailed 08:20..08:25 x2 "Error syncing load balancer"`,
		`Pod shop/web-0 kubelet Unhealthy 08:26..08:29 x9 "Readiness probe failed"`}, events); d != "" {
		t.Error(d)
	}
	if want := time.Date(2018, 3, 12, 8, 29, 0, 5e8, time.UTC); !s.Now.Equal(want) {
		t.Errorf("clock %v, want %v", s.Now, want)
	}
	for _, p := range []string{"/message", "/involvedObject/uid", "/nowhere/at/all", ""} {
		cited(t, s.Events[0].Doc.Cite(p), data(t, "eras.yaml"))
	}
	if !s.Complete(&bundle.Services, "") || !s.Complete(&bundle.Nodes, "") {
		t.Error("lists with more than one namespace and lists of nodes are whole")
	}
}

func TestBrokenDocumentLeavesItsNeighbours(t *testing.T) {
	s := loose(t, "broken.yaml")
	var got []string
	for _, x := range s.Services {
		got = append(got, fmt.Sprintf("%s at %d%s", x.Name, x.Doc.Line, x.Doc.Prefix))
	}
	if d := cmp.Diff([]string{"first at 19/items/0", "good at 1", "third at 25/items/2"}, got); d != "" {
		t.Error(d)
	}
	var faults []string
	for _, g := range gapsOf(s) {
		if strings.HasPrefix(g, "services map[] failed") {
			faults = append(faults, g[:len("services map[] failed: broken.yaml line 22")])
		}
	}
	if d := cmp.Diff([]string{"services map[] failed: broken.yaml line 22", "services map[] failed: broken.yaml line 9 "}, faults); d != "" {
		t.Error(d, gapsOf(s))
	}
	if !strings.Contains(s.Files[0].Note, "line 22") || s.Files[0].As != "Services" {
		t.Errorf("file %+v", s.Files[0])
	}
	third := s.Services[2]
	c := third.Doc.Cite("/metadata/annotations/a.b~1c~0d")
	if c.Line != 29 || c.Pointer != "/items/2/metadata/annotations/a.b~1c~0d" || c.Quote != `a.b/c~d: "x"` {
		t.Errorf("cite %+v", c)
	}
	if c := third.Doc.CiteWhole(); c.Line != 30 || c.Quote != "name: third" {
		t.Errorf("whole %+v", c)
	}
	if c := s.Services[0].Doc.Cite("/metadata/name"); c.Line != 21 || c.Pointer != "/items/0/metadata/name" {
		t.Errorf("flow style %+v", c)
	}
}

// TestLayouts has the same two Services in every layout that a file may have.
func TestLayouts(t *testing.T) {
	const a, b = `{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", "namespace": "x"}}`, `{"kind": "Service", "apiVersion": "v1", "metadata": {"name": "b", "namespace": "yy"}}`
	for name, text := range map[string]string{
		"json list":             "{\"apiVersion\": \"v1\", \"items\": [\n" + a + ",\n" + b + "\n], \"kind\": \"List\"}",
		"json list in one line": `{"items": [` + a + "," + b + `], "kind": "ServiceList"}`,
		"bare json list":        "[\n" + a + ",\n" + b + "\n]",
		"json in a row":         a + "\n" + b + "\n",
		"json cut short":        "{\"apiVersion\": \"v1\", \"items\": [\n" + a + ",\n" + b + ",\n{\"apiV",
		"yaml documents":        "# first\napiVersion: v1\nkind: Service\nmetadata:\n  name: a\n  namespace: x\n---\nkind: Service\napiVersion: v1\nmetadata: {name: b, namespace: yy}\n",
		"yaml indented items":   "apiVersion: v1\nkind: List\nitems:\n  - apiVersion: v1\n    kind: Service\n    metadata: {name: a, namespace: x}\n  - apiVersion: v1\n    kind: Service\n    metadata: {name: b, namespace: yy}\n",
		"items without kinds":   "apiVersion: v1\nkind: ServiceList\nitems:\n- metadata: {name: a, namespace: x}\n- metadata: {name: b, namespace: yy}\n",
		"another list behind":   "apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Service\n  metadata:\n    name: a\n    namespace: x\n- apiVersion: v1\n  kind: Service\n  metadata:\n    name: b\n    namespace: yy\nmore:\n- apiVersion: v1\n  kind: Service\n  metadata:\n    name: c\n    namespace: z\n",
		"windows line ends":     "apiVersion: v1\r\nitems:\r\n- apiVersion: v1\r\n  kind: Service\r\n  metadata:\r\n    name: a\r\n    namespace: x\r\n- apiVersion: v1\r\n  kind: Service\r\n  metadata:\r\n    name: b\r\n    namespace: yy\r\nkind: List\r\n",
		"warning before":        "Warning: v1 is deprecated\n[" + a + "," + b + "]",
		"byte order mark":       "\xEF\xBB\xBF[" + a + "," + b + "]",
		"utf-16":                utf16LE("{\"items\": [" + a + ",\r\n" + b + "]}"),
	} {
		t.Run(name, func(t *testing.T) {
			s := loaded(nil, file{name: "f", text: text})
			if len(s.Services) != 2 || s.Services[0].Name != "a" || s.Services[1].Name != "b" {
				t.Fatalf("%d services, files %+v", len(s.Services), s.Files)
			}
			for _, x := range s.Services {
				c := x.Doc.Cite("/metadata/name")
				if name != "utf-16" {
					cited(t, c, text)
				}
				if !strings.HasSuffix(c.Pointer, "/metadata/name") || strings.Contains(name, "items") != strings.HasPrefix(c.Pointer, "/items/") && strings.HasPrefix(name, "yaml") {
					t.Errorf("pointer %q", c.Pointer)
				}
			}
			if whole := name != "json in a row" && name != "yaml documents" && name != "json cut short"; s.Complete(&bundle.Services, "") != whole {
				t.Errorf("complete %v", !whole)
			}
		})
	}
}

func utf16LE(s string) string {
	out := []byte{0xFF, 0xFE}
	for _, c := range []byte(s) {
		out = append(out, c, 0)
	}
	return string(out)
}

func TestDuplicatesKeepTheNewest(t *testing.T) {
	svc := func(version, typ string) string {
		return "apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: x, uid: u, resourceVersion: \"" + version + "\"}\nspec: {type: " + typ + "}\n"
	}
	event := func(count int) string {
		return fmt.Sprintf("apiVersion: v1\nkind: Event\nmetadata: {name: e, namespace: x, uid: u1}\ncount: %d\nlastTimestamp: 2026-01-01T00:00:%02dZ\nmessage: m\ninvolvedObject: {kind: Service, name: a, namespace: x}\nreason: r\ntype: Warning\n", count, count)
	}
	s := loaded(nil, file{name: "1", text: svc("99", "NodePort")}, file{name: "2", text: svc("100", "LoadBalancer")},
		file{name: "3", text: event(2)}, file{name: "4", text: event(9)}, file{name: "5", text: event(4)},
		file{name: "6", text: "NAMESPACE   LAST SEEN   TYPE      REASON   OBJECT      MESSAGE\nx           3m          Warning   r        service/a   m\n"})
	if len(s.Services) != 1 || s.Services[0].Spec.Type != "LoadBalancer" {
		t.Errorf("services %+v", s.Services)
	}
	if len(s.Events) != 1 || s.Events[0].Count != 9 {
		t.Errorf("events %+v", s.Events)
	}
}
