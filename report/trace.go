package report

import (
	"cmp"
	_ "embed"
	"fmt"
	"io"
	"strings"
)

// SchemaOfTrace is the JSON Schema (2020-12) of what TraceJSON writes.
//
//go:embed trace.schema.json
var SchemaOfTrace []byte

// Trace is the way of one caller's packets to a Service, hop by hop.
type Trace struct {
	Schema  int        `json:"schema"`
	Tool    string     `json:"tool"`
	Bundle  string     `json:"bundle"`
	Service string     `json:"service"` // "ns/name"
	From    string     `json:"from"`    // who calls, in words
	Ways    []TraceWay `json:"ways"`    // one per port and IP family
	// RootCause is the rule that explains what is wrong with the Service; empty: none.
	// Title is its title.
	RootCause string `json:"rootCause"`
	Title     string `json:"title"`
	Next      []Step `json:"next"` // what to do now
}

// TraceVerdict says whether the packets arrive.
type TraceVerdict string

// The verdicts of a trace.
const (
	Arrives      TraceVerdict = "arrives"
	Stops        TraceVerdict = "stops"
	NotDecidable TraceVerdict = "unknown"
)

// TraceWay is the way to one port in one IP family.
type TraceWay struct {
	Port     int          `json:"port"`
	Protocol string       `json:"protocol"`
	Family   string       `json:"family"`
	Address  string       `json:"address"`
	Verdict  TraceVerdict `json:"verdict"`
	Summary  string       `json:"summary"` // one sentence
	Hops     []TraceHop   `json:"hops"`
}

// TraceHop is a hop with what stands behind its verdict: rules that were looked at,
// members of the pool, pods.
type TraceHop struct {
	Hop
	Details []string `json:"details"`
}

// TraceTerminal writes a trace for a terminal of the given width.
func TraceTerminal(w io.Writer, t *Trace, width int) error {
	t = copied(t, clean)
	p := &page{width: max(width, 60)}
	p.text("", "Way to "+t.Service+" from "+t.From)
	p.text("", "Analysed by "+cmp.Or(t.Tool, notKnown)+prefixed(" from ", t.Bundle))
	for _, way := range t.Ways {
		p.gap()
		p.text("", strings.TrimSpace(fmt.Sprintf("PORT %d/%s %s %s", way.Port, way.Protocol, way.Family, prefixed("at ", way.Address))))
		p.gap()
		stopped := false
		for _, h := range way.Hops {
			if stopped {
				h.Details = nil // no packet gets there
			}
			p.hop(h)
			stopped = stopped || h.Verdict == Blocks
		}
		p.gap()
		p.text("=> ", way.Summary)
	}
	if t.RootCause != "" {
		p.gap()
		p.text("", "Root cause: "+ruleID(t.RootCause)+prefixed(", ", t.Title)+" (azlb-analyze explain "+ruleID(t.RootCause)+")")
	}
	if len(t.Next) > 0 {
		p.title("What to do now")
		p.steps(t.Next)
	}
	if _, err := w.Write(p.Bytes()); err != nil {
		return fmt.Errorf("writing the trace: %w", err)
	}
	return nil
}

// hopColumn is where what is said of a hop begins.
const hopColumn = 17

// hop writes one hop: its sign, its kind and what is said, below it the proof and what
// stands behind the verdict.
func (p *page) hop(h TraceHop) {
	lead := fmt.Sprintf("%s %-*s", mark(h.Hop), hopColumn-2, hopName(h.Kind))
	say := strings.TrimPrefix(cmp.Or(h.Say, outcome(h.Hop)), "NSG ")
	if h.Name != "" && !strings.Contains(say, h.Name) {
		say = h.Name + ": " + say
	}
	p.text(lead, say)
	indent := strings.Repeat(" ", hopColumn)
	var places []string
	for _, c := range h.Cites {
		places = append(places, place(c))
	}
	if len(places) > 0 {
		p.text(indent, "proof: "+strings.Join(places, " "))
	}
	for _, d := range h.Details {
		p.text(indent+"- ", d)
	}
}

// TraceJSON writes a trace for other programs; texts are as they stand in the evidence.
func TraceJSON(w io.Writer, t *Trace) error {
	return encode(w, copied(t, func(s string) string { return s }))
}
