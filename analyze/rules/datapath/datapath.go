// Package datapath holds the rules about the way through the load balancer: what is
// gone or altered of frontends and rules, nodes that are down, backends that call
// themselves, Services without ready pods.
package datapath

import (
	"slices"

	"azlb/analyze/rule"
	"azlb/analyze/topology"
	"azlb/report"
)

// Rules of this topic, in the order in which a packet meets them.
var Rules = []*rule.Rule{DATA09, DATA06, DATA08, DATA03, DATA01, DATA02, DATA11, DATA10, DATA04, DATA05, DATA07}

func names(nodes []*topology.Node) []string {
	var out []string
	for _, n := range nodes {
		out = append(out, n.Name)
	}
	slices.Sort(out)
	return out
}

func object(s *topology.Service) report.Object {
	return report.Object{Kind: "Service", Namespace: s.Namespace, Name: s.Name}
}
