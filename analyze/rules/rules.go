// Package rules is the list of all rules, topic by topic in the order in which a
// packet, and the controller before it, meets them.
package rules

import (
	"azlb/analyze/rule"
)

// All returns every rule.
func All() []*rule.Rule {
	return nil
}
