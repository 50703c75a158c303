package annotation

import (
	"fmt"

	"azlb/analyze/desired"
	"azlb/analyze/rule"
	"azlb/analyze/topology"
	"azlb/report"
)

// ANN06 is a Service that asks for two addresses.
var ANN06 = &rule.Rule{
	ID:       "AZLB-ANN06",
	Severity: report.Warning,
	Doc: report.Doc{
		Title:   "spec.loadBalancerIP and the address annotation ask for different addresses",
		Symptom: "The Service does not get the address of spec.loadBalancerIP, without any event.",
		Cause:   "Since 1.23.22, 1.24.9 and 1.25.3 the annotations azure-load-balancer-ipv4 and -ipv6 count before the field of the same family, which Kubernetes calls deprecated. The field is then left out without a word; older releases know only the field.",
		Fix: []report.Step{
			{Say: "Decide for one address: set it in the annotation and take the field out.", Run: "kubectl patch service -n NAMESPACE SERVICE --type json -p '[{\"op\":\"remove\",\"path\":\"/spec/loadBalancerIP\"}]'", Changes: true},
		},
		References: []string{keysPage, "getServiceLoadBalancerIP in cloud-provider-azure"},
		Healthy:    "Both may stand there with the same address, or one for each IP family. Where the Service already has the annotation's address the finding is only a note.",
	},
	Needs: needs,
	Check: rule.Problems{About: desired.AboutAddress, Fix: func(s *topology.Service, x desired.Problem) []report.Step {
		return []report.Step{
			{Say: "If the annotation is right, take the field out.", Run: fmt.Sprintf("kubectl patch service %s --type json -p '[{\"op\":\"remove\",\"path\":\"/spec/loadBalancerIP\"}]'", name(s)), Changes: true},
			rule.Unannotate(s, x.Meant, "If the field is right, take the annotation out; the address changes."),
		}
	}}.Check,
}
