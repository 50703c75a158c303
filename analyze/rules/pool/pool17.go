package pool

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/desired"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	"azlb/analyze/walk"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// POOL17 is a node that belongs in a backend pool and is not there.
var POOL17 = &rule.Rule{
	ID:       "AZLB-POOL17",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "a node that should get traffic is missing from the backend pool",
		Symptom: "Nothing warns in Kubernetes, the node is Ready, and no traffic reaches it from the load balancer; the remaining nodes carry everything, or, where all are missing, connections time out.",
		Cause: "The provider puts every node with a machine into the backend pools of the cluster's load balancers, unless a label keeps it out. The pool is stored at the machines' network interfaces, where anybody with rights can take it off: by hand in the portal, with a template that writes the interface or the scale set, or by removing the pool. " +
			"The provider does not watch Azure; it looks when a Service or the nodes change.",
		Fix: []report.Step{
			{Say: "See who is in the pool.", Run: "az network lb address-pool show -g GROUP --lb-name kubernetes -n kubernetes --query \"backendIPConfigurations[].id\" -o tsv"},
			{Say: "Make the provider fill the pool again.", Run: "kubectl annotate service -n NAMESPACE SERVICE azlb-resync=\"$(date +%s)\" --overwrite", Changes: true},
			{Say: "Find out who took the node out.", Run: "az monitor activity-log list --resource-id SCALE_SET_ID --offset 7d -o table"},
		},
		References: []string{"https://kubernetes-sigs.github.io/cloud-provider-azure/topics/loadbalancer/", "https://learn.microsoft.com/azure/load-balancer/backend-pool-management",
			"EnsureHostsInPool of cloud-provider-azure"},
		Healthy: "Nodes that a label keeps out, virtual, control-plane and stopped nodes, nodes in another load balancer's pool, nodes of the last minutes and those whose machine is not in the bundle are not missed. While a sync fails, a missing node is its consequence.",
	},
	Needs: rule.Needs{
		All:   []*bundle.Evidence{&bundle.Services, &bundle.Nodes, &bundle.LoadBalancers},
		Clean: append([]*bundle.Evidence{&bundle.KubeVersion, &bundle.Events}, rule.Machines...), // a node without a machine is not missed, nor a new one before a sync
	},
	FollowsFrom: []string{"AZLB-AUTH01", "AZLB-AUTH02", "AZLB-AUTH03", "AZLB-AUTH08", "AZLB-CFG01", "AZLB-THR01", "AZLB-THR02", "AZLB-POOL01", "AZLB-POOL03", "AZLB-POOL06", "AZLB-POOL07", "AZLB-POOL08", "AZLB-POOL09", "AZLB-POOL10", "AZLB-POOL12", "AZLB-POOL14", "AZLB-POOL16", "AZLB-MSLB01", "AZLB-MSLB06", "AZLB-POL01", "AZLB-LOCK01", "AZLB-SYNC01", "AZLB-SYNC02", "AZLB-SYNC05", "AZLB-SYNC06", "AZLB-PLAT01", "AZLB-PLAT02", "AZLB-AUTH04", "AZLB-AUTH05", "AZLB-AUTH06", "AZLB-AUTH09"},
	Check:       checkPOOL17,
}

func checkPOOL17(p *rule.Pass) {
	for _, c := range compared(p, desired.Existence) {
		if c.Kind == desired.Missing {
			p.Find(noPool(p, c))
		}
	}
	byPool, byNode := map[string][]desired.Check{}, map[string][]desired.Check{}
	var pools, nodes []string
	for _, c := range compared(p, members) {
		if c.Kind != desired.Missing {
			continue
		}
		if bare(p, c.Object) {
			if byPool[c.Object] == nil {
				pools = append(pools, c.Object)
			}
			byPool[c.Object] = append(byPool[c.Object], c)
			continue
		}
		if byNode[c.Want] == nil {
			nodes = append(nodes, c.Want)
		}
		byNode[c.Want] = append(byNode[c.Want], c)
	}
	for _, object := range pools {
		p.Find(nobody(p, object, byPool[object]))
	}
	for _, name := range nodes {
		if p.Snapshot.Config == nil && homeless(p, name) {
			continue // AZLB-MSLB05, if azure.json lists several load balancers
		}
		missed(p, p.Graph.Node(name), byNode[name], nodes)
	}
}

// homeless reports whether the provider says that no load balancer of several takes the node.
func homeless(p *rule.Pass, node string) bool {
	return slices.ContainsFunc(p.Snapshot.Events, func(e snapshot.Event) bool {
		return e.Reason == "FailedToFindLoadBalancerForNode" && strings.HasSuffix(e.Message, " "+node)
	})
}

// bare reports whether no member of the pool can be a node of the cluster.
func bare(p *rule.Pass, object string) bool {
	_, pool := pooled(p, object)
	return pool != nil && !slices.ContainsFunc(p.Graph.Members(pool), func(m *topology.Member) bool { return m.Node != nil || m.Machine == nil })
}

// noPool is a load balancer without the pool of the cluster's nodes.
func noPool(p *rule.Pass, c desired.Check) rule.Finding {
	lb, _ := pooled(p, c.Object)
	f := rule.Finding{
		Subject:  report.Object{Kind: "LoadBalancer", Name: lb.Name},
		Severity: report.Error,
		Services: c.Services,
		Message:  fmt.Sprintf("Load balancer %s has no %s, the pool of the cluster's nodes.", lb.Name, c.Want),
		Cites:    c.Cites(),
		Absence:  []*bundle.Evidence{&bundle.LoadBalancers},
	}
	if !slices.ContainsFunc(c.Services, func(key string) bool {
		return slices.ContainsFunc(p.Walks.Of(key), func(w *walk.Walk) bool { return w.Blocked() != nil })
	}) {
		f.Severity = report.Warning
		f.Message += " The Services work through another pool."
	}
	blamed(p, &f, []desired.Check{c}, nil, lb.ID)
	f.Fix = repair(p, &f, []desired.Check{c}, "Make the provider make the pool and fill it", []string{lb.ID}, lb.ID)
	return f
}

// nobody is a pool in which no node is left.
func nobody(p *rule.Pass, object string, checks []desired.Check) rule.Finding {
	lb, _ := pooled(p, object)
	var names []string
	for _, c := range checks {
		names = append(names, c.Want)
	}
	f := rule.Finding{
		Subject:  report.Object{Kind: "LoadBalancer", Name: lb.Name},
		Severity: report.Error,
		Services: checks[0].Services,
		Message:  fmt.Sprintf("Backend pool %s holds none of the cluster's nodes, so nobody reaches %s. %s, and nothing in Kubernetes keeps %s out.", object, rule.List(checks[0].Services), belong(names), them(len(names))),
		Cites:    rule.Proofs(checks),
		Absence:  []*bundle.Evidence{&bundle.LoadBalancers},
	}
	n := p.Graph.Node(names[0])
	ids := append(carriers(p, n, lb), lb.ID)
	blamed(p, &f, checks, n, ids...)
	f.Fix = repair(p, &f, checks[:1], "Make the provider fill the pool again", []string{lb.ID, machineID(n)}, ids...)
	return f
}

// missed tells of one node that is in no pool, or not in all, while others are: a
// warning for the Services that others carry, an error for those that have their
// only pods there.
func missed(p *rule.Pass, n *topology.Node, checks []desired.Check, missing []string) {
	var harmed, cut []string
	for _, c := range checks {
		harmed = join(harmed, c.Services...)
	}
	for _, s := range beyond(p, func(n *topology.Node) bool { return slices.Contains(missing, n.Name) }) {
		if slices.Contains(harmed, s.Key()) && s.ReadyEndpoints()[0].NodeName == n.Name {
			cut = append(cut, s.Key())
		}
	}
	harmed = slices.DeleteFunc(harmed, func(key string) bool { return slices.Contains(cut, key) })
	if len(cut) > 0 {
		p.Find(out(p, n, checks, cut, report.Error, fmt.Sprintf("All ready pods of %s are there, and with externalTrafficPolicy Local no other node passes packets on to them.", rule.List(cut))))
	}
	if len(harmed) > 0 {
		p.Find(out(p, n, checks, harmed, report.Warning, fmt.Sprintf("It gets no traffic of %s from the load balancer; the other nodes carry it.", rule.List(harmed))))
	}
}

func out(p *rule.Pass, n *topology.Node, checks []desired.Check, services []string, severity report.Severity, say string) rule.Finding {
	state := "is Ready and"
	if n.Ready() != corev1.ConditionTrue {
		state, severity = "(which is not Ready)", report.Info
	}
	f := rule.Finding{
		Subject:  report.Object{Kind: "Node", Name: n.Name},
		Services: services,
		Severity: severity,
		Message:  fmt.Sprintf("Node %s %s belongs in %s, and nothing in Kubernetes keeps it out, but %s. %s", n.Name, state, pools(checks), absent(checks), say),
		Cites:    rule.Proofs(checks),
		Absence:  []*bundle.Evidence{&bundle.LoadBalancers},
	}
	lb, _ := pooled(p, checks[0].Object)
	ids := carriers(p, n, lb)
	blamed(p, &f, checks, n, ids...)
	f.Fix = repair(p, &f, checks, "Make the provider put the node back", []string{machineID(n)}, ids...)
	return f
}
