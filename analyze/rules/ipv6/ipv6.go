// Package ipv6 holds the rules about Services with an IPv6 address.
package ipv6

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/rule"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/azname"
	"azlb/report"
)

// Rules of this topic, in the order in which the controller meets them: address,
// frontend, nodes, security group, and the way out last.
var Rules = []*rule.Rule{V606, V601, V602, V604, V607, V603, V605}

// text are the sources in which the controller's failures show.
var text = []*bundle.Evidence{&bundle.Events, &bundle.ControllerLog}

// watched are the Services that the provider serves and that are meant to stay.
func watched(p *rule.Pass) []*topology.Service {
	var out []*topology.Service
	for _, s := range p.Graph.Services {
		if !s.Foreign() && !s.Deleting() {
			out = append(out, s)
		}
	}
	return out
}

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

// families are said by the Service's spec, and in old clusters by its address.
func citeFamilies(s *topology.Service) report.Cite {
	if len(s.Spec.IPFamilies) > 0 {
		return s.Doc.Cite("/spec/ipFamilies")
	}
	return s.Doc.Cite("/spec/clusterIP")
}

// minor is that of the API server; the provider's is the same or one less. 0: not known.
func minor(p *rule.Pass) int {
	v, err := azname.ParseVersion(p.Snapshot.Kubernetes, true)
	if err != nil || v.Major != 1 {
		return 0
	}
	return v.Minor
}

// whole reports whether the evidence is complete in every resource group in which
// the provider puts its objects.
func whole(p *rule.Pass, e *bundle.Evidence) bool {
	groups := p.Graph.ProviderGroups()
	return len(groups) > 0 && !slices.ContainsFunc(groups, func(g string) bool { return !p.Complete(e, g) })
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

// name is the last part of an id, or what stands for it.
func name(id, fallback string) string {
	if i := strings.LastIndexByte(id, '/'); i >= 0 && i+1 < len(id) {
		return id[i+1:]
	}
	return fallback
}

// kubectl names the Service in a command.
func kubectl(verb, key, rest string) string {
	ns, n, _ := strings.Cut(key, "/")
	return "kubectl " + verb + " service -n " + rule.Word(ns, "NAMESPACE") + " " + rule.Word(n, "SERVICE") + rest
}
