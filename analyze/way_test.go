package analyze

import (
	"os"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"azlb/report"
)

// firstHops are the Services whose packets are not known to get through, with the kind of
// the first hop that blocks, or where none does of each that cannot be decided, as "nsg?".
// Nil: everything gets through.
func firstHops(r *report.Report) map[string]string {
	var out map[string]string
	for _, s := range r.Services {
		var kinds []string
		for _, p := range s.Paths {
			for _, k := range firstHop(p) {
				if !slices.Contains(kinds, k) {
					kinds = append(kinds, k)
				}
			}
		}
		if len(kinds) > 0 {
			if out == nil {
				out = map[string]string{}
			}
			out[s.Key()] = strings.Join(kinds, " ")
		}
	}
	return out
}

func firstHop(p report.Path) []string {
	var open []string
	for _, h := range p.Hops {
		switch h.Verdict {
		case report.Blocks:
			return []string{h.Kind}
		case report.VerdictUnknown:
			open = append(open, h.Kind+"?")
		}
	}
	return open
}

// hopsOfCaptures are the first hops that do not pass in each recorded cluster.
func hopsOfCaptures(t *testing.T) map[string]map[string]string {
	t.Helper()
	raw, err := os.ReadFile("testdata/hops.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]map[string]string
	if err := yaml.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}
