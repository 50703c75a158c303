// Package platform holds the rules about what the cluster stands on: Azure and its
// subscription, AKS, the node images; and about changes by hand of what the cloud provider
// manages.
package platform

import (
	"strings"

	"azlb/analyze/rule"
	bundle "azlb/bundle-schema"
)

// Rules of this topic, from the subscription up to the nodes.
var Rules = []*rule.Rule{PLAT02, PLAT01, PLAT03, PLAT04, PLAT05, PLAT06}

// text are the sources in which failures of syncs show.
var text = []*bundle.Evidence{&bundle.Events, &bundle.ControllerLog}

// child splits "kubernetes/a…-TCP-80" into the load balancer and what is in it.
func child(object string) (lb, name string) {
	lb, name, _ = strings.Cut(object, "/")
	return lb, name
}
