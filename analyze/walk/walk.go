// Package walk goes the packet's way over topology, desired state and security
// groups: a verdict per hop, and the first hop that blocks. Traces, the paths of
// the report and the rules all read this one walk.
package walk

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/desired"
	"azlb/analyze/topology"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// The kinds of hops, in the order in which a packet meets them.
const (
	PublicIP = "public-ip"
	Frontend = "frontend"
	Rule     = "rule"
	NSG      = "nsg"
	Probe    = "probe"
	Pool     = "pool"
	Machine  = "machine"
	Node     = "node"
	Endpoint = "endpoint"
	Pod      = "pod"
	Route    = "route" // of the answers
)

// Walks are the walks of all Services.
type Walks struct {
	All []*Walk // by Service, family and port

	byService map[string][]*Walk
}

// Of returns the walks of the Service "ns/name".
func (w *Walks) Of(key string) []*Walk { return w.byService[key] }

// Walk is the way to one port of a Service in one IP family.
type Walk struct {
	Path     *topology.Path
	Want     desired.Port
	Internal bool
	Hops     []report.Hop
	// Checks are the security-group decisions behind the hops nsg and probe.
	Checks []Check

	graph  *topology.Graph
	caller *Caller // that a trace follows; nil: any client

	measures measures
}

// Paths walks to every port of every Service that the cloud provider owns.
func Paths(g *topology.Graph, wants *desired.Wants) *Walks {
	out := &Walks{byService: map[string][]*Walk{}}
	for _, s := range g.Services {
		if s.Foreign() {
			continue
		}
		want := wants.Of(s.Key())
		for _, p := range s.Paths {
			w := &Walk{Path: p, Want: want.Lane(p.Family).Ports[p.Index], Internal: want.Internal.V, graph: g}
			w.walk(g, want)
			out.All = append(out.All, w)
			out.byService[s.Key()] = append(out.byService[s.Key()], w)
		}
	}
	return out
}

// Blocked returns the first hop that blocks, or nil.
func (w *Walk) Blocked() *report.Hop {
	for i := range w.Hops {
		if w.Hops[i].Verdict == report.Blocks {
			return &w.Hops[i]
		}
	}
	return nil
}

// Hop returns the hop of that kind, or nil.
func (w *Walk) Hop(kind string) *report.Hop {
	for i := range w.Hops {
		if w.Hops[i].Kind == kind {
			return &w.Hops[i]
		}
	}
	return nil
}

// Report is the walk as the report shows it.
func (w *Walk) Report() report.Path {
	return report.Path{Port: int(w.Path.Port.Port), Protocol: w.Path.Protocol(), Family: string(w.Path.Family), Address: w.Path.Address, Hops: w.Hops}
}

func (w *Walk) walk(g *topology.Graph, want *desired.Service) {
	if w.Want.NoRule {
		verdict, say := report.VerdictUnknown, "an annotation keeps this port out of the load balancer" // no fault of the Service
		if w.caller != nil {
			verdict, say = report.Blocks, say+": works as designed"
		}
		w.add(Rule, "", report.HopAbsent, verdict, say, nil)
		return
	}
	w.frontend()
	w.rule()
	w.measures = w.measuresOf()
	w.secure(g, want)
	w.probe()
	w.pool()
	w.machine()
	w.node()
	w.endpoint()
	w.pod()
	w.route(g, want)
}

func (w *Walk) add(kind, name string, state report.HopState, verdict report.HopVerdict, say string, cites []report.Cite) {
	w.Hops = append(w.Hops, report.Hop{Kind: kind, Name: name, State: state, Verdict: verdict, Say: say, Cites: cites})
}

// gone adds a hop that is not there: absent blocks, unknown does not.
func (w *Walk) gone(kind string, state report.HopState, why string) {
	verdict := report.VerdictUnknown
	if state == report.HopAbsent {
		verdict = report.Blocks
	}
	w.add(kind, "", state, verdict, why, nil)
}

// behind adds a hop that cannot be there because one before it is not: that one
// blocks, this one is only missing.
func (w *Walk) behind(kind string, state report.HopState, why string) {
	w.add(kind, "", state, report.VerdictUnknown, why, nil)
}

// frontend adds the public IP, where there is one, and the frontend.
func (w *Walk) frontend() {
	p := w.Path
	if pip := p.PublicIP; pip.To != nil {
		w.add(PublicIP, pip.To.Name, report.HopFound, report.Passes, orNone(pip.To.IPAddress, "no address yet"), []report.Cite{pip.To.Doc.Cite(pip.To.At + "/ipAddress")})
	} else if pip.State != "" && !w.Internal {
		w.gone(PublicIP, pip.State, pip.Why)
	}
	f := p.Frontend.To
	if f == nil {
		w.gone(Frontend, p.Frontend.State, p.Frontend.Why)
		return
	}
	cites := []report.Cite{f.LB.Doc.Cite(f.At + "/name")}
	switch {
	case p.Address == "":
		w.add(Frontend, f.LB.Name+"/"+f.Name, report.HopFound, report.Passes, fmt.Sprintf("%s; the Service's status shows no address yet", orNone(f.Address, "no address")), cites)
	case f.Address != "" && f.Address != p.Address:
		w.add(Frontend, f.LB.Name+"/"+f.Name, report.HopFound, report.Blocks,
			fmt.Sprintf("the Service's status says %s, the frontend has %s", p.Address, f.Address), append(cites, p.Service.Doc.Cite("/status/loadBalancer/ingress")))
	default:
		w.add(Frontend, f.LB.Name+"/"+f.Name, report.HopFound, report.Passes, orNone(f.Address, "its public IP is not in the bundle"), cites)
	}
}

func (w *Walk) rule() {
	p := w.Path
	r := p.Rule.To
	if p.Frontend.To == nil {
		w.behind(Rule, p.Rule.State, p.Rule.Why)
		return
	}
	if r == nil {
		w.gone(Rule, p.Rule.State, p.Rule.Why)
		return
	}
	say := fmt.Sprintf("%s %d to %d, floating IP %s", r.Protocol, r.FrontendPort, r.BackendPort, onOff(r.EnableFloatingIP))
	cites := []report.Cite{p.Frontend.To.LB.Doc.Cite(r.At + "/frontendPort")}
	verdict, why := w.awaited(r)
	if why != "" {
		say, cites = say+": "+why, []report.Cite{p.Frontend.To.LB.Doc.Cite(r.At + "/backendPort"), p.Service.Doc.Cite(fmt.Sprintf("/spec/ports/%d", p.Index))}
	}
	w.add(Rule, r.Name, report.HopFound, verdict, say, cites)
}

// awaited says whether kube-proxy waits for the packets of a rule: with floating IP at
// the frontend's address for the Service's ports, without it at the node's for the node
// port, where a process of the node may have the port as well.
func (w *Walk) awaited(r *az.LBRule) (report.HopVerdict, string) {
	p, port := w.Path, r.BackendPort
	switch {
	case port == 0 || r.EnableFloatingIP && port == int(p.Port.Port) || !r.EnableFloatingIP && port == int(p.Port.NodePort):
		return report.Passes, ""
	case r.EnableFloatingIP && w.shared(port):
		return report.VerdictUnknown, fmt.Sprintf("port %d of the frontend's address is that of another Service port", port)
	case r.EnableFloatingIP:
		return report.Blocks, fmt.Sprintf("at the frontend's address kube-proxy waits for port %d, and nobody for port %d", p.Port.Port, port)
	case p.Port.NodePort == 0:
		return report.Passes, ""
	}
	return report.VerdictUnknown, fmt.Sprintf("the node port is %d, and who has port %d of the nodes themselves is not known", p.Port.NodePort, port)
}

// shared reports whether a Service with the path's address has a port of that number.
func (w *Walk) shared(port int) bool {
	if w.Path.Address == "" {
		return true // kube-proxy waits at the address of the status
	}
	return slices.ContainsFunc(w.graph.Services, func(s *topology.Service) bool {
		return slices.Contains(s.Addresses(), w.Path.Address) &&
			slices.ContainsFunc(s.Spec.Ports, func(p corev1.ServicePort) bool { return int(p.Port) == port })
	})
}

func onOff(b bool) string {
	if b {
		return "on"
	}
	return "off"
}

func orNone(s, none string) string {
	if s == "" {
		return none
	}
	return s
}
