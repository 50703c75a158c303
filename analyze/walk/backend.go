package walk

import (
	"fmt"

	"azlb/analyze/nsg"
	"azlb/analyze/topology"
	"azlb/report"
)

// probe adds the health probe: is it there, does it ask the port that answers,
// and may it reach the nodes.
func (w *Walk) probe() {
	p := w.Path
	if p.Rule.To == nil {
		w.behind(Probe, p.Rule.State, "there is no load balancing rule to carry it")
		return
	}
	if p.Probe.To == nil {
		if w.Want.Probe() == nil || p.Rule.To.Probe == nil {
			w.add(Probe, "", report.HopAbsent, report.Passes, "the rule has no probe: every member of the pool gets traffic", nil)
			return
		}
		w.gone(Probe, p.Probe.State, "the rule names a probe that the load balancer does not have")
		return
	}
	x, want := p.Probe.To, w.Want.Probe()
	cites := []report.Cite{p.Frontend.To.LB.Doc.Cite(x.At + "/port")}
	say := fmt.Sprintf("%s %d%s every %d s", x.Protocol, x.Port, x.RequestPath, x.IntervalInSeconds)
	switch {
	case want != nil && x.Port != want.Port.V && !servedPort(p.Service, x.Port):
		w.add(Probe, x.Name, report.HopFound, report.Blocks, fmt.Sprintf("%s, but %s is %d", say, want.Port.Because, want.Port.V), cites)
	case w.Answer(ForProbe) == nsg.Denied:
		d := w.Decided(ForProbe)
		w.add(Probe, x.Name, report.HopFound, report.Blocks, say+"; "+d.Decision.Say, append(cites, d.Cites()...))
	case w.Answer(ForProbe) == nsg.Unknown:
		w.add(Probe, x.Name, report.HopFound, report.VerdictUnknown, say+"; whether a security group lets it reach the nodes cannot be told", cites)
	default:
		verdict, answered, proof := w.answered()
		w.add(Probe, x.Name, report.HopFound, verdict, say+"; "+answered, append(cites, proof...))
	}
}

// answered says how many members should answer a probe that reaches the nodes. What
// keeps them from it further on (no pod, a node that is down) is the fault of a later
// hop; only a node that is up, with a pod to answer, and yet does not, is of this one.
func (w *Walk) answered() (report.HopVerdict, string, []report.Cite) {
	expected := w.Expected()
	t := tally(expected)
	say := fmt.Sprintf("%d of %d members should answer", t.Up, t.All)
	if t.ByDesign > 0 {
		say += fmt.Sprintf(", %d have no pod of the Service and should not", t.ByDesign)
	}
	if e, cites := w.asksOtherwise(); e != "" && t.Up == 0 && t.Unknown > 0 {
		return report.VerdictUnknown, e, cites
	}
	if t.Up > 0 || t.Down == t.ByDesign && t.Unknown == 0 || len(w.Path.ReadyEndpoints()) == 0 && w.Path.Service.EndpointsKnown() {
		return report.Passes, say, nil
	}
	for _, e := range expected {
		switch {
		case e.State == ProbeUnknown:
			return report.VerdictUnknown, e.Why, e.Cites
		case t.Unknown == 0 && !e.ByDesign && e.Member.Node != nil && Down(e.Member.Node) == "":
			return report.Blocks, say + ": " + e.Why, e.Cites
		}
	}
	return report.Passes, say, nil
}

// OnlyPodsKnow reports whether the probe reaches the pods, as far as is known, and asks
// for a path: what they say to it is in no object of Kubernetes or Azure, and nothing
// speaks against 200.
func (w *Walk) OnlyPodsKnow() bool {
	h := w.Hop(Probe)
	if h == nil || h.Verdict != report.VerdictUnknown || w.Path.Probe.To == nil || w.Answer(ForProbe) != nsg.Allowed || w.announced() {
		return false
	}
	sign, _ := w.asksOtherwise()
	return w.Path.Probe.To.RequestPath != "" && sign == ""
}

// asksOtherwise tells of a probe that asks the pods for another path than the kubelet
// does: whether they answer that with 200 as well, no evidence but the probe's own
// result tells.
func (w *Walk) asksOtherwise() (string, []report.Cite) {
	x, s := w.Path.Probe.To, w.Path.Service
	if x.RequestPath == "" || x.Port == int(s.Spec.HealthCheckNodePort) {
		return "", nil
	}
	for i, port := range s.Spec.Ports {
		if int(port.NodePort) != x.Port {
			continue
		}
		for _, e := range w.endpointsOf(i) {
			if r := Readiness(e.Pod, port); r != nil && slash(r.Path) != slash(x.RequestPath) {
				return fmt.Sprintf("the kubelet asks the pods for %s instead; whether they answer %s with 200 is not in the bundle", slash(r.Path), x.RequestPath), []report.Cite{e.Pod.Doc.CiteWhole()}
			}
		}
	}
	return "", nil
}

// servedPort reports whether something on the node is known to answer at the port:
// a node port of the Service, its health check port, or kube-proxy's health server.
func servedPort(s *topology.Service, port int) bool {
	if port == int(s.Spec.HealthCheckNodePort) && port != 0 || port == 10256 || port == 10356 {
		return true
	}
	for _, p := range s.Spec.Ports {
		if int(p.NodePort) == port {
			return true
		}
	}
	return false
}

func (w *Walk) pool() {
	p := w.Path
	switch pool := p.Pool.To; {
	case p.Rule.To == nil:
		w.behind(Pool, p.Pool.State, p.Pool.Why)
	case pool == nil:
		w.gone(Pool, p.Pool.State, p.Pool.Why)
	case len(p.Members) == 0:
		w.add(Pool, pool.Name, report.HopFound, report.Blocks, "the backend pool has no member", []report.Cite{p.Frontend.To.LB.Doc.Cite(pool.At + "/name")})
	default:
		w.add(Pool, pool.Name, report.HopFound, report.Passes, fmt.Sprintf("%d members", len(p.Members)), []report.Cite{p.Frontend.To.LB.Doc.Cite(pool.At + "/name")})
	}
}
