package walk_test

import (
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"azlb/analyze/rule"
	"azlb/analyze/rule/ruletest"
	"azlb/analyze/walk"
	"azlb/report"
)

// traceCase is a call in a world, and hops that its walk must have.
type traceCase struct {
	Name  string          `json:"name"`
	Base  string          `json:"base"` // sample; healthy when empty
	Edits []ruletest.Edit `json:"edits"`
	To    string          `json:"to"` // shop/storefront when empty; its first port is looked at
	From  string          `json:"from"`
	Node  string          `json:"node"`
	Pod   string          `json:"pod"`
	Error string          `json:"error"` // of looking the caller up
	// Want are hops: "kind verdict" and a part of what is said. Without are kinds that
	// the walk must not have; First is the kind of the first hop that blocks.
	Want    map[string]string `json:"want"`
	Without []string          `json:"without"`
	First   string            `json:"first"`
	Details map[string]string `json:"details"` // by kind: a part of a line
}

func TestTrace(t *testing.T) {
	raw, err := os.ReadFile("testdata/trace.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var cases []traceCase
	if err := yaml.UnmarshalStrict(raw, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			w := worldOf(t, c)
			caller, err := callerOf(w, c)
			if c.Error != "" {
				if err == nil || !strings.Contains(err.Error(), c.Error) {
					t.Fatalf("error %v, want %q", err, c.Error)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			to := c.To
			if to == "" {
				to = "shop/storefront"
			}
			ways := walk.Trace(w.Graph, w.Wants, w.Graph.Service(to), caller)
			if len(ways) == 0 {
				t.Fatal("no way")
			}
			judge(t, c, ways[0])
		})
	}
}

func worldOf(t *testing.T, c traceCase) *rule.World {
	t.Helper()
	base := c.Base
	if base == "" {
		base = "healthy"
	}
	files, err := ruletest.Load("../../samples/" + base + "/bundle")
	if err != nil {
		t.Fatal(err)
	}
	if err := files.Apply(c.Edits); err != nil {
		t.Fatal(err)
	}
	return files.World(t)
}

func callerOf(w *rule.World, c traceCase) (walk.Caller, error) {
	switch {
	case c.Node != "":
		return walk.FromNode(w.Graph, c.Node)
	case c.Pod != "":
		return walk.FromPod(w.Graph, c.Pod)
	case c.From != "":
		return walk.FromAddress(w.Graph, netip.MustParseAddr(c.From)), nil
	}
	return walk.Anyone(), nil
}

func judge(t *testing.T, c traceCase, w *walk.Walk) {
	t.Helper()
	for key, say := range c.Want {
		kind, verdict, _ := strings.Cut(key, " ")
		h := w.Hop(kind)
		if h == nil || string(h.Verdict) != verdict || !strings.Contains(h.Say, say) {
			t.Errorf("want %s: %q, got:\n%s", key, say, picture(w))
		}
	}
	for _, kind := range c.Without {
		if w.Hop(kind) != nil {
			t.Errorf("there is a hop %s:\n%s", kind, picture(w))
		}
	}
	first := ""
	if b := w.Blocked(); b != nil {
		first = b.Kind
	}
	if first != c.First {
		t.Errorf("the first hop that blocks is %q, want %q:\n%s", first, c.First, picture(w))
	}
	for kind, line := range c.Details {
		if !slices.ContainsFunc(w.Details(kind), func(s string) bool { return strings.Contains(s, line) }) {
			t.Errorf("details of %s lack %q: %q", kind, line, w.Details(kind))
		}
	}
	for _, h := range w.Hops {
		if h.Say == "" || h.State == report.HopAbsent && h.Verdict == report.Passes && h.Kind != walk.Probe {
			t.Errorf("badly said: %+v", h)
		}
	}
}

func picture(w *walk.Walk) string {
	var b strings.Builder
	for _, h := range w.Hops {
		fmt.Fprintf(&b, "  %s %s %s: %s\n", h.Kind, h.State, h.Verdict, h.Say)
	}
	return b.String()
}
