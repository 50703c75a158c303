package probe

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"azlb/analyze/desired"
	"azlb/analyze/rule"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// Where kube-proxy tells of its own health on every node, and AKS's relay of it.
const proxyPort, relayPort = 10256, 10356

// harm is what becomes of the backends behind the probe.
type harm struct {
	severity   report.Severity
	confidence report.Confidence
	why, say   string
}

// harms judges an altered probe: one that nobody answers takes every backend out, one
// that others answer is blind, one that is gone lets dead backends have traffic.
func harms(p *rule.Pass, a *altered) harm {
	lb := p.Balancer(a.object)
	now := present(lb, a.name())
	local := slices.ContainsFunc(a.services, func(key string) bool { return uneven(p.Graph.Service(key)) })
	port, protocol, path := a.field("port"), a.field("protocol"), a.field("requestPath")
	switch {
	case a.missing() && ruleless(p, a):
		return harm{severity: report.Warning, say: "The rule that should have it is not there either; the probe alone changes nothing."}
	case a.missing() && len(instead(p, a)) > 0:
		return harm{severity: report.Warning, say: fmt.Sprintf("Azure still goes by %s, which the Service had before.", rule.List(instead(p, a)))}
	case a.missing() && local:
		return harm{severity: report.Error, say: "Without it Azure sends to every node, and with externalTrafficPolicy Local a node without a pod of the Service drops what it gets."}
	case a.missing():
		return harm{severity: report.Warning, say: "Without it Azure sends to every node, also to one that is down."}
	case port != nil:
		number, _ := strconv.Atoi(port.Got)
		who := listens(p, number)
		switch {
		case who != "" && (strings.EqualFold(now.Protocol, "Tcp") || (number == proxyPort || number == relayPort) && now.RequestPath == "/healthz"):
			return harm{severity: report.Warning, say: fmt.Sprintf("At %d %s answers, so the probe says nothing about what it should.", number, who)}
		case who != "":
			return harm{severity: report.Error, confidence: report.Likely, why: "what answers there is known, not what it says to this request",
				say: fmt.Sprintf("At %d %s answers, not the Service: if it does not say 200, Azure takes every backend for dead.", number, who)}
		case number >= firstNodePort && number <= lastNodePort && p.Complete(&bundle.Services, ""):
			return harm{severity: report.Error, say: fmt.Sprintf("No Service has the node port %d, so that no node answers: Azure takes every backend for dead and sends no traffic.", number)}
		}
		return harm{severity: report.Error, confidence: report.Likely, why: "a program of the nodes' own may listen there",
			say: fmt.Sprintf("No Service has the node port %d. Unless something else listens there on the nodes, none answers: Azure takes every backend for dead and sends no traffic.", number)}
	case protocol != nil && strings.EqualFold(protocol.Got, "Tcp") && local:
		return harm{severity: report.Error, say: "kube-proxy takes connections there on every node, so that nodes without a pod of the Service get traffic too, and drop it."}
	case protocol != nil && strings.EqualFold(protocol.Got, "Tcp"):
		return harm{severity: report.Warning, say: "It no longer sees whether the application answers, only whether something listens."}
	case protocol != nil, path != nil:
		return harm{severity: report.Error, confidence: report.Likely, why: "what the pods say to this request is not in the bundle",
			say: "Unless the pods say 200 to it, Azure takes every backend for dead and sends no traffic."}
	}
	return harm{severity: report.Warning, say: "Backends that die leave the load balancer sooner or later than the Service asks for."}
}

// ruleless reports whether none of the rules that should have the probe is there.
func ruleless(p *rule.Pass, a *altered) bool {
	return len(holders(p, a)) > 0 && !slices.ContainsFunc(holders(p, a), func(x *topology.Path) bool { return x.Rule.To != nil })
}

// instead are the probes that the rules have in place of the one that is missing; none
// where one of them has no probe at all.
func instead(p *rule.Pass, a *altered) []string {
	var out []string
	for _, x := range holders(p, a) {
		switch {
		case x.Rule.To == nil:
		case x.Probe.To == nil || strings.EqualFold(x.Probe.To.Name, a.name()):
			return nil
		default:
			say := fmt.Sprintf("probe %s (%s %d)", x.Probe.To.Name, x.Probe.To.Protocol, x.Probe.To.Port)
			if !slices.Contains(out, say) {
				out = append(out, say)
			}
		}
	}
	return out
}

// holders are the ways of the Services' ports whose rules should have the probe.
func holders(p *rule.Pass, a *altered) []*topology.Path {
	var out []*topology.Path
	for _, key := range a.services {
		lanes := p.Wants.Of(key).Lanes
		for _, x := range p.Graph.Service(key).Paths {
			if slices.ContainsFunc(lanes, func(l desired.Lane) bool {
				return l.Family == x.Family && slices.ContainsFunc(l.Rules, func(r desired.Rule) bool {
					return r.Index == x.Index && r.Probe != nil && strings.EqualFold(r.Probe.Name, a.name())
				})
			}) {
				out = append(out, x)
			}
		}
	}
	return out
}

// uneven reports a Service with externalTrafficPolicy Local and nodes in its pool that
// have no pod of it: only the probe keeps its packets from them.
func uneven(s *topology.Service) bool {
	return s.Local() && s.EndpointsKnown() && slices.ContainsFunc(s.PoolNodes(), func(node string) bool {
		return !slices.ContainsFunc(s.ReadyEndpoints(), func(e topology.Endpoint) bool { return e.NodeName == node })
	})
}

// listens says who listens at a port on the nodes, as far as the cluster tells.
func listens(p *rule.Pass, port int) string {
	if port == 0 {
		return "" // what Services without a node port have
	}
	for i := range p.Snapshot.Services {
		s := &p.Snapshot.Services[i]
		if int(s.Spec.HealthCheckNodePort) == port {
			return "kube-proxy (health check port of " + s.Namespace + "/" + s.Name + ")"
		}
		for _, sp := range s.Spec.Ports {
			if int(sp.NodePort) == port {
				return fmt.Sprintf("port %d of %s/%s", sp.Port, s.Namespace, s.Name)
			}
		}
	}
	return map[int]string{22: "sshd", 10250: "the kubelet", proxyPort: "kube-proxy's own health check", relayPort: "the relay beside kube-proxy"}[port]
}
