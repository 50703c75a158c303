package control

import (
	"fmt"

	"azlb/analyze/rule"
	"azlb/analyze/walk"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// OK02 is a backend port that is not the node port.
var OK02 = &rule.Rule{
	ID:         "AZLB-OK02",
	Severity:   report.Info,
	AsDesigned: true,
	Doc: report.Doc{
		Title:   "load balancing rules send to the Service's port, not to the node port",
		Symptom: "In the portal the backend port of a rule equals its frontend port, 80 for example, although nothing on the nodes listens there and the Service has node port 31234.",
		Cause: "The provider's rules have floating IP (direct server return). A packet then comes to the node as the client sent it, with the frontend's address and port, and kube-proxy takes it by these and hands it to a pod. " +
			"Nothing need listen on the node, and the node port matters to the health probe only. The annotation azure-disable-load-balancer-floating-ip changes this: then the backend port is the node port.",
		Fix:        looks("Nothing is to be repaired. This shows the rules with both ports and floating IP.", "az network lb rule list -g GROUP --lb-name LOAD_BALANCER --query \"[].{name:name, frontend:frontendPort, backend:backendPort, floatingIP:enableFloatingIP}\" -o table"),
		References: []string{"kubernetes/kubernetes#58759", "https://learn.microsoft.com/azure/load-balancer/load-balancer-floating-ip"},
		Healthy:    "This is so in every cluster with rules that have floating IP. It is told once, and only of rules whose Services ask for it: one that has it against its Service's wish is a fault (AZLB-DATA08).",
	},
	Needs: rule.Needs{All: []*bundle.Evidence{&bundle.Services, &bundle.LoadBalancers}},
	Check: func(p *rule.Pass) {
		var first *walk.Walk
		n := 0
		for _, w := range p.Walks.All {
			if toServicePort(w) {
				if n++; first == nil {
					first = w
				}
			}
		}
		if first == nil {
			return
		}
		r := first.Path.Rule.To
		tail := "The node port is for the health probe."
		if n > 1 {
			tail = fmt.Sprintf("The node port is for the health probe; so it is with %d ports of this cluster.", n)
		}
		p.Find(rule.Finding{
			Subject: cluster,
			Message: fmt.Sprintf("Rule %s sends to port %d and not to node port %d, because floating IP is on: the packet keeps the frontend's address and port, by which kube-proxy takes it. %s",
				r.Name, r.BackendPort, first.Path.Port.NodePort, tail),
			Cites: []report.Cite{ruleCite(first, "backendPort")},
			Fix:   looks("Nothing is to be repaired. This shows the rules with both ports.", rulesOf(first)),
		})
	},
}

// toServicePort reports a rule that has floating IP as its Service asks for it, and
// sends to another port than the node port.
func toServicePort(w *walk.Walk) bool {
	r, want := w.Path.Rule.To, w.Want.Rule
	return r != nil && want != nil && want.FloatingIP.Unknown == "" && want.FloatingIP.V && r.EnableFloatingIP &&
		r.BackendPort == r.FrontendPort && r.BackendPort == int(w.Path.Port.Port) && w.Path.Port.NodePort != 0 && w.Path.Port.NodePort != w.Path.Port.Port
}
