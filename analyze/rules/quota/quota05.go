package quota

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/desired"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/azname"
	"azlb/report"
)

// QUOTA05 is a security group that takes no further rule.
var QUOTA05 = &rule.Rule{
	ID:       "AZLB-QUOTA05",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the network security group has no room for another rule",
		Symptom: "The load balancer of a Service is made, but the Service stays pending, or a change of its allowed addresses does not arrive; events show SecurityRuleCountLimitReached, or say `exceeds the maximum number of rules`, `security rule priority exhausted` or `securityGroup priorities are exhausted`.",
		Cause: "The provider opens each Service in one security group of the nodes, which takes 1,000 rules (200 in 2017, and more only on request), the customer's own included. Up to 1.28 it writes one rule for each port and each allowed range of addresses: " +
			"a Service of 5 ports that allows 100 ranges is 500 rules. Since 1.29 all ranges and ports of one protocol are one rule, and Services that allow the same share it. A rule also needs a priority of its own from 500 to 4095.",
		Fix: []report.Step{
			{Say: "Count the rules, and see whose they are.", Run: "az network nsg rule list -g GROUP --nsg-name NSG --query \"[].{priority:priority, name:name}\" -o table"},
			{Say: "Upgrade to Kubernetes 1.29 or later: the provider then writes one rule where it wrote one for each port and range."},
			{Say: "Until then allow fewer and wider ranges (spec.loadBalancerSourceRanges), or a service tag (azure-allowed-service-tags), or open fewer ports."},
			{Say: "Up to 1.28, Services that allow the same can share their rules.", Run: "kubectl annotate service -n NAMESPACE SERVICE --overwrite service.beta.kubernetes.io/azure-shared-securityrule=true", Changes: true},
			{Say: "Delete rules of Services and clusters that are gone.", Run: "az network nsg rule delete -g GROUP --nsg-name NSG -n RULE", Changes: true},
		},
		References: []string{limitsPage, "Azure/AKS#3186", "kubernetes/kubernetes#54899", "kubernetes-sigs/cloud-provider-azure#4713", "Azure/azure-rest-api-specs#3003"},
		Affects:    "most often cloud-provider-azure and Kubernetes up to 1.28; azure-shared-securityrule has an effect from 1.10 to 1.28",
		Healthy:    "Any number of rules below 1,000 where no sync fails. Other security groups than the one that the provider writes to are not looked at.",
	},
	Needs: rule.Needs{All: []*bundle.Evidence{&bundle.Services}, Any: append(text, &bundle.NSGs)},
	Texts: []rule.Text{rule.Codes("SecurityRuleCountLimitReached"), rule.Says(`(?i)exceeds the maximum number of rules|security rule priority exhausted|securitygroup priorities are exhausted`)},
	Check: checkQUOTA05,
}

// mostSecurityRules of one group (azure-subscription-service-limits, 2026).
const mostSecurityRules = 1000

func checkQUOTA05(p *rule.Pass) {
	for _, b := range groups(p, refused(p)) {
		c := ceiling{subject: securityGroup(b.Name), errs: b.All, room: "How many rules " + inWords(b.Name) + " has is not in the bundle"}
		g := writtenTo(p, b.Name)
		if g != nil {
			n := len(g.SecurityRules)
			c.room = fmt.Sprintf("Network security group %s has %s%s", g.Name, counted(n, "rule"), whose(p, g))
			c.cites = []report.Cite{g.Doc.Cite(g.At + "/name")}
			if c.full = n >= mostSecurityRules; c.full {
				c.room += fmt.Sprintf("; Azure takes %d", mostSecurityRules)
				c.waiting = waiting(p)
			}
		}
		if len(c.errs) == 0 && !c.full {
			continue
		}
		f := c.finding(p)
		f.Fix = fewerRules(p, g, b.Name)
		p.Find(f)
	}
}

// waiting lists the Services without an address: each needs the security group.
func waiting(p *rule.Pass) []string {
	var out []string
	for _, s := range p.Graph.Served() {
		if len(s.Status.LoadBalancer.Ingress) == 0 {
			out = append(out, s.Key())
		}
	}
	return out
}

// whose says how many of the rules are the provider's, and which Service has most.
func whose(p *rule.Pass, g *snapshot.NSG) string {
	all, best := 0, (*topology.Service)(nil)
	of := map[string]int{}
	for i := range g.SecurityRules {
		if r := &g.SecurityRules[i]; providers(r) {
			all++
			if prefix, ok := azname.ParsePrefix(r.Name); ok {
				of[prefix]++
			}
		}
	}
	if all == 0 {
		return ""
	}
	say := fmt.Sprintf(", of which %d bear the provider's names", all)
	for _, s := range p.Graph.Services {
		if n := of[s.Prefix]; s.Prefix != "" && n > 0 && (best == nil || n > of[best.Prefix]) {
			best = s
		}
	}
	if best != nil {
		say += fmt.Sprintf(" (most of them for %s: %d)", best.Key(), of[best.Prefix])
	}
	return say
}

// fewerRules looks first, then makes rules fewer in the ways that the release has.
func fewerRules(p *rule.Pass, g *snapshot.NSG, name string) []report.Step {
	steps := []report.Step{{Say: "Count the rules, and see whose they are.", Run: "az network nsg rule list " + inGroup(g, name) + " --query \"[].{priority:priority, name:name}\" -o table"}}
	old := p.Wants.Provider.Has(azname.HashedSecurityRules)
	if old != desired.Yes {
		steps = append(steps, report.Step{Say: "Upgrade to Kubernetes 1.29 or later: the provider then writes one rule where it wrote one for each port and each range of addresses."})
	}
	if s := mostRanges(p); s != nil {
		steps = append(steps, report.Step{Say: fmt.Sprintf("Allow fewer and wider ranges, or a service tag; %s allows %s on %s.", s.Key(), counted(len(s.Spec.LoadBalancerSourceRanges), "range"), counted(len(s.Spec.Ports), "port")),
			Run: rule.Kubectl("edit", s.Key(), ""), Changes: true})
	}
	if old == desired.No {
		if keys := waiting(p); len(keys) > 0 {
			steps = append(steps, report.Step{Say: "Let Services that allow the same share their rules (1.10 to 1.28).", Changes: true, Run: rule.Kubectl("annotate", keys[0], "--overwrite service.beta.kubernetes.io/azure-shared-securityrule=true")})
		}
	}
	return append(steps, report.Step{Say: "Delete rules of Services and clusters that are gone.", Run: "az network nsg rule delete " + inGroup(g, name) + " -n RULE", Changes: true})
}

// mostRanges is the Service with the most pairs of a port and an allowed range, nil
// where none lists ranges.
func mostRanges(p *rule.Pass) *topology.Service {
	list := slices.DeleteFunc(slices.Clone(p.Graph.Served()), func(s *topology.Service) bool { return len(s.Spec.LoadBalancerSourceRanges) == 0 })
	if len(list) == 0 {
		return nil
	}
	pairs := func(s *topology.Service) int { return len(s.Spec.LoadBalancerSourceRanges) * len(s.Spec.Ports) }
	return slices.MaxFunc(list, func(a, b *topology.Service) int {
		return cmp.Or(cmp.Compare(pairs(a), pairs(b)), strings.Compare(b.Key(), a.Key()))
	})
}
