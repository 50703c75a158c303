package nsg

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/nsg"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/walk"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/bundle-schema/azname"
	"azlb/report"
)

// NSG02 is a second security group that drops what the provider's lets in.
var NSG02 = &rule.Rule{
	ID:       "AZLB-NSG02",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "a second network security group drops what the provider's group lets in",
		Symptom: "The provider says that it ensured the Service, its allow rule stands in its network security group, and that group is at the nodes; connections from outside time out all the same.",
		Cause: "The nodes' subnet and their network interfaces can have a security group each, and a packet must be allowed by both. The provider writes its rules to one group only: on AKS that of the interfaces in the node resource group, elsewhere the one that azure.json names. " +
			"A group of the customer's at the other place, of a subnet of one's own for example, knows nothing of the Service; if none of its rules allows the packet, Azure's default DenyAllInBound drops it. The provider never writes there, so no sync repairs it.",
		Fix: []report.Step{
			{Say: "See the second group's rules in order.", Run: "az network nsg rule list -g GROUP --nsg-name NSG --include-default -o table"},
			{Say: "Let clients reach the frontend's address and the Service's port there as well; node ports are of no use, since the packet keeps the frontend's address.",
				Run: "az network nsg rule create -g GROUP --nsg-name NSG -n allow-SERVICE --priority 300 --direction Inbound --access Allow --protocol Tcp --source-address-prefixes Internet --destination-address-prefixes FRONTEND --destination-port-ranges PORT", Changes: true},
		},
		References: []string{"https://learn.microsoft.com/azure/virtual-network/network-security-group-how-it-works", "https://learn.microsoft.com/azure/aks/concepts-network-services", "https://learn.microsoft.com/azure/load-balancer/load-balancer-floating-ip"},
		Healthy:    "Two groups one after the other are usual with a subnet of one's own; the rule speaks only where the provider's lets a wanted client in and the other drops it. A group in place of the provider's is AZLB-NSG13, and a drop in the provider's own AZLB-NSG01. Where a narrower rule of the other group lets certain clients in, somebody wanted it so.",
	},
	Needs: rule.Needs{
		Any: groups,
		All: []*bundle.Evidence{&bundle.Services, &bundle.LoadBalancers, &bundle.VNets},
	},
	FollowsFrom: []string{"AZLB-ANN07", "AZLB-DATA08"},
	Check:       checkNSG02,
}

func checkNSG02(p *rule.Pass) {
	whole, partly := clientDrops(p)
	for _, d := range whole {
		if d.series != nil {
			p.Find(denied(p, d))
		}
	}
	for _, d := range partly {
		if d.series != nil {
			p.Find(half(p, d))
		}
	}
}

// inSeries is the provider's group that stands at the same nodes as the one that drops a
// client's packet, and lets it in; nil: there is none. It is told by the provider's rules
// in it, which only the provider writes, and the other by having none.
func inSeries(p *rule.Pass, c *walk.Check) *snapshot.NSG {
	d := c.Decision.Deciding
	if d == nil || c.Purpose != walk.ForClient {
		return nil
	}
	drops, beside := c.Subnet, c.NIC
	if d.Level == "nic" {
		drops, beside = c.NIC, c.Subnet
	}
	if drops == nil || beside == nil || drops == beside || providersRules(drops) || !providersRules(beside) {
		return nil
	}
	if cfg := p.Snapshot.Config; cfg != nil && strings.EqualFold(cfg.SecurityGroupName, drops.Name) {
		return nil
	}
	if without(beside, "", c).Answer != nsg.Allowed {
		return nil
	}
	return beside
}

func providersRules(g *snapshot.NSG) bool {
	return slices.ContainsFunc(g.SecurityRules, func(r az.SecurityRule) bool { return azname.IsManagedSecurityRule(r.Name) })
}

// letsIn says by which rules the provider's group beside lets the packets in.
func (d *drop) letsIn(f *rule.Finding) string {
	at, they := "nodes' subnet", "it"
	if d.check.Decision.Deciding.Level == "subnet" {
		at = "nodes' network interfaces"
	}
	var names []string
	for _, c := range d.checks {
		if by := without(d.series, "", c).Deciding; by != nil && !slices.Contains(names, by.Rule.Name) {
			names = append(names, by.Rule.Name)
			if len(names) <= 3 {
				f.Cites = append(f.Cites, d.series.Doc.Cite(by.Rule.At+"/access"))
			}
		}
	}
	if len(d.walks) > 1 {
		they = "them"
	}
	return fmt.Sprintf(" Beside it stands %s at the %s, to which the provider writes: there %s would let %s in. Both groups must, and the provider writes to one only.", d.series.Name, at, rule.List(names), they)
}
