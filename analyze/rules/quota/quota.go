// Package quota holds the rules about limits of the subscription and of a load
// balancer.
package quota

import (
	"azlb/analyze/rule"
)

// Rules of this topic, in the order in which the controller meets them.
var Rules = []*rule.Rule{QUOTA02}
