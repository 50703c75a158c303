package walk

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

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

// node adds the state of the pool's nodes: one that is up lets the packet pass.
func (w *Walk) node() {
	p := w.Path
	if len(p.Members) == 0 {
		w.behind(Node, stateOf(p), "there is no backend to receive the packet")
		return
	}
	up, down, strange := 0, []*topology.Member{}, 0
	for _, m := range p.Members {
		switch {
		case m.Node == nil:
			strange++
		case Down(m.Node) != "":
			down = append(down, m)
		default:
			up++
		}
	}
	say := fmt.Sprintf("%d of %d backends are Ready nodes", up, len(p.Members))
	var cites []report.Cite
	for _, m := range down {
		if len(cites) < 3 {
			cites = append(cites, NodeCite(m.Node))
		}
	}
	switch {
	case up > 0:
		w.add(Node, "", report.HopFound, report.Passes, say, cites)
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

// Down says why a node takes no traffic, empty where it can: not Ready, or its
// machine is not running.
func Down(n *topology.Node) string {
	if n.Machine != nil {
		if s := PowerState(n); s != "" && s != "running" && s != "starting" {
			return "its machine is " + s
		}
	}
	if r := n.Ready(); r != corev1.ConditionTrue {
		if c, _ := n.Condition(corev1.NodeReady); c != nil {
			return fmt.Sprintf("Ready is %s (%s)", r, c.Reason)
		}
		return "it has no Ready condition"
	}
	return ""
}

// PowerState of a node's machine ("running", "deallocated", …), empty where the
// evidence does not say.
func PowerState(n *topology.Node) string {
	if n.Machine == nil {
		return ""
	}
	if n.Machine.InstanceView != nil {
		for _, s := range n.Machine.InstanceView.Statuses {
			if p, ok := strings.CutPrefix(strings.ToLower(s.Code), "powerstate/"); ok {
				return p
			}
		}
	}
	return strings.TrimPrefix(strings.ToLower(n.Machine.PowerStateText), "vm ")
}

// NodeCite proves the state of a node.
func NodeCite(n *topology.Node) report.Cite {
	if n.Machine != nil && n.Machine.InstanceView != nil && n.Ready() == corev1.ConditionTrue {
		for _, s := range n.Machine.InstanceView.Statuses {
			if strings.HasPrefix(strings.ToLower(s.Code), "powerstate/") {
				return n.Machine.Doc.Cite(s.At + "/code")
			}
		}
	}
	if _, i := n.Condition(corev1.NodeReady); i >= 0 {
		return n.Doc.Cite(fmt.Sprintf("/status/conditions/%d/status", i))
	}
	return n.Doc.CiteWhole()
}

// endpoint adds the pods: with externalTrafficPolicy Local only those on a node of
// the backend pool count.
func (w *Walk) endpoint() {
	p := w.Path
	s := p.Service
	if len(s.Spec.Selector) == 0 && len(s.Endpoints) == 0 {
		w.add(Endpoint, "", report.HopUnknown, report.VerdictUnknown, "the Service has no selector; its endpoints are made by hand", nil)
		return
	}
	if len(s.Slices()) == 0 && !s.EndpointsKnown() {
		w.gone(Endpoint, report.HopUnknown, "the EndpointSlices are not in the bundle")
		return
	}
	ready := p.ReadyEndpoints()
	var cites []report.Cite
	for _, sl := range s.Slices() {
		cites = append(cites, sl.Doc.Cite("/endpoints"))
		break
	}
	if n := len(s.ReadyEndpoints()); len(ready) == 0 && n > 0 {
		w.add(Endpoint, "", report.HopAbsent, report.Blocks, fmt.Sprintf("%d pods are ready, but none of them has the port (targetPort %s)", n, p.Port.TargetPort.String()), cites)
		return
	}
	if len(ready) == 0 {
		w.add(Endpoint, "", report.HopAbsent, report.Blocks, fmt.Sprintf("no ready endpoint (%d not ready)", len(s.Endpoints)), cites)
		return
	}
	if n := onDownNodes(ready); n == len(ready) {
		for _, e := range ready[:min(len(ready), 2)] {
			cites = append(cites, NodeCite(e.Node))
		}
		w.add(Endpoint, "", report.HopFound, report.Blocks, fmt.Sprintf("all %d ready endpoints are on nodes that are down or not Ready", n), cites)
		return
	}
	if n := onUnseenNodes(ready); n > 0 && n+onDownNodes(ready) == len(ready) {
		w.add(Endpoint, "", report.HopFound, report.VerdictUnknown, fmt.Sprintf("%d ready endpoints; the state of their nodes is not in the bundle", len(ready)), cites)
		return
	}
	if !s.Local() {
		w.add(Endpoint, "", report.HopFound, report.Passes, fmt.Sprintf("%d ready endpoints", len(ready)), cites)
		return
	}
	local := LocalEndpoints(p)
	switch {
	case local == 0 && unplaced(p):
		w.add(Endpoint, "", report.HopFound, report.VerdictUnknown, fmt.Sprintf("%d ready endpoints; whether one is on a node of the backend pool (externalTrafficPolicy Local) cannot be told", len(ready)), cites)
	case local > 0:
		w.add(Endpoint, "", report.HopFound, report.Passes, fmt.Sprintf("%d of %d ready endpoints are on nodes of the backend pool (externalTrafficPolicy Local)", local, len(ready)), cites)
	case len(p.Members) == 0:
		w.add(Endpoint, "", report.HopFound, report.VerdictUnknown, fmt.Sprintf("%d ready endpoints", len(ready)), cites)
	default:
		w.add(Endpoint, "", report.HopFound, report.Blocks, "externalTrafficPolicy is Local and no ready endpoint is on a node of the backend pool", cites)
	}
}

// onDownNodes counts the endpoints whose node takes no traffic.
func onDownNodes(list []topology.Endpoint) int {
	n := 0
	for _, e := range list {
		if e.Node != nil && Down(e.Node) != "" {
			n++
		}
	}
	return n
}

// onUnseenNodes counts the endpoints on a node that is not in the bundle.
func onUnseenNodes(list []topology.Endpoint) int {
	n := 0
	for _, e := range list {
		if e.NodeName != "" && e.Node == nil {
			n++
		}
	}
	return n
}

// unplaced reports whether the node of some member of the pool is not known.
func unplaced(p *topology.Path) bool {
	return slices.ContainsFunc(p.Members, func(m *topology.Member) bool { return m.Node == nil })
}

// LocalEndpoints counts the ready endpoints on nodes of the path's backend pool.
func LocalEndpoints(p *topology.Path) int {
	n := 0
	for _, e := range p.ReadyEndpoints() {
		for _, m := range p.Members {
			if m.Node != nil && m.Node.Name == e.NodeName {
				n++
				break
			}
		}
	}
	return n
}
