// Package pool holds the rules about who is in a backend pool and who cannot be.
package pool

import (
	"regexp"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/rule"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/azname"
)

// Rules of this topic, in the order in which the controller meets them.
var Rules = []*rule.Rule{POOL03, POOL06, POOL10, POOL18, POOL12, POOL01, POOL14, POOL13, POOL16, POOL15, POOL04, POOL02, POOL11, POOL08, POOL09, POOL17, POOL05, POOL07, POOL19}

// text are the sources in which the controller's failures show.
var text = []*bundle.Evidence{&bundle.Events, &bundle.ControllerLog}

// The provider's words where it failed to find a machine for a node (cloud-provider-azure,
// cloudprovider.InstanceNotFound and ErrorNotVmssInstance).
var (
	notFound    = rule.Text{Uncoded: true, Pattern: regexp.MustCompile(`(?i)instance not found`)}
	notInstance = rule.Text{Uncoded: true, Pattern: regexp.MustCompile(`(?i)not a vmss instance`)}
)

// before reports whether the cluster is known to be older than 1.minor.
func before(p *rule.Pass, minor int) bool {
	v, err := azname.ParseVersion(p.Snapshot.Kubernetes, true)
	return err == nil && (v.Major < 1 || v.Major == 1 && v.Minor < minor)
}

// eligible reports whether a node is one that the load balancers are meant for.
func eligible(n *topology.Node) bool {
	return !n.Virtual() && !n.Excluded() && !n.ControlPlane()
}

// uninitialized is the taint of a node of which no cloud provider knows yet.
const uninitialized = "node.cloudprovider.kubernetes.io/uninitialized"

func tainted(n *topology.Node) int {
	return slices.IndexFunc(n.Spec.Taints, func(t corev1.Taint) bool { return t.Key == uninitialized })
}
