package annotation

import (
	"regexp"

	"azlb/analyze/desired"
	"azlb/analyze/rule"
	"azlb/analyze/topology"
	"azlb/report"
)

// ANN03 is a choice among sets of machines that the provider cannot make.
var ANN03 = &rule.Rule{
	ID:       "AZLB-ANN03",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "azure-load-balancer-mode asks for a set of machines that cannot be chosen",
		Symptom: "The Service stays pending with `unable to find load balancer for selected VM sets` or `standard load balancer doesn't work with annotation`, or it works and the choice has no effect.",
		Cause: "A Basic load balancer serves one availability set or scale set, and this annotation chooses which: the name of one, or __auto__ with its underscores (the documentation's table says auto, which is taken for a name). " +
			"A Standard load balancer serves all machines; there is nothing to choose. From 1.11 to 1.19 the provider of Kubernetes itself refused such a Service, since then it only logs a warning.",
		Fix: []report.Step{
			{Say: "With a Standard load balancer, take the annotation out.", Run: "kubectl annotate service -n NAMESPACE SERVICE service.beta.kubernetes.io/azure-load-balancer-mode-", Changes: true},
			{Say: "With a Basic one, let the provider choose, or name one set.", Run: "kubectl annotate service -n NAMESPACE SERVICE --overwrite service.beta.kubernetes.io/azure-load-balancer-mode=__auto__", Changes: true},
		},
		References: []string{keysPage, "getServiceLoadBalancerMode in cloud-provider-azure"},
		Healthy:    "A Standard cluster since 1.20 whose Services still have it from Basic times: they work, and the finding is only a note. A Basic cluster with a name or __auto__ is silent.",
	},
	Needs: needs,
	Check: rule.Problems{About: desired.AboutMode, Says: modeText, Fix: func(s *topology.Service, x desired.Problem) []report.Step {
		if x.Kind == desired.NoEffect {
			return []report.Step{without(s, x)}
		}
		return []report.Step{rule.Annotate(s, x.Key, "__auto__", "Let the provider choose, or name one availability set or scale set.")}
	}}.Check,
}

// modeText is the provider's own. Later releases log the first text as a warning and
// go on, which is no error.
var modeText = regexp.MustCompile(`(?i)standard load balancer doesn't work with annotation|unable to find load balancer for selected VM sets`)
