package annotation

import (
	"azlb/analyze/desired"
	"azlb/analyze/rule"
	"azlb/analyze/topology"
	"azlb/report"
)

// ANN04 is a wish for one rule for all ports that is not granted.
var ANN04 = &rule.Rule{
	ID:       "AZLB-ANN04",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "HA ports are asked for where there are none",
		Symptom: "The Service has azure-load-balancer-enable-high-availability-ports, its listed ports answer, and all others are closed; Azure shows a rule for each port instead of one with port 0 and protocol All.",
		Cause: "One rule for all ports (HA ports) exists only on internal Standard load balancers. On a public Service, on a Basic load balancer, and for a value other than true the provider goes on without it and makes a rule for each port that the Service lists, without a word. " +
			"With azure-load-balancer-internal in another spelling of true the provider's parts disagree, and Azure refuses the rule.",
		Fix: []report.Step{
			{Say: "If the Service may be internal, make it so; its address changes.", Run: "kubectl annotate service -n NAMESPACE SERVICE --overwrite service.beta.kubernetes.io/azure-load-balancer-internal=true", Changes: true},
			{Say: "Else list every port in the Service and take the annotation out.", Run: "kubectl annotate service -n NAMESPACE SERVICE service.beta.kubernetes.io/azure-load-balancer-enable-high-availability-ports-", Changes: true},
		},
		References: []string{"https://learn.microsoft.com/azure/load-balancer/load-balancer-ha-ports-overview", keysPage, "getExpectedLBRules in cloud-provider-azure"},
		Healthy:    "An internal Service of a Standard cluster with several ports has one rule, named after its first port: that is HA ports at work. Where the SKU is not known the rule is silent.",
	},
	Needs: needs,
	Check: rule.Problems{About: desired.AboutAllPorts, Fix: func(s *topology.Service, x desired.Problem) []report.Step {
		if x.Kind == desired.InvalidValue {
			return []report.Step{rule.Annotate(s, x.Key, x.Fits, "Write true.")}
		}
		return []report.Step{
			rule.Annotate(s, internalKey, "true", "If the Service may be internal, make it so; its address changes. On a Basic load balancer there are no HA ports at all."),
			rule.Unannotate(s, x.Key, "Else list every port in the Service and take the annotation out."),
		}
	}}.Check,
}
