package throttling

import (
	"fmt"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/report"
)

// THR02 is the provider's own limiter refusing calls.
var THR02 = &rule.Rule{
	ID:       "AZLB-THR02",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the cloud provider's own rate limit refuses its calls",
		Symptom: "Services stay pending for minutes, above all after a start of the controller; events or its log show `rate limited(read)`, `rate limited(write)` or `rate limit reached`. Azure itself was not asked.",
		Cause: "With cloudProviderRateLimit in azure.json the provider limits its own calls, separately for reading and writing and by kind of resource. " +
			"Where the rate is left out it is one call per second and five at once, which many Services or nodes exceed at every start.",
		Fix: []report.Step{
			{Say: "Raise cloudProviderRateLimitQPS, cloudProviderRateLimitBucket and the same with Write, for example to 10 and 100, or set cloudProviderRateLimit to false, in azure.json on every control-plane machine; then restart the controller.",
				Run: "sudoedit /etc/kubernetes/azure.json", Changes: true},
		},
		References: []string{"https://cloud-provider-azure.sigs.k8s.io/install/configs/", "Azure/aks-engine#420", "kubernetes-sigs/cloud-provider-azure#5904"},
		Healthy:    "After a start a few refusals that successes follow are normal. `throttled for operation … client throttled` is the provider keeping to Azure's own 429 and belongs to AZLB-THR01.",
	},
	Needs:       rule.Needs{Any: text},
	FollowsFrom: []string{"AZLB-THR01"},
	Texts:       []rule.Text{ownLimit},
	Check:       checkTHR02,
}

var ownLimit = rule.Says(`(?i)rate limited\(|rate limit reached`)

// limiter reports whether the provider's own limiter spoke, and not its memory of
// an earlier 429.
func limiter(e *errtext.Error) bool { return e.ClientSide && ownLimit.Matches(e) }

func checkTHR02(p *rule.Pass) {
	errs := lasting(p, p.Current(limiter))
	if len(errs) == 0 {
		return
	}
	told := rule.Tell(errs)
	what := ""
	if g := errs[len(errs)-1].OperationGroup; g != "" {
		what = " for " + g
	}
	f := rule.Finding{
		Subject: report.Object{Kind: "CloudConfig", Name: "azure.json"},
		Message: fmt.Sprintf("The cloud provider's own rate limit refuses calls%s, %s; Azure was not asked.", what, told.Span()),
		Errors:  errs,
		Cites:   told.Cites,
	}
	if c := p.Snapshot.Config; c != nil && c.CloudProviderRateLimit {
		rate := "the default rate of 1 call a second"
		if c.CloudProviderRateLimitQPS > 0 {
			rate = fmt.Sprintf("a rate of %g a second", c.CloudProviderRateLimitQPS)
		}
		f.Message += fmt.Sprintf(" azure.json sets cloudProviderRateLimit with %s.", rate)
		f.Cites = append(f.Cites, c.Doc.Cite("/cloudProviderRateLimit"))
	}
	harm(p, &f, errs, told)
	p.Find(f)
}
