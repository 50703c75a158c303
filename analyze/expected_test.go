package analyze

import (
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"azlb/analyze/desired"
	"azlb/analyze/snapshot"
	"azlb/report"
)

// expectedOf is what the provider would build for a Service.
func expectedOf(t *testing.T, s *snapshot.Snapshot, key string) *report.Expected {
	t.Helper()
	e, err := Expected(s, key, "test")
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// hops are the hops of the objects in that state, each once, in their order.
func hops(e *report.Expected, state string) []string {
	var out []string
	for _, o := range e.Objects {
		if o.State == state && !slices.Contains(out, o.Hop) {
			out = append(out, o.Hop)
		}
	}
	return out
}

// TestExpectedWithoutBalancer: where the load balancer is missing, each object that
// belongs into it is too; where it is only not in the bundle, each is told with all
// of its values, and nothing differs.
func TestExpectedWithoutBalancer(t *testing.T) {
	inside := []string{desired.HopFrontend, desired.HopRule, desired.HopProbe, desired.HopPool}
	e := expectedOf(t, read(t, "sku-mismatch"), "payments/gateway")
	if got := hops(e, "absent"); !slices.Equal(got, append([]string{desired.HopBalancer}, inside...)) {
		t.Errorf("absent: %v", got)
	}
	for _, o := range e.Objects {
		if o.State == "absent" && (len(o.Fields) != 1 || o.Fields[0].Differs != "missing") {
			t.Errorf("%s %s: %+v", o.Hop, o.Name, o.Fields)
		}
	}

	whole := expectedOf(t, loose(t, "healthy", "k8s/services.yaml", "azure/rg-lab1/lb.json"), "shop/storefront")
	e = expectedOf(t, loose(t, "healthy", "k8s/services.yaml"), "shop/storefront")
	want := append([]string{desired.HopPublicIP, desired.HopBalancer, desired.HopFrontend, desired.HopRule, desired.HopNSG}, desired.HopProbe, desired.HopPool)
	if got := hops(e, "not in the bundle"); !slices.Equal(got, want) || len(hops(e, "present"))+len(hops(e, "absent")) > 0 {
		t.Errorf("not in the bundle: %v, present: %v", got, hops(e, "present"))
	}
	if e.Compared != 0 || e.Differ != 0 || e.NotCompared < 40 {
		t.Errorf("%d compared, %d differ, %d not", e.Compared, e.Differ, e.NotCompared)
	}
	// What is expected of a rule does not depend on whether it is there.
	for _, o := range whole.Objects {
		i := slices.IndexFunc(e.Objects, func(x report.ExpectedObject) bool { return x.Hop == o.Hop && x.Name == o.Name })
		if o.Hop != desired.HopRule && o.Hop != desired.HopProbe {
			continue
		}
		if i < 0 {
			t.Errorf("%s is not expected without its load balancer", o.Name)
			continue
		}
		for _, f := range o.Fields {
			other := slices.ContainsFunc(e.Objects[i].Fields, func(x report.ExpectedField) bool { return x.Name == f.Name && x.Want == f.Want })
			if f.Differs == "" && f.Name != desired.Existence && f.Name != "enableTcpReset" && !other {
				t.Errorf("%s %s: %s is not expected without its load balancer", o.Name, f.Name, f.Want)
			}
		}
	}
}

// TestExpectedBelowWhatIsGone: the rules of a security group that does not exist, and
// the private link service of a load balancer that does not, are missing like it.
func TestExpectedBelowWhatIsGone(t *testing.T) {
	s := read(t, "healthy")
	s.NSGs = nil
	if e := expectedOf(t, s, "shop/storefront"); !slices.Equal(hops(e, "absent"), []string{desired.HopNSG}) || e.Differ != 2 {
		t.Errorf("without the group: absent %v, %d differ", hops(e, "absent"), e.Differ)
	}
	s = read(t, "healthy-mix")
	s.Loads = nil
	if e := expectedOf(t, s, "mix/int-pls"); !slices.Contains(hops(e, "absent"), desired.HopLink) {
		t.Errorf("without the load balancer: absent %v", hops(e, "absent"))
	}
}

// TestExpectedNotes: what a reader must know of the Service stands above.
func TestExpectedNotes(t *testing.T) {
	s := read(t, "healthy")
	if e := expectedOf(t, s, "shop/orders"); e.Note != "" || e.Differ != 0 || e.Compared < 20 {
		t.Errorf("%q, %d of %d", e.Note, e.Differ, e.Compared)
	}
	for i := range s.Services {
		if s.Services[i].Name == "orders" {
			now := metav1.NewTime(s.Now.Add(-time.Minute))
			s.Services[i].DeletionTimestamp = &now
		}
	}
	if e := expectedOf(t, s, "shop/orders"); !strings.Contains(e.Note, "being deleted: the next sync that succeeds removes all of this") {
		t.Errorf("being deleted: %q", e.Note)
	}
	if e := expectedOf(t, read(t, "healthy-mix"), "mix/other-class"); !strings.Contains(e.Note, "another controller serves it") || len(e.Objects) > 0 {
		t.Errorf("another controller's: %q, %d objects", e.Note, len(e.Objects))
	}
	if e := expectedOf(t, read(t, "sku-mismatch"), "payments/gateway"); e.Note != "Differences of this Service are not told as drift (it has no address yet: its first sync has not ended)." {
		t.Errorf("waiting: %q", e.Note)
	}
	if e := expectedOf(t, read(t, "nsg-rule-deleted-by-hand"), "payments/gateway"); e.Differ != 1 {
		t.Errorf("%d of %d differ", e.Differ, e.Compared)
	}
}
