// Package sync holds the rules about a Service's reconciliation as such, and the
// net below all rules: an error that no rule knows is told as Azure said it.
package sync

import "azlb/analyze/rule"

// Rules of this topic. AZLB-SYNC00 runs after all rules of all topics.
var Rules = []*rule.Rule{SYNC00}
