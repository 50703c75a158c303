package quota

import (
	"fmt"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// QUOTA03 is a load balancer that takes no further rule.
var QUOTA03 = &rule.Rule{
	ID:       "AZLB-QUOTA03",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the load balancer has no room for another load balancing rule",
		Symptom: "New Services stay pending and new ports of old ones do not open; events say `all available load balancers have exceeded maximum rule limit`, or show LoadBalancerRuleCountLimitReached.",
		Cause: "Every port of every Service is one load balancing rule, twice with two IP families. Azure takes 1,500 of them on a Standard load balancer and 250 on a Basic one, inbound NAT rules included. " +
			"With Basic load balancers the provider also has a limit of its own, maximumLoadBalancerRuleCount in azure.json: a new Service is put on none that has as many rules. It was 148 by default up to 1.12.7 and 1.13.5, and is 250 since. " +
			"On a Standard load balancer the limit of each network interface (AZLB-QUOTA04) comes long before that of the load balancer.",
		Fix: []report.Step{
			{Say: "Count the rules of each load balancer.", Run: "az network lb list -g GROUP --query \"[].{name:name, sku:sku.name, rules:length(loadBalancingRules), nat:length(inboundNatRules)}\" -o table"},
			{Say: "Put an ingress controller in front of the Services, so that they share its few ports."},
			{Say: "On Basic load balancers with fewer than 250 rules: raise the provider's own limit, maximumLoadBalancerRuleCount, on every control-plane machine, and restart the controller.", Run: "sudoedit /etc/kubernetes/azure.json", Changes: true},
			{Say: "Or let new Services use the load balancer of another set of machines, where Basic ones are several.", Run: "kubectl annotate service -n NAMESPACE SERVICE service.beta.kubernetes.io/azure-load-balancer-mode=__auto__", Changes: true},
		},
		References: []string{limitsPage, "kubernetes/kubernetes#72621", "Azure/aks-engine#241", "selectLoadBalancer in cloud-provider-azure"},
		Affects:    "the provider's own limit: Basic load balancers only; a Standard one is never measured by it",
		Healthy:    "More rules than maximumLoadBalancerRuleCount on a Standard load balancer are no fault (AZLB-QUOTA09).",
	},
	Needs: rule.Needs{All: []*bundle.Evidence{&bundle.Services}, Any: append(text, &bundle.LoadBalancers)},
	Texts: []rule.Text{rule.Codes("LoadBalancerRuleCountLimitReached"), rule.Says(`(?i)all available load balancers have exceeded maximum rule limit`)},
	Check: checkQUOTA03,
}

// tooManyRules is said by Azure with a code, and by the provider with a text in which
// the number is that of the rules, not the limit.
// mostRules of a load balancer by its SKU (azure-subscription-service-limits, 2026).
var mostRules = map[string]int{"basic": 250, "standard": 1500}

func checkQUOTA03(p *rule.Pass) {
	bunches := rule.Bunches(refused(p), func(e *errtext.Error) (string, bool) { return balancer(p, e), true })
	for i := range p.Snapshot.Loads {
		lb := &p.Snapshot.Loads[i]
		if limit := mostRules[strings.ToLower(lb.SKU.Name)]; limit == 0 || rulesOn(lb) < limit || !p.Graph.OwnLoadBalancer(lb) {
			continue
		}
		if ownBunch(bunches, lb.Name) == nil {
			bunches = append(bunches, rule.Bunch[*errtext.Error]{Name: lb.Name})
		}
	}
	for _, b := range bunches {
		p.Find(crowded(p, b))
	}
}

// rulesOn are the rules that count against the limit of a load balancer.
func rulesOn(lb *snapshot.LoadBalancer) int { return len(lb.Rules) + len(lb.NATRules) }

func ownBunch(list []rule.Bunch[*errtext.Error], name string) *rule.Bunch[*errtext.Error] {
	for i := range list {
		if strings.EqualFold(list[i].Name, name) {
			return &list[i]
		}
	}
	return nil
}

// crowded is the finding about one load balancer.
func crowded(p *rule.Pass, b rule.Bunch[*errtext.Error]) rule.Finding {
	c := ceiling{subject: report.Object{Kind: "LoadBalancer", Name: b.Name}, errs: b.All, room: "How many rules load balancer " + b.Name + " has is not in the bundle"}
	lb := p.Balancer(b.Name)
	group := ""
	if lb != nil {
		group = az.GroupOf(lb.ID)
		n, limit := rulesOn(lb), mostRules[strings.ToLower(lb.SKU.Name)]
		c.full = limit > 0 && n >= limit
		c.room = fmt.Sprintf("Load balancer %s (%s) has %s", lb.Name, orUnknown(lb.SKU.Name), counted(n, "rule"))
		c.cites = []report.Cite{lb.Doc.Cite(lb.At + "/sku/name")}
		if c.full {
			c.room += fmt.Sprintf(", as many as Azure allows for this SKU (%d)", limit)
			c.waiting = newcomers(p, func(s *topology.Service) bool { return p.Wants.Of(s.Key()).Internal.V == internal(lb.Name) })
		}
	} else if groups := p.Graph.ProviderGroups(); len(groups) == 1 {
		group = groups[0]
	}
	if x := p.Snapshot.Config; x != nil && x.MaximumRuleCount > 0 && len(b.All) > 0 && b.All[len(b.All)-1].Code == "" {
		c.room += fmt.Sprintf("; maximumLoadBalancerRuleCount in azure.json is %d", x.MaximumRuleCount)
		c.cites = append(c.cites, x.Doc.Cite("/maximumLoadBalancerRuleCount"))
	}
	f := c.finding(p)
	f.Fix = []report.Step{
		{Say: "Count the rules of each load balancer.", Run: fmt.Sprintf("az network lb list -g %s --query \"[].{name:name, sku:sku.name, rules:length(loadBalancingRules), nat:length(inboundNatRules)}\" -o table", rule.Word(group, "GROUP"))},
		{Say: "Put an ingress controller in front of the Services, so that they share its few ports."},
	}
	if len(b.All) > 0 && b.All[len(b.All)-1].Code == "" {
		f.Fix = append(f.Fix, report.Step{Say: "While the load balancer has fewer than 250 rules: raise the provider's own limit, maximumLoadBalancerRuleCount, on every control-plane machine, and restart the controller. Basic load balancers are retired: plan the move to Standard, where this limit does not count.",
			Run: "sudoedit /etc/kubernetes/azure.json", Changes: true})
	}
	return f
}
