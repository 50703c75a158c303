package pool

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/desired"
	"azlb/analyze/rule"
	"azlb/analyze/topology"
	"azlb/analyze/walk"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/azname"
	"azlb/report"
)

// POOL04 is a label that keeps the nodes out of the load balancers.
var POOL04 = &rule.Rule{
	ID:       "AZLB-POOL04",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "every node is labelled to be kept out of the load balancers",
		Symptom: "New Services get an address that nobody reaches, and an event UnAvailableLoadBalancer says that there are no available nodes; or everything still works, and new nodes or new load balancers get no traffic.",
		Cause: "A node with the label node.kubernetes.io/exclude-from-external-load-balancers belongs in no backend pool. Its value is irrelevant: \"false\" keeps the node out like \"true\". " +
			"If every node has it, no node is left. Newer releases of the provider refuse to empty a pool and leave its members as they are, so that existing load balancers work on until they are made anew; older ones empty it.",
		Fix: []report.Step{
			{Say: "See which nodes have the label.", Run: "kubectl get nodes -l node.kubernetes.io/exclude-from-external-load-balancers"},
			{Say: "Take the label off the nodes that should get traffic.", Run: "kubectl label node NODE node.kubernetes.io/exclude-from-external-load-balancers-", Changes: true},
		},
		References: []string{"https://kubernetes.io/docs/reference/labels-annotations-taints/#node-kubernetes-io-exclude-from-external-load-balancers", "kubernetes-sigs/cloud-provider-azure#1643",
			"kubernetes/kubernetes#95519", "https://kubernetes-sigs.github.io/cloud-provider-azure/topics/loadbalancer/", "ShouldNodeExcludedFromLoadBalancer of cloud-provider-azure"},
		Affects: "the label counts since 1.19; pools are no longer emptied since cloud-provider-azure 1.23.27, 1.24.14, 1.25.8, 1.26.4 and 1.27",
		Healthy: "Some nodes excluded on purpose, for maintenance or because they carry other loads, is normal: the rule mentions it only where the label says \"false\", or where a Service with externalTrafficPolicy Local has its only pods there. Control-plane, virtual and unmanaged nodes are not counted.",
	},
	Needs: rule.Needs{
		All:   []*bundle.Evidence{&bundle.Services, &bundle.Nodes, &bundle.LoadBalancers},
		Clean: append([]*bundle.Evidence{&bundle.KubeVersion, &bundle.EndpointSlices}, rule.Backends...),
	},
	Texts: []rule.Text{rule.Reasons("UnAvailableLoadBalancer"), rule.Says(`(?i)there are no available nodes for loadbalancer`)},
	Check: checkPOOL04,
}

var (
	// excludes is since when the label counts without a feature gate.
	excludes = azname.Since("all").InTree("1.19")
	// keepsLast is since when the provider does not take the last members out of a pool.
	keepsLast = azname.Since("1.23.27/1.24.14/1.25.8/1.26.4/1.27")
)

func labelled(n *topology.Node) bool {
	_, ok := n.Labels[topology.ExcludeLabel]
	return ok
}

// negated reports whether the label says false, which looks like no and is yes.
func negated(n *topology.Node) bool {
	return strings.EqualFold(n.Labels[topology.ExcludeLabel], "false")
}

func checkPOOL04(p *rule.Pass) {
	var workers, kept []*topology.Node
	for _, n := range p.Graph.Nodes {
		if n.Virtual() || n.ControlPlane() || unmanaged(n) {
			continue
		}
		workers = append(workers, n)
		if labelled(n) {
			kept = append(kept, n)
		}
	}
	switch {
	case len(kept) == 0:
		p.NotApplicable("no node is labelled "+topology.ExcludeLabel, &bundle.Nodes)
	case p.Wants.Provider.Has(excludes) != desired.Yes:
		p.NotApplicable("before 1.19 the label counts only behind a feature gate")
	case len(kept) < len(workers):
		someKept(p, kept)
	case p.Complete(&bundle.Nodes, ""):
		allKept(p, kept)
	}
}

// allKept tells of Services without a backend, and of those that still have theirs.
func allKept(p *rule.Pass, nodes []*topology.Node) {
	errs := slices.DeleteFunc(p.Current(p.Knows), p.Gone)
	told := rule.Tell(errs)
	dead, _ := p.Named(errs)
	var alive []string
	for _, s := range p.Graph.Served() {
		walks := p.Walks.Of(s.Key())
		switch {
		case len(s.Status.LoadBalancer.Ingress) == 0 || slices.Contains(dead, s.Key()):
		case slices.ContainsFunc(walks, func(w *walk.Walk) bool {
			h := w.Hop(walk.Pool)
			return h != nil && h.Verdict == report.Blocks
		}):
			dead = append(dead, s.Key())
		case slices.ContainsFunc(walks, func(w *walk.Walk) bool { return len(w.Path.Members) > 0 }):
			alive = append(alive, s.Key())
		}
	}
	every := fmt.Sprintf("Every node that could get traffic (%s) is labelled %s, so none belongs in a backend pool.", rule.List(named(nodes)), topology.ExcludeLabel)
	if len(dead) > 0 {
		f := excluded(p, nodes, dead, every+fmt.Sprintf(" %s %s no backend.", rule.List(dead), verb(len(dead))))
		if len(errs) > 0 {
			f.Message += fmt.Sprintf(" The controller says %q (%s).", errs[len(errs)-1].Message, told.Span())
			f.Cites = append(f.Cites, told.Cites...)
		}
		p.Find(f)
	}
	if len(alive) > 0 {
		f := excluded(p, nodes, alive, every+fmt.Sprintf(" %s still %s the members that the pools had, only because the provider refuses to empty a pool; a new load balancer or an exchanged node would have no backend.", rule.List(alive), verb(len(alive))))
		switch p.Wants.Provider.Has(keepsLast) {
		case desired.No:
			f.Message = every + fmt.Sprintf(" %s still %s backends, but the provider (%s) empties the pools at its next sync.", rule.List(alive), verb(len(alive)), p.Wants.Provider.Candidates[0])
		case desired.Perhaps:
			f.Message += " Which release the provider is cannot be told; older ones empty the pool at the next sync."
		}
		if path := p.Graph.Service(alive[0]).Paths[0]; path.Pool.To != nil {
			f.Cites = append(f.Cites, path.Frontend.To.LB.Doc.Cite(path.Pool.To.At+"/name"))
		}
		f.Severity = report.Warning
		p.Find(f)
	}
}

// someKept tells of what is probably not meant where only some nodes are excluded.
func someKept(p *rule.Pass, nodes []*topology.Node) {
	if i := slices.IndexFunc(nodes, negated); i >= 0 {
		var no []*topology.Node
		for _, n := range nodes[i:] {
			if negated(n) {
				no = append(no, n)
			}
		}
		f := excluded(p, no, nil, fmt.Sprintf("%s %s the label %s with the value false. The provider looks only whether the label is there, so %s out of the backend pools all the same.",
			rule.List(named(no)), verb(len(no)), topology.ExcludeLabel, stay(len(no))))
		f.Severity, f.Confidence, f.Why = report.Info, "", ""
		p.Find(f)
	}
	stranded := beyond(p, labelled)
	if len(stranded) == 0 {
		return
	}
	var keys []string
	for _, s := range stranded {
		keys = append(keys, s.Key())
	}
	f := excluded(p, nodes, keys, fmt.Sprintf("All ready pods of %s run on nodes that are labelled %s and are in no backend pool (%s). With externalTrafficPolicy Local no other node passes packets on to them.",
		rule.List(keys), topology.ExcludeLabel, rule.List(named(nodes))))
	f.Severity, f.Confidence, f.Why = report.Info, "", ""
	f.Cites = append(f.Cites, stranded[0].ReadyEndpoints()[0].Cite(), stranded[0].Doc.Cite("/spec/externalTrafficPolicy"))
	for _, s := range stranded[:min(len(stranded), 3)] {
		f.Fix = append(f.Fix, rule.PassOn(s, fmt.Sprintf("Or let pods of %s run on other nodes; or, if the client's address does not matter, let every node pass packets on.", s.Key())))
	}
	p.Find(f)
}

func stay(n int) string {
	if n == 1 {
		return "it stays"
	}
	return "they stay"
}

// excluded is a finding about labelled nodes.
func excluded(p *rule.Pass, nodes []*topology.Node, services []string, say string) rule.Finding {
	f := rule.Finding{Subject: report.Object{Kind: "Node", Name: nodes[0].Name}, Services: services, Message: say,
		Fix: []report.Step{{Say: "See which nodes have the label, and find out who sets it (a node pool's labels, for example).", Run: "kubectl get nodes -l " + topology.ExcludeLabel}}}
	for _, n := range nodes[:min(len(nodes), 3)] {
		f.Cites = append(f.Cites, n.Doc.Cite("/metadata/labels/node.kubernetes.io~1exclude-from-external-load-balancers"))
	}
	if slices.ContainsFunc(nodes, negated) {
		f.Confidence, f.Why = report.Likely, "a node has the label with the value false, which the newest service controllers read as no, though the provider does not"
	}
	for _, n := range nodes[:min(len(nodes), 5)] {
		f.Fix = append(f.Fix, report.Step{Say: fmt.Sprintf("Take the label off %s if it should get traffic.", n.Name), Run: fmt.Sprintf("kubectl label node %s %s-", rule.Word(n.Name, "NODE"), topology.ExcludeLabel), Changes: true})
	}
	return f
}

func named(nodes []*topology.Node) []string {
	var out []string
	for _, n := range nodes {
		out = append(out, n.Name)
	}
	return out
}
