package rule

import (
	"testing"

	"azlb/analyze/errtext"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// TestDesigned: what works as designed is an information, whatever the rule's Check says,
// and stands below every other one.
func TestDesigned(t *testing.T) {
	doc := report.Doc{Title: "t", Symptom: "s", Cause: "c", Healthy: "h", Fix: []report.Step{{Say: "f"}}, References: []string{"r"}}
	services := Needs{Any: []*bundle.Evidence{&bundle.Services}}
	designed := &Rule{ID: "AZLB-A01", Severity: report.Info, AsDesigned: true, Doc: doc, Needs: services, Check: func(*Pass) {}}
	note := &Rule{ID: "AZLB-B01", Severity: report.Info, Doc: doc, Needs: services, Check: func(*Pass) {}}
	if err := Validate([]*Rule{designed, note}); err != nil {
		t.Fatal(err)
	}
	w := &World{Snapshot: &snapshot.Snapshot{}, Errors: &errtext.Errors{}, Graph: &topology.Graph{}}
	f := complete(w, designed, Finding{Severity: report.Error})
	if f.Severity != report.Info || !f.AsDesigned {
		t.Errorf("%+v", f)
	}
	out := rank([]ranked{{Finding: f, rule: designed}, {Finding: complete(w, note, Finding{Confidence: report.Possible}), rule: note, order: 1}})
	if out[0].Rule != note.ID {
		t.Error("what works as designed stands before a note")
	}
	designed.Severity = report.Warning
	if Validate([]*Rule{designed}) == nil {
		t.Error("a rule whose findings are no faults may warn")
	}
}

// TestFold puts a finding that another one explains below it, but never an error
// below a warning.
func TestFold(t *testing.T) {
	rules := []*Rule{{ID: "AZLB-A01"}, {ID: "AZLB-B01", FollowsFrom: []string{"AZLB-A01"}}, {ID: "AZLB-N00", Net: true},
		{ID: "AZLB-C01", Needs: Needs{Any: []*bundle.Evidence{&bundle.Events}}}, {ID: "AZLB-D01", FollowsFrom: []string{"AZLB-C01"}}, {ID: "ACME-A01", Added: true}}
	web := []string{"shop/web"}
	finding := func(r *Rule, s report.Severity, services []string) ranked {
		return ranked{Finding: report.Finding{Rule: r.ID, Severity: s, Confidence: report.Certain, Services: services, Subject: report.Object{Kind: "X", Name: r.ID}}, rule: r}
	}
	failing := func(f ranked) ranked { f.fails = f.Services; return f }
	at := func(f ranked, name string) ranked { f.Subject.Name = name; return f }
	for _, c := range []struct {
		name          string
		cause, effect ranked
		folded        bool
	}{
		{"an error explains an error", finding(rules[0], report.Error, web), finding(rules[1], report.Error, web), true},
		{"an error explains a warning", finding(rules[0], report.Error, web), finding(rules[1], report.Warning, web), true},
		{"a warning does not hide an error", finding(rules[0], report.Warning, web), finding(rules[1], report.Error, web), false},
		{"nor what the net caught", finding(rules[0], report.Warning, web), finding(rules[2], report.Error, web), false},
		{"the net is below a rule that knows what stops the syncs", failing(finding(rules[0], report.Error, web)), finding(rules[2], report.Error, web), true},
		{"also a warning", failing(finding(rules[0], report.Warning, web)), finding(rules[2], report.Warning, web), true},
		{"but not below what was added", failing(finding(rules[5], report.Error, web)), finding(rules[2], report.Error, web), false},
		{"not below one that knows no failure", finding(rules[0], report.Error, web), finding(rules[2], report.Error, web), false},
		{"a warning about syncs that do not fail explains no difference", finding(rules[3], report.Warning, web), finding(rules[4], report.Warning, web), false},
		{"unless both are about one thing", finding(rules[3], report.Warning, web), at(finding(rules[4], report.Warning, web), rules[3].ID), true},
		{"one about syncs that do explains it", failing(finding(rules[3], report.Warning, web)), finding(rules[4], report.Warning, web), true},
		{"one subject explains where a side names no Service", finding(rules[0], report.Error, nil), at(finding(rules[1], report.Error, web), rules[0].ID), true},
		{"not where the Services are others", finding(rules[0], report.Error, []string{"shop/api"}), at(finding(rules[1], report.Error, web), rules[0].ID), false},
		{"of other Services nothing is explained", finding(rules[0], report.Error, []string{"shop/api"}), finding(rules[1], report.Error, web), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := fold(rank([]ranked{c.effect, c.cause}), rules)
			if folded := len(out) == 1 && len(out[0].Consequences) == 1; folded != c.folded {
				t.Errorf("folded is %v, want %v: %+v", folded, c.folded, out)
			}
			if !c.folded && c.effect.Severity == report.Error && out[0].Severity != report.Error {
				t.Errorf("the first finding is a %s", out[0].Severity)
			}
		})
	}
}
