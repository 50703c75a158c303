package probe

import (
	"regexp"

	"azlb/analyze/desired"
	"azlb/analyze/rule"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// PROBE10 is an annotation about the health probe that the provider cannot use.
var PROBE10 = &rule.Rule{
	ID:       "AZLB-PROBE10",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "an annotation asks for a health probe that the provider cannot make",
		Symptom: "The Service stays pending, or no change of it arrives, with an event like `total probe should be less than 120` or `failed to parse annotation …health-probe…`; or it works, and nodes count as healthy as soon as their port accepts a connection.",
		Cause: "Azure's health probes know the protocols tcp, http and https, ask every 5 seconds at the fastest, and need two failures or more, all within 120 seconds. The provider treats values outside of that differently: " +
			"an unknown protocol such as grpc becomes a tcp probe without a word, a number out of range or a port that the Service does not have stops the whole sync, so that nothing of the Service is made or changed.",
		Fix: []report.Step{
			{Say: "See the Service's annotations.", Run: "kubectl get service -n NAMESPACE SERVICE -o jsonpath='{.metadata.annotations}'"},
			{Say: "Write a value that it can use.", Run: "kubectl annotate service -n NAMESPACE SERVICE --overwrite service.beta.kubernetes.io/azure-load-balancer-health-probe-protocol=tcp", Changes: true},
			{Say: "Or take the annotation out; the default is a tcp probe every 5 seconds.", Run: "kubectl annotate service -n NAMESPACE SERVICE service.beta.kubernetes.io/azure-load-balancer-health-probe-protocol-", Changes: true},
		},
		References: []string{"https://cloud-provider-azure.sigs.k8s.io/topics/loadbalancer/", "https://learn.microsoft.com/azure/load-balancer/load-balancer-custom-probe-overview", "buildHealthProbeRulesForPort and getHealthProbeConfigProbeIntervalAndNumOfProbe in cloud-provider-azure"},
		Affects:    "an unknown protocol is an error before 0.7.19, 1.0.16, 1.1.12 and 1.23.9, and becomes tcp since; intervals and numbers are read since 0.7.14, 1.0.11, 1.1.7 and 1.23.4",
		Healthy:    "Protocols in capitals or with blanks around them, a probe port that is the name or number of a port of the Service, and bad values where nobody looks at them: with externalTrafficPolicy Local, in the shared probe mode, or where appProtocol goes before the annotation for all ports.",
	},
	Needs: rule.Needs{All: []*bundle.Evidence{&bundle.Services}, Clean: []*bundle.Evidence{&bundle.KubeVersion, &bundle.Events, &bundle.ControllerLog}},
	Check: rule.Problems{About: desired.AboutProbe, Says: probeText, Fix: reprobe}.Check,
}

// probeText are the provider's refusals; it parses no other annotations in these words.
var probeText = regexp.MustCompile(`(?i)total probe should be less than|the minimum value of \S+ is \d|failed to parse annotation \S|failed to parse health probe config`)

func reprobe(s *topology.Service, x desired.Problem) []report.Step {
	out := rule.Unannotate(s, x.Key, "Or take the annotation out; the provider then goes on with its default.")
	switch {
	case x.Kind == desired.Conflict:
		return []report.Step{rule.Unannotate(s, x.Key, "Take the annotation out, or make it fit as said.")}
	case x.Fits != "":
		return []report.Step{rule.Annotate(s, x.Key, x.Fits, "Write a value that it can use, for example "+x.Fits+"."), out}
	}
	return []report.Step{rule.Annotate(s, x.Key, "VALUE", "Write a value that it can use."), out}
}
