package route

import (
	"fmt"
	"slices"

	"azlb/analyze/rule"
	"azlb/analyze/topology"
	"azlb/analyze/walk"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// ROUTE01 are answers that do not go back the way on which the request came.
var ROUTE01 = &rule.Rule{
	ID:       "AZLB-ROUTE01",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the nodes' answers to Internet clients go to a firewall that never saw the request",
		Symptom: "Connections to a public Service time out, although load balancer, security groups, health probe and pods are in order; from inside the virtual network the pods answer. It began when the nodes' subnet got a route table, or a cluster was made with outbound type userDefinedRouting.",
		Cause: "A load balancer of Azure hands packets on without being on the way back: a node answers the client itself, by the routes of its own subnet. " +
			"A user-defined route for 0.0.0.0/0 whose next hop is a firewall (VirtualAppliance) sends these answers there, while the request came by the public address and past the firewall. A stateful firewall drops an answer to a connection that it does not know. Next hop None drops every answer.",
		Fix: []report.Step{
			{Say: "See the routes of the nodes' subnet.", Run: "az network route-table route list -g GROUP --route-table-name ROUTE_TABLE -o table"},
			{Say: "If clients are to come through the firewall, let it translate its public address to that of the Service (DNAT), and send the answers to that address straight to the Internet.",
				Run: "az network route-table route create -g GROUP --route-table-name ROUTE_TABLE -n to-firewall-public-ip --address-prefix FIREWALL_PUBLIC_IP/32 --next-hop-type Internet", Changes: true},
			{Say: "Or make the Service internal and let the firewall translate to its private address: both directions then pass the firewall.",
				Run: "kubectl annotate service -n NAMESPACE SERVICE service.beta.kubernetes.io/azure-load-balancer-internal=true", Changes: true},
		},
		References: []string{"https://learn.microsoft.com/azure/firewall/integrate-lb", "https://learn.microsoft.com/azure/aks/limit-egress-traffic", "https://learn.microsoft.com/azure/virtual-network/virtual-networks-udr-overview", "MicrosoftDocs/azure-docs#33091"},
		Healthy: "An internal Service behind a firewall is no fault: both directions may pass it. Nor is a public one whose clients all come through the firewall by DNAT, if the table has a route to the Internet for the firewall's public address (or for whichever clients there are): where a narrower route to the Internet is there that may be for the clients, nothing is told. " +
			"A route for 0.0.0.0/0 does not catch the virtual network and its peers.",
	},
	Needs: rule.Needs{All: []*bundle.Evidence{&bundle.Services, &bundle.Nodes, &bundle.EndpointSlices, &bundle.LoadBalancers, &bundle.VNets, &bundle.RouteTables}, Clean: rule.Backends},
	Check: checkROUTE01,
}

// astray is a route that takes the answers of some Services.
type astray struct {
	reply walk.Reply
	whole bool // for all nodes, not some
	of    []string
}

func checkROUTE01(p *rule.Pass) {
	var all []*astray
	public := false
	for _, s := range p.Graph.Served() {
		for _, w := range p.Walks.Of(s.Key()) {
			replies := w.Replies(p.Graph, p.Wants.Of(s.Key()).Sources)
			public = public || len(replies) > 0
			hop, _ := walk.ReplyHop(replies)
			for _, r := range replies {
				if r.Verdict != report.Blocks {
					continue
				}
				i := slices.IndexFunc(all, func(a *astray) bool {
					return a.reply.Way.Route == r.Way.Route && a.whole == (hop.Verdict == report.Blocks)
				})
				if i < 0 {
					i = len(all)
					all = append(all, &astray{reply: r, whole: hop.Verdict == report.Blocks})
				}
				if !slices.Contains(all[i].of, s.Key()) {
					all[i].of = append(all[i].of, s.Key())
				}
			}
		}
	}
	if !public {
		p.NotApplicable("no Service has a public frontend with a rule")
	}
	for _, a := range all {
		p.Find(a.finding(p))
	}
}

func (a *astray) finding(p *rule.Pass) rule.Finding {
	r := a.reply
	t, route := r.Way.Table, r.Way.Route
	f := rule.Finding{Subject: subject(t), Services: a.of, Confidence: report.Likely, Cites: r.Cites()}
	f.Message = fmt.Sprintf("Route %s (%s) of route table %s, which is at the nodes' subnet %s, ", route.Name, route.AddressPrefix, t.Name, r.Subnet.Name)
	switch r.Way.NextHop {
	case topology.ToNothing:
		f.Message += fmt.Sprintf("drops what the nodes answer to %s (next hop None).", r.Client)
		f.Confidence = report.Certain
	case topology.ToGateway:
		f.Message += fmt.Sprintf("sends what the nodes answer to %s through the virtual network gateway, but the requests come straight to the public address.", r.Client)
		f.Why = "whatever is behind the gateway may pass answers on without having seen the requests"
	default:
		f.Message += fmt.Sprintf("sends what the nodes answer to %s to the appliance %s, but the requests come straight to the public address: it sees answers to connections that it does not know, and a stateful firewall drops them.", r.Client, route.NextHopIPAddress)
		f.Why = "an appliance that keeps no state would pass them on"
	}
	if r.Way.Gateway && f.Confidence == report.Certain {
		f.Confidence, f.Why = report.Likely, "a gateway may announce a narrower route, which no table shows"
	}
	if !a.whole {
		f.Severity = report.Warning
		f.Message += fmt.Sprintf(" That is so for the nodes of this subnet and not for all: some connections to %s fail.", rule.List(a.of))
	}
	f.Fix = append([]report.Step{show(t)}, back(p, a)...)
	ask := rule.Writers(t.ID, "ROUTE_TABLE_ID")
	f.Fix = append(f.Fix, p.LastWritten(&f, ask, t.ID)...)
	return f
}

// back are the ways to let the answers arrive.
func back(p *rule.Pass, a *astray) []report.Step {
	t := a.reply.Way.Table
	if a.reply.Way.NextHop == topology.ToNothing {
		return []report.Step{{Say: "If nobody wants the answers dropped, delete the route.", Run: "az network route-table route delete " + where(t) + " -n " + rule.Word(a.reply.Way.Route.Name, "ROUTE"), Changes: true}}
	}
	steps := []report.Step{{Say: "If clients are to come through the firewall, let it translate its public address to that of the Service (DNAT), and send the answers to its public address straight to the Internet.",
		Run: "az network route-table route create " + where(t) + " -n to-firewall-public-ip --address-prefix FIREWALL_PUBLIC_IP/32 --next-hop-type Internet", Changes: true}}
	if in := a.reply.In; in.IsValid() {
		steps = append(steps, report.Step{Say: "If these clients are to come straight to the public address, send the answers to them straight to the Internet, past the firewall.",
			Run: "az network route-table route create " + where(t) + " -n to-clients --address-prefix " + in.String() + " --next-hop-type Internet", Changes: true})
	}
	s := p.Graph.Service(a.of[0])
	return append(steps, rule.Annotate(s, "service.beta.kubernetes.io/azure-load-balancer-internal", "true",
		"Or make the Service internal, and let the firewall translate to its private address: both directions then pass the firewall. Its public address is given back."))
}
