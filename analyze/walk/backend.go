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
		w.add(Probe, x.Name, report.HopFound, report.Passes, say, cites)
	}
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
