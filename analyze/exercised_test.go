package analyze

import (
	"slices"
	"sync"
	"testing"

	"azlb/analyze/rules"
	"azlb/report"
)

// TestSamplesExerciseEveryRule: a rule that no sample shows has never been seen in a whole
// report, beside all the others. And the first finding of every report that names a Service
// is the cause that sample.yaml expects of it.
func TestSamplesExerciseEveryRule(t *testing.T) {
	if raced {
		t.Skip("runs without the race detector")
	}
	var mu sync.Mutex
	shown, ran := map[string]bool{}, 0
	list := samples(t)
	t.Run("samples", func(t *testing.T) {
		for _, s := range list {
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				r := s.report(t)
				for service, cause := range s.Expect.Services {
					if first := firstNaming(r, service); cause != "" && first != cause {
						t.Errorf("the first finding about %s is %s, and its cause is %s", service, first, cause)
					}
				}
				mu.Lock()
				defer mu.Unlock()
				ran++
				for _, f := range every(r.Findings) {
					shown[f.Rule] = true
				}
			})
		}
	})
	if ran < len(list) {
		return // -run chose some of the samples
	}
	for _, r := range rules.All() {
		if !shown[r.ID] {
			t.Errorf("%s (%s) is in no sample's report: write a sample in which it is found", r.ID, r.Doc.Title)
		}
	}
}

// firstNaming is the rule of the first finding, as the report ranks them, that names the
// Service itself or in a consequence below it. What is no fault comes last.
func firstNaming(r *report.Report, service string) string {
	names := func(f report.Finding) bool {
		return slices.ContainsFunc(every([]report.Finding{f}), func(f report.Finding) bool { return slices.Contains(f.Services, service) })
	}
	if i := slices.IndexFunc(r.Findings, func(f report.Finding) bool { return !f.AsDesigned && names(f) }); i >= 0 {
		return r.Findings[i].Rule
	}
	if i := slices.IndexFunc(r.Findings, names); i >= 0 {
		return r.Findings[i].Rule
	}
	return ""
}
