package multislb

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// MSLB05 is a node that no load balancer takes.
var MSLB05 = &rule.Rule{
	ID:       "AZLB-MSLB05",
	Severity: report.Warning,
	Doc: report.Doc{
		Title:   "none of the cluster's load balancers takes the node",
		Symptom: "In a cluster with several load balancers a node gets no traffic; events of the reason FailedToFindLoadBalancerForNode say `failed to find a lb for node`.",
		Cause: "The provider puts each node on one load balancer: the one whose primaryVMSet is the node's scale set; else one whose nodeSelector matches its labels; else one without a nodeSelector. " +
			"Only load balancers count that exist or are being made. A node that fits none is left out of all pools; Services reach its pods over other nodes, except local ones.",
		Fix: []report.Step{
			{Say: "Leave one load balancer of azure.json without a nodeSelector, so that it takes what no other one does.", Run: "sudoedit /etc/kubernetes/azure.json", Changes: true},
			{Say: "Or give the node a label that a nodeSelector wants.", Run: "kubectl label node NODE KEY=VALUE", Changes: true},
		},
		References: []string{docs, "https://learn.microsoft.com/azure/aks/use-multiple-standard-load-balancer"},
		Affects:    "cloud-provider-azure 1.28 and later",
		Healthy:    "A cluster with one load balancer may show the event and lacks nothing. With several, a start of the controller sends it for nodes whose load balancer is made right after: a node that is in a pool now is not meant, nor is one that is no backend (control plane, excluded, virtual).",
	},
	Needs:       rule.Needs{Any: text, All: []*bundle.Evidence{&bundle.Nodes, &bundle.LoadBalancers}, Clean: []*bundle.Evidence{&bundle.CloudConfig}},
	FollowsFrom: []string{"AZLB-MSLB03"},
	Texts:       []rule.Text{rule.Reasons("FailedToFindLoadBalancerForNode"), rule.Says(`failed to find a lb for node`)},
	Check:       checkMSLB05,
}

func checkMSLB05(p *rule.Pass) {
	errs := p.Current(p.Knows)
	if single(p) || config(p) == nil && !spread(p) {
		p.NotApplicable("the cluster has one load balancer of each kind, as far as the bundle tells")
		return
	}
	if !p.Graph.Whole(&bundle.LoadBalancers) {
		return
	}
	byNode := map[*topology.Node][]*errtext.Error{}
	for _, e := range errs {
		if n := p.Graph.Node(e.Node); n != nil && e.Node != "" && !n.Virtual() && !n.Excluded() && !n.ControlPlane() && !pooled(p, n) {
			byNode[n] = append(byNode[n], e)
		}
	}
	for _, n := range p.Graph.Nodes {
		if len(byNode[n]) > 0 {
			p.Find(leftOut(p, n, byNode[n]))
		}
	}
}

// spread reports whether the cluster's Services are on load balancers of several names.
func spread(p *rule.Pass) bool {
	var names []string
	for _, s := range p.Graph.Services {
		for _, f := range s.Frontends {
			if n := base(f.LB.Name); f.Own && !slices.Contains(names, n) {
				names = append(names, n)
			}
		}
	}
	return len(names) > 1
}

// pooled reports whether the node is in some backend pool of the bundle.
func pooled(p *rule.Pass, n *topology.Node) bool {
	return slices.ContainsFunc(p.Snapshot.Loads, func(lb snapshot.LoadBalancer) bool {
		for i := range lb.Pools {
			if slices.ContainsFunc(p.Graph.Members(&lb.Pools[i]), func(m *topology.Member) bool { return m.Node == n }) {
				return true
			}
		}
		return false
	})
}

func leftOut(p *rule.Pass, n *topology.Node, errs []*errtext.Error) rule.Finding {
	told := rule.Tell(errs)
	f := rule.Finding{Subject: report.Object{Kind: "Node", Name: n.Name}, Cites: append(told.Cites, n.Doc.Cite("/metadata/labels")), Absence: []*bundle.Evidence{&bundle.LoadBalancers}}
	f.Message = fmt.Sprintf("The provider finds no load balancer for node %s, %s, and the node is in no backend pool.", n.Name, told.Span())
	for _, s := range p.Graph.Served() {
		if s.Local() && slices.ContainsFunc(s.ReadyEndpoints(), func(e topology.Endpoint) bool { return e.Node == n }) {
			f.Services = append(f.Services, s.Key())
		}
	}
	if len(f.Services) > 0 {
		f.Message += fmt.Sprintf(" Pods of %s on it get no traffic from outside, since externalTrafficPolicy is Local.", rule.List(f.Services))
	} else {
		f.Message += " Services reach its pods over other nodes."
	}
	if c := config(p); c != nil {
		f.Cites = append(f.Cites, c.Doc.Cite("/multipleStandardLoadBalancerConfigurations"))
		f.Message += " " + offers(p, c)
	}
	f.Fix = []report.Step{
		edit(p, "Leave one load balancer without a nodeSelector, so that it takes what no other one does."),
		{Say: "Or give the node a label that a nodeSelector wants; it is looked at again in the next sync.", Changes: true, Run: "kubectl label node " + rule.Word(n.Name, "NODE") + " KEY=VALUE"},
	}
	return f
}

// offers says of each load balancer which nodes it takes, and whether it exists.
func offers(p *rule.Pass, c *snapshot.CloudConfig) string {
	var say []string
	for _, b := range c.MultipleLoadBalancers {
		what := b.Name + " takes the nodes of " + b.PrimaryVMSet
		switch {
		case b.NodeSelector == nil || len(b.NodeSelector.MatchLabels)+len(b.NodeSelector.MatchExpressions) == 0:
			what += " and any other"
		default:
			what += " and those that its nodeSelector matches"
		}
		if !slices.ContainsFunc(p.Snapshot.Loads, func(lb snapshot.LoadBalancer) bool { return base(lb.Name) == strings.ToLower(b.Name) }) {
			what += ", but does not exist yet"
		}
		say = append(say, what)
	}
	return strings.Join(say, "; ") + "."
}
