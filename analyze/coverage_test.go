package analyze

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	bundle "azlb/bundle-schema"
	"azlb/report"
)

// What an older collector did not ask for is named where a rule lacks it, with what to do,
// and is not among what the first lines call missing. Of a self-managed cluster no AKS
// cluster is missing.
func TestOptionalEvidenceIsNamed(t *testing.T) {
	files := opened(t, filepath.Join("..", "samples", "nsg-deny", "bundle"))
	r := analysed(t, laidDown(t, files))
	for _, e := range []*bundle.Evidence{&bundle.NATGateways, &bundle.ActivityLog, &bundle.SNATPortMetrics} {
		i := slices.IndexFunc(r.Coverage.Evidence, func(x report.Evidence) bool { return x.ID == e.ID })
		if i < 0 {
			t.Errorf("the coverage does not name %s", e.ID)
		} else if x := r.Coverage.Evidence[i]; x.Status != report.Optional || x.Without == "" || !strings.Contains(x.Reason, "azlb-collect") {
			t.Errorf("%+v", x)
		}
	}
	if slices.ContainsFunc(r.Coverage.Evidence, func(x report.Evidence) bool { return x.ID == bundle.AKSCluster.ID || x.ID == bundle.PathMetrics.ID }) {
		t.Error("the coverage names what no rule lacks")
	}
	if line := r.Headline[len(r.Headline)-1]; strings.Contains(line, "missing") {
		t.Errorf("optional evidence is called missing: %s", line)
	}
	for _, v := range r.Verdicts {
		if v.State == report.NotEvaluated && strings.Contains(v.Reason, bundle.AKSCluster.Title) {
			t.Errorf("%s lacks the AKS cluster of a self-managed one: %s", v.Rule, v.Reason)
		}
	}
}

// Of two files that were mailed the rest is not known: each optional piece has its command,
// with no blank of a template left, and nothing is said of pods that nobody saw.
func TestOptionalEvidenceOfLooseFiles(t *testing.T) {
	dir := filepath.Join("..", "samples", "nsg-deny", "bundle")
	b, err := bundle.Open([]string{filepath.Join(dir, "k8s", "services.yaml"), filepath.Join(dir, "azure", "rg-lab1", "lb.json")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	r, err := Bundle(b, "azlb-analyze test")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, e := range r.Coverage.Evidence {
		if e.Status != report.Optional {
			continue
		}
		n++
		if e.Supply == "" || strings.Contains(e.Supply, "{") {
			t.Errorf("%s is supplied by %q", e.ID, e.Supply)
		}
	}
	if n == 0 {
		t.Error("no optional evidence is named")
	}
	for _, s := range r.Services {
		for _, p := range s.Paths {
			for _, h := range p.Hops {
				if h.Kind == "pod" && strings.Contains(h.Say, "no ready endpoint") {
					t.Errorf("%s: %s, but the EndpointSlices are not in the bundle", s.Key(), h.Say)
				}
			}
		}
	}
}
