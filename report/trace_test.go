package report

import (
	"encoding/json"
	"io"
	"strings"
	"testing"
)

func sampleTrace() *Trace {
	return &Trace{Schema: SchemaVersion, Tool: "azlb-analyze v1", Bundle: "prod", Service: "shop/web", From: "203.0.113.7", RootCause: "AZLB-NSG01", Title: "a group denies",
		Ways: []TraceWay{{Port: 443, Protocol: "TCP", Family: "IPv4", Address: "20.50.1.7", Verdict: Stops, Summary: "The packet stops at the NSG: denied.", Hops: []TraceHop{
			{Hop: Hop{Kind: "client", State: HopFound, Verdict: Passes, Say: "203.0.113.7 is\x1b[2J in the Internet"}, Details: []string{"detail of the client"}},
			{Hop: Hop{Kind: "nsg", Name: "nsg-node", State: HopFound, Verdict: Blocks, Say: "denied", Cites: []Cite{{File: "nsg.json", Line: 7}, {File: "vnet.json"}}}, Details: []string{"rule a decides"}},
			{Hop: Hop{Kind: "pod", State: HopAbsent, Verdict: VerdictUnknown}, Details: []string{"detail of the pod"}},
		}}},
		Next: []Step{{Say: "Look.", Run: "kubectl get service"}}}
}

// The terminal shows every hop with its sign and proof, and details only as far as a
// packet gets; nothing of the evidence moves the cursor.
func TestTraceTerminal(t *testing.T) {
	got := written(t, func(w io.Writer) error { return TraceTerminal(w, sampleTrace(), 80) })
	at := -1
	for _, part := range []string{"Way to shop/web from 203.0.113.7", "Analysed by azlb-analyze v1 from prod", "PORT 443/TCP IPv4 at 20.50.1.7",
		"✓ client         203.0.113.7 is in the Internet", "- detail of the client", "✗ NSG            nsg-node: denied", "proof: nsg.json:7 vnet.json", "- rule a decides",
		"– pod            absent", "=> The packet stops at the NSG: denied.", "Root cause: AZLB-NSG01, a group denies", "WHAT TO DO NOW", "kubectl get service"} {
		if i := strings.Index(got, part); i <= at {
			t.Errorf("%q is not where it belongs in\n%s", part, got)
		} else {
			at = i
		}
	}
	if strings.Contains(got, "detail of the pod") || strings.Contains(got, "\x1b") {
		t.Errorf("details that no packet meets, or a sequence for the terminal:\n%s", got)
	}
	for line := range strings.Lines(got) {
		if n := cells(strings.TrimRight(line, "\n")); n > 80 {
			t.Errorf("%d cells: %s", n, line)
		}
	}
}

// In JSON no list is null, and a hop has the fields of the report's hops.
func TestTraceJSON(t *testing.T) {
	for _, trace := range []*Trace{sampleTrace(), {}} {
		raw := written(t, func(w io.Writer) error { return TraceJSON(w, trace) })
		if strings.Contains(raw, "null") {
			t.Errorf("a list is null:\n%s", raw)
		}
		var back Trace
		if err := json.Unmarshal([]byte(raw), &back); err != nil {
			t.Fatal(err)
		}
		if len(back.Ways) != len(trace.Ways) || len(back.Ways) > 0 && back.Ways[0].Hops[1].Kind != "nsg" {
			t.Errorf("read back as %+v", back)
		}
	}
}
