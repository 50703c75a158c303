package datapath

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/rule"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/azname"
	"azlb/report"
)

// DATA03 is a packet that reaches a node and that nobody there takes.
var DATA03 = &rule.Rule{
	ID:       "AZLB-DATA03",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "kube-proxy on the nodes does not take the packets of the load balancer",
		Symptom: "Everything in Azure is as it should be and pods are ready, yet connections to the Service's address time out. From inside the cluster the Service may fail on the same nodes.",
		Cause: "With floating IP, which is the default, Azure delivers a packet with the load balancer's own address still on it. No interface of the node has that address: only a rule of kube-proxy, or of what stands in for it (Cilium), turns it to a pod. " +
			"kube-proxy makes such rules for the addresses in the Service's status. Where kube-proxy does not run on a node, new Services have no rule there, old ones keep dead pods, and the health check of a Service with externalTrafficPolicy Local gets no answer; where the status shows no address although Azure has one, no node has a rule for it.",
		Fix: []report.Step{
			{Say: "See whether kube-proxy runs on every node.", Run: "kubectl get pods -n kube-system -l k8s-app=kube-proxy -o wide"},
			{Say: "See why one does not.", Run: "kubectl describe pod -n kube-system POD"},
			{Say: "Make the provider sync the Service; it then writes the status again.", Run: "kubectl annotate service -n NAMESPACE SERVICE azlb-resync=\"$(date +%s)\" --overwrite", Changes: true},
		},
		References: []string{"Azure/AKS#398", "https://kubernetes.io/docs/reference/networking/virtual-ips/", "https://learn.microsoft.com/azure/load-balancer/load-balancer-floating-ip"},
		Healthy: "A backend port that is the Service's port and not its node port is the normal state with floating IP. kube-proxy pods that are exchanged in an update or began to restart within the last minute, one of several that is not ready (told as an information), nodes where kube-proxy runs outside of pods (Windows, k3s) or Cilium does its work, " +
			"and nodes that are not Ready (AZLB-DATA01). A Service that shows another address than its frontend has is AZLB-DATA06's; the shared probe, which kube-proxy answers, AZLB-PROBE09's. A Service of the last quarter of an hour may still wait for its address, and so may any while a sync of it runs: that is told as an information.",
	},
	Needs: rule.Needs{Any: []*bundle.Evidence{&bundle.ControllerPods, &bundle.LoadBalancers, &bundle.EndpointSlices}, All: []*bundle.Evidence{&bundle.Services, &bundle.Nodes, &bundle.LoadBalancers}, Clean: rule.Backends},
	// An outage of all kube-proxies lets syncs be; a sync that fails leaves the status empty.
	FollowsFrom: failedSync,
	Check:       checkDATA03,
}

// settling is how long a new Service may be without an address: its first sync lasts
// minutes, and is tried again after five.
const settling = 15 * time.Minute

func checkDATA03(p *rule.Pass) {
	down := map[string]topology.Proxy{}
	for _, n := range p.Graph.Nodes {
		if x := p.Graph.Proxy(n); x.State == topology.ProxyDown && n.Ready() == corev1.ConditionTrue {
			down[n.Name] = x
		}
	}
	var harmed []string
	var carriers []string // nodes of a backend pool whose proxy is down
	for _, s := range p.Graph.Served() {
		if len(s.Status.LoadBalancer.Ingress) == 0 {
			if f, ok := unwritten(p, s); ok {
				p.Find(f)
			}
			continue
		}
		if sharedProbe(s) {
			continue
		}
		pool := s.PoolNodes()
		for _, n := range pool {
			if _, ok := down[n]; ok && !slices.Contains(carriers, n) {
				carriers = append(carriers, n)
			}
		}
		if unproxied(s, pool, down) {
			harmed = append(harmed, s.Key())
		}
	}
	if len(carriers) > 0 {
		slices.Sort(carriers)
		p.Find(noProxy(carriers, harmed, down))
	}
}

// sharedProbe reports a Service whose probe kube-proxy answers for all Services: what
// becomes of it is told there.
func sharedProbe(s *topology.Service) bool {
	return slices.ContainsFunc(s.Paths, func(x *topology.Path) bool {
		return x.Probe.To != nil && strings.EqualFold(x.Probe.To.Name, azname.SharedProbe)
	})
}

// unproxied reports whether no node that could take the Service's packets has a proxy:
// none of its pool, or with externalTrafficPolicy Local none with a ready pod.
func unproxied(s *topology.Service, pool []string, down map[string]topology.Proxy) bool {
	for _, x := range s.Paths {
		if slices.ContainsFunc(x.Members, func(m *topology.Member) bool { return m.Node == nil }) {
			return false // one that is not known may be well
		}
	}
	if s.Local() && s.EndpointsKnown() {
		pool = slices.DeleteFunc(slices.Clone(pool), func(n string) bool {
			return !slices.ContainsFunc(s.ReadyEndpoints(), func(e topology.Endpoint) bool { return e.NodeName == n })
		})
	}
	return len(pool) > 0 && !slices.ContainsFunc(pool, func(n string) bool { _, ok := down[n]; return !ok })
}

// noProxy is the nodes whose kube-proxy is not ready.
func noProxy(nodes, harmed []string, down map[string]topology.Proxy) rule.Finding {
	f := rule.Finding{Subject: report.Object{Kind: "Node", Name: nodes[0]}, Severity: report.Info, Confidence: report.Likely,
		Why: "what kube-proxy wrote before it stopped may still be on the nodes, and pass packets on as it was then"}
	name := down[nodes[0]].Name
	f.Message = fmt.Sprintf("%s is not ready on %s, which %s backends of load balancers.", name, rule.List(nodes), isAre(len(nodes)))
	if len(harmed) > 0 {
		f.Severity, f.Services = report.Error, harmed
		f.Message += fmt.Sprintf(" No other backend takes the packets of %s.", rule.List(harmed))
	} else {
		f.Message += " Other backends carry every Service; where these still answer their health probe, connections through them may go to pods that are gone."
	}
	for _, n := range nodes[:min(len(nodes), 3)] {
		x := down[n]
		if c, ok := x.Cite(); ok {
			f.Cites = append(f.Cites, c)
		}
		f.Fix = append(f.Fix, report.Step{Say: fmt.Sprintf("See why %s of %s is not ready.", x.Name, n), Run: "kubectl describe pod -n kube-system " + rule.Word(x.Pod.Name, "POD")},
			report.Step{Say: "Read what it said before it stopped.", Run: "kubectl logs -n kube-system " + rule.Word(x.Pod.Name, "POD") + " --all-containers --previous --tail=50"})
	}
	return f
}

func isAre(n int) string {
	if n == 1 {
		return "is among the"
	}
	return "are among the"
}

// unwritten is a Service that Azure serves and whose status shows no address.
func unwritten(p *rule.Pass, s *topology.Service) (rule.Finding, bool) {
	if s.CreationTimestamp.IsZero() || p.Snapshot.Now.Sub(s.CreationTimestamp.Time) < settling {
		return rule.Finding{}, false
	}
	for _, x := range s.Paths {
		if x.Rule.To == nil || !x.Frontend.To.Own || x.Frontend.To.Address == "" || !x.Rule.To.EnableFloatingIP {
			continue
		}
		lb := x.Frontend.To.LB
		f := rule.Finding{Subject: object(s), Services: []string{s.Key()}, Severity: report.Warning,
			Message: fmt.Sprintf("Azure has everything for port %d of %s, with the address %s, but the Service's status shows none: kube-proxy makes rules only for addresses in the status, so every node drops what the load balancer sends.",
				x.Port.Port, s.Key(), x.Frontend.To.Address),
			Cites: []report.Cite{lb.Doc.Cite(x.Rule.To.At + "/enableFloatingIP"), s.Doc.Cite("/status")},
			Fix:   append(rule.Describe([]string{s.Key()}), rule.Resync(s, "Make the provider sync the Service; it then writes the status."))}
		switch { // an old Service may have become one of type LoadBalancer just now
		case !p.Complete(&bundle.Events, ""):
			f.Severity, f.Confidence, f.Why = report.Info, report.Possible, "the events are not in the bundle, so a sync may be running that writes it"
		case p.Running(&f, lb):
			f.Severity = report.Info
		default:
			f.Message += " The sync that made it did not come to its end."
		}
		return f, true
	}
	return rule.Finding{}, false
}
