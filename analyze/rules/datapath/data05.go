package datapath

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/rule"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// DATA05 is a Service whose settings spread connections unevenly over its pods.
var DATA05 = &rule.Rule{
	ID:       "AZLB-DATA05",
	Severity: report.Info,
	Doc: report.Doc{
		Title:   "the Service's settings spread connections unevenly over its pods",
		Symptom: "Some pods are busy and others idle, or all clients behind one address always reach the same pod; when one node goes, all connections go with it. Every connection works.",
		Cause: "Azure spreads connections over the nodes that answer the health probe, each alike, and knows nothing of pods. With externalTrafficPolicy Local only nodes with a pod answer and a node keeps its share to its own pods: a pod that has a node for itself gets as much as all pods of another node together. " +
			"With sessionAffinity ClientIP Azure sends everything from one address to one node, so that a proxy, a NAT gateway or a load test in front weighs on a single pod.",
		Fix: []report.Step{
			{Say: "See how the pods are spread.", Run: "kubectl get pods -n NAMESPACE -l SELECTOR -o wide"},
			{Say: "With externalTrafficPolicy Local: spread the pods over the nodes (topologySpreadConstraints), or let every node pass packets on (the client's address is then lost).", Run: "kubectl patch service -n NAMESPACE SERVICE -p '{\"spec\":{\"externalTrafficPolicy\":\"Cluster\"}}'", Changes: true},
			{Say: "Take the affinity away if the application does not need it.", Run: "kubectl patch service -n NAMESPACE SERVICE -p '{\"spec\":{\"sessionAffinity\":\"None\"}}'", Changes: true},
		},
		References: []string{"https://kubernetes.io/docs/tasks/access-application-cluster/create-external-load-balancer/#caveats-and-limitations-when-preserving-source-ips", "https://learn.microsoft.com/azure/load-balancer/distribution-mode-concepts"},
		Healthy:    "Both settings are there for good reasons, and nothing is broken: it is never more than an information, and of no Service. The rule is silent where every node has about as many pods as the others: less than twice as many, or one more.",
	},
	Needs: rule.Needs{Any: []*bundle.Evidence{&bundle.EndpointSlices}, All: []*bundle.Evidence{&bundle.Services, &bundle.LoadBalancers, &bundle.EndpointSlices}, Clean: rule.Backends},
	Check: checkDATA05,
}

func checkDATA05(p *rule.Pass) {
	for _, s := range p.Graph.Served() {
		ready := s.ReadyEndpoints()
		if len(ready) < 2 || len(s.Status.LoadBalancer.Ingress) == 0 || !s.EndpointsKnown() {
			continue
		}
		var say []string
		cites := []report.Cite{}
		var fix []report.Step
		if how := lopsided(s); s.Local() && how != "" {
			say = append(say, how)
			cites = append(cites, s.Doc.Cite("/spec/externalTrafficPolicy"), ready[0].Slice.Doc.Cite("/endpoints"))
			fix = append(fix, report.Step{Say: "See how the pods are spread; topologySpreadConstraints spread them over the nodes.", Run: fmt.Sprintf("kubectl get pods -n %s -l %s -o wide", rule.Word(s.Namespace, "NAMESPACE"), rule.Word(selectorOf(s), "SELECTOR"))})
		}
		if s.Spec.SessionAffinity == corev1.ServiceAffinityClientIP {
			say = append(say, "sessionAffinity ClientIP sends all connections from one address to one node, and there to one pod")
			cites = append(cites, s.Doc.Cite("/spec/sessionAffinity"))
			fix = append(fix, report.Step{Say: "If the application does not need it, take the affinity away.", Run: rule.Kubectl("patch", s.Key(), `-p '{"spec":{"sessionAffinity":"None"}}'`), Changes: true})
		}
		if len(say) > 0 {
			p.Find(rule.Finding{Subject: object(s), Message: fmt.Sprintf("%s has %d ready pods, which do not get alike: %s.", s.Key(), len(ready), strings.Join(say, "; ")), Cites: cites, Fix: fix})
		}
	}
}

// lopsided says how uneven the pods lie on the nodes; empty where they do not.
func lopsided(s *topology.Service) string {
	pods, pool := map[string]int{}, s.PoolNodes()
	for _, e := range s.ReadyEndpoints() {
		if !slices.Contains(pool, e.NodeName) {
			return "" // the load balancer does not reach it
		}
		pods[e.NodeName]++
	}
	members := 0
	for _, x := range s.Paths {
		members = max(members, len(x.Members))
	}
	var counts []int
	for _, n := range pods {
		counts = append(counts, n)
	}
	least, most := slices.Min(counts), slices.Max(counts)
	switch {
	case len(pods) == 1 && members > 1:
		return "externalTrafficPolicy is Local and all of them are on one node, so that all connections go through it alone"
	case most >= 2*least && most-least > 1: // else they could not lie better
		return fmt.Sprintf("externalTrafficPolicy is Local, %d nodes have pods, one of them %d and one of them %d, and each node gets the same share", len(pods), most, least)
	}
	return ""
}
