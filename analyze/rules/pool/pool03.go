package pool

import (
	"fmt"
	"slices"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// POOL03 is a virtual node, which no load balancer can have as a backend.
var POOL03 = &rule.Rule{
	ID:       "AZLB-POOL03",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "a virtual node has no machine that a load balancer could reach",
		Symptom: "After a virtual kubelet joined, Services stay pending with \"instance not found\"; or a Service with externalTrafficPolicy Local is dead although its pods on the virtual node are ready.",
		Cause: "A virtual kubelet (virtual node, ACI) registers as a node, but no virtual machine stands behind it. A provider that is not told to leave it out looks for its machine, finds none and fails the sync of every Service. " +
			"Where it is left out, it is in no backend pool, so that pods there are reached only through kube-proxy of another node, which externalTrafficPolicy Local forbids.",
		Fix: []report.Step{
			{Say: "Since 1.19: keep the node out of the load balancers by its label.", Run: "kubectl label node NODE node.kubernetes.io/exclude-from-external-load-balancers=true", Changes: true},
			{Say: "Before 1.19 the label counts only with the feature gate ServiceNodeExclusion on the kube-controller-manager (--feature-gates=ServiceNodeExclusion=true, since 1.9), at first under its alpha name.",
				Run: "kubectl label node NODE alpha.service-controller.kubernetes.io/exclude-balancer=true", Changes: true},
			{Say: "Pods of a Service with externalTrafficPolicy Local have to run on nodes with a machine; else let the nodes pass packets on.",
				Run: "kubectl patch service -n NAMESPACE SERVICE -p '{\"spec\":{\"externalTrafficPolicy\":\"Cluster\"}}'", Changes: true},
		},
		References: []string{"https://github.com/feiskyer/kubernetes-handbook/blob/master/en/troubleshooting/azure.md", "virtual-kubelet/virtual-kubelet#41", "kubernetes/kubernetes#111331",
			"https://kubernetes.io/docs/reference/labels-annotations-taints/#node-kubernetes-io-exclude-from-external-load-balancers"},
		Affects: "the alpha label and the gate: 1.9 to 1.18; the label node.kubernetes.io/exclude-from-external-load-balancers: by default since 1.19; since cloud-provider-azure 1.0.6 a machine that is not found is skipped",
		Healthy: "A virtual node with the label is normal, and with externalTrafficPolicy Cluster its pods are reached through the other nodes. \"instance not found\" about a node that has, or had, a machine is another fault.",
	},
	Needs: rule.Needs{
		Any:   []*bundle.Evidence{&bundle.Events, &bundle.ControllerLog, &bundle.EndpointSlices},
		All:   []*bundle.Evidence{&bundle.Services, &bundle.Nodes},
		Clean: append([]*bundle.Evidence{&bundle.KubeVersion}, rule.Backends...), // with externalTrafficPolicy Local
	},
	Texts: []rule.Text{notFound, notInstance},
	Check: checkPOOL03,
}

func checkPOOL03(p *rule.Pass) {
	var virtual []*topology.Node
	for _, n := range p.Graph.Nodes {
		if n.Virtual() {
			virtual = append(virtual, n)
		}
	}
	if len(virtual) == 0 {
		p.NotApplicable("no node of the cluster is virtual", &bundle.Nodes)
		return
	}
	candidates := unplaced(p)
	if len(candidates) > 0 {
		errs := slices.DeleteFunc(p.Current(func(e *errtext.Error) bool {
			return p.Knows(e) && (e.Node == "" || slices.ContainsFunc(candidates, func(n *topology.Node) bool { return n.Name == e.Node }))
		}), p.Gone)
		if len(errs) > 0 {
			p.Find(sought(p, candidates[0], errs))
		}
	}
	for _, n := range virtual {
		if f, ok := stranded(p, n); ok {
			p.Find(f)
		}
	}
}

// unplaced are the virtual nodes whose machine the provider looks for.
func unplaced(p *rule.Pass) []*topology.Node {
	return slices.DeleteFunc(slices.Clone(p.Graph.Nodes), func(n *topology.Node) bool { return !n.Virtual() || n.Excluded() && !before(p, 19) })
}

// sought is a sync that looked for the machine of a virtual node.
func sought(p *rule.Pass, n *topology.Node, errs []*errtext.Error) rule.Finding {
	told := rule.Tell(errs)
	waiting, working := p.Named(errs)
	f := rule.Finding{
		Subject:  report.Object{Kind: "Node", Name: n.Name},
		Services: waiting,
		Errors:   errs,
		Message: fmt.Sprintf("The provider looked for the machine of virtual node %s, and there is none (%q, %s). It fails the sync of every Service until the node is left out of the load balancers.",
			n.Name, errs[len(errs)-1].Message, told.Span()),
		Cites: append(told.Cites, n.Doc.Cite("/metadata/labels")),
	}
	if errs[len(errs)-1].Node == "" {
		f.Confidence, f.Why = report.Likely, "the message does not name the node; the virtual one is the only kind that never has a machine"
	}
	if len(waiting) == 0 {
		f.Severity, f.Services = report.Warning, working
		f.Message += " The Services named keep working as they are, but cannot be changed at present."
	}
	label := report.Step{Say: "Leave the node out of the load balancers.", Run: fmt.Sprintf("kubectl label node %s %s=true", rule.Word(n.Name, "NODE"), topology.ExcludeLabel), Changes: true}
	if before(p, 19) {
		label.Run = fmt.Sprintf("kubectl label node %s %s=true %s=true", rule.Word(n.Name, "NODE"), topology.AlphaExcludeLabel, topology.ExcludeLabel)
		f.Fix = append(f.Fix, report.Step{Say: "Switch the feature gate ServiceNodeExclusion on, without which the label does not count before 1.19 (it exists since 1.9): add --feature-gates=ServiceNodeExclusion=true to the kube-controller-manager.",
			Run: "sudoedit /etc/kubernetes/manifests/kube-controller-manager.yaml", Changes: true})
	}
	f.Fix = append(f.Fix, label)
	return f
}

// stranded are Services with externalTrafficPolicy Local whose ready pods are all on
// a virtual node.
func stranded(p *rule.Pass, n *topology.Node) (rule.Finding, bool) {
	f := rule.Finding{Subject: report.Object{Kind: "Node", Name: n.Name}}
	for _, s := range p.Graph.Served() {
		pool, ready := s.PoolNodes(), s.ReadyEndpoints()
		if !s.Local() || len(s.Status.LoadBalancer.Ingress) == 0 || len(pool) == 0 || slices.Contains(pool, n.Name) || len(ready) == 0 || ready[0].NodeName != n.Name ||
			slices.ContainsFunc(ready, func(e topology.Endpoint) bool { return e.Node == nil || !e.Node.Virtual() }) {
			continue
		}
		f.Services = append(f.Services, s.Key())
		f.Cites = append(f.Cites, ready[0].Slice.Doc.Cite(fmt.Sprintf("/endpoints/%d/nodeName", ready[0].Index)), s.Doc.Cite("/spec/externalTrafficPolicy"))
		f.Fix = append(f.Fix, rule.PassOn(s, fmt.Sprintf("Let pods of %s run on nodes with a machine; or, if the client's address does not matter, let every node pass packets on.", s.Key())))
	}
	if len(f.Services) == 0 {
		return f, false
	}
	f.Cites = append(f.Cites, n.Doc.Cite("/metadata/labels"))
	f.Message = fmt.Sprintf("All ready pods of %s run on virtual node %s. No machine stands behind it, so it is in no backend pool, and with externalTrafficPolicy Local no other node passes packets on to it.", rule.List(f.Services), n.Name)
	return f, true
}
