package annotation

import (
	"azlb/analyze/desired"
	"azlb/analyze/rule"
	"azlb/analyze/topology"
	"azlb/report"
)

// ANN10 is a public Service that lets in only sources that cannot come.
var ANN10 = &rule.Rule{
	ID:       "AZLB-ANN10",
	Severity: report.Warning,
	Doc: report.Doc{
		Title:   "a public Service lets in private addresses only",
		Symptom: "The Service has a public address, and every connection from the Internet times out; there is no event.",
		Cause: "spec.loadBalancerSourceRanges or azure-allowed-ip-ranges name only private ranges (10/8, 172.16/12, 192.168/16, 100.64/10). A packet from the Internet never has such a source, and one from a virtual network to a public address leaves with a public source too, " +
			"so that the security group drops them all. Either the ranges of the clients' public addresses are meant, or an internal Service.",
		Fix: []report.Step{
			{Say: "If clients come from the virtual network, make the Service internal; its address changes.", Run: "kubectl annotate service -n NAMESPACE SERVICE --overwrite " + internalKey + "=true", Changes: true},
			{Say: "If they come from the Internet, name the public addresses from which they do.", Run: "kubectl patch service -n NAMESPACE SERVICE -p '{\"spec\":{\"loadBalancerSourceRanges\":[\"ADDRESS/32\"]}}'", Changes: true},
		},
		References: []string{"https://learn.microsoft.com/azure/aks/load-balancer-standard#restrict-inbound-traffic-to-specific-ip-ranges", keysPage},
		Healthy:    "A Service may be closed to the Internet on purpose, and pods of the cluster reach it all the same, as kube-proxy leads them to it directly: the finding is never certain. One public range, a service tag, and a Service without the provider's security rule keep the rule silent.",
	},
	Needs: needs,
	Check: rule.Problems{About: desired.AboutAudience, Cites: public, Doubt: "the Service may be closed to the Internet on purpose", Fix: func(s *topology.Service, x desired.Problem) []report.Step {
		return []report.Step{
			rule.Annotate(s, internalKey, "true", "If clients come from the virtual network, make the Service internal; its address changes."),
			{Say: "If they come from the Internet, name the public addresses from which they do.", Run: "kubectl patch service " + name(s) + " -p '{\"spec\":{\"loadBalancerSourceRanges\":[\"ADDRESS/32\"]}}'", Changes: true},
		}
	}}.Check,
}
