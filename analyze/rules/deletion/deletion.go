// Package deletion holds the rules about what stays behind when a Service goes.
package deletion

import (
	"azlb/analyze/rule"
)

// Rules of this topic, the causes first.
var Rules = []*rule.Rule{DEL01, DEL03, DEL08}
