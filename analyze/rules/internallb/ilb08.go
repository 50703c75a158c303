package internallb

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// ILB08 are networks from which an internal load balancer cannot be reached.
var ILB08 = &rule.Rule{
	ID:       "AZLB-ILB08",
	Severity: report.Info,
	Doc: report.Doc{
		Title:   "callers in a peered network do not reach internal load balancers here",
		Symptom: "An internal Service answers to callers in the cluster's virtual network, but connections from another network time out. (No load balancer answers a ping, reachable or not.)",
		Cause: "The address of an internal load balancer is one of its virtual network: reached from this network, from networks peered with it, and over a VPN or ExpressRoute gateway. " +
			"A peering carries packets only while it is Connected on both sides and virtual network access is allowed; it knows only the prefixes that the other network had when it was last synced. It is not transitive. A Basic load balancer is not reached from a network of another region (global peering) at all.",
		Fix: []report.Step{
			{Say: "See the peerings of the cluster's virtual network.", Run: "az network vnet peering list -g GROUP --vnet-name VNET -o table"},
			{Say: "Sync the peering, on both sides, after prefixes were added.", Run: "az network vnet peering sync -g GROUP --vnet-name VNET -n PEERING", Changes: true},
			{Say: "A peering that is Initiated lacks its other side; one that is Disconnected must be deleted and made again on both."},
		},
		References: []string{"https://learn.microsoft.com/azure/virtual-network/virtual-network-peering-overview", "https://learn.microsoft.com/azure/virtual-network/virtual-networks-faq#what-are-the-constraints-related-to-global-virtual-network-peering-and-load-balancers", "https://learn.microsoft.com/azure/virtual-network/update-virtual-network-peering-address-space", "Azure/AKS#1282"},
		Healthy:    "A peering of which nothing is left but its name disturbs nobody who does not call from there: the bundle does not tell who calls, so this is a hint and never more.",
	},
	Needs: rule.Needs{All: []*bundle.Evidence{&bundle.Services, &bundle.VNets, &bundle.LoadBalancers}, Any: []*bundle.Evidence{&bundle.Nodes, &bundle.CloudConfig}},
	Check: checkILB08,
}

func checkILB08(p *rule.Pass) {
	var served []string
	basic := ""
	for _, a := range asks(p) {
		if a.waits() {
			continue
		}
		served = append(served, a.service.Key())
		for _, f := range a.service.Frontends {
			if f.Subnet != nil && strings.EqualFold(f.LB.SKU.Name, "Basic") {
				basic = f.LB.Name
			}
		}
	}
	slices.Sort(served)
	served = slices.Compact(served)
	v := networkOf(p).vnet
	if len(served) == 0 || v == nil {
		return
	}
	for i := range v.Peerings {
		peering := &v.Peerings[i]
		say, cite := unreached(p, v, peering, basic)
		if say == "" {
			continue
		}
		remote := "the other network"
		if r := peering.RemoteVirtualNetwork; r != nil && az.LastName(r.ID) != "" {
			remote = "virtual network " + az.LastName(r.ID)
		}
		where := fmt.Sprintf("-g %s --vnet-name %s", rule.Word(az.GroupOf(v.ID), "GROUP"), rule.Word(v.Name, "VNET"))
		f := rule.Finding{Subject: report.Object{Kind: "Peering", Name: v.Name + "/" + peering.Name}, Confidence: report.Possible, Why: "the bundle does not tell who calls from there", Cites: []report.Cite{v.Doc.Cite(cite)}}
		f.Message = fmt.Sprintf("Callers in %s do not reach %s: %s.", remote, rule.List(served), say)
		f.Fix = []report.Step{{Say: "See the peerings of the cluster's virtual network; look at the other side of each too.", Run: "az network vnet peering list " + where + " -o table"}}
		if strings.HasSuffix(cite, "/peeringSyncLevel") {
			f.Message = fmt.Sprintf("Callers in %s may not reach %s: %s.", remote, rule.List(served), say)
			f.Fix = append(f.Fix, report.Step{Say: "Sync the peering; the same on the other side.", Run: "az network vnet peering sync " + where + " -n " + rule.Word(peering.Name, "PEERING"), Changes: true})
		}
		p.Find(f)
	}
}

// unreached says why callers from the other side of a peering get no answer, empty where
// nothing tells so, and where that stands.
func unreached(p *rule.Pass, v *snapshot.VNet, x *az.Peering, basic string) (say, cite string) {
	switch state := strings.ToLower(x.PeeringState); {
	case state == "initiated":
		return "the peering is Initiated, which means that its other side is not made yet", x.At + "/peeringState"
	case state == "disconnected":
		return "the peering is Disconnected, which means that its other side is gone; both must be made again", x.At + "/peeringState"
	case x.AllowVirtualNetworkAccess != nil && !*x.AllowVirtualNetworkAccess:
		return "the peering does not allow virtual network access", x.At + "/allowVirtualNetworkAccess"
	case x.PeeringSyncLevel != "" && !strings.EqualFold(x.PeeringSyncLevel, "FullyInSync"):
		return "prefixes were added to one of the networks since the peering was synced (" + x.PeeringSyncLevel + "), and those are not reached", x.At + "/peeringSyncLevel"
	}
	if basic == "" || x.RemoteVirtualNetwork == nil {
		return "", ""
	}
	for i := range p.Snapshot.VNets {
		r := &p.Snapshot.VNets[i]
		if az.SameID(r.ID, x.RemoteVirtualNetwork.ID) && r.Location != "" && v.Location != "" && !strings.EqualFold(r.Location, v.Location) {
			return fmt.Sprintf("load balancer %s is Basic, which is not reached over a peering from another region (%s, here %s)", basic, r.Location, v.Location), x.At + "/remoteVirtualNetwork/id"
		}
	}
	return "", ""
}
