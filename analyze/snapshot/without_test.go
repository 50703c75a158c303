package snapshot

import (
	"testing"

	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
)

// What there is of each scale set is whole where there is no scale set, and only there.
func TestNothingOfNothingIsComplete(t *testing.T) {
	whole := map[string]extent{"rg": {true, true}}
	set := func(id string) []ScaleSet { return []ScaleSet{{ScaleSet: az.ScaleSet{Resource: az.Resource{ID: id}}}} }
	const in = "/subscriptions/s/resourceGroups/RG/providers/Microsoft.Compute/virtualMachineScaleSets/a"
	for _, c := range []struct {
		name  string
		sets  []ScaleSet
		known map[string]map[string]extent
		want  bool
	}{
		{"no scale set", nil, map[string]map[string]extent{bundle.ScaleSets.ID: whole}, true},
		{"one of another group", set("/subscriptions/s/resourceGroups/other/providers/Microsoft.Compute/virtualMachineScaleSets/a"), map[string]map[string]extent{bundle.ScaleSets.ID: whole}, true},
		{"one", set(in), map[string]map[string]extent{bundle.ScaleSets.ID: whole}, false},
		{"the scale sets are not known", nil, map[string]map[string]extent{}, false},
		{"asked for, and refused", nil, map[string]map[string]extent{bundle.ScaleSets.ID: whole, bundle.ScaleSetNICs.ID: {"rg": {}}}, false},
	} {
		s := &Snapshot{ScaleSets: c.sets, known: c.known, groups: []string{"rg"}}
		if got := s.Complete(&bundle.ScaleSetNICs, ""); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
		if got := s.Complete(&bundle.ScaleSetNICs, "rg"); got != c.want {
			t.Errorf("%s, of the group: %v", c.name, got)
		}
	}
}
