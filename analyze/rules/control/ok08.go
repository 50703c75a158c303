package control

import (
	"fmt"
	"strings"

	"azlb/analyze/desired"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/bundle-schema/azname"
	"azlb/report"
)

// OK08 is a customer's Basic address that the provider makes Standard.
var OK08 = &rule.Rule{
	ID:         "AZLB-OK08",
	Severity:   report.Info,
	AsDesigned: true,
	Doc: report.Doc{
		Title:   "the provider wrote the customer's public IP to make it Standard",
		Symptom: "A static Basic public IP that a Service names has SKU Standard since, and the Service works; an inventory or a Terraform plan shows the change.",
		Cause: "A Standard load balancer takes Standard addresses only. Where a Service with one names a static Basic address that nothing else uses, the provider writes the address with SKU Standard, which keeps it, and goes on. " +
			"For a customer's address without a DNS label annotation that is the one thing that it writes.",
		Fix: []report.Step{
			{Say: "Nothing is to be repaired. If Terraform or a template made the address, write Standard there as well: the SKU cannot go back.", Changes: true},
			{Say: "This shows the SKU.", Run: "az network public-ip show -g GROUP -n PUBLIC_IP --query sku.name -o tsv"},
		},
		References: []string{"kubernetes-sigs/cloud-provider-azure#8463", "https://learn.microsoft.com/azure/virtual-network/ip-services/public-ip-basic-upgrade-guidance"},
		Affects:    "1.29.14, 1.30.11, 1.31.5, 1.32.4, 1.33 and later; earlier releases leave the address as it is, and Azure refuses it (AZLB-SKU01)",
		Healthy:    "It is told only where the controller's log or the activity log shows that the provider wrote the address. What the SKU was before, no list tells. An address that the provider made, or whose label it keeps, it writes for other reasons.",
	},
	Needs: rule.Needs{
		Any: []*bundle.Evidence{&bundle.ControllerLog, &bundle.ActivityLog, &bundle.KubeVersion, &bundle.ControllerPods},
		All: []*bundle.Evidence{&bundle.Services, &bundle.LoadBalancers, &bundle.PublicIPs},
	},
	Check: checkOK08,
}

// upgrades is since when the provider makes a Basic address Standard.
var upgrades = azname.Since("1.29.14/1.30.11/1.31.5/1.32.4/1.33")

func checkOK08(p *rule.Pass) {
	named := false
	for _, s := range p.Graph.Served() {
		for _, f := range s.Frontends {
			if f.PublicIP == nil || !customers(p, s, f) {
				continue
			}
			named = true
			if p.Wants.Provider.Has(upgrades) != desired.Yes {
				continue
			}
			if say, cite, ok := written(p, f.PublicIP); ok {
				p.Find(upgraded(s, f.PublicIP, say, cite))
			}
		}
	}
	if !named {
		p.NotApplicable("no Service has a Standard public IP of the customer's for which it asks for nothing else")
	}
}

// customers reports whether the frontend's address is a Standard one that the Service
// names, and for which it asks for nothing else.
func customers(p *rule.Pass, s *topology.Service, f topology.Frontend) bool {
	pip := f.PublicIP
	for _, lane := range p.Wants.Of(s.Key()).Lanes {
		w := lane.PublicIP
		if w == nil || w.Made || w.DNSLabel != nil || !strings.EqualFold(w.Version.V, "IPv4") {
			continue
		}
		if strings.EqualFold(w.Name.V, pip.Name) || w.Address.V != "" && w.Address.V == pip.IPAddress {
			return strings.EqualFold(pip.SKU.Name, "Standard") && len(azname.ServicesOfTag(pip.Tags)) == 0
		}
	}
	return false
}

// written is how the bundle shows that the provider wrote the address: its own log, or
// the activity log.
func written(p *rule.Pass, pip *snapshot.PublicIP) (say string, cite report.Cite, ok bool) {
	for _, r := range p.Snapshot.Records {
		if strings.Contains(r.Text, "CreateOrUpdatePIP") && strings.Contains(r.Text, "start") && strings.Contains(strings.ToLower(r.Text), `"`+strings.ToLower(pip.Name)+`"`) {
			return "the controller's log shows it", r.Cite(""), true
		}
	}
	if who, found := p.LastWriter(pip.ID); found && who.Provider != desired.No {
		return "the activity log shows it", who.Cite, true
	}
	return "", report.Cite{}, false
}

func upgraded(s *topology.Service, pip *snapshot.PublicIP, say string, cite report.Cite) rule.Finding {
	return rule.Finding{
		Subject:    report.Object{Kind: "PublicIP", Name: pip.Name},
		Confidence: report.Likely,
		Why:        "no list tells what the SKU was before",
		Message: fmt.Sprintf("The provider wrote public IP %s, which %s names and which is Standard now (%s). For a customer's address without a label to keep, that is how it makes a Basic one Standard; the address stays the same.",
			pip.Name, s.Key(), say),
		Cites: []report.Cite{cite, pip.Doc.Cite(pip.At + "/sku/name")},
		Fix: []report.Step{
			{Say: "Nothing is to be repaired. If Terraform or a template made the address, write Standard there as well: the SKU cannot go back.", Changes: true},
			{Say: "This shows the SKU.", Run: fmt.Sprintf("az network public-ip show -g %s -n %s --query sku.name -o tsv", rule.Word(az.GroupOf(pip.ID), "GROUP"), rule.Word(pip.Name, "PUBLIC_IP"))},
		},
	}
}
