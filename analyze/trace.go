package analyze

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"azlb/analyze/rule"
	"azlb/analyze/rules"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	"azlb/analyze/walk"
	"azlb/report"
)

// Call is what a trace is asked for: to the Service "ns/name", or to one port of it, by
// at most one caller.
type Call struct {
	Service string
	Port    int // 0: every port
	From    netip.Addr
	Node    string
	Pod     string // "ns/name"
}

// Trace follows a caller's packets to a Service.
func Trace(s *snapshot.Snapshot, call Call, tool string) (*report.Trace, error) {
	w := worldOf(s)
	svc := w.Graph.Service(call.Service)
	if svc == nil {
		var keys []string
		for _, s := range w.Graph.Services {
			keys = append(keys, s.Key())
		}
		return nil, noService(call.Service, keys)
	}
	if svc.Foreign() {
		return nil, fmt.Errorf("the loadBalancerClass of %s is %s: another controller than the Azure cloud provider serves it, so its way is not known here", call.Service, *svc.Spec.LoadBalancerClass)
	}
	caller, err := callerOf(w.Graph, call)
	if err != nil {
		return nil, err
	}
	t := &report.Trace{Schema: report.SchemaVersion, Tool: tool, Bundle: s.Name, Service: call.Service, From: caller.Say}
	var ports []string
	for _, x := range walk.Trace(w.Graph, w.Wants, svc, caller) {
		if p := fmt.Sprint(x.Path.Port.Port); !slices.Contains(ports, p) {
			ports = append(ports, p)
		}
		if call.Port == 0 || int(x.Path.Port.Port) == call.Port {
			t.Ways = append(t.Ways, way(x))
		}
	}
	switch {
	case len(ports) == 0:
		return nil, fmt.Errorf("%s has no address of an IP family of Service %s (%s)", caller.Say, call.Service, families(svc))
	case len(t.Ways) == 0:
		return nil, fmt.Errorf("service %s has no port %d; it has: %s", call.Service, call.Port, strings.Join(ports, ", "))
	}
	r := build(w, rule.Evaluate(w, rules.All()), tool)
	advise(t, r, svc)
	return t, nil
}

func families(s *topology.Service) string {
	var out []string
	for _, f := range s.Families() {
		out = append(out, string(f))
	}
	return strings.Join(out, ", ")
}

func callerOf(g *topology.Graph, call Call) (walk.Caller, error) {
	switch {
	case call.Node != "":
		return walk.FromNode(g, call.Node)
	case call.Pod != "":
		return walk.FromPod(g, call.Pod)
	case call.From.IsValid():
		return walk.FromAddress(g, call.From), nil
	}
	return walk.Anyone(), nil
}

// way is a walk as a trace shows it.
func way(x *walk.Walk) report.TraceWay {
	p := x.Report()
	out := report.TraceWay{Port: p.Port, Protocol: p.Protocol, Family: p.Family, Address: p.Address}
	var open []string
	for _, h := range p.Hops {
		out.Hops = append(out.Hops, report.TraceHop{Hop: h, Details: x.Details(h.Kind)})
		if h.Verdict == report.VerdictUnknown {
			open = append(open, hopName(h.Kind))
		}
	}
	kept := x.Hop(walk.KubeProxy) != nil && x.Hop(walk.Frontend) == nil
	switch b := x.Blocked(); {
	case b != nil:
		out.Verdict, out.Summary = report.Stops, fmt.Sprintf("The packet stops at the %s: %s.", hopName(b.Kind), strings.TrimPrefix(b.Say, "NSG "))
	case len(open) > 0:
		out.Verdict = report.NotDecidable
		out.Summary = fmt.Sprintf("No hop is known to block, but not every one could be decided: %s.", strings.Join(open, ", "))
	default:
		out.Verdict = report.Arrives
		out.Summary = "This works, as far as Kubernetes and Azure show: every hop lets the packet pass. Look elsewhere."
	}
	if kept {
		out.Summary += " The packet never reaches the load balancer: this tells nothing about callers outside of the cluster."
	}
	return out
}

// advise adds the cause that the rules know and what to do next.
func advise(t *report.Trace, r *report.Report, svc *topology.Service) {
	worst := report.Arrives
	for _, v := range []report.TraceVerdict{report.NotDecidable, report.Stops} {
		if slices.ContainsFunc(t.Ways, func(w report.TraceWay) bool { return w.Verdict == v }) {
			worst = v
		}
	}
	i := slices.IndexFunc(r.Services, func(s report.Service) bool { return s.Key() == t.Service })
	if i >= 0 && r.Services[i].RootCause != "" {
		t.RootCause, t.Title = r.Services[i].RootCause, title(r.Services[i].RootCause, r.Findings)
	}
	switch f := causeOf(t.Service, r.Findings); {
	case worst == report.Stops && turnedAway(t):
		t.Next = admit(svc)
	case f != nil && worst != report.Arrives:
		t.Next = f.Fix
	case worst == report.NotDecidable:
		t.Next = supply(r)
	case worst == report.Arrives:
		t.Next = elsewhere(t, svc)
	}
}

// turnedAway reports whether every way that stops does so before Azure: at the caller or
// at the Service's own list of clients.
func turnedAway(t *report.Trace) bool {
	return !slices.ContainsFunc(t.Ways, func(w report.TraceWay) bool {
		i := slices.IndexFunc(w.Hops, func(h report.TraceHop) bool { return h.Verdict == report.Blocks })
		return i >= 0 && w.Hops[i].Kind != walk.Client && w.Hops[i].Kind != walk.Sources
	})
}

// admit is what to do about a caller that the Service is not meant for.
func admit(svc *topology.Service) []report.Step {
	return []report.Step{
		{Say: "Make sure that the caller's packets carry this address: networks often exchange it on the way out."},
		{Say: "See whom the Service lets in, and whether it is internal.", Run: rule.Kubectl("get", svc.Key(), "-o yaml")},
		{Say: "If this caller should get in, add its address to the ranges of the Service, or give it a way into the virtual network (peering, gateway, private link)."},
	}
}

// supply names the evidence that is missing, with what would bring it.
func supply(r *report.Report) []report.Step {
	var out []report.Step
	for _, e := range r.Coverage.Evidence {
		if e.Without != "" && e.Supply != "" && e.Status != report.Optional && len(out) < 5 {
			out = append(out, report.Step{Say: fmt.Sprintf("%s: without it, %s. To supply it: %s.", e.Title, e.Without, e.Supply)})
		}
	}
	return out
}

// elsewhere is where to look when the way is open.
func elsewhere(t *report.Trace, svc *topology.Service) []report.Step {
	address, port := "ADDRESS", fmt.Sprint(t.Ways[0].Port)
	if t.Ways[0].Address != "" {
		address = t.Ways[0].Address
	}
	ns, name := rule.Word(svc.Namespace, "NAMESPACE"), rule.Word(svc.Name, "SERVICE")
	try := report.Step{Say: "Try it from the caller: is the connection refused, does it time out, or does the application answer with an error? An answer, even an error, means that the load balancer did its work. Ping tells nothing about it.",
		Run: fmt.Sprintf("nc -vz -w 5 %s %s", rule.Word(address, "ADDRESS"), port)}
	inside := report.Step{Say: "Try the Service from inside, past Azure: if this fails too, the application is at fault.", Run: fmt.Sprintf("kubectl port-forward -n %s service/%s 18080:%s", ns, name, port)}
	if t.Ways[0].Protocol != "TCP" { // neither nc nor port-forward tells anything of it
		try = report.Step{Say: "Try it from the caller with the application's own client: for " + t.Ways[0].Protocol + " nothing else tells whether a packet got through."}
		inside = report.Step{Say: "Try the Service from a pod of the cluster with the same client, past Azure: if this fails too, the application is at fault.", Run: rule.Kubectl("get", svc.Key(), "-o wide")}
	}
	steps := []report.Step{
		try,
		{Say: "Compare the name that the caller uses with the address: it must lead to " + address + ", at port " + port + " and not at a node port."},
		inside,
		{Say: "See whether a network policy of the cluster keeps the caller from the pods; the bundle does not have them.", Run: "kubectl get networkpolicy -n " + ns},
		{Say: "Look on the caller's side: its firewall, its proxy, the security groups and routes of its network, and rules of a Virtual Network Manager are not in the bundle."},
	}
	return steps
}
