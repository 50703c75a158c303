package walk

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	"azlb/report"
)

// machine adds the virtual machines behind the pool: one that runs lets the packet
// pass. What Azure does not tell a Ready node does: its kubelet reports from there.
func (w *Walk) machine() {
	p := w.Path
	if len(p.Members) == 0 {
		w.behind(Machine, stateOf(p), "there is no backend to receive the packet")
		return
	}
	runs, unknown := 0, 0
	var stopped, failed []string
	var cites, proof []report.Cite // of those that do not run, and of the first that does
	for _, m := range p.Members {
		switch power := memberPower(m); {
		case power == "":
			unknown++
		case Running(power):
			if runs++; proof == nil && m.Node != nil {
				if c, ok := PowerCite(m.Node); ok {
					proof = []report.Cite{c}
				} else {
					proof = []report.Cite{NodeCite(m.Node)}
				}
			}
		default:
			stopped = append(stopped, power)
			if m.Node != nil && len(cites) < 3 {
				cites = append(cites, NodeCite(m.Node))
			}
		}
		if m.Machine != nil && strings.EqualFold(m.Machine.ProvisioningState, "Failed") {
			failed = append(failed, m.Machine.Name)
		}
	}
	say := fmt.Sprintf("%d of %d machines run", runs, len(p.Members))
	if len(failed) > 0 {
		say += fmt.Sprintf("; provisioning of %s failed, which by itself stops no packet", strings.Join(failed[:min(len(failed), 3)], ", "))
	}
	switch {
	case runs > 0:
		w.add(Machine, "", report.HopFound, report.Passes, say, append(cites, proof...))
	case unknown > 0:
		w.add(Machine, "", report.HopUnknown, report.VerdictUnknown, fmt.Sprintf("whether the machines of %d of %d backends run is not in the bundle", unknown, len(p.Members)), cites)
	default:
		slices.Sort(stopped)
		w.add(Machine, "", report.HopFound, report.Blocks, "no machine behind the pool runs: "+strings.Join(slices.Compact(stopped), ", "), cites)
	}
}

// memberPower is the power state of a pool member's machine, as Azure or a Ready node
// tells it; empty: neither does.
func memberPower(m *topology.Member) string {
	if m.Node != nil {
		if s := PowerState(m.Node); s != "" {
			return s
		}
		if m.Node.Ready() == corev1.ConditionTrue {
			return "running"
		}
	}
	if m.Machine != nil {
		return powerState(m.Machine)
	}
	return ""
}

// Running reports whether a machine in that power state takes packets, or will at once.
func Running(power string) bool { return power == "running" || power == "starting" }

// PowerState of a node's machine ("running", "deallocated", …), empty where the
// evidence does not say.
func PowerState(n *topology.Node) string {
	if n.Machine == nil {
		return ""
	}
	return powerState(n.Machine)
}

func powerState(m *snapshot.VM) string {
	if m.InstanceView != nil {
		for _, s := range m.InstanceView.Statuses {
			if p, ok := strings.CutPrefix(strings.ToLower(s.Code), "powerstate/"); ok {
				return knownPower(p)
			}
		}
	}
	return knownPower(strings.TrimPrefix(strings.ToLower(m.PowerStateText), "vm "))
}

// knownPower is a power state, empty where Azure itself does not know it.
func knownPower(power string) string {
	if power == "unknown" {
		return ""
	}
	return power
}

// Stopped is the power state of a machine that does not run ("deallocated"), empty
// where it runs or the evidence does not say.
func Stopped(n *topology.Node) string {
	if s := PowerState(n); s != "" && !Running(s) {
		return s
	}
	return ""
}

// PowerCite proves the power state of a node's machine; not ok where nothing tells it.
func PowerCite(n *topology.Node) (c report.Cite, ok bool) {
	if n.Machine == nil {
		return report.Cite{}, false
	}
	if n.Machine.InstanceView != nil {
		for _, s := range n.Machine.InstanceView.Statuses {
			if strings.HasPrefix(strings.ToLower(s.Code), "powerstate/") {
				return n.Machine.View.Cite(s.At + "/code"), true
			}
		}
	}
	if n.Machine.PowerStateText != "" {
		return n.Machine.Doc.Cite(n.Machine.At + "/powerState"), true
	}
	return report.Cite{}, false
}
