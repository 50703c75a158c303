package deletion

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/azname"
	"azlb/report"
)

// DEL01 is the deletion that 1.9.0 to 1.9.3 never finish.
var DEL01 = &rule.Rule{
	ID:       "AZLB-DEL01",
	Severity: report.Warning,
	Doc: report.Doc{
		Title:   "Kubernetes 1.9.0 to 1.9.3 cannot clean up after a Service that never got a frontend",
		Symptom: "A Service was deleted, its public IP stays; events show DeletingLoadBalancerFailed and the log `Expected to find an IP address for service … but did not`, again and again.",
		Cause: "When the load balancer has no room for another frontend these versions still make a public IP for each Service. " +
			"When such a Service is deleted they look for the address of its frontend first, take its absence for an error, and never come to the public IP.",
		Fix: []report.Step{
			{Say: "Upgrade to 1.9.4, 1.10 or later: the first releases that go on with the deletion."},
			{Say: "See which addresses nothing uses and which Service each was for; ...", Run: "az network public-ip list -g GROUP --query \"[?ipConfiguration==null].{name:name, service:tags.service}\" -o table"},
			{Say: "... then delete those of Services that are gone.", Run: "az network public-ip delete -g GROUP -n PUBLIC_IP", Changes: true},
		},
		References: []string{"kubernetes/kubernetes#59255", "kubernetes/kubernetes#59340"},
		Affects:    "1.9.0 to 1.9.3",
		Healthy:    "Later versions log the same words and go on (`Assuming it has been removed`), which is no error.",
	},
	Needs: rule.Needs{Any: []*bundle.Evidence{&bundle.Events, &bundle.ControllerLog}},
	Check: checkDEL01,
}

func expectedAddress(e *errtext.Error) bool {
	return strings.Contains(e.Message, "Expected to find an IP address for service")
}

func checkDEL01(p *rule.Pass) {
	errs := p.Current(expectedAddress)
	if len(errs) == 0 {
		return
	}
	told := rule.Tell(errs)
	f := rule.Finding{Subject: report.Object{Kind: "Controller", Name: "kube-controller-manager"}, Services: told.Services, Cites: told.Cites}
	left := ""
	for _, l := range p.Graph.Leftovers {
		if l.PublicIP != nil && slices.Contains(told.Services, l.Service) {
			left += fmt.Sprintf(" Its public IP %s (%s) is left behind.", l.PublicIP.Name, cmp.Or(l.PublicIP.IPAddress, "no address"))
			f.Cites = append(f.Cites, l.PublicIP.Doc.Cite(l.PublicIP.At+"/name"))
			f.Fix = append(f.Fix, rule.Remove(l)...)
		}
	}
	version, known := running(p)
	f.Message = fmt.Sprintf("The deletion of %s fails %s, because the controller expects a frontend that was never made.%s", rule.List(told.Services), told.Span(), left)
	switch {
	case !known:
		f.Confidence, f.Why = report.Possible, "the version of the controller is not in the bundle; the text is that of the error of 1.9.0 to 1.9.3"
	case !affected(version):
		f.Confidence, f.Why = report.Possible, fmt.Sprintf("the cluster runs v%s, and only 1.9.0 to 1.9.3 are known to stop at this", number(version))
	default:
		f.Message += fmt.Sprintf(" This is a known error of v%s.", number(version))
	}
	f.Fix = append([]report.Step{{Say: "Upgrade to 1.9.4, 1.10 or later: the first releases that go on with the deletion."}}, f.Fix...)
	p.Find(f)
}

// running is the version of the controller: what it logged of itself, else the API
// server's.
func running(p *rule.Pass) (azname.Version, bool) {
	texts := []string{}
	for _, l := range p.Snapshot.Logs {
		if l.Kind == snapshot.KubeController {
			texts = append(texts, l.Version)
		}
	}
	for _, t := range append(texts, p.Snapshot.Kubernetes) {
		if v, err := azname.ParseVersion(t, true); err == nil {
			return v, true
		}
	}
	return azname.Version{}, false
}

func number(v azname.Version) string { return fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Patch) }

func affected(v azname.Version) bool { return v.Major == 1 && v.Minor == 9 && v.Patch <= 3 }
