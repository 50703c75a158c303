package report

import (
	"slices"
	"testing"
)

func TestRepair(t *testing.T) {
	for want, d := range map[string]Drift{
		"at the next sync":                         {Heals: true},
		"at the next sync; a sync of shop/web ran": {Heals: true, Why: "a sync of shop/web ran"},
		"no sync repairs it":                       {},
		"no sync repairs it: Azure keeps the SKU":  {Why: "Azure keeps the SKU"},
	} {
		if got := d.Repair(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// A reason may have a colon of its own.
func TestSkippedHasOneColonOfItsOwn(t *testing.T) {
	r := &Report{DriftCompared: Compared{Skipped: []Skipped{{"shop/a", "it has no address yet: its first sync has not ended"}, {"shop/b", "it is being deleted"},
		{"shop/c", "it has no address yet: its first sync has not ended"}}}}
	want := []string{"Not compared: shop/a, shop/c (it has no address yet: its first sync has not ended).", "Not compared: shop/b (it is being deleted)."}
	if got := skipped(r); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
