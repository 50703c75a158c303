package rules

import (
	"strings"
	"testing"

	"azlb/analyze/desired"
	"azlb/analyze/rule"
	"azlb/analyze/rule/ruletest"
)

// TestSubjects gives a Service one problem of each subject: exactly one rule must
// tell it.
func TestSubjects(t *testing.T) {
	const mark = "what the provider does with it"
	w := ruletest.World(t, "../../samples/healthy/bundle")
	want := w.Wants.Of("shop/storefront")
	for subject := desired.AboutValue; subject <= desired.AboutProtocol; subject++ {
		want.Problems = []desired.Problem{{Subject: subject, Kind: desired.InvalidValue, Key: "spec.type", Pointer: "/spec/type", Effect: desired.Dropped, Say: mark}}
		var told []string
		for _, f := range every(rule.Evaluate(w, All()).Findings) {
			if strings.Contains(f.Message, mark) {
				told = append(told, f.Rule)
			}
		}
		if len(told) != 1 {
			t.Errorf("subject %d is told by %v", subject, told)
		}
	}
}
