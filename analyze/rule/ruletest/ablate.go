package ruletest

import (
	"flag"
	"slices"
	"testing"

	"azlb/analyze/rule"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

var ablateCases = flag.Bool("ablation.cases", false, "take each kind of evidence from the world of every case of every rule")

// tellsSyncs are the kinds that tell what became of the syncs of Services.
var tellsSyncs = []string{bundle.Events.ID, bundle.ControllerLog.ID, bundle.ControllerLogPrevious.ID, bundle.LogFile.ID}

// knowsMore are the cases in which less evidence makes a rule say more, with the reason.
var knowsMore = map[string]string{
	"AZLB-V606 the bundle shows both Services, and another rule tells": "AZLB-PIP07 tells it while the bundle shows both Services, and this rule where it does not",
	"AZLB-MSLB01 the pool caught up":                                   "the pool itself is the only sign of a success that the release does not tell",
	"AZLB-PROBE01 Azure's own metric shows that the nodes answer":      "the metric is the only sign that the application answers",
	"AZLB-ANN03 with underscores":                                      "azure.json says basic while the recorded load balancer is a Standard one",
}

// ablate takes each kind of evidence from the world of a case: the rule may only know
// less. An error that a success ended is news again where the success is not seen.
func ablate(t *testing.T, files *Files, r *rule.Rule, c Case, before rule.Outcome) {
	t.Helper()
	if knowsMore[r.ID+" "+c.Name] != "" {
		return
	}
	for _, e := range bundle.Catalogue {
		if !slices.ContainsFunc(files.Paths(), func(p string) bool { return files.Entry(p).Evidence == e.ID }) || len(c.Want) == 0 && slices.Contains(tellsSyncs, e.ID) {
			continue
		}
		less := files.Clone()
		if err := less.Apply([]Edit{{In: e.ID, Drop: bundle.StatusDenied}}); err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		if err := less.Write(dir); err != nil {
			t.Fatal(err)
		}
		after := rule.Evaluate(World(t, dir), []*rule.Rule{r})
		for _, fault := range Weaker(told(before), told(after), nil) {
			t.Errorf("without %s: %s", e.ID, fault)
		}
	}
}

func told(o rule.Outcome) *report.Report {
	return &report.Report{Findings: o.Findings, Verdicts: o.Verdicts}
}
