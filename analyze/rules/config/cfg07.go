package config

import (
	"fmt"
	"regexp"

	"azlb/analyze/desired"
	"azlb/analyze/rule"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// CFG07 is a port whose protocol the load balancer cannot have.
var CFG07 = &rule.Rule{
	ID:       "AZLB-CFG07",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "a port of the Service has a protocol that the load balancer does not take",
		Symptom: "The Service stays pending; events say `SCTP is only supported on standard loadbalancer in internal mode` or `only TCP and UDP are supported for Azure LoadBalancers`.",
		Cause: "An Azure load balancer has rules for TCP, for UDP and, on internal Standard ones, for all protocols. The provider makes an SCTP port a rule for all protocols, so it is possible on an internal Service with a Standard load balancer only; " +
			"the provider that is part of Kubernetes itself never took SCTP. One such port stops the whole Service, its TCP ports too.",
		Fix: []report.Step{
			{Say: "If its clients are in the virtual network, make the Service internal; its address changes.", Run: "kubectl annotate service -n NAMESPACE SERVICE --overwrite service.beta.kubernetes.io/azure-load-balancer-internal=true", Changes: true},
			{Say: "Or take the port out of this Service, and offer it by node port."},
		},
		References: []string{"https://cloud-provider-azure.sigs.k8s.io/topics/loadbalancer/", "getExpectedLBRules and getProtocolsFromKubernetesProtocol in cloud-provider-azure", "Azure/AKS#1295"},
		Healthy:    "SCTP on an internal Service of a Standard cluster. UDP ports have no probe of their own, and TCP and UDP on one port number go well together since Kubernetes 1.24.",
	},
	Needs: rule.Needs{All: []*bundle.Evidence{&bundle.Services}, Clean: []*bundle.Evidence{&bundle.KubeVersion, &bundle.Events, &bundle.ControllerLog}},
	Check: rule.Problems{About: desired.AboutProtocol, Says: protocolText, Fix: func(s *topology.Service, _ desired.Problem) []report.Step {
		return []report.Step{
			{Say: "If its clients are in the virtual network, make the Service internal; its address changes. The in-tree provider of Kubernetes takes no SCTP at all.", Changes: true,
				Run: fmt.Sprintf("kubectl annotate service -n %s %s --overwrite service.beta.kubernetes.io/azure-load-balancer-internal=true", rule.Word(s.Namespace, "NAMESPACE"), rule.Word(s.Name, "SERVICE"))},
			{Say: "Or take the port out of this Service, and offer it by node port."},
		}
	}}.Check,
}

var protocolText = regexp.MustCompile(`(?i)only TCP(?:, UDP)? and (?:SCTP|UDP) are supported for Azure LoadBalancers|SCTP is only supported on`)
