// Package control holds the controls: states that look like faults and work as
// designed. Each is told with the explanation and its proof, as an information, and
// says nothing of a Service that has an error for the same thing.
package control

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/rule"
	"azlb/analyze/topology"
	"azlb/analyze/walk"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// Rules of this topic: first what explains a Service that waits, then the way of a
// packet, then what stands beside it.
var Rules = []*rule.Rule{OK07, OK09, OK05, OK12, OK08, OK01, OK02, OK04, OK03, OK06, OK10, OK11}

// cluster is the subject of what is told once for all Services.
var cluster = report.Object{Kind: "Cluster", Name: "as a whole"}

// walked is the evidence without which no way can be walked to its end. The machines
// are looked at as Any: a cluster has scale sets or single machines.
var walked = rule.Needs{
	Any: []*bundle.Evidence{&bundle.ScaleSetNICs, &bundle.NICs, &bundle.ScaleSetInstances, &bundle.VMInstanceViews},
	All: []*bundle.Evidence{&bundle.Services, &bundle.Nodes, &bundle.EndpointSlices, &bundle.LoadBalancers, &bundle.PublicIPs, &bundle.NSGs, &bundle.VNets},
	// Without these a hop of the way is not known, and the rule finds less.
	Clean: []*bundle.Evidence{&bundle.Pods, &bundle.ControllerPods, &bundle.RouteTables},
}

// open are the ways that lead to a pod: every hop is there and known to pass, every
// backend is a node of the cluster, and the health probe asks nothing of which the
// bundle does not tell the answer. They come in the order of the Services' names.
func open(p *rule.Pass) []*walk.Walk {
	var out []*walk.Walk
	for _, w := range p.Walks.All {
		if w.Path.Address != "" && w.Path.Rule.To != nil && !w.Path.Service.Deleting() && passes(w) && known(w.Path.Members) && answered(w) {
			out = append(out, w)
		}
	}
	return out
}

func passes(w *walk.Walk) bool {
	return !slices.ContainsFunc(w.Hops, func(h report.Hop) bool { return h.Verdict != report.Passes || h.State != report.HopFound })
}

func known(members []*topology.Member) bool {
	return !slices.ContainsFunc(members, func(m *topology.Member) bool { return m.Node == nil })
}

// answered reports whether the probe only asks for a port, or kube-proxy for pods. What
// an application answers to a path, no list tells.
func answered(w *walk.Walk) bool {
	probe := w.Path.Probe.To
	return probe == nil || strings.EqualFold(probe.Protocol, "Tcp") || asksKubeProxy(w)
}

// where names what a client connects to: "shop/web (port 80 at 20.1.2.3)".
func where(w *walk.Walk) string {
	return fmt.Sprintf("%s (port %d at %s)", w.Path.Service.Key(), w.Path.Port.Port, w.Path.Address)
}

// ruleCite proves a field of the walk's load balancing rule.
func ruleCite(w *walk.Walk, field string) report.Cite {
	return w.Path.Frontend.To.LB.Doc.Cite(w.Path.Rule.To.At + "/" + field)
}

// portCite proves a field of the walk's port of the Service.
func portCite(w *walk.Walk, field string) report.Cite {
	return w.Path.Service.Doc.Cite(fmt.Sprintf("/spec/ports/%d/%s", w.Path.Index, field))
}

// looks is the fix of what needs none: how to see it.
func looks(say, run string) []report.Step { return []report.Step{{Say: say, Run: run}} }
