package annotation

import (
	"azlb/analyze/desired"
	"azlb/analyze/rule"
	"azlb/analyze/topology"
	"azlb/report"
)

const internalKey = "service.beta.kubernetes.io/azure-load-balancer-internal"

// ANN07 is a Service that was meant to be internal and is public.
var ANN07 = &rule.Rule{
	ID:       "AZLB-ANN07",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the Service is public, as azure-load-balancer-internal is not exactly true",
		Symptom: "A Service that should be internal has a public address; there is no event. With a value like `True` the address may also give no answer.",
		Cause: "The provider makes a Service internal for the value true alone: in small letters, without blanks. yes, 1, True or \" true\" leave it public, and anybody on the Internet whom no rule keeps out can use it. " +
			"For the security group it compares without case since 1.25.24, 1.26.19, 1.27.13, 1.28.5 and 1.29: True then gives a public address and no rule that lets clients in.",
		Fix: []report.Step{
			{Say: "Write true. The public address is given back, and the Service gets one of the virtual network.", Run: "kubectl annotate service -n NAMESPACE SERVICE --overwrite " + internalKey + "=true", Changes: true},
		},
		References: []string{"https://learn.microsoft.com/azure/aks/internal-lb", "requiresInternalLoadBalancer and IsInternal in cloud-provider-azure"},
		Healthy:    "false, no, 0 and the like ask for a public Service, which it is; an empty value is only a note. The finding is an error where the public address gives no answer, else a warning.",
	},
	Needs: needs,
	Check: rule.Problems{About: desired.AboutInternal, Cites: public, Fix: func(s *topology.Service, x desired.Problem) []report.Step {
		return []report.Step{
			rule.Annotate(s, x.Key, "true", "If the Service is to be internal, write true. Its public address is given back, and it gets one of the virtual network: clients must be told."),
			rule.Unannotate(s, x.Key, "If it is to be public, take the annotation out."),
		}
	}}.Check,
}
