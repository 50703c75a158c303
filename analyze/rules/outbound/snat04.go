package outbound

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

// SNAT04 is nodes without a way to the Internet.
var SNAT04 = &rule.Rule{
	ID:       "AZLB-SNAT04",
	Severity: report.Warning,
	Doc: report.Doc{
		Title:   "nodes have no way to the Internet",
		Symptom: "New pods stay in ImagePullBackOff with timeouts, and pods reach no host outside the network; Services inside, and internal load balancers, work. It often begins when the first internal Service is made, or the last public one is deleted.",
		Cause: "A machine behind a Standard load balancer that is only internal gets no address of Azure to leave by: Standard is closed until something lets it out. That is a NAT gateway on its subnet, a public IP of its own, " +
			"a public load balancer with an outbound rule or with a load balancing rule that does not forbid it (disableOutboundSnat), or a route to a firewall. A private subnet (defaultOutboundAccess false, the default of new networks since 2026) takes the last resort from all machines in it.",
		Fix: []report.Step{
			{Say: "Give the nodes' subnet a NAT gateway.", Run: "az network nat gateway create -g GROUP -n NAT_GATEWAY --public-ip-addresses PUBLIC_IP && az network vnet subnet update -g GROUP --vnet-name VNET -n SUBNET --nat-gateway NAT_GATEWAY", Changes: true},
			{Say: "Or let nodes out through a public load balancer with an outbound rule, or send them to a firewall by a route."},
		},
		References: []string{"https://learn.microsoft.com/azure/load-balancer/load-balancer-outbound-connections", "https://learn.microsoft.com/azure/virtual-network/ip-services/default-outbound-access", "https://learn.microsoft.com/azure/aks/egress-outboundtype"},
		Healthy:    "A cluster that is meant to be isolated has the same signs: AKS says so (outbound type none or block), and such a one is left alone; of others Azure does not tell, so without pods that wait for an image this is for information. Nodes with any of the ways out are silent, and so are nodes whose network has a gateway, which may announce a route to everything.",
	},
	Needs: rule.Needs{
		All: []*bundle.Evidence{&bundle.Nodes, &bundle.LoadBalancers, &bundle.VNets, &bundle.NATGateways, &bundle.RouteTables, &bundle.ScaleSets, &bundle.AKSCluster},
		Any: []*bundle.Evidence{&bundle.ScaleSetNICs, &bundle.NICs},
	},
	Check: checkSNAT04,
}

// shut is a subnet with nodes that have no way out.
type shut struct {
	vnet   *snapshot.VNet
	subnet *az.Subnet
	ways   []topology.WayOut
}

func checkSNAT04(p *rule.Pass) {
	if !p.Graph.Whole(&bundle.LoadBalancers) || meant(p) {
		return
	}
	var list []*shut
	for _, w := range p.Graph.WaysOut() {
		if w.Exit != topology.NoExit || w.Node.Virtual() {
			continue
		}
		i := slices.IndexFunc(list, func(s *shut) bool { return s.subnet == w.Subnet })
		if i < 0 {
			i, list = len(list), append(list, &shut{vnet: w.VNet, subnet: w.Subnet})
		}
		list[i].ways = append(list[i].ways, w)
	}
	for _, s := range list {
		p.Find(s.finding(p))
	}
}

// meant reports whether AKS was told to build no way out: a network that is isolated, or
// whose way out somebody else builds.
func meant(p *rule.Pass) bool {
	return slices.ContainsFunc(p.Snapshot.AKS, func(c snapshot.AKSCluster) bool {
		return slices.Contains([]string{"none", "block"}, strings.ToLower(c.Network.OutboundType))
	})
}

func (s *shut) finding(p *rule.Pass) rule.Finding {
	var nodes, balancers []string
	f := rule.Finding{Subject: report.Object{Kind: "Subnet", Name: s.subnet.Name}, Severity: report.Info, Absence: []*bundle.Evidence{&bundle.LoadBalancers, &bundle.NATGateways}}
	for _, w := range s.ways {
		nodes = append(nodes, w.Node.Name)
		for _, lb := range w.Balancers {
			if !slices.Contains(balancers, lb.Name) {
				balancers = append(balancers, lb.Name)
				f.Cites = append(f.Cites, lb.Doc.Cite(lb.At+"/sku/name"))
			}
		}
	}
	slices.Sort(nodes)
	slices.Sort(balancers)
	f.Cites = append(f.Cites, s.ways[0].NIC.Doc.Cite(s.ways[0].IP.At+"/privateIPAddress"))
	behind := "no load balancer"
	switch len(balancers) {
	case 0:
	case 1:
		behind = "load balancer " + balancers[0] + ", which lets nobody out"
	default:
		behind = "load balancers " + rule.List(balancers) + ", which let nobody out"
	}
	f.Message = fmt.Sprintf("Nodes %s in subnet %s of network %s have no NAT gateway, no public IP of their own and no route to a firewall, and are behind %s.", rule.List(nodes), s.subnet.Name, s.vnet.Name, behind)
	if d := s.subnet.DefaultOutbound; d != nil && !*d {
		f.Message += " The subnet is private (defaultOutboundAccess false): they reach no host on the Internet."
		f.Cites = append(f.Cites, s.vnet.Doc.Cite(s.subnet.At+"/defaultOutboundAccess"))
	} else {
		f.Confidence, f.Why = report.Likely, "the subnet is not private, and only Azure's rule that a Standard load balancer takes default outbound access away speaks against a way out"
		f.Message += " Machines behind a Standard load balancer do not get default outbound access: they reach no host on the Internet."
	}
	if e := waits(p); e != nil {
		f.Severity = ""
		f.Message += fmt.Sprintf(" Pods wait for images that cannot be fetched (%s/%s).", e.Namespace, e.Name)
		f.Cites = append(f.Cites, e.Doc.CiteWhole())
	}
	vnet := az.GroupOf(s.vnet.ID)
	f.Fix = []report.Step{
		{Say: "Give the subnet a NAT gateway, with a public IP of SKU Standard.",
			Run: fmt.Sprintf("az network nat gateway create -g %s -n NAT_GATEWAY --public-ip-addresses PUBLIC_IP && az network vnet subnet update -g %s --vnet-name %s -n %s --nat-gateway NAT_GATEWAY",
				rule.Word(vnet, "GROUP"), rule.Word(vnet, "GROUP"), rule.Word(s.vnet.Name, "VNET"), rule.Word(s.subnet.Name, "SUBNET")), Changes: true},
		{Say: "Or let nodes out through a public load balancer with an outbound rule, or send them to a firewall by a route. If the cluster is meant to be isolated, nothing is to be done."},
	}
	return f
}

// waits is an event of a pod whose image could not be fetched in time, or nil.
func waits(p *rule.Pass) *snapshot.Event {
	for i := len(p.Snapshot.Events) - 1; i >= 0; i-- {
		e := &p.Snapshot.Events[i]
		if e.Kind != "Pod" || e.Reason != "Failed" || !strings.Contains(e.Message, "ull image") {
			continue
		}
		for _, sign := range []string{"i/o timeout", "context deadline exceeded", "Client.Timeout exceeded"} {
			if strings.Contains(e.Message, sign) {
				return e
			}
		}
	}
	return nil
}
