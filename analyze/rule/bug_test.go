package rule

import (
	"strings"
	"testing"

	"azlb/analyze/desired"
	"azlb/analyze/snapshot"
	"azlb/bundle-schema/azname"
	"azlb/report"
)

func TestRuns(t *testing.T) {
	bug := Bug{From: "1.29", Fixed: "1.29.11/1.30.7/1.31.1"}
	known := func(v string, inTree bool) *desired.Provider {
		version, err := azname.ParseVersion(v, inTree)
		if err != nil {
			t.Fatal(err)
		}
		return &desired.Provider{Candidates: []azname.Version{version}, Known: true}
	}
	unseen := &desired.Provider{Candidates: []azname.Version{{Major: 1, Minor: 30, Patch: 35}}}
	for _, c := range []struct {
		provider   *desired.Provider
		kubernetes string
		bug        Bug
		want       desired.Answer
	}{
		{known("1.29.10", false), "", bug, desired.Yes},
		{known("1.29.11", false), "", bug, desired.No},
		{known("1.28.14", false), "v1.29.0", bug, desired.No},
		{known("1.32.0", false), "", bug, desired.No},
		{known("1.29.3", true), "", bug, desired.No},
		{known("1.19.3", true), "", Bug{FromInTree: "all", FixedInTree: "1.20"}, desired.Yes},
		{unseen, "v1.30.9", bug, desired.Perhaps},
		{unseen, "v1.34.9", bug, desired.No},
		{unseen, "v1.25.9", Bug{From: "all"}, desired.Yes},
		{unseen, "", bug, desired.Perhaps},
	} {
		p := &Pass{World: &World{Wants: &desired.Wants{Provider: c.provider}, Snapshot: &snapshot.Snapshot{Kubernetes: c.kubernetes}}}
		if got := p.Runs(c.bug); got != c.want {
			t.Errorf("%s on Kubernetes %q: %v, want %v", c.provider, c.kubernetes, got, c.want)
		}
	}
	if got := bug.Ends(); got != "1.29.11, 1.30.7 or 1.31.1" {
		t.Errorf("ends in %q", got)
	}
	if got := bug.Repaired(); got != "1.29.11, 1.30.7, 1.31.1 or later" {
		t.Errorf("upgrade to %q", got)
	}
}

// TestSuspect names the release without the bug only where an upgrade may help.
func TestSuspect(t *testing.T) {
	bug := Bug{From: "1.29", Fixed: "1.29.11/1.30.7/1.31.1"}
	for _, c := range []struct {
		release string
		want    report.Confidence
		steps   int
	}{{"1.29.10", report.Certain, 1}, {"1.30.7", report.Possible, 0}} {
		v, err := azname.ParseVersion(c.release, false)
		if err != nil {
			t.Fatal(err)
		}
		p := &Pass{World: &World{Snapshot: &snapshot.Snapshot{}, Wants: &desired.Wants{Provider: &desired.Provider{Candidates: []azname.Version{v}, Known: true}}}}
		f := Finding{Confidence: report.Certain}
		steps := p.Suspect(&f, bug)
		if len(steps) != c.steps || f.Confidence != c.want {
			t.Errorf("%s: %s (%s) with steps %v", c.release, f.Confidence, f.Why, steps)
		}
		for _, s := range steps {
			if !strings.Contains(s.Say, "1.29.11, 1.30.7, 1.31.1 or later") {
				t.Errorf("the step does not name the releases: %s", s.Say)
			}
		}
	}
}
