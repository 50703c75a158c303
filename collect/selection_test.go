package collect

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"azlb/analyze"
	"azlb/analyze/rule/ruletest"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/redact"
	"azlb/report"
)

// sampleBundles are the folders of all written samples.
func sampleBundles(t *testing.T) []string {
	t.Helper()
	dirs, err := filepath.Glob("../samples/*/bundle")
	if err != nil || len(dirs) < 50 {
		t.Fatalf("%d samples: %v", len(dirs), err)
	}
	return dirs
}

// holding is a session whose cluster answered with the files of a bundle.
func holding(t *testing.T, content map[string][]byte) *session {
	t.Helper()
	spool, err := newSpool(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &session{executor: &executor{spool: spool}, read: map[*bundle.Evidence]bool{}}
	for _, e := range []*bundle.Evidence{&bundle.Services, &bundle.EndpointSlices, &bundle.Endpoints, &bundle.Events} {
		if text, ok := content[e.Path]; ok {
			if err := spool.keep(e, e.Path, text, &bundle.Entry{}); err != nil {
				t.Fatal(err)
			}
			s.read[e] = true
		}
	}
	return s
}

// passed lets a list pass as it does on its way from kubectl.
func passed(t *testing.T, s *session, e *bundle.Evidence, namespace string, most int, text []byte) (string, bundle.Entry, ending) {
	t.Helper()
	l := &listing{spool: s.spool, e: e, most: most, removed: redact.Counts{}}
	if namespace != "" {
		l.takes = s.wanted(namespace)
	}
	if err := l.take(bytes.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	entry, end := bundle.Entry{}, ending{Status: bundle.StatusOK}
	c := Command{Evidence: e, Program: bundle.Kubectl, Path: fmt.Sprintf("passed/%s/%s", e.ID, namespace)}
	if l.whole != nil {
		s.keep(c, l.whole.kept.Bytes(), l.whole.over, &entry, &end)
	} else {
		l.keep(c, &entry, &end)
	}
	kept := string(s.spool.read(c.Path))
	s.spool.drop(c.Path)
	return kept, entry, end
}

// TestCutPodsChangeNoAnswer: with a crowd of strangers in every namespace, the analysis
// of all pods and of those that are kept is the same, in every sample.
func TestCutPodsChangeNoAnswer(t *testing.T) {
	var cutAway, lists int
	for i, dir := range sampleBundles(t) {
		if raced && i%16 > 0 {
			continue
		}
		t.Run(filepath.Base(filepath.Dir(dir)), func(t *testing.T) {
			whole, err := ruletest.Load(dir)
			if err != nil {
				t.Fatal(err)
			}
			s := holding(t, whole.Content)
			s.chosen = s.selections()
			small := whole.Clone()
			for i := range whole.Manifest.Entries {
				e := &whole.Manifest.Entries[i]
				if e.Evidence != bundle.Pods.ID || e.Path == "" {
					continue
				}
				crowd := crowded(string(whole.Content[e.Path]), e.Scope["namespace"])
				kept, _, _ := passed(t, s, &bundle.Pods, e.Scope["namespace"], podCap, []byte(crowd))
				if kept == "" {
					t.Fatalf("%s: nothing came through", e.Path)
				}
				whole.Content[e.Path], small.Content[e.Path] = []byte(crowd), []byte(kept)
				cutAway += strings.Count(crowd, "\n- ") - strings.Count(kept, "\n- ")
				lists++
			}
			if diff := cmp.Diff(answersOf(t, whole), answersOf(t, small)); diff != "" {
				t.Errorf("the pods that were left out make a difference (-all +kept):\n%s", diff)
			}
		})
	}
	if lists < 6 || cutAway < 10*lists {
		t.Errorf("only %d pods of %d lists were left out", cutAway, lists)
	}
}

// crowded adds pods of another application to a list of pods.
func crowded(text, namespace string) string {
	var strangers strings.Builder
	for i := range 12 {
		fmt.Fprintf(&strangers, "- apiVersion: v1\n  kind: Pod\n  metadata:\n    labels:\n      app: a-stranger\n      team: t%d\n    name: stranger-%d\n    namespace: %s\n  spec:\n    containers:\n    - image: example.com/x:1\n      name: x\n      ports:\n      - containerPort: 9999\n  status:\n    phase: Running\n", i, i, namespace)
	}
	return strings.Replace(text, "items:\n", "items:\n"+strangers.String(), 1)
}

// answersOf is what an analysis says, without the places of what it cites.
func answersOf(t *testing.T, f *ruletest.Files) []string {
	t.Helper()
	dir := t.TempDir()
	if err := f.Write(dir); err != nil {
		t.Fatal(err)
	}
	b, err := bundle.Open([]string{dir}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	r, err := analyze.Bundle(b, "test")
	if err != nil {
		t.Fatal(err)
	}
	return said(r)
}

func said(r *report.Report) []string {
	var out []string
	var add func(in string, list []report.Finding)
	add = func(in string, list []report.Finding) {
		for _, f := range list {
			out = append(out, fmt.Sprint(in, f.Rule, f.Severity, f.Confidence, f.Subject, f.Services, f.Message, f.Why))
			add(in+"> ", f.Consequences)
		}
	}
	add("", r.Findings)
	for _, v := range r.Verdicts {
		out = append(out, fmt.Sprint(v.Rule, v.State, v.Reason))
	}
	for _, s := range r.Services {
		out = append(out, fmt.Sprint(s.Key(), s.Status, s.RootCause))
		for _, p := range s.Paths {
			for _, h := range p.Hops {
				out = append(out, fmt.Sprint(h.Kind, h.State, h.Verdict, h.Say))
			}
		}
	}
	for _, d := range r.Drift {
		out = append(out, fmt.Sprint(d.Services, d.Kind, d.Hop, d.Field, d.Want, d.Got))
	}
	return out
}

// TestListPassesAsAWhole: cut into items and redacted one by one, every list of every
// sample has the bytes that it has as a whole.
func TestListPassesAsAWhole(t *testing.T) {
	lists := 0
	for _, dir := range sampleBundles(t) {
		f, err := ruletest.Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		s := holding(t, nil)
		for _, e := range f.Manifest.Entries {
			evidence := bundle.ByID(e.Evidence)
			if e.Path == "" || evidence == nil || evidence.Format != bundle.YAML {
				continue
			}
			want, _, _ := s.spool.learned.Document(evidence.Redaction, f.Content[e.Path])
			got, _, end := passed(t, s, evidence, "", 0, f.Content[e.Path])
			if got != string(want) || end.Status != bundle.StatusOK && end.Status != bundle.StatusEmpty || end.Reason != "" {
				t.Errorf("%s/%s: %s %q\n%s", dir, e.Path, end.Status, end.Reason, cmp.Diff(string(want), got))
			}
			lists++
		}
	}
	if lists < 300 {
		t.Errorf("only %d lists", lists)
	}
}

func podItem(name, labels string) string {
	return "- apiVersion: v1\n  kind: Pod\n  metadata:\n    labels: {" + labels + "}\n    name: " + name + "\n    namespace: shop\n  spec: {}\n"
}

// TestSelection: what a Service selects, an EndpointSlice names, an event about its
// address, and what nearly matches where nothing stands behind it.
func TestSelection(t *testing.T) {
	service := func(name, typ, selector string) string {
		return "- metadata: {name: " + name + ", namespace: shop}\n  spec:\n    type: " + typ + "\n    selector: {" + selector + "}\n  status: {loadBalancer: {ingress: [{ip: 10.0.0.7}]}}\n"
	}
	slice := func(service, pod string) string {
		return "- metadata: {name: " + service + "-x, namespace: shop, labels: {kubernetes.io/service-name: " + service + "}}\n  endpoints: [{addresses: [10.1.0.1], targetRef: {kind: Pod, namespace: shop, name: " + pod + "}}]\n"
	}
	s := holding(t, map[string][]byte{
		bundle.Services.Path:       []byte("apiVersion: v1\nitems:\n" + service("web", "LoadBalancer", "app: web") + service("hand", "LoadBalancer", "") + service("typo", "LoadBalancer", "app: stor-front, tier: web") + service("inner", "ClusterIP", "app: inner") + "kind: List\n"),
		bundle.EndpointSlices.Path: []byte("apiVersion: v1\nitems:\n" + slice("web", "web-0") + slice("hand", "by-hand") + slice("inner", "inner-0") + "kind: List\n"),
		bundle.Events.Path:         []byte("apiVersion: v1\nitems:\n- involvedObject: {kind: Pod, namespace: shop, name: caller}\n  message: dial tcp 10.0.0.7:80 i/o timeout\n- involvedObject: {kind: Pod, namespace: shop, name: other}\n  message: pulled\nkind: List\n"),
	})
	s.chosen = s.selections()
	pods := map[string]string{"web-0": "app: web", "web-9": "app: web, x: y", "by-hand": "a: b", "caller": "a: b", "near": "app: store-front, tier: web", "renamed": "name: stor-front, tier: web",
		"inner-0": "app: inner", "other": "a: b", "far": "app: payroll, tier: web", "near-web": "app: webb"}
	text := "apiVersion: v1\nitems:\n"
	for _, name := range sortedKeys(pods) {
		text += podItem(name, pods[name])
	}
	text += "kind: List\n"
	kept, _, end := passed(t, s, &bundle.Pods, "shop", podCap, []byte(text))
	var got []string
	items(strings.NewReader(kept), func(p pod) { got = append(got, p.Metadata.Name) })
	if diff := cmp.Diff([]string{"by-hand", "caller", "near", "renamed", "web-0", "web-9"}, got); diff != "" {
		t.Error(diff)
	}
	if end.Status != bundle.StatusOK || !strings.HasPrefix(end.Reason, "6 of 10 are kept") {
		t.Errorf("%s %q", end.Status, end.Reason)
	}
	kept, _, end = passed(t, s, &bundle.Pods, "shop", 4, []byte(text))
	if n := strings.Count(kept, "\n- "); n != 4 || end.Status != bundle.StatusTruncated || !strings.Contains(end.Reason, "more than 4: the last 2 of 6 are not kept") {
		t.Errorf("%d kept, %s %q", n, end.Status, end.Reason)
	}
	for _, other := range []string{strings.ReplaceAll(text, "\n", "\n "), "apiVersion: v1\nitems: []\nkind: List\n"} {
		kept, _, end := passed(t, s, &bundle.Pods, "shop", podCap, []byte(other))
		want, _, err := s.spool.learned.Document(bundle.RedactObject, []byte(other))
		if err == nil && kept != string(want) || end.Status == bundle.StatusTruncated && err == nil {
			t.Errorf("another layout is not whole: %s %q\n%s", end.Status, end.Reason, kept)
		}
	}
}

// TestListLosesWholeObjects: the cap in bytes, a broken object and a giant one cost
// themselves only.
func TestListLosesWholeObjects(t *testing.T) {
	s := holding(t, nil)
	e := bundle.Pods
	e.Cap = 300
	text := "apiVersion: v1\nitems:\n" + strings.Repeat(podItem("p", "a: b"), 5) + "kind: List\n"
	kept, _, end := passed(t, s, &e, "", 0, []byte(text))
	if n := strings.Count(kept, "\n- "); n != 2 || !strings.HasSuffix(kept, "\nkind: List\n") || end.Status != bundle.StatusTruncated || !strings.Contains(end.Reason, "the last 3 of 5 are not kept") {
		t.Errorf("%s %q\n%s", end.Status, end.Reason, kept)
	}
	e.Cap = 64 << 20
	text = "apiVersion: v1\nitems:\n" + podItem("a", "a: b") + "- {flow: [broken\n" + podItem("b", "a: b") + "- x: \"" + strings.Repeat("long ", longestPart/5) + "\"\n" + podItem("c", "a: b") + "kind: List\n"
	kept, _, end = passed(t, s, &e, "", 0, []byte(text))
	var names []string
	items(strings.NewReader(kept), func(p pod) { names = append(names, p.Metadata.Name) })
	if !slices.Equal(names, []string{"a", "b", "c"}) || end.Status != bundle.StatusTruncated || !strings.Contains(end.Reason, "object 2 is left out") || !strings.Contains(end.Reason, "object 4 is left out: it is longer than 16 MiB") {
		t.Errorf("%v %s %q", names, end.Status, end.Reason)
	}
	if files, _ := os.ReadDir(s.spool.dir); len(files) != 0 {
		t.Errorf("%d files are left", len(files))
	}
}
