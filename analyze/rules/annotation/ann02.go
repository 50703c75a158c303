package annotation

import (
	"regexp"

	"azlb/analyze/desired"
	"azlb/analyze/rule"
	"azlb/analyze/topology"
	"azlb/report"
)

// ANN02 is an idle timeout that the provider refuses.
var ANN02 = &rule.Rule{
	ID:       "AZLB-ANN02",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the idle timeout is not a whole number of minutes in Azure's range",
		Symptom: "The Service stays pending, or no change of it arrives; events say `idle timeout value must be a whole number representing minutes between …`, since 1.20 behind `error generate lb rule for ha mod loadbalancer`, which has nothing to do with the cause.",
		Cause: "The annotation azure-load-balancer-tcp-idle-timeout is read as minutes: 4 to 30, since 1.28 up to 100. A smaller or larger number, a unit (`4m`), seconds or an empty value is an error in the middle of the sync, " +
			"so that the provider makes or changes nothing of the Service.",
		Fix: []report.Step{
			{Say: "Set whole minutes: 4 to 30 in every release, up to 100 since 1.28.", Run: "kubectl annotate service -n NAMESPACE SERVICE --overwrite service.beta.kubernetes.io/azure-load-balancer-tcp-idle-timeout=30", Changes: true},
			{Say: "Or take it out; the default is 4 minutes.", Run: "kubectl annotate service -n NAMESPACE SERVICE service.beta.kubernetes.io/azure-load-balancer-tcp-idle-timeout-", Changes: true},
		},
		References: []string{keysPage, "kubernetes/kubernetes#75356", "https://learn.microsoft.com/azure/load-balancer/load-balancer-tcp-reset"},
		Affects:    "every release since 1.12, where the annotation came",
		Healthy:    "A timeout within the range, with blanks around it as well. An error about it that a later success of the same Service followed is history.",
	},
	Needs: needs,
	Check: rule.Problems{About: desired.AboutIdleTimeout, Says: idleText, Fix: func(s *topology.Service, x desired.Problem) []report.Step {
		return []report.Step{
			rule.Annotate(s, x.Key, x.Fits, "Set whole minutes: 4 to 30 in every release, up to 100 since 1.28; for example "+x.Fits+"."),
			rule.Unannotate(s, x.Key, "Or take it out; the default is 4 minutes."),
		}
	}}.Check,
}

// idleText is the provider's own, of every era.
var idleText = regexp.MustCompile(`(?i)idle timeout value must be|error parsing idle timeout`)
