package rules

import (
	"fmt"
	"strings"
	"testing"
)

// modes are the known failure modes, by topic: the numbers of each run from first to
// last. They were gathered from threads, documents and sources of the cloud provider;
// rule ids are made of them.
var modes = []struct {
	topic       string
	first, last int
}{
	{"AUTH", 1, 10}, {"POL", 1, 1}, {"LOCK", 1, 2}, {"QUOTA", 1, 9}, {"SKU", 1, 3}, {"PIP", 1, 10}, {"ILB", 1, 8},
	{"NSG", 1, 14}, {"PROBE", 1, 11}, {"DATA", 1, 11}, {"ROUTE", 1, 3}, {"POOL", 1, 19}, {"V6", 1, 7}, {"MSLB", 1, 6},
	{"PLS", 1, 6}, {"SNAT", 1, 5}, {"DEL", 1, 8}, {"THR", 1, 2}, {"SYNC", 0, 6}, {"ANN", 1, 10}, {"CFG", 1, 10},
	{"PLAT", 1, 6}, {"OK", 1, 12},
}

// without are the modes that have no rule of their own, and why.
var without = map[string]string{}

// TestEveryModeHasARule: a known failure mode is a rule, or it is written down why not.
func TestEveryModeHasARule(t *testing.T) {
	left := map[string]bool{}
	for _, r := range All() {
		left[r.ID] = true
	}
	for _, m := range modes {
		for n := m.first; n <= m.last; n++ {
			id := fmt.Sprintf("AZLB-%s%02d", m.topic, n)
			switch reason, excepted := without[id]; {
			case excepted && left[id]:
				t.Errorf("%s is a rule; take it out of those without", id)
			case excepted && strings.TrimSpace(reason) == "":
				t.Errorf("%s has no rule and no reason", id)
			case !excepted && !left[id]:
				t.Errorf("%s is neither a rule nor a written exception", id)
			}
			delete(left, id)
		}
	}
	for id := range left {
		t.Errorf("%s is a rule of no known mode; add its number", id)
	}
}
