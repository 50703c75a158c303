package control

import (
	"fmt"
	"slices"

	"azlb/analyze/rule"
	"azlb/analyze/walk"
	"azlb/report"
)

// OK01 is the node port, which nobody reaches at the load balancer's address.
var OK01 = &rule.Rule{
	ID:         "AZLB-OK01",
	Severity:   report.Info,
	AsDesigned: true,
	Doc: report.Doc{
		Title:   "the node port is not open at the Service's address",
		Symptom: "kubectl shows the ports of a Service as 80:31234/TCP. Connections to the external address with the second number time out, those with the first work.",
		Cause: "A load balancer has a rule for each port of the Service, and none for its node port: that one is open at the addresses of the nodes, inside the network. " +
			"With floating IP, which the provider uses, not even the load balancer sends to it; its health probe asks there.",
		Fix:        looks("Connect to the Service's port, the first of the two numbers. This shows both.", "kubectl get service -n NAMESPACE SERVICE"),
		References: []string{"https://kubernetes.io/docs/concepts/services-networking/service/#type-nodeport", "https://learn.microsoft.com/azure/load-balancer/components#load-balancing-rules"},
		Healthy:    "This is so in every cluster. It is told once, where the way to some Service is open to its end, because a reader who finds no fault may be using the wrong port.",
	},
	Needs: walked,
	Check: func(p *rule.Pass) {
		ways := open(p)
		i := slices.IndexFunc(ways, func(w *walk.Walk) bool { return w.Path.Port.NodePort != 0 && w.Path.Port.NodePort != w.Path.Port.Port })
		if i < 0 {
			return
		}
		w := ways[i]
		p.Find(rule.Finding{
			Subject: cluster,
			Message: fmt.Sprintf("Clients of %s use that port and not node port %d, for which the load balancer has no rule: connections to it time out at that address. Node ports are open at the nodes' own addresses, inside the network.",
				where(w), w.Path.Port.NodePort),
			Cites: []report.Cite{portCite(w, "nodePort"), ruleCite(w, "frontendPort")},
			Fix:   looks("Connect to the Service's port, the first of the two numbers that this shows.", rule.Kubectl("get", w.Path.Service.Key(), "")),
		})
	},
}
