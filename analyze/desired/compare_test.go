package desired_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"

	"sigs.k8s.io/yaml"

	"azlb/analyze/rule/ruletest"
)

// TestCompare holds the comparison to worlds whose differences are easily told
// wrongly: too many of them, or a repair that no sync makes.
func TestCompare(t *testing.T) {
	raw, err := os.ReadFile("testdata/compare.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Name    string          `json:"name"`
		Base    string          `json:"base"`
		Edits   []ruletest.Edit `json:"edits"`
		Drift   []string        `json:"drift"`
		Skipped []string        `json:"skipped"`
	}
	if err := yaml.UnmarshalStrict(raw, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			base := "healthy"
			if c.Base != "" {
				base = c.Base
			}
			f, err := ruletest.Load("../../samples/" + base + "/bundle")
			if err != nil {
				t.Fatal(err)
			}
			if err := f.Apply(c.Edits); err != nil {
				t.Fatal(err)
			}
			compared := ruletest.World(t, laid(t, f)).Compared
			var got []string
			for _, d := range compared.Drift() {
				line := fmt.Sprintf("%s %s %s %s: %s -> %s", d.Kind, d.Hop, d.Object, d.Field, d.Want, d.Got)
				if d.Heals {
					line += ", heals"
				} else if d.Why == "" {
					t.Errorf("%s: no sync repairs it, and nothing says why", line)
				}
				got = append(got, line)
			}
			if !slices.Equal(got, c.Drift) {
				t.Errorf("differences\n%q\nwant\n%q", got, c.Drift)
			}
			if skipped := slices.Sorted(maps.Keys(compared.Skipped)); !slices.Equal(skipped, c.Skipped) {
				t.Errorf("not compared %v (%v), want %v", skipped, compared.Skipped, c.Skipped)
			}
		})
	}
}
