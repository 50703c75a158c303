package route

import (
	"fmt"
	"strings"

	"azlb/analyze/rule"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// ROUTE02 are pods that other nodes do not reach for want of a route.
var ROUTE02 = &rule.Rule{
	ID:       "AZLB-ROUTE02",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "no route leads to the pods of a node",
		Symptom: "Connections to a Service fail or time out, all of them or as many as go to certain pods, while load balancer and health probes are in order: the probe asks the node, not the pod. Pods on the same node reach each other, those on different nodes do not. With externalTrafficPolicy Local the Service works.",
		Cause: "With kubenet the virtual network does not know the addresses of pods. The provider's route controller therefore writes one route for each node into a route table: the node's range of pods, with the node's address as next hop. " +
			"It must be in the table that is at the subnet of the nodes. Where it is not, what one node sends to a pod on another is lost: the load balancer hands a connection to any node, and kube-proxy passes it on to wherever the pod runs. " +
			"Routes are not there where the provider may not write the table, where somebody replaced the table's routes (Terraform and templates do so with routes that they do not know of), or where the subnet has another table or none.",
		Fix: []report.Step{
			{Say: "See the routes of the table, and compare with the ranges of the nodes.", Run: "az network route-table route list -g GROUP --route-table-name ROUTE_TABLE -o table"},
			{Say: "The route controller writes what is not there within seconds, if it may: see what it logs about the node.", Run: "kubectl logs -n kube-system -l component=cloud-controller-manager --tail=-1 | grep -i route"},
			{Say: "If the table is not at the nodes' subnet, put it there.", Run: "az network vnet subnet update --ids SUBNET_ID --route-table ROUTE_TABLE_ID", Changes: true},
		},
		References: []string{"https://learn.microsoft.com/azure/aks/configure-kubenet", "https://learn.microsoft.com/azure/aks/concepts-network-legacy-cni", "virtual-kubelet/virtual-kubelet#222"},
		Healthy:    "With Azure CNI, its overlay or another overlay pods need no routes, and what is left of a time before is not looked at: the rule speaks only where the provider made routes for the nodes of today, or set their condition NetworkUnavailable. A node of the last five minutes may still wait for its route, a virtual node and one labelled kubernetes.azure.com/managed=false get none, that of a node which the autoscaler takes away may go before it, and a wider route of somebody's own may know the way.",
	},
	Needs:       rule.Needs{All: []*bundle.Evidence{&bundle.Services, &bundle.Nodes, &bundle.VNets, &bundle.RouteTables}},
	FollowsFrom: []string{"AZLB-ROUTE03"},
	Check:       checkROUTE02,
}

func checkROUTE02(p *rule.Pass) {
	because, cite := p.Graph.ByRoutes()
	if because == "" {
		p.NotApplicable("nothing tells that pods are reached by routes: the provider made none for these nodes")
		return
	}
	for _, s := range p.Graph.RouteSites() {
		if list := p.Graph.Routeless(s.Table, s.VNet); len(list) > 0 {
			p.Find(unrouted(p, s, list, because, cite))
		}
	}
}

func unrouted(p *rule.Pass, s *topology.RouteSite, list []topology.Routeless, because string, cite report.Cite) rule.Finding {
	names, cites := nodesOf(list)
	f := rule.Finding{Confidence: report.Likely, Why: because + ", but an overlay of the cluster's network may carry the pods all the same", Cites: append(cites, cite)}
	if s.Table == nil {
		f.Subject = report.Object{Kind: "Subnet", Name: s.Subnet.Name}
		f.Message = fmt.Sprintf("Subnet %s, where nodes are, has no route table, so no route leads from there to the pods of %s.", s.Subnet.Name, rule.List(names))
		f.Cites = append(f.Cites, s.VNet.Doc.Cite(s.Subnet.At+"/name"))
		f.Absence = []*bundle.Evidence{&bundle.VNets}
	} else {
		f.Subject = subject(s.Table)
		f.Message = fmt.Sprintf("%s, the route table of the nodes' subnet %s, has no route for the pods of %s.", s.Table.Name, s.Subnet.Name, rule.List(names))
		f.Cites = append(f.Cites, s.Table.Doc.Cite(s.Table.At+"/routes"))
		f.Absence = []*bundle.Evidence{&bundle.RouteTables}
	}
	for _, m := range list {
		if m.Wrong != nil {
			f.Message += fmt.Sprintf(" Route %s leads to %s, but the node has %s; the provider compares only the names and ranges of routes.", m.Wrong.Name, m.Wrong.NextHopIPAddress, strings.Join(m.Node.Addresses(), ", "))
			f.Cites = append(f.Cites, s.Table.Doc.Cite(m.Wrong.At+"/nextHopIpAddress"))
			break
		}
	}
	tell(p, s, &f, list)
	f.Fix = repair(p, s, list)
	return f
}

// repair makes the provider write its routes where the nodes are.
func repair(p *rule.Pass, s *topology.RouteSite, list []topology.Routeless) []report.Step {
	if s.Table == nil {
		table := "ROUTE_TABLE_ID"
		for i := range p.Snapshot.Routes {
			t := &p.Snapshot.Routes[i]
			if len(p.Graph.Routeless(t, s.VNet)) < len(p.Graph.Routeless(nil, s.VNet)) {
				table = rule.Word(t.ID, table)
				break
			}
		}
		return []report.Step{{Say: "Put the table that the provider writes to (routeTableName in azure.json) at the subnet.", Run: "az network vnet subnet update --ids " + rule.Word(s.Subnet.ID, "SUBNET_ID") + " --route-table " + table, Changes: true}}
	}
	steps := []report.Step{show(s.Table)}
	for _, m := range list {
		if m.Wrong != nil {
			steps = append(steps, report.Step{Say: "Delete the route that leads elsewhere; the route controller writes it again with the node's address.", Run: "az network route-table route delete " + where(s.Table) + " -n " + rule.Word(m.Wrong.Name, "ROUTE"), Changes: true})
		}
	}
	steps = append(steps, report.Step{Say: "The route controller writes what is not there within seconds, if it may. See what it logs about the node (on AKS in the logs of the control plane).", Run: "kubectl logs -n kube-system -l component=cloud-controller-manager --tail=-1 | grep -i route"})
	return append(steps, rule.Writers(s.Table.ID, "ROUTE_TABLE_ID"))
}
