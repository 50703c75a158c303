package config

import (
	"fmt"

	"azlb/analyze/desired"
	"azlb/analyze/rule"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// CFG04 is a Service without the node ports that its load balancer needs.
var CFG04 = &rule.Rule{
	ID:       "AZLB-CFG04",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "allocateLoadBalancerNodePorts is false, and the load balancer needs node ports",
		Symptom: "The Service stays pending; Azure answers 400 to the change of the load balancer, as a probe or a rule has port 0.",
		Cause: "With floating IP the load balancer hands a packet to the node with the Service's own port, so that no node port is needed for it. But it probes the node port, unless all Services share one probe or externalTrafficPolicy Local brings kube-proxy's health check; " +
			"and without floating IP it sends to the node port too. Where Kubernetes was told to allocate none, the provider writes 0 there.",
		Fix: []report.Step{
			{Say: "Let Kubernetes allocate node ports.", Run: "kubectl patch service -n NAMESPACE SERVICE -p '{\"spec\":{\"allocateLoadBalancerNodePorts\":true}}'", Changes: true},
			{Say: "Or let kube-proxy's health check be the probe; clients' addresses are then kept, and only nodes with a pod of the Service get traffic.", Run: "kubectl patch service -n NAMESPACE SERVICE -p '{\"spec\":{\"externalTrafficPolicy\":\"Local\"}}'", Changes: true},
		},
		References: []string{"https://kubernetes.io/docs/concepts/services-networking/service/#load-balancer-nodeport-allocation", "https://cloud-provider-azure.sigs.k8s.io/topics/loadbalancer/"},
		Healthy:    "Ports that had a node port before the field was set keep it. With externalTrafficPolicy Local, in shared probe mode, for UDP and for ports without probe none is needed; where azure.json is not in the bundle the mode of probes is not known, and the rule is silent.",
	},
	Needs: rule.Needs{All: []*bundle.Evidence{&bundle.Services}, Clean: []*bundle.Evidence{&bundle.KubeVersion, &bundle.CloudConfig}},
	Check: rule.Problems{About: desired.AboutNodePorts, Fix: func(s *topology.Service, _ desired.Problem) []report.Step {
		return []report.Step{
			{Say: "Let Kubernetes allocate node ports.", Changes: true,
				Run: fmt.Sprintf("kubectl patch service -n %s %s -p '{\"spec\":{\"allocateLoadBalancerNodePorts\":true}}'", rule.Word(s.Namespace, "NAMESPACE"), rule.Word(s.Name, "SERVICE"))},
			{Say: "Or set externalTrafficPolicy to Local: kube-proxy's health check is then the probe, and only nodes with a pod of the Service get traffic. This needs floating IP."},
		}
	}}.Check,
}
