package walk

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/topology"
	"azlb/report"
)

// node adds the state of the pool's nodes: one that is up lets the packet pass.
func (w *Walk) node() {
	p := w.Path
	if len(p.Members) == 0 {
		w.behind(Node, stateOf(p), "there is no backend to receive the packet")
		return
	}
	up, down, strange := 0, []*topology.Member{}, 0
	var proof []report.Cite // of the first that is up
	for _, m := range p.Members {
		switch {
		case m.Node == nil:
			strange++
		case Down(m.Node) != "":
			down = append(down, m)
		default:
			if up++; up == 1 {
				_, i := m.Node.Condition(corev1.NodeReady)
				proof = []report.Cite{m.Node.Doc.Cite(fmt.Sprintf("/status/conditions/%d/status", i))}
			}
		}
	}
	say := fmt.Sprintf("%d of %d backends are Ready nodes", up, len(p.Members))
	if n := excluded(p.Members); n > 0 {
		say += fmt.Sprintf("; %d carry a label that keeps nodes out of load balancers", n)
	}
	var cites []report.Cite
	for _, m := range down {
		if len(cites) < 3 {
			cites = append(cites, NodeCite(m.Node))
		}
	}
	switch {
	case up > 0:
		w.add(Node, "", report.HopFound, report.Passes, say, append(cites, proof...))
	case strange > 0:
		w.add(Node, "", report.HopUnknown, report.VerdictUnknown, fmt.Sprintf("%d of %d backends could not be matched to a node", strange, len(p.Members)), cites)
	default:
		w.add(Node, "", report.HopFound, report.Blocks, "no backend is a Ready node", cites)
	}
}

func stateOf(p *topology.Path) report.HopState {
	if p.Pool.To != nil {
		return report.HopAbsent
	}
	return p.Pool.State
}

// excluded counts the members whose nodes are labelled out of the load balancers.
func excluded(members []*topology.Member) int {
	n := 0
	for _, m := range members {
		if m.Node != nil && m.Node.Excluded() {
			n++
		}
	}
	return n
}

// Down says why a node takes no traffic, empty where it can: its machine is not
// running, or it is not Ready.
func Down(n *topology.Node) string {
	if s := Stopped(n); s != "" {
		return "its machine is " + s
	}
	return NotReady(n)
}

// NotReady says why Kubernetes takes the node for one that does not work, empty where
// it is Ready.
func NotReady(n *topology.Node) string {
	if r := n.Ready(); r != corev1.ConditionTrue {
		if c, _ := n.Condition(corev1.NodeReady); c != nil {
			return fmt.Sprintf("Ready is %s (%s)", r, c.Reason)
		}
		return "it has no Ready condition"
	}
	return ""
}

// NodeCite proves the state of a node.
func NodeCite(n *topology.Node) report.Cite {
	if c, ok := PowerCite(n); ok && n.Ready() == corev1.ConditionTrue {
		return c
	}
	if _, i := n.Condition(corev1.NodeReady); i >= 0 {
		return n.Doc.Cite(fmt.Sprintf("/status/conditions/%d/status", i))
	}
	return n.Doc.CiteWhole()
}
