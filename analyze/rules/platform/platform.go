// Package platform holds the rules about Azure and what people do to it: changes by
// hand of what the cloud provider manages.
package platform

import (
	"strings"

	"azlb/analyze/rule"
)

// Rules of this topic.
var Rules = []*rule.Rule{PLAT03}

// child splits "kubernetes/a…-TCP-80" into the load balancer and what is in it.
func child(object string) (lb, name string) {
	lb, name, _ = strings.Cut(object, "/")
	return lb, name
}
