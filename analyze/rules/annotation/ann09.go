package annotation

import (
	"azlb/analyze/desired"
	"azlb/analyze/rule"
	"azlb/analyze/topology"
	"azlb/report"
)

// ANN09 is a good annotation that does nothing.
var ANN09 = &rule.Rule{
	ID:       "AZLB-ANN09",
	Severity: report.Warning,
	Doc: report.Doc{
		Title:   "an annotation of the Service has no effect where it stands",
		Symptom: "An annotation is spelt right and has a good value, and Azure looks as if it were not there; there is no event.",
		Cause: "Many annotations count only in company: a subnet for an internal Service, a public IP for a public one, a probe's path with http, everything about a private link with azure-pls-create. " +
			"Others give way: the probe's protocol for all ports to appProtocol since 1.24, all probe settings to the shared probe mode and to externalTrafficPolicy Local. And a release that does not know an annotation leaves it out.",
		Fix: []report.Step{
			see,
			{Say: "Take the annotation out, so that nobody relies on it.", Run: "kubectl annotate service -n NAMESPACE SERVICE KEY-", Changes: true},
			{Say: "Or upgrade, where the provider is older than the annotation."},
		},
		References: []string{keysPage, keysSource, "Azure/AKS#3679"},
		Healthy:    "Manifests that serve several clusters carry annotations that only some of them need. Such a finding is a note; only where traffic or exposure are other than asked for (all sources let in although everybody else was to be denied, or a release that does not know an annotation about addresses, sources or probes) is it a warning. Where the release is not known the rule says nothing of it.",
	},
	Needs: needs,
	Check: rule.Problems{About: desired.AboutEffect, Fix: func(s *topology.Service, x desired.Problem) []report.Step {
		if x.Kind == desired.TooNew {
			return []report.Step{{Say: "Upgrade the cluster to a release whose provider reads it."}, rule.Unannotate(s, x.Key, "Or take the annotation out, and do without.")}
		}
		if x.Meant != "" {
			return []report.Step{rule.Annotate(s, x.Meant, x.Value, "If it is meant, ask for it in the way that counts, for each port that needs it."), rule.Unannotate(s, x.Key, "Then take this one out.")}
		}
		return []report.Step{without(s, x)}
	}}.Check,
}
