package walk

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// healthMetric is Azure's own metric of the probes: the share of them that were answered,
// 0 to 100 (learn.microsoft.com, load-balancer-standard-diagnostics).
const healthMetric = "DipAvailability"

// lately is how old the newest value of a metric may be to tell of now; the platform
// publishes values some minutes late.
const lately = 20 * time.Minute

// measured is what Azure itself saw of the probe at one member, unknown without its
// metric, where the newest value is old, or where some probes were answered and some not.
func (w *Walk) measured(m *topology.Member) (state ProbeState, cite report.Cite, why string) {
	metric := w.measures.metric
	if metric == nil || m.Address == "" || m.Node == nil && !w.graph.Snapshot.Complete(&bundle.Nodes, "") {
		return ProbeUnknown, cite, ""
	}
	for _, s := range w.measures.series[strings.ToLower(m.Address)] {
		p, ok := s.Last()
		if !ok || w.graph.Snapshot.Now.Sub(p.Time) > lately || m.Node != nil && p.Time.Before(readySince(m.Node)) {
			continue
		}
		got := ProbeUnknown
		switch {
		case p.Value >= 99.5:
			got = ProbeUp
		case p.Value <= 0.5:
			got = ProbeDown
		}
		if state != ProbeUnknown && got != state {
			return ProbeUnknown, cite, "" // the ports of one member differ
		}
		state, cite = got, metric.Doc.Cite(p.At)
		why = fmt.Sprintf("Azure's metric of the probe (%s) was %.0f at %s", healthMetric, p.Value, p.Time.Format("15:04"))
	}
	return state, cite, why
}

// readySince is when a Ready node became so, zero where nothing tells: what was measured
// before is of a node that was still starting, or away.
func readySince(n *topology.Node) time.Time {
	if c, _ := n.Condition(corev1.NodeReady); c != nil && c.Status == corev1.ConditionTrue {
		return c.LastTransitionTime.Time
	}
	return time.Time{}
}

// measures is Azure's metric of the probes of one path, by the members' addresses. It is
// looked through once: a path has as many members as the cluster has nodes.
type measures struct {
	metric *snapshot.Metric // nil: there is none
	series map[string][]az.Series
}

// measuresOf picks the series that are about this path: by the frontend's address and port
// where the metric is split by them, else by the port that the probe asks or the rule
// sends to.
func (w *Walk) measuresOf() measures {
	f := w.Path.Frontend.To
	if f == nil || w.Path.Rule.To == nil {
		return measures{}
	}
	h := measures{metric: w.graph.Snapshot.MetricOf(f.LB.ID, healthMetric), series: map[string][]az.Series{}}
	if h.metric == nil {
		return h
	}
	for _, s := range h.metric.Series {
		member := strings.ToLower(s.Dimensions["backendipaddress"])
		address, hasAddress := s.Dimensions["frontendipaddress"]
		port, hasPort := s.Dimensions["frontendport"]
		backend, hasBackend := s.Dimensions["backendport"]
		switch {
		case hasAddress && hasPort:
			if address == f.Address && port == fmt.Sprint(w.Path.Port.Port) {
				h.series[member] = append(h.series[member], s)
			}
		case hasBackend && (backend == fmt.Sprint(w.Path.Rule.To.BackendPort) || w.Path.Probe.To != nil && backend == fmt.Sprint(w.Path.Probe.To.Port)):
			h.series[member] = append(h.series[member], s)
		}
	}
	return h
}

// MeasuredAt is what Azure's own metric says of the probe at one member, and whether it
// contradicts the objects: by these the member should answer.
func (w *Walk) MeasuredAt(m *topology.Member) (state ProbeState, contradicts bool, cite report.Cite) {
	state, cite, _ = w.measured(m)
	return state, state == ProbeDown && w.derived(m).State == ProbeUp, cite
}

// Measured is what Azure's own metric says of the probe of the path as a whole: up where
// some member answers, down where every member is known and none does; with proofs.
func (w *Walk) Measured() (state ProbeState, cites []report.Cite) {
	down := 0
	for _, m := range w.Path.Members {
		s, cite, _ := w.measured(m)
		if s == ProbeUp {
			return ProbeUp, []report.Cite{cite}
		}
		if s == ProbeDown {
			down++
			cites = append(cites, cite)
		}
	}
	if down == 0 || down < len(w.Path.Members) {
		return ProbeUnknown, nil
	}
	return ProbeDown, cites[:min(len(cites), 2)]
}
