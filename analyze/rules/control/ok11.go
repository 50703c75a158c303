package control

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/desired"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// OK11 is a subnet whose policies for private link services the provider turns off.
var OK11 = &rule.Rule{
	ID:         "AZLB-OK11",
	Severity:   report.Info,
	AsDesigned: true,
	Doc: report.Doc{
		Title:   "a subnet has its network policies for private link services turned off",
		Symptom: "A subnet that was made with privateLinkServiceNetworkPolicies Enabled, by Terraform for example, has Disabled; a plan wants to change it back, or an audit asks who turned it off.",
		Cause: "Azure makes a private link service only in a subnet with this setting off. The provider turns it off itself before it makes the link of a Service with azure-pls-create. " +
			"It exempts only the link's own source addresses from security groups; whatever else is in the subnet is filtered as before.",
		Fix: []report.Step{
			{Say: "Nothing is to be repaired. If Terraform or a template made the subnet, write the setting there as well, or the next run turns it on again.", Changes: true},
			{Say: "This shows the setting.", Run: "az network vnet subnet show --ids SUBNET_ID --query privateLinkServiceNetworkPolicies -o tsv"},
		},
		References: []string{"https://learn.microsoft.com/azure/private-link/disable-private-link-service-network-policy", "disablePLSNetworkPolicy in kubernetes-sigs/cloud-provider-azure"},
		Affects:    "releases with azure-pls-create: 1.0.19, 1.1.15, 1.23.12, 1.24 and later",
		Healthy:    "It is told of a subnet only where a private link service of a Service has an address in it. The setting may have been off before; nothing tells who turned it off.",
	},
	Needs: rule.Needs{All: []*bundle.Evidence{&bundle.Services, &bundle.LoadBalancers, &bundle.VNets, &bundle.PrivateLinkServices}},
	Check: checkOK11,
}

func checkOK11(p *rule.Pass) {
	for i := range p.Snapshot.VNets {
		v := &p.Snapshot.VNets[i]
		for j := range v.Subnets {
			sub := &v.Subnets[j]
			if !strings.EqualFold(sub.PLSPolicies, "Disabled") {
				continue
			}
			var links, services []string
			var cites []report.Cite
			for k := range p.Snapshot.Links {
				l := &p.Snapshot.Links[k]
				at := slices.IndexFunc(l.IPConfigurations, func(c az.IPConfig) bool { return c.Subnet != nil && az.SameID(c.Subnet.ID, sub.ID) })
				if s := owner(p, l); s != nil && at >= 0 {
					links = append(links, l.Name)
					if !slices.Contains(services, s.Key()) {
						services = append(services, s.Key())
					}
					cites = append(cites, l.Doc.Cite(l.At+"/name"))
				}
			}
			if len(links) == 0 {
				continue
			}
			slices.Sort(links)
			slices.Sort(services)
			p.Find(rule.Finding{
				Subject: report.Object{Kind: "Subnet", Name: sub.Name},
				Message: fmt.Sprintf("Subnet %s has privateLinkServiceNetworkPolicies Disabled, as %s of %s needs; the provider turns it off itself. Only the link's own addresses are exempt from security groups by it.",
					sub.Name, rule.List(links), rule.List(services)),
				Cites: append([]report.Cite{v.Doc.Cite(sub.At + "/privateLinkServiceNetworkPolicies")}, cites[:min(len(cites), 2)]...),
				Fix: []report.Step{
					{Say: "Nothing is to be repaired. If Terraform or a template made the subnet, write the setting there as well, or the next run turns it on again.", Changes: true},
					{Say: "This shows the setting.", Run: fmt.Sprintf("az network vnet subnet show --ids %s --query privateLinkServiceNetworkPolicies -o tsv", rule.Word(sub.ID, "SUBNET_ID"))},
				},
			})
		}
	}
}

// owner is the Service that asks for a link and has the frontend on which it stands.
func owner(p *rule.Pass, l *snapshot.PrivateLinkService) *topology.Service {
	for _, s := range p.Graph.Served() {
		if desired.LinkOf(s) != nil && slices.ContainsFunc(s.Frontends, func(f topology.Frontend) bool {
			return slices.ContainsFunc(l.Frontends, func(r az.Ref) bool { return az.SameID(r.ID, f.ID) })
		}) {
			return s
		}
	}
	return nil
}
