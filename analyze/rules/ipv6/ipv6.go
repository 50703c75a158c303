// Package ipv6 holds the rules about Services with an IPv6 address.
package ipv6

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/rule"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// Rules of this topic, in the order in which the controller meets them: address,
// frontend, nodes, security group, and the way out last.
var Rules = []*rule.Rule{V606, V601, V602, V604, V607, V603, V605}

// text are the sources in which the controller's failures show.
var text = []*bundle.Evidence{&bundle.Events, &bundle.ControllerLog}

// families are those in which the Service is to be reached, its first one first.
func families(s *topology.Service) []corev1.IPFamily {
	var out []corev1.IPFamily
	for _, path := range s.Paths {
		if !slices.Contains(out, path.Family) {
			out = append(out, path.Family)
		}
	}
	return out
}

func wants6(s *topology.Service) bool { return slices.Contains(families(s), corev1.IPv6Protocol) }

func only6(s *topology.Service) bool {
	return slices.Equal(families(s), []corev1.IPFamily{corev1.IPv6Protocol})
}

// citeFamilies proves the families: by the spec, and in old clusters by the cluster IP.
func citeFamilies(s *topology.Service) report.Cite {
	if len(s.Spec.IPFamilies) > 0 {
		return s.Doc.Cite("/spec/ipFamilies")
	}
	return s.Doc.Cite("/spec/clusterIP")
}

// settle gives a finding that rests on errors the Services that they harm: those
// that wait, else, as a warning, those that keep working unchanged.
func settle(waiting, working []string, f *rule.Finding) {
	if f.Services = waiting; len(waiting) > 0 {
		return
	}
	f.Services = working
	if f.Severity == "" {
		f.Severity = report.Warning
	}
}
