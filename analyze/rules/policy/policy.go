// Package policy holds the rule about Azure Policy, by which an organisation forbids what
// may be made in its subscriptions.
package policy

import (
	"azlb/analyze/rule"
)

// Rules of this topic.
var Rules = []*rule.Rule{POL01}
