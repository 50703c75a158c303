package annotation

import (
	"regexp"

	"azlb/analyze/desired"
	"azlb/analyze/rule"
	"azlb/analyze/topology"
	"azlb/report"
)

// ANN01 is an annotation without a value that does something all the same.
var ANN01 = &rule.Rule{
	ID:       "AZLB-ANN01",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "an annotation of the Service is empty, and the provider does not take that for unset",
		Symptom: "A chart or manifest sets an annotation to nothing (`key:` or `key: \"\"`), and the Service stays pending or nobody gets in.",
		Cause: "Kubernetes keeps an annotation without a value as one with an empty text. Most annotations of the provider are then as good as unset, but not all: a number that is empty is no number and stops the whole Service, " +
			"an empty list of service tags is a list of one tag without a name, and an empty probe protocol of a port is tcp whatever else is set.",
		Fix: []report.Step{
			see,
			{Say: "Take the empty annotation out; in a chart leave the whole line out where the value is empty.", Run: "kubectl annotate service -n NAMESPACE SERVICE KEY-", Changes: true},
		},
		References: []string{keysPage, "Azure/AKS#221", "extractInt32FromString and AllowedServiceTags in cloud-provider-azure"},
		Healthy:    "Most charts leave empty annotations behind: an empty name, address, subnet, resource group (since 1.13.8, 1.14.4 and 1.15.1) or switch asks for nothing, and an empty azure-dns-label-name takes the label away on purpose. The rule is silent about all of them.",
	},
	Needs: needs,
	Check: rule.Problems{About: desired.AboutEmptiness, Says: emptyText, Fix: func(s *topology.Service, x desired.Problem) []report.Step {
		return []report.Step{rule.Unannotate(s, x.Key, "Take the empty annotation out; in a chart leave the whole line out where the value is empty.")}
	}}.Check,
}

// emptyText is how the provider refuses a number that is empty.
var emptyText = regexp.MustCompile(`(?i)failed to parse annotation \S+ ?error value: \S+ parsing \\?"\\?": invalid syntax`)
