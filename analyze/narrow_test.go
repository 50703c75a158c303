package analyze

import (
	"path/filepath"
	"slices"
	"testing"

	diff "github.com/google/go-cmp/cmp"

	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// read is what a sample's bundle holds.
func read(t *testing.T, sample string) *snapshot.Snapshot {
	t.Helper()
	return loose(t, sample, "")
}

// loose is what some files of a sample's bundle hold, without the others.
func loose(t *testing.T, sample string, files ...string) *snapshot.Snapshot {
	t.Helper()
	var paths []string
	for _, f := range files {
		paths = append(paths, filepath.Join("..", "samples", sample, "bundle", f))
	}
	b, err := bundle.Open(paths, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	s, err := snapshot.Load(b)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestServiceCountsItsOwnChecks: "none differs" about one Service must not count the
// fields of the others, and differences of the cluster must not be denied by it.
func TestServiceCountsItsOwnChecks(t *testing.T) {
	s := read(t, "lb-rule-deleted-by-hand")
	all := Snapshot(s, "test")
	sum := 0
	for _, key := range []string{"payments/gateway", "shop/orders", "shop/storefront"} {
		r, err := Service(s, key, "test")
		if err != nil {
			t.Fatal(err)
		}
		n := r.DriftCompared
		if n.Fields == 0 || n.Fields >= all.DriftCompared.Fields || n.Objects >= all.DriftCompared.Objects {
			t.Errorf("%s: %d fields of %d objects; of all Services %d of %d", key, n.Fields, n.Objects, all.DriftCompared.Fields, all.DriftCompared.Objects)
		}
		if i := slices.IndexFunc(n.Hops, func(h report.HopCompared) bool { return h.Hop == "status" }); n.Hops[i].Objects != 1 {
			t.Errorf("%s: the status of %d Services", key, n.Hops[i].Objects)
		}
		if want := map[string]int{"payments/gateway": 1}[key]; len(r.Drift) != want {
			t.Errorf("%s: %d differences, want %d", key, len(r.Drift), want)
		}
		sum += n.Fields
	}
	if sum < all.DriftCompared.Fields {
		t.Errorf("%d fields of all Services, %d of the cluster", sum, all.DriftCompared.Fields)
	}
	mix := read(t, "healthy-mix")
	for key, skipped := range map[string]int{"mix/other-class": 1, "mix/no-endpoints": 0} {
		r, err := Service(mix, key, "test")
		if err != nil {
			t.Fatal(err)
		}
		if n := r.DriftCompared; len(n.Skipped) != skipped || n.Fields > 0 == (skipped > 0) {
			t.Errorf("%s: %d fields, skipped %v", key, n.Fields, n.Skipped)
		}
	}
}

// TestServiceKeepsItsOwnControls: of what works as designed, one Service's report has
// what is about it or about all, and nothing about another.
func TestServiceKeepsItsOwnControls(t *testing.T) {
	r, err := Service(read(t, "healthy-mix"), "mix/etp-local", "test")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range r.Findings {
		if f.AsDesigned && (f.Rule == "AZLB-OK01" || f.Rule == "AZLB-OK04" || f.Rule == "AZLB-NSG11") {
			got = append(got, f.Rule+" "+f.Subject.String())
		}
	}
	if d := diff.Diff([]string{"AZLB-OK01 Cluster as a whole", "AZLB-OK04 Service mix/etp-local"}, got); d != "" {
		t.Error(d)
	}
}
