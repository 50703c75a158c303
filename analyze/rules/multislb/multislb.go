// Package multislb holds the rules about several Standard load balancers of one
// cluster (multipleStandardLoadBalancerConfigurations in azure.json).
package multislb

import (
	"slices"
	"strings"

	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/azname"
	"azlb/report"
)

// Rules of this topic, in the order in which the controller meets them: its
// configuration, the choice of a load balancer, nodes, and pools of local Services.
var Rules = []*rule.Rule{MSLB03, MSLB04, MSLB02, MSLB05, MSLB01, MSLB06}

// text are the sources in which the controller's failures show.
var text = []*bundle.Evidence{&bundle.Events, &bundle.ControllerLog}

const docs = "https://cloud-provider-azure.sigs.k8s.io/topics/multislb/"

// config is azure.json where it lists several load balancers, or nil.
func config(p *rule.Pass) *snapshot.CloudConfig {
	c := p.Snapshot.Config
	if c == nil || c.Invalid != "" || len(c.MultipleLoadBalancers) == 0 || strings.EqualFold(c.LoadBalancerSKU, "basic") {
		return nil
	}
	return c
}

// single reports whether azure.json is in the bundle and lists no load balancers.
func single(p *rule.Pass) bool {
	c := p.Snapshot.Config
	return c != nil && c.Invalid == "" && config(p) == nil
}

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

// base is the name of a load balancer without its internal ending, in lower case.
func base(lb string) string {
	n, _ := strings.CutSuffix(strings.ToLower(lb), "-internal")
	return n
}

// object is the Service as a finding's subject.
func object(key string) report.Object {
	ns, name, _ := strings.Cut(key, "/")
	return report.Object{Kind: "Service", Namespace: ns, Name: name}
}

// kubectl names the Service in a command.
func kubectl(verb, key, rest string) string {
	ns, name, _ := strings.Cut(key, "/")
	return "kubectl " + verb + " service -n " + rule.Word(ns, "NAMESPACE") + " " + rule.Word(name, "SERVICE") + rest
}

// edit is the step that changes azure.json, which the controller reads at its start.
func edit(say string) report.Step {
	return report.Step{Say: say + " Do so on every control-plane machine, and restart the controller: it reads the file only when it starts.", Run: "sudoedit /etc/kubernetes/azure.json", Changes: true}
}
