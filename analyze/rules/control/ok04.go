package control

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/rule"
	"azlb/analyze/topology"
	"azlb/analyze/walk"
	"azlb/report"
)

// OK04 are nodes without a pod of a Service with externalTrafficPolicy Local.
var OK04 = &rule.Rule{
	ID:         "AZLB-OK04",
	Severity:   report.Info,
	AsDesigned: true,
	Doc: report.Doc{
		Title:   "only nodes with a ready pod of the Service pass its health probe",
		Symptom: "The portal or the metric Health Probe Status shows most backends of a load balancer as down, and the Service works.",
		Cause: "With externalTrafficPolicy Local a node takes packets only for pods of its own. kube-proxy says so to the load balancer: at the Service's healthCheckNodePort it answers 200 where a ready pod runs and 503 where none does. " +
			"All nodes stay in the backend pool, and those without a pod are down by this probe, as they should be.",
		Fix: []report.Step{
			{Say: "Nothing is to be repaired. This shows on which nodes the pods are.", Run: "kubectl get endpointslices -n NAMESPACE -l kubernetes.io/service-name=SERVICE -o wide"},
			{Say: "If more nodes should take traffic, run more pods, spread over the nodes.", Changes: true},
		},
		References: []string{"Azure/AKS#3679", "kubernetes-sigs/cloud-provider-azure#962", "https://kubernetes.io/docs/tasks/access-application-cluster/create-external-load-balancer/#preserving-the-client-source-ip", "https://cloud-provider-azure.sigs.k8s.io/topics/loadbalancer/"},
		Healthy:    "It is told of a Service whose way is open to its end, and whose probe asks kube-proxy. That no node at all has a pod is a fault (AZLB-DATA04, AZLB-PROBE02), and so is another probe (AZLB-PROBE11).",
	},
	Needs: walked,
	Check: func(p *rule.Pass) {
		var told []*topology.Service
		for _, w := range open(p) {
			s := w.Path.Service
			if !s.Local() || slices.Contains(told, s) || !asksKubeProxy(w) {
				continue
			}
			if f, ok := spread(w); ok {
				told = append(told, s)
				p.Find(f)
			}
		}
	},
}

// asksKubeProxy reports whether the probe asks kube-proxy for pods of the node's own.
func asksKubeProxy(w *walk.Walk) bool {
	probe, port := w.Path.Probe.To, int(w.Path.Service.Spec.HealthCheckNodePort)
	return probe != nil && port != 0 && probe.Port == port && strings.EqualFold(probe.Protocol, "Http")
}

// spread tells which nodes of the pool have a ready pod; not ok where all have one.
func spread(w *walk.Walk) (rule.Finding, bool) {
	s := w.Path.Service
	ready := s.ReadyEndpoints()
	var with, without []string
	for _, m := range w.Path.Members {
		list := &without
		if slices.ContainsFunc(ready, func(e topology.Endpoint) bool { return e.NodeName == m.Node.Name }) {
			list = &with
		}
		if !slices.Contains(*list, m.Node.Name) {
			*list = append(*list, m.Node.Name)
		}
	}
	if len(with) == 0 || len(without) == 0 {
		return rule.Finding{}, false
	}
	slices.Sort(with)
	i := slices.IndexFunc(ready, func(e topology.Endpoint) bool { return slices.Contains(with, e.NodeName) })
	return rule.Finding{
		Subject: rule.Subject(s.Key()),
		Message: fmt.Sprintf("%s has externalTrafficPolicy Local and ready pods on %d of the %d nodes of its pool (%s). kube-proxy fails the health probe (port %d) on the others, which the load balancer shows as down.",
			s.Key(), len(with), len(with)+len(without), rule.List(with), w.Path.Probe.To.Port),
		Cites: []report.Cite{s.Doc.Cite("/spec/externalTrafficPolicy"), ready[i].Cite(), w.Path.Frontend.To.LB.Doc.Cite(w.Path.Probe.To.At + "/port")},
		Fix: []report.Step{
			{Say: "Nothing is to be repaired. This shows on which nodes the pods are.", Run: fmt.Sprintf("kubectl get endpointslices -n %s -l kubernetes.io/service-name=%s -o wide", rule.Word(s.Namespace, "NAMESPACE"), rule.Word(s.Name, "SERVICE"))},
			{Say: "If more nodes should take traffic, run more pods, spread over the nodes.", Changes: true},
		},
	}, true
}
