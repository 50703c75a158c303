package annotation

import (
	"regexp"

	"azlb/analyze/desired"
	"azlb/analyze/rule"
	"azlb/analyze/topology"
	"azlb/report"
)

// ANN08 is a value that the provider cannot read.
var ANN08 = &rule.Rule{
	ID:       "AZLB-ANN08",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "an annotation of the Service has a value that the provider cannot use",
		Symptom: "Depending on the annotation, the Service stays pending with an event that names it, or it works with the default and nothing tells so.",
		Cause: "The provider reads annotations one by one and treats bad values differently: a number out of range or a list with the wrong separator stops the whole Service; " +
			"others are left out, and a switch with any other value than true is off, without a word. Kubernetes itself checks none of them.",
		Fix: []report.Step{
			see,
			{Say: "Write a value that it can read.", Run: "kubectl annotate service -n NAMESPACE SERVICE --overwrite KEY=VALUE", Changes: true},
			{Say: "Or take the annotation out.", Run: "kubectl annotate service -n NAMESPACE SERVICE KEY-", Changes: true},
		},
		References: []string{keysPage, "https://cloud-provider-azure.sigs.k8s.io/topics/pls-integration/", "AdditionalPublicIPs in cloud-provider-azure"},
		Healthy:    "A value in another case or with blanks where the provider trims, an annotation of a port that was removed since, and bad values where nobody looks at them (a private link's without a private link). Those of the health probe are AZLB-PROBE10's.",
	},
	Needs: needs,
	Check: rule.Problems{About: desired.AboutValue, Says: valueText, Fix: revalue}.Check,
}

// valueText are the provider's refusals of values that no other rule knows.
var valueText = regexp.MustCompile(`(?i)invalid service annotation \S+azure-additional-public-ips|are allowed in service tags|has invalid LoadBalancer IP`)

func revalue(s *topology.Service, x desired.Problem) []report.Step {
	out := rule.Unannotate(s, x.Key, "Or take the annotation out; the provider then goes on with its default.")
	switch {
	case x.Meant != "":
		return []report.Step{rule.Annotate(s, x.Meant, x.Value, "Set it with the Service's own port number."), rule.Unannotate(s, x.Key, "Take the wrong key out.")}
	case x.Kind == desired.UnknownKey, x.Kind == desired.Conflict:
		return []report.Step{rule.Unannotate(s, x.Key, "Take the annotation out, or make it fit as said.")}
	case x.Fits != "":
		return []report.Step{rule.Annotate(s, x.Key, x.Fits, "Write a value that it can read, for example "+x.Fits+"."), out}
	}
	return []report.Step{rule.Annotate(s, x.Key, "VALUE", "Write a value that it can read."), out}
}
