// Package multislb holds the rules about several Standard load balancers of one
// cluster (multipleStandardLoadBalancerConfigurations in azure.json).
package multislb

import (
	"strings"

	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
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

// base is the name of a load balancer without its internal ending, in lower case.
func base(lb string) string {
	n, _ := strings.CutSuffix(strings.ToLower(lb), "-internal")
	return n
}

// edit is the step that changes the list of load balancers: on AKS a setting of the
// cluster, elsewhere azure.json, which the controller reads at its start.
func edit(p *rule.Pass, say string) report.Step {
	if p.Graph.Managed() {
		return report.Step{Say: say + " On AKS this is a setting of the cluster; this lists it, and az aks loadbalancer update changes it.", Run: "az aks loadbalancer list -g GROUP --cluster-name CLUSTER -o table"}
	}
	return report.Step{Say: say + " Do so on every control-plane machine, and restart the controller: it reads the file only when it starts.", Run: "sudoedit /etc/kubernetes/azure.json", Changes: true}
}
