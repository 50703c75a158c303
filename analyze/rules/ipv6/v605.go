package ipv6

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// V605 is a NAT gateway in front of nodes with IPv6.
var V605 = &rule.Rule{
	ID:       "AZLB-V605",
	Severity: report.Info,
	Doc: report.Doc{
		Title:   "nodes with IPv6 leave through a NAT gateway, which carries IPv4 only",
		Symptom: "Pods reach IPv6 hosts on the Internet never, or only slowly by falling back to IPv4; Services with IPv6 addresses are reached from outside all the same.",
		Cause: "A NAT gateway of SKU Standard translates IPv4 and lets no IPv6 out. Nodes behind it need another way for IPv6: an outbound rule, or a public Service, with a public IPv6 address on their load balancer. " +
			"A gateway of SKU StandardV2 carries both families.",
		Fix: []report.Step{
			{Say: "See which SKU the NAT gateway has.", Run: "az network nat gateway show -g GROUP -n NAT_GATEWAY --query sku.name -o tsv"},
			{Say: "With Standard, use a StandardV2 gateway, or the load balancer as the way out.", Changes: true},
		},
		References: []string{"https://learn.microsoft.com/azure/nat-gateway/nat-overview", "https://learn.microsoft.com/azure/aks/configure-dual-stack"},
		Healthy:    "A cluster that needs no IPv6 on the Internet lacks nothing, and one behind a StandardV2 gateway is not meant; this is only for information. Nodes without IPv6, and load balancers with a way out for IPv6, are not meant.",
	},
	Needs: rule.Needs{
		All: []*bundle.Evidence{&bundle.Nodes, &bundle.VNets, &bundle.LoadBalancers, &bundle.PublicIPs},
		Any: []*bundle.Evidence{&bundle.ScaleSetNICs, &bundle.NICs},
	},
	Check: checkV605,
}

// behind is a subnet with a NAT gateway and an interface in it that has IPv6.
type behind struct {
	vnet   *snapshot.VNet
	subnet *az.Subnet
	node   *topology.Node
	nic    *snapshot.NIC
	ip     az.IPConfig
}

func checkV605(p *rule.Pass) {
	if !p.Graph.Whole(&bundle.LoadBalancers) || !p.Graph.Whole(&bundle.PublicIPs) || leaves6(p) {
		return
	}
	byID := map[string]bool{}
	for _, n := range p.Graph.Nodes {
		for _, nic := range n.NICs {
			for _, c := range nic.IPConfigurations {
				vnet, subnet := p.Graph.Subnet(c.Subnet)
				if !strings.EqualFold(c.Version, "IPv6") || c.PublicIP != nil || subnet == nil || subnet.NATGateway == nil || byID[strings.ToLower(subnet.ID)] {
					continue
				}
				byID[strings.ToLower(subnet.ID)] = true
				sku, cite := gatewaySKU(p, subnet.NATGateway)
				if !strings.EqualFold(sku, "StandardV2") {
					p.Find(behind{vnet, subnet, n, nic, c}.finding(sku, cite))
				}
			}
		}
	}
}

// gatewaySKU is the SKU of a NAT gateway, empty where it is not in the bundle.
func gatewaySKU(p *rule.Pass, ref *az.Ref) (sku string, cite report.Cite) {
	for i := range p.Snapshot.NATGateways {
		if g := &p.Snapshot.NATGateways[i]; az.SameID(g.ID, ref.ID) {
			return g.SKU.Name, g.Doc.Cite(g.At + "/sku/name")
		}
	}
	return "", cite
}

// leaves6 reports whether a load balancer of the bundle may carry IPv6 out: by an
// outbound rule or by a rule of a public frontend that does not forbid it.
func leaves6(p *rule.Pass) bool {
	for i := range p.Snapshot.Loads {
		lb := &p.Snapshot.Loads[i]
		for _, f := range lb.Frontends {
			pip := p.Graph.PublicIP(f.PublicIP)
			if f.PublicIP == nil || pip != nil && !strings.EqualFold(pip.Version, "IPv6") {
				continue // an address that is not in the bundle may be IPv6
			}
			lets := func(r az.LBRule) bool {
				return r.Frontend != nil && az.SameID(r.Frontend.ID, f.ID) && (r.DisableOutboundSNAT == nil || !*r.DisableOutboundSNAT)
			}
			if len(f.OutboundRules) > 0 || slices.ContainsFunc(lb.Rules, lets) {
				return true
			}
		}
	}
	return false
}

func (b behind) finding(sku string, proof report.Cite) rule.Finding {
	gateway := az.LastName(b.subnet.NATGateway.ID)
	f := rule.Finding{
		Subject:    report.Object{Kind: "Subnet", Name: b.subnet.Name},
		Confidence: report.Possible,
		Why:        "the SKU of the NAT gateway is not in the bundle; StandardV2 carries IPv6",
		Message: fmt.Sprintf("Node %s has an IPv6 address in subnet %s, whose traffic leaves through NAT gateway %s, and no load balancer has an IPv6 way out. With SKU Standard pods reach no IPv6 host on the Internet; no Service is harmed.",
			b.node.Name, b.subnet.Name, gateway),
		Cites: []report.Cite{b.vnet.Doc.Cite(b.subnet.NATGateway.At + "/id"), b.nic.Doc.Cite(b.ip.At + "/privateIPAddressVersion")},
		Fix: []report.Step{
			{Say: "See which SKU the NAT gateway has.", Run: fmt.Sprintf("az network nat gateway show -g %s -n %s --query sku.name -o tsv", rule.Word(az.GroupOf(b.subnet.NATGateway.ID), "GROUP"), rule.Word(gateway, "NAT_GATEWAY"))},
			{Say: "With Standard, use a StandardV2 gateway, or the load balancer as the way out.", Changes: true},
		},
		Absence: []*bundle.Evidence{&bundle.LoadBalancers},
	}
	if sku != "" {
		f.Confidence, f.Why = "", ""
		f.Cites = append(f.Cites, proof)
	}
	return f
}
