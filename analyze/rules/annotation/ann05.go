package annotation

import (
	"fmt"

	"azlb/analyze/desired"
	"azlb/analyze/rule"
	"azlb/analyze/topology"
	"azlb/report"
)

// ANN05 is a key that nobody reads.
var ANN05 = &rule.Rule{
	ID:       "AZLB-ANN05",
	Severity: report.Warning,
	Doc: report.Doc{
		Title:   "an annotation of the Service is misspelt, or is no annotation",
		Symptom: "The Service works, but not as its annotations ask: it is public instead of internal, in another subnet, with the default probe or timeout. There is no event.",
		Cause: "The provider looks for its keys letter by letter under service.beta.kubernetes.io/ and never for others. A missing letter or hyphen, another prefix (service.kubernetes.io, service.alpha…), or a label instead of an annotation is left out without a word. " +
			"In keys of a port both are meant: hyphens and underscores, as in port_80_health-probe_protocol.",
		Fix: []report.Step{
			see,
			{Say: "Set the right key and take the wrong one out.", Run: "kubectl annotate service -n NAMESPACE SERVICE RIGHT_KEY=VALUE WRONG_KEY-", Changes: true},
		},
		References: []string{keysPage, keysSource},
		Healthy:    "Keys of other software stay: those of other clouds (aws-, gce), of external-dns or cert-manager, and any of a domain that is not nearly Kubernetes' own. A wrong key beside the right one, and one that asks for what there is anyway, are only a note; so is a key under azure- that resembles no known one, which may be newer than this program.",
	},
	Needs: needs,
	Check: rule.Problems{About: desired.AboutSpelling, Cites: public, Fix: respell}.Check,
}

func respell(s *topology.Service, x desired.Problem) []report.Step {
	var steps []report.Step
	if x.Meant != "" {
		steps = append(steps, rule.Annotate(s, x.Meant, x.Value, "Set the right annotation. What it asks for takes effect at once: check the value first, and expect another address where it is about addresses."))
	}
	if x.Kind == desired.Misplaced {
		return append(steps, report.Step{Say: "Take the label out.", Run: fmt.Sprintf("kubectl label service %s %s", name(s), rule.Word(x.Key+"-", "KEY-")), Changes: true})
	}
	return append(steps, rule.Unannotate(s, x.Key, "Take the key out that nobody reads."))
}
