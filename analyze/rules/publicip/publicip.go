// Package publicip holds the rules about the public addresses that Services ask for.
package publicip

import (
	"azlb/analyze/rule"
)

// Rules of this topic, in the order in which the controller meets them.
var Rules = []*rule.Rule{PIP01}
