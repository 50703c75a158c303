package quota

import (
	"fmt"
	"strings"

	"azlb/analyze/rule"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// QUOTA09 is a limit of azure.json that looks exceeded and has no say.
var QUOTA09 = &rule.Rule{
	ID:       "AZLB-QUOTA09",
	Severity: report.Info,
	Doc: report.Doc{
		Title:   "maximumLoadBalancerRuleCount has no effect on a Standard load balancer",
		Symptom: "A Standard load balancer has more rules than azure.json seems to allow, and all Services work.",
		Cause: "The provider looks at maximumLoadBalancerRuleCount only where it has to choose among several Basic load balancers for a new Service. " +
			"A Standard one is never measured by it. What ends there is Azure's limit of 300 rules for each node's network interface (AZLB-QUOTA04) and of 1,500 for the load balancer (AZLB-QUOTA03).",
		Fix: []report.Step{
			{Say: "Nothing needs to be done. Take the key out of azure.json if it misleads; nothing changes by that."},
		},
		References: []string{"https://cloud-provider-azure.sigs.k8s.io/install/configs/", "getServiceLoadBalancer and selectLoadBalancer in cloud-provider-azure"},
		Healthy:    "This is always a healthy state: the rule is there so that nobody takes the number for the reason of something else.",
	},
	Needs: rule.Needs{All: []*bundle.Evidence{&bundle.CloudConfig, &bundle.LoadBalancers}},
	Check: checkQUOTA09,
}

func checkQUOTA09(p *rule.Pass) {
	c := p.Snapshot.Config
	if c == nil || c.Invalid != "" || c.MaximumRuleCount <= 0 {
		p.NotApplicable("azure.json does not set maximumLoadBalancerRuleCount")
		return
	}
	for i := range p.Snapshot.Loads {
		lb := &p.Snapshot.Loads[i]
		if n := len(lb.Rules); strings.EqualFold(lb.SKU.Name, "Standard") && n > c.MaximumRuleCount && p.Graph.OwnLoadBalancer(lb) {
			p.Find(rule.Finding{Subject: report.Object{Kind: "LoadBalancer", Name: lb.Name}, Cites: []report.Cite{c.Doc.Cite("/maximumLoadBalancerRuleCount"), lb.Doc.Cite(lb.At + "/sku/name")},
				Message: fmt.Sprintf("Load balancer %s has %s, more than maximumLoadBalancerRuleCount in azure.json (%d). The provider does not apply that number to Standard load balancers; it is not why anything fails.", lb.Name, counted(n, "rule"), c.MaximumRuleCount)})
		}
	}
}
