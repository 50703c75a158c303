package quota

import (
	"fmt"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// QUOTA07 is a backend pool that takes no further machine.
var QUOTA07 = &rule.Rule{
	ID:       "AZLB-QUOTA07",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the backend pool has no room for another machine",
		Symptom: "New nodes get no traffic, and syncs of all Services fail once such a node is there; events show MaxAvailabilitySetsInLoadBalancerReached.",
		Cause: "A load balancer takes machines of 150 availability sets at most, and a machine that is in no availability set and no scale set counts as one of its own: a cluster of more than 150 such machines does not fit. " +
			"The number of members is limited as well: 5,000 on a Standard load balancer (1,000 in older documents), 300 on a Basic one.",
		Fix:        fewerSets(""),
		References: []string{"https://learn.microsoft.com/troubleshoot/azure/load-balancer/load-balancer-common-deployment-errors", limitsPage},
		Healthy:    "Pools below these numbers, whatever their machines are. Scale sets are not counted by machine.",
	},
	Needs: rule.Needs{All: []*bundle.Evidence{&bundle.Services}, Any: append(text, &bundle.LoadBalancers)},
	Texts: []rule.Text{rule.Codes("MaxAvailabilitySetsInLoadBalancerReached")},
	Check: checkQUOTA07,
}

// mostMembers of a backend pool by the SKU (azure-subscription-service-limits, 2026).
var mostMembers = map[string]int{"basic": 300, "standard": 5000}

// membersOf is the number of members of the fullest pool.
func membersOf(lb *snapshot.LoadBalancer) (n int, pool *az.BackendPool) {
	for i := range lb.Pools {
		if k := max(len(lb.Pools[i].IPConfigurations), len(lb.Pools[i].Addresses)); pool == nil || k > n {
			n, pool = k, &lb.Pools[i]
		}
	}
	return n, pool
}

func checkQUOTA07(p *rule.Pass) {
	bunches := rule.Bunches(refused(p), func(e *errtext.Error) (string, bool) { return balancer(p, e), true })
	for i := range p.Snapshot.Loads {
		lb := &p.Snapshot.Loads[i]
		limit := mostMembers[strings.ToLower(lb.SKU.Name)]
		if n, _ := membersOf(lb); limit > 0 && n >= limit && p.Graph.OwnLoadBalancer(lb) && ownBunch(bunches, lb.Name) == nil {
			bunches = append(bunches, rule.Bunch[*errtext.Error]{Name: lb.Name})
		}
	}
	for _, b := range bunches {
		c := ceiling{subject: report.Object{Kind: "LoadBalancer", Name: b.Name}, errs: b.All, room: "How many machines load balancer " + b.Name + " has is not in the bundle"}
		group := ""
		if groups := p.Graph.ProviderGroups(); len(groups) == 1 {
			group = groups[0]
		}
		if lb := p.Balancer(b.Name); lb != nil {
			group = az.GroupOf(lb.ID)
			n, pool := membersOf(lb)
			c.room = fmt.Sprintf("Load balancer %s has no backend pool", lb.Name)
			if pool != nil {
				c.room = fmt.Sprintf("Pool %s of load balancer %s (%s) has %s", pool.Name, lb.Name, orUnknown(lb.SKU.Name), counted(n, "member"))
				c.cites = append(c.cites, lb.Doc.Cite(pool.At+"/name"))
			}
			if limit := mostMembers[strings.ToLower(lb.SKU.Name)]; limit > 0 && n >= limit {
				c.room += fmt.Sprintf(", as many as Azure allows for this SKU (%d); another node does not fit", limit)
			}
		}
		f := c.finding(p)
		f.Fix = fewerSets(group)
		p.Find(f)
	}
}

// fewerSets makes room in the backend pools; the group may be unknown.
func fewerSets(group string) []report.Step {
	return []report.Step{
		{Say: "Count the machines that are in no availability set and no scale set.", Run: fmt.Sprintf("az vm list -g %s --query \"length([?availabilitySet==null && virtualMachineScaleSet==null])\"", rule.Word(group, "GROUP"))},
		{Say: "Make new nodes in scale sets or availability sets and move the work there; a machine cannot be put into an availability set afterwards."},
		{Say: "Or keep nodes that need no traffic out of the pools.", Run: "kubectl label node NODE node.kubernetes.io/exclude-from-external-load-balancers=true", Changes: true},
		{Say: "Or spread the nodes over several Standard load balancers (multipleStandardLoadBalancerConfigurations, 1.28 and later)."},
	}
}
