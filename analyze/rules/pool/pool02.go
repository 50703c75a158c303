package pool

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/desired"
	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// POOL02 is a cluster whose only nodes are of the control plane.
var POOL02 = &rule.Rule{
	ID:       "AZLB-POOL02",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "every node is a control-plane node, and these are kept out of the load balancer",
		Symptom: "A Service gets its address, its rules and its probe without any warning, and nobody gets through: the backend pool is empty. The cluster has one node only, or none but control-plane nodes.",
		Cause: "The provider puts no control-plane node into the pool of a Standard load balancer, unless excludeMasterFromStandardLB in azure.json is false. It tells them by the labels node-role.kubernetes.io/control-plane and node-role.kubernetes.io/master and by kubernetes.io/role=master, whether pods may run there or not; to take the taint off changes nothing. " +
			"kubeadm also labels them node.kubernetes.io/exclude-from-external-load-balancers, which keeps any node out.",
		Fix: []report.Step{
			{Say: "See which nodes carry the labels.", Run: "kubectl get nodes --show-labels"},
			{Say: "Join a worker node; that is what the load balancer is for.", Changes: true},
			{Say: "Or let control-plane nodes in: set \"excludeMasterFromStandardLB\": false in azure.json and restart the cloud-controller-manager.", Run: "sudoedit /etc/kubernetes/azure.json", Changes: true},
			{Say: "And take kubeadm's label off them.", Run: "kubectl label node NODE node.kubernetes.io/exclude-from-external-load-balancers-", Changes: true},
		},
		References: []string{"kubernetes-sigs/cloud-provider-azure#5849", "kubernetes-sigs/cloud-provider-azure#83", "kubernetes/kubernetes#61884",
			"https://cloud-provider-azure.sigs.k8s.io/install/configs/#excludemasterfromstandardlb", "https://kubernetes.io/docs/reference/setup-tools/kubeadm/kubeadm-init/"},
		Affects: "Standard load balancers since 1.11; pools of addresses leave control-plane nodes out whatever azure.json says; before 1.19 the service controller left them out of Basic ones too",
		Healthy: "A cluster with a worker node, or whose control-plane nodes are in the pool because somebody put them there, is silent; so is one without a Service of type LoadBalancer. A cluster whose workers are scaled to zero on purpose has the fault, and knows why.",
	},
	Needs: rule.Needs{All: []*bundle.Evidence{&bundle.Services, &bundle.Nodes, &bundle.LoadBalancers}},
	Texts: []rule.Text{rule.Reasons("UnAvailableLoadBalancer")},
	Check: checkPOOL02,
}

func checkPOOL02(p *rule.Pass) {
	var control []*topology.Node
	for _, n := range p.Graph.Nodes {
		switch {
		case n.Virtual() || unmanaged(n):
		case !n.ControlPlane():
			p.NotApplicable("the cluster has nodes that are not of the control plane")
			return
		default:
			control = append(control, n)
		}
	}
	if len(control) == 0 || !p.Complete(&bundle.Nodes, "") {
		return
	}
	allLabelled := !slices.ContainsFunc(control, func(n *topology.Node) bool { return !labelled(n) })
	byLB := map[string]*rule.Finding{}
	var order []*rule.Finding
	for _, s := range p.Graph.Served() {
		for _, path := range s.Paths {
			if path.Pool.To == nil || len(path.Members) > 0 || len(s.Status.LoadBalancer.Ingress) == 0 || slices.Contains(keysOf(order), s.Key()) {
				continue
			}
			lb := path.Frontend.To.LB
			standard := strings.EqualFold(lb.SKU.Name, "Standard")
			byLabel, kept := allLabelled && p.Wants.Provider.Has(excludes) != desired.No, keptOut(p, standard)
			if !byLabel && !kept && !standard {
				continue
			}
			f := byLB[lb.ID]
			if f == nil {
				f = &rule.Finding{Subject: report.Object{Kind: "LoadBalancer", Name: lb.Name}, Cites: []report.Cite{lb.Doc.Cite(path.Pool.To.At + "/name")}, Fix: letIn(p, control)}
				f.Message = fmt.Sprintf("The cluster has no nodes but those of its control plane (%s), and the provider keeps these out of the backend pools of %s.", rule.List(named(control)), lb.Name)
				if !byLabel && !kept {
					f.Message = fmt.Sprintf("The cluster has no nodes but those of its control plane (%s). azure.json lets these into the backend pools of %s (excludeMasterFromStandardLB is false), but none is there: the controller has not been restarted since, reads another configuration, or its syncs fail.", rule.List(named(control)), lb.Name)
					f.Cites = append(f.Cites, p.Snapshot.Config.Doc.Cite("/excludeMasterFromStandardLB"))
					f.Confidence, f.Why = report.Likely, "nothing in the bundle tells which configuration the controller has read"
				}
				if allLabelled {
					f.Message += fmt.Sprintf(" They are labelled %s as well, as kubeadm does.", topology.ExcludeLabel)
				}
				for _, n := range control[:min(len(control), 3)] {
					f.Cites = append(f.Cites, n.Doc.Cite("/metadata/labels"))
				}
				if p.Snapshot.Config == nil && !byLabel {
					f.Confidence, f.Why = report.Likely, "azure.json, which could let control-plane nodes in, is not in the bundle; that the pool is empty speaks against it"
				}
				byLB[lb.ID] = f
				order = append(order, f)
			}
			f.Services = append(f.Services, s.Key())
		}
	}
	errs := p.Current(p.Knows)
	for _, f := range order {
		f.Message += fmt.Sprintf(" The pool is empty, so nobody reaches %s.", rule.List(f.Services))
		said := slices.DeleteFunc(slices.Clone(errs), func(e *errtext.Error) bool { return !slices.Contains(f.Services, e.Service) })
		f.Cites = append(f.Cites, rule.Tell(said).Cites...)
		p.Find(*f)
	}
}

// keysOf are the Services of all findings.
func keysOf(list []*rule.Finding) []string {
	var out []string
	for _, f := range list {
		out = append(out, f.Services...)
	}
	return out
}

// keptOut reports whether the provider keeps control-plane nodes out of the pools of a
// load balancer of that kind.
func keptOut(p *rule.Pass, standard bool) bool {
	s := p.Wants.Settings
	return standard && s.ExcludeControlPlane.V || s.PoolType.V == "nodeIP" || p.Wants.Provider.Has(excludes) == desired.No
}

// letIn are the ways to a backend.
func letIn(p *rule.Pass, control []*topology.Node) []report.Step {
	steps := []report.Step{{Say: "Join a worker node: the provider puts it into the pools.", Changes: true}}
	switch {
	case p.Wants.Settings.PoolType.V == "nodeIP":
	case !p.Wants.Settings.ExcludeControlPlane.V:
		steps = append(steps, report.Step{Say: "Or see what its controller says, and restart it, so that it reads azure.json.", Run: "kubectl get pods -n kube-system -l component=cloud-controller-manager -o wide"})
	default:
		steps = append(steps, report.Step{Say: "Or let control-plane nodes in: set \"excludeMasterFromStandardLB\": false in azure.json and restart the cloud-controller-manager.", Run: "sudoedit /etc/kubernetes/azure.json", Changes: true})
	}
	for _, n := range control[:min(len(control), 3)] {
		if labelled(n) {
			steps = append(steps, report.Step{Say: fmt.Sprintf("Take the label that keeps any node out off %s, too.", n.Name), Run: fmt.Sprintf("kubectl label node %s %s-", rule.Word(n.Name, "NODE"), topology.ExcludeLabel), Changes: true})
		}
	}
	return steps
}
