package analyze

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	diff "github.com/google/go-cmp/cmp"

	"azlb/analyze/desired"
	"azlb/analyze/rule/ruletest"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// byHand are the recorded clusters in which somebody changed something, with exactly
// the differences that follow: kind, hop, field, want and got, for which Services.
// Names that hold a uid are cut.
var byHand = map[string][]string{
	"lb-rule-deleted-by-hand":  {"missing rule existence: Tcp 8443 to 8443 on frontend a… / absent [payments/gateway]"},
	"probe-changed-by-hand":    {"different probe port: 32397 / 9999 [payments/gateway]"},
	"nsg-rule-deleted-by-hand": {"missing nsg existence: Allow Tcp from Internet to 20.61.100.12 port 8443 / absent [payments/gateway]"},
	"pip-deleted-by-hand": {"missing public-ip existence: public IP kubernetes-a… in resource group rg-lab1 / absent [payments/gateway]",
		"missing frontend existence: frontend a… / absent [payments/gateway]"},
	"backend-one-node-missing": {"missing pool members: k8s-pool2-vmss000001 / absent [shop/orders]",
		"missing pool members: k8s-pool2-vmss000001 / absent [payments/gateway shop/storefront]"},
	"nsg-not-on-subnet": {"different nsg networkSecurityGroup: nsg-node / nsg-corporate [payments/gateway shop/storefront]"},
}

// TestDriftOfCaptures: healthy recorded clusters, and those whose fault is no change by
// hand, differ in nothing although much is compared; the others in exactly what was
// changed. In the recording orphan-pip nothing was left behind (see contradicted).
func TestDriftOfCaptures(t *testing.T) {
	root := os.Getenv("AZLB_CAPTURES")
	if root == "" {
		t.Skip("AZLB_CAPTURES names no folder of recorded clusters")
	}
	folders, err := filepath.Glob(filepath.Join(root, "*", "truth.yaml"))
	if err != nil || len(folders) == 0 {
		t.Fatalf("no truth.yaml below %s: %v", root, err)
	}
	seen := 0
	for _, path := range folders {
		name := filepath.Base(filepath.Dir(path))
		t.Run(name, func(t *testing.T) {
			r := analysed(t, neutral(t, filepath.Dir(path)))
			if d := diff.Diff(append([]string{}, byHand[name]...), lines(r)); d != "" {
				t.Errorf("differences (-changed by hand +told):\n%s", d)
			}
			if byHand[name] != nil {
				seen++
			}
			if n := r.DriftCompared; strings.HasPrefix(name, "healthy") && (n.Objects < 15 || n.Fields < 80) {
				t.Errorf("only %d fields of %d objects were compared", n.Fields, n.Objects)
			}
			for _, d := range r.Drift {
				if len(d.Cites) < 2 {
					t.Errorf("%s %s: %d citations, want both sides", d.Hop, d.Field, len(d.Cites))
				}
			}
		})
	}
	if seen != len(byHand) {
		t.Errorf("%d of %d clusters were there", seen, len(byHand))
	}
}

// lines tells drift without names that change from recording to recording.
func lines(r *report.Report) []string {
	out := []string{}
	for _, d := range r.Drift {
		s := fmt.Sprintf("%s %s %s: %s / %s %v", d.Kind, d.Hop, d.Field, d.Want, d.Got, d.Services)
		out = append(out, derived.ReplaceAllString(s, "a…"))
	}
	return out
}

// TestDriftCompared counts what is compared where nothing is wrong: nothing found
// because nothing was looked at must not pass. Every hop has its part.
func TestDriftCompared(t *testing.T) {
	r := analysed(t, filepath.Join("..", "samples", "healthy-mix", "bundle"))
	if len(r.Drift) > 0 {
		t.Errorf("%d differences in a healthy cluster", len(r.Drift))
	}
	for hop, least := range map[string]int{desired.HopStatus: 60, desired.HopPublicIP: 300, desired.HopBalancer: 6, desired.HopFrontend: 120, desired.HopRule: 850,
		desired.HopNSG: 180, desired.HopProbe: 320, desired.HopPool: 14, desired.HopLink: 12} {
		i := slices.IndexFunc(r.DriftCompared.Hops, func(h report.HopCompared) bool { return h.Hop == hop })
		if i < 0 || r.DriftCompared.Hops[i].Fields < least {
			t.Errorf("hop %s: %+v, want at least %d fields", hop, r.DriftCompared.Hops, least)
		}
	}
	if len(desired.Hops) != len(r.DriftCompared.Hops) {
		t.Errorf("%d hops, %d counted", len(desired.Hops), len(r.DriftCompared.Hops))
	}
}

// TestDriftOfASyncUnderWay: what was read while a sync ran may be right since, and
// the difference says so; without the sync it says nothing of the kind.
func TestDriftOfASyncUnderWay(t *testing.T) {
	s := read(t, "lb-rule-deleted-by-hand")
	if r := Snapshot(s, "test"); len(r.Drift) != 1 || !r.Drift[0].Heals || r.Drift[0].Why != "" {
		t.Fatalf("%+v", r.Drift)
	}
	s.Events = append(s.Events, snapshot.Event{Kind: "Service", Namespace: "payments", Name: "gateway", Reason: "EnsuringLoadBalancer", Last: s.Now.Add(-time.Second)})
	want := "at the next sync; a sync of payments/gateway ran while the evidence was collected: it may be right since"
	if r := Snapshot(s, "test"); len(r.Drift) != 1 || r.Drift[0].Repair() != want {
		t.Errorf("%+v, want %s", r.Drift, want)
	}
}

// TestDriftNeedsEvidence takes each piece of evidence away from the healthy samples and
// from those with differences: no difference may come of it that was not there before.
func TestDriftNeedsEvidence(t *testing.T) {
	if raced {
		t.Skip("runs without the race detector")
	}
	for _, s := range samples(t) {
		if s.Recording || !strings.HasPrefix(s.name, "healthy") && len(s.Expect.Drift) == 0 {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			files, err := ruletest.Load(filepath.Join(s.dir(), "bundle"))
			if err != nil {
				t.Fatal(err)
			}
			before := drifted(t, filepath.Join(s.dir(), "bundle"))
			for _, path := range files.Paths() {
				less := files.Clone()
				e := less.Entry(path)
				delete(less.Content, path)
				e.Path, e.Status, e.Bytes, e.SHA256 = "", bundle.StatusDenied, 0, ""
				for _, d := range drifted(t, laidDown(t, less)) {
					if !slices.Contains(before, d) {
						t.Errorf("without %s: %s", path, d)
					}
				}
			}
		})
	}
}

// drifted are the differences of a bundle directory, without the stages after the
// comparison.
func drifted(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	for _, c := range desired.Compare(desired.All(topology.Build(snapshotOf(t, dir)))).Drift() {
		out = append(out, strings.Join([]string{string(c.Kind), c.Hop, c.Object, c.Field}, " "))
	}
	return out
}
