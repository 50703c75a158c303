package walk

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/nsg"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	"azlb/report"
)

// ProbeState is what the health probe of Azure gets at a member of a pool.
type ProbeState string

// The states.
const (
	ProbeUnknown ProbeState = ""
	ProbeUp      ProbeState = "up"
	ProbeDown    ProbeState = "down"
)

// Expected is what the probe should get at one member, as far as the evidence tells.
type Expected struct {
	Member *topology.Member
	State  ProbeState
	Why    string // one clause
	// ByDesign says of a member that is down that nothing is wrong with it: it has no
	// pod of a Service with externalTrafficPolicy Local, or is being removed.
	ByDesign bool
	Cites    []report.Cite // of Azure's metric, where that tells
}

// Tally counts the members of a path's pool by what their probe should get.
type Tally struct{ Up, Down, ByDesign, Unknown, All int } // ByDesign are some of Down

// Expected is what the probe should get at each member of the pool, in their order.
func (w *Walk) Expected() []Expected {
	var out []Expected
	for _, m := range w.Path.Members {
		out = append(out, w.Expect(m))
	}
	return out
}

// Tally is how many members should be up.
func (w *Walk) Tally() Tally { return tally(w.Expected()) }

func tally(list []Expected) Tally {
	t := Tally{All: len(list)}
	for _, e := range list {
		switch {
		case e.State == ProbeUp:
			t.Up++
		case e.State == ProbeUnknown:
			t.Unknown++
		default:
			t.Down++
			if e.ByDesign {
				t.ByDesign++
			}
		}
	}
	return t
}

// Expect is what the probe should get at one member. Azure's own metric, where it tells,
// goes before what follows from the objects; a member that is down by design stays so.
func (w *Walk) Expect(m *topology.Member) Expected {
	e := w.derived(m)
	if state, cite, why := w.measured(m); state != ProbeUnknown && state != e.State {
		e.ByDesign = false
		e.State, e.Why, e.Cites = state, why, []report.Cite{cite}
	}
	return e
}

// derived is what follows from the objects: what keeps the probe from the node comes
// first, then who should answer at its port.
func (w *Walk) derived(m *topology.Member) Expected {
	e := Expected{Member: m}
	say := func(s ProbeState, format string, args ...any) Expected {
		e.State, e.Why = s, fmt.Sprintf(format, args...)
		return e
	}
	p, x := w.Path, w.Path.Probe.To
	switch {
	case p.Rule.To == nil:
		return say(ProbeUnknown, "there is no load balancing rule to carry it")
	case x == nil && p.Rule.To.Probe == nil:
		return say(ProbeUp, "the rule has no probe, so Azure takes every member for up")
	case x == nil:
		return say(ProbeUnknown, "the rule names a probe that the load balancer does not have")
	case m.Machine != nil && off(m.Machine):
		return say(ProbeDown, "its machine is %s", powerState(m.Machine))
	case w.probeAt(m) == nsg.Denied:
		return say(ProbeDown, "a security group keeps the probe out")
	case m.Node == nil:
		return say(ProbeUnknown, "it is no node of the bundle")
	}
	e = w.answer(m.Node, x)
	e.Member = m
	if e.State == ProbeUp && w.probeAt(m) != nsg.Allowed {
		return say(ProbeUnknown, "whether a security group lets the probe in cannot be told")
	}
	if e.State == ProbeUp && m.Node.Ready() != corev1.ConditionTrue {
		return say(ProbeUnknown, "the node is not Ready, and whether it still answers is not known")
	}
	return e
}

// off reports a machine that cannot answer.
func off(m *snapshot.VM) bool {
	return slices.Contains([]string{"stopped", "stopping", "deallocated", "deallocating"}, powerState(m))
}

// probeAt is what the security groups say to the probe at one member.
func (w *Walk) probeAt(m *topology.Member) nsg.Answer {
	for _, c := range w.Checks {
		if c.Purpose == ForProbe && slices.Contains(c.Members, m) {
			return c.Decision.Answer
		}
	}
	return nsg.Unknown
}
