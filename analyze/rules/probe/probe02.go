package probe

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/rule"
	"azlb/analyze/topology"
	"azlb/analyze/walk"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// PROBE02 is a Service with externalTrafficPolicy Local whose health probe does not tell
// the nodes with a pod from those without.
var PROBE02 = &rule.Rule{
	ID:       "AZLB-PROBE02",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "with externalTrafficPolicy Local, the health probe does not find the nodes that have a pod",
		Symptom: "A part of all connections times out, about as many as there are nodes without a pod; or none gets through although pods are ready. Inside the cluster the Service works. No event warns.",
		Cause: "With externalTrafficPolicy Local a node hands packets from outside only to its own pods and drops them where it has none. Azure is to learn from the health probe which nodes have one: kube-proxy says 200 at the Service's healthCheckNodePort on a node with a ready pod, and 503 on the others. " +
			"A rule without a probe, or one that only asks whether the port is open, takes every node for healthy, so that Azure sends to nodes which drop what they get; a probe over HTTPS gets no answer at all, as kube-proxy speaks plain HTTP there. " +
			"In-tree providers and releases before 0.7.14, 1.0.11, 1.1.7 and 1.23.4 let the annotation for the probe's protocol change this probe too; UDP ports had no probe before 1.15.7, 1.16.4 and 1.17; and port_N_no_probe_rule takes it away in any release.",
		Fix: []report.Step{
			{Say: "Take the annotations about the health probe away: kube-proxy answers the probe that the provider makes by itself.", Run: "kubectl annotate service -n NAMESPACE SERVICE service.beta.kubernetes.io/azure-load-balancer-health-probe-protocol- service.beta.kubernetes.io/port_PORT_no_probe_rule-", Changes: true},
			{Say: "Or let every node pass packets on; the client's address is then lost.", Run: "kubectl patch service -n NAMESPACE SERVICE -p '{\"spec\":{\"externalTrafficPolicy\":\"Cluster\"}}'", Changes: true},
		},
		References: []string{"kubernetes-sigs/cloud-provider-azure#962", "kubernetes/kubernetes#84802", "https://kubernetes.io/docs/tasks/access-application-cluster/create-external-load-balancer/#preserving-the-client-source-ip", "https://cloud-provider-azure.sigs.k8s.io/topics/loadbalancer/"},
		Healthy: "It is by design that nodes without a pod fail the probe, and Azure shows them as unhealthy: nothing is wrong while one node with a pod passes. " +
			"A probe without a difference does no harm while every node of the pool has a pod (a DaemonSet), and any path will do, as kube-proxy looks at none. Of a Service without a ready pod in the pool AZLB-DATA04 tells, of a probe that somebody changed by hand AZLB-PROBE11.",
	},
	Needs:       rule.Needs{Any: []*bundle.Evidence{&bundle.LoadBalancers, &bundle.EndpointSlices}, All: []*bundle.Evidence{&bundle.Services, &bundle.Nodes, &bundle.LoadBalancers, &bundle.EndpointSlices}, Clean: rule.Backends},
	FollowsFrom: []string{"AZLB-DATA09"},
	Check:       checkPROBE02,
}

// blindness is why a probe does not tell the nodes of a Local Service apart.
type blindness struct {
	say   string
	all   bool // no node passes it
	cites []report.Cite
}

func checkPROBE02(p *rule.Pass) {
	byHand := map[string]bool{}
	for _, a := range changed(p) {
		if !a.missing() && a.field("port") == nil && a.field("protocol") == nil {
			continue // intervals and paths change nothing of it
		}
		for _, key := range a.services {
			byHand[key] = true
		}
	}
	local := slices.DeleteFunc(p.Graph.Served(), func(s *topology.Service) bool { return !s.Local() })
	if len(local) == 0 {
		p.NotApplicable("no Service has externalTrafficPolicy Local")
		return
	}
	for _, s := range local {
		if byHand[s.Key()] || !s.EndpointsKnown() {
			continue
		}
		if f, ok := blind(p, s); ok {
			p.Find(f)
		}
	}
}

// blind looks at the probes of one Service.
func blind(p *rule.Pass, s *topology.Service) (rule.Finding, bool) {
	f := rule.Finding{Subject: rule.Subject(s.Key()), Services: []string{s.Key()}, Cites: []report.Cite{s.Doc.Cite("/spec/externalTrafficPolicy")}}
	var ports, why []string
	var without []string
	pool, all := 0, false
	for _, w := range p.Walks.Of(s.Key()) {
		b, ok := blinded(w)
		with, none := podless(w)
		if !ok || len(with) == 0 || len(none) == 0 && !b.all {
			continue
		}
		ports = append(ports, fmt.Sprintf("%d (%s)", w.Path.Port.Port, w.Path.Protocol()))
		if !slices.Contains(why, b.say) {
			why, f.Cites = append(why, b.say), append(f.Cites, b.cites...)
		}
		all = all || b.all
		without, pool = none, len(with)+len(none)
		if at := w.Want.Probe(); at != nil && at.Protocol.Pointer != "" && strings.HasPrefix(at.Protocol.Pointer, "/metadata/") {
			f.Cites = append(f.Cites, s.Doc.Cite(at.Protocol.Pointer))
		}
	}
	if len(ports) == 0 {
		return f, false
	}
	f.Cites = append(f.Cites, s.ReadyEndpoints()[0].Slice.Doc.Cite("/endpoints"))
	f.Message = fmt.Sprintf("%s has externalTrafficPolicy Local, and %s (port %s).", s.Key(), rule.List(why), rule.List(ports))
	if all {
		f.Message += " Azure takes every node for dead and sends no traffic."
	} else {
		f.Message += fmt.Sprintf(" %d of the %d nodes of the backend pool have no ready pod of it (%s) and drop what Azure sends them: about that share of all connections is lost.", len(without), pool, rule.List(without))
	}
	f.Fix = append(f.Fix, rule.Describe(f.Services)...)
	f.Fix = append(f.Fix, report.Step{Say: "Take the annotations about the health probe away, if there are any: kube-proxy answers the probe that the provider makes by itself.", Run: rule.Kubectl("edit", s.Key(), ""), Changes: true},
		rule.PassOn(s, "Or, if the client's address does not matter, let every node pass packets on."))
	return f, true
}

// blinded says why the probe of a path does not tell nodes with a pod from others.
func blinded(w *walk.Walk) (blindness, bool) {
	path, s := w.Path, w.Path.Service
	if path.Rule.To == nil {
		return blindness{}, false
	}
	doc := path.Frontend.To.LB.Doc
	x := path.Probe.To
	if x == nil {
		return blindness{say: "its rule has no health probe", cites: []report.Cite{doc.Cite(path.Rule.To.At + "/name")}}, path.Rule.To.Probe == nil
	}
	b := blindness{cites: []report.Cite{doc.Cite(x.At + "/protocol")}}
	switch {
	case x.Port == 0 || x.Port != int(s.Spec.HealthCheckNodePort) && x.Port != proxyPort:
		return b, false // a node port of its own is not served on nodes without a pod
	case strings.EqualFold(x.Protocol, "Https"):
		b.all = true
		b.say = fmt.Sprintf("its health probe asks kube-proxy over HTTPS at port %d, where that speaks plain HTTP", x.Port)
		return b, true
	case strings.EqualFold(x.Protocol, "Tcp"):
		b.say = fmt.Sprintf("its health probe only asks whether port %d is open, which kube-proxy keeps open on every node", x.Port)
		return b, true
	case x.Port == proxyPort:
		b.say = fmt.Sprintf("its health probe asks for kube-proxy's own health at port %d, which is good on every node", x.Port)
		return b, true
	}
	return b, false
}

// podless are the nodes of the path's pool with a ready pod of the Service, and without.
func podless(w *walk.Walk) (with, none []string) {
	for _, m := range w.Path.Members {
		switch {
		case m.Node == nil:
		case slices.ContainsFunc(w.Path.ReadyEndpoints(), func(e topology.Endpoint) bool { return e.NodeName == m.Node.Name }):
			with = append(with, m.Node.Name)
		case walk.Down(m.Node) == "":
			none = append(none, m.Node.Name)
		}
	}
	slices.Sort(none)
	return with, none
}
