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

// saysMore are the rules of which some case says more where a kind of evidence is taken
// away. It is a list of what is open: no sample shows it.
var saysMore = map[string]string{}

// ablate takes each kind of evidence from the world of a case: the rule may only know
// less. What evidence excuses is not excused where it is not seen: an error that a success
// ended or whose Service is gone, and a difference that a sync explains.
func ablate(t *testing.T, files *Files, r *rule.Rule, c Case, before rule.Outcome) {
	t.Helper()
	for _, e := range bundle.Catalogue {
		switch {
		case !slices.ContainsFunc(files.Paths(), func(p string) bool { return files.Entry(p).Evidence == e.ID }):
			continue
		case len(c.Want) == 0 && (slices.Contains(tellsSyncs, e.ID) || e == &bundle.Services), saysMore[r.ID+" without "+e.ID] != "":
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
		faults := weakerVerdicts(told(before), told(after), nil)
		if e != &bundle.Events && e != &bundle.Services {
			faults = append(faults, weakerFindings(told(before), told(after))...)
		}
		for _, fault := range faults {
			t.Errorf("without %s: %s", e.ID, fault)
		}
	}
}

func told(o rule.Outcome) *report.Report {
	return &report.Report{Findings: o.Findings, Verdicts: o.Verdicts}
}
