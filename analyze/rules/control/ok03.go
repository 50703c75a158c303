package control

import (
	"fmt"
	"slices"

	"azlb/analyze/rule"
	"azlb/analyze/walk"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// OK03 is an answer of the application, which is none of the load balancer.
var OK03 = &rule.Rule{
	ID:         "AZLB-OK03",
	Severity:   report.Info,
	AsDesigned: true,
	Doc: report.Doc{
		Title:   "an HTTP error or a wrong page comes from behind the load balancer",
		Symptom: "A browser or curl gets an answer from the Service's address, and it is wrong: 404, 502, 503, another site's page, a redirect to a name that does not exist, or a certificate that does not fit.",
		Cause: "An Azure load balancer passes packets on and speaks neither HTTP nor TLS. Whoever gets such an answer has passed it, the security group, and kube-proxy: the answer is that of an ingress controller or of the application. " +
			"A 404 is often a host name or a path for which the ingress has no rule, a 502 or 503 an ingress that does not reach its own backends.",
		Fix:        looks("Look into the log of the pods that answer: the ingress controller's, or the application's.", "kubectl logs -n NAMESPACE -l KEY=VALUE --tail 50"),
		References: []string{"https://learn.microsoft.com/azure/load-balancer/load-balancer-overview", "https://kubernetes.io/docs/concepts/services-networking/ingress/"},
		Healthy:    "What a Service answers is not in a bundle. This is told once, where the way to some Service is open to its end, because a reader who finds no fault may be after an answer that no load balancer gives.",
	},
	Needs: walked,
	Check: func(p *rule.Pass) {
		ways := open(p)
		i := slices.IndexFunc(ways, func(w *walk.Walk) bool { return w.Path.Protocol() == "TCP" })
		if i < 0 {
			return
		}
		w := ways[i]
		p.Find(rule.Finding{
			Subject: cluster,
			Message: fmt.Sprintf("No hop on the way to %s stops packets, and none speaks HTTP or TLS: a 404, a 502, a wrong page or a wrong certificate there is the answer of the ingress controller or the application. Only a connection that times out or is reset is a matter of the way.",
				where(w)),
			Cites: []report.Cite{ruleCite(w, "protocol")},
			Fix: []report.Step{
				{Say: "See which pods answer, and look into their log.", Run: fmt.Sprintf("kubectl get endpointslices -n %s -l kubernetes.io/service-name=%s -o wide", rule.Word(w.Path.Service.Namespace, "NAMESPACE"), rule.Word(w.Path.Service.Name, "SERVICE"))},
			},
		})
	},
}

// rulesOf lists the rules of the walk's load balancer.
func rulesOf(w *walk.Walk) string {
	lb := w.Path.Frontend.To.LB
	return fmt.Sprintf("az network lb rule list -g %s --lb-name %s --query \"[].{name:name, frontend:frontendPort, backend:backendPort, floatingIP:enableFloatingIP}\" -o table",
		rule.Word(az.GroupOf(lb.ID), "GROUP"), rule.Word(lb.Name, "LOAD_BALANCER"))
}
