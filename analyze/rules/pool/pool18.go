package pool

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/topology"
	"azlb/analyze/walk"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// POOL18 is a node whose machine Azure no longer has.
var POOL18 = &rule.Rule{
	ID:       "AZLB-POOL18",
	Severity: report.Warning,
	Doc: report.Doc{
		Title:   "Kubernetes keeps a node whose machine no longer exists in Azure",
		Symptom: "kubectl get nodes lists a node that the scale set does not have; the controller's log says that it cannot find the node's instance, and pods that were there do not answer. With releases that do not skip such a node, every sync fails with \"instance not found\".",
		Cause: "A node belongs to the machine that its providerID names. If the instance was deleted in Azure (scaled in by hand, evicted, deleted in the portal), the node lifecycle controller of the cloud provider deletes the Node object as soon as it is not Ready, usually within a minute. " +
			"Where that controller does not run or has no rights, the object stays. It can be in no backend pool, and whatever was on it is lost.",
		Fix: []report.Step{
			{Say: "See which instances there are.", Run: "az vmss list-instances -g GROUP -n SCALESET --query \"[].{id:instanceId, name:osProfile.computerName}\" -o table"},
			{Say: "If the instance is gone for good, delete the Node object; its pods are then started elsewhere.", Run: "kubectl delete node NODE", Changes: true},
			{Say: "Find out why the controller left it: see whether the cloud-controller-manager runs and may read the machines.", Run: "kubectl get pods -n kube-system -l component=cloud-controller-manager -o wide"},
			{Say: "Scale with the tool that made the pool (az aks nodepool scale, the autoscaler), not in the scale set."},
		},
		References: []string{"https://kubernetes.io/docs/concepts/architecture/cloud-controller/#node-controller", "kubernetes/kubernetes#111331", "kubernetes-sigs/cloud-provider-azure#818", "kubernetes-sigs/cloud-provider-azure#10605",
			"EnsureHostInPool of cloud-provider-azure"},
		Affects: "a sync that meets such a node fails before cloud-provider-azure 1.0.6 and 1.1.2 and in the in-tree provider before 1.20.12, 1.21.6 and 1.22.3; with plain machines in every in-tree release",
		Healthy: "While a pool shrinks, the Node object outlives its instance for a minute or two, and the bundle is not read in one moment: what does not last is told as an information. A node that the autoscaler is about to delete, and one that has just come, is not told at all; nor is any where the lists of Azure know no other machine of the same resource group.",
	},
	Needs: rule.Needs{
		Any: []*bundle.Evidence{&bundle.ScaleSets, &bundle.ScaleSetInstances, &bundle.VMs},
		All: []*bundle.Evidence{&bundle.Services, &bundle.Nodes},
	},
	Texts: []rule.Text{notFound},
	Check: checkPOOL18,
}

// lasting and passing are the reasons of the two kinds of nodes without a machine.
const lasting, passing = "lasting", "passing"

func checkPOOL18(p *rule.Pass) {
	var missing []*topology.Node
	for _, n := range p.Graph.Nodes {
		if eligible(n) && machineless(p, n) && !n.Leaving() {
			missing = append(missing, n)
		}
	}
	errs := slices.DeleteFunc(p.Current(func(e *errtext.Error) bool { return about(p, e, missing) }), p.Gone)
	is := func(n *topology.Node) string {
		switch {
		case !slices.Contains(missing, n):
			return ""
		case since(p, n, errs) > settling:
			return lasting
		}
		return passing
	}
	told := map[*topology.Node]bool{}
	for _, o := range walk.Outages(p.Graph, func(n *topology.Node) bool { return walk.Down(n) != "" || is(n) == lasting }, is) {
		for _, n := range o.Nodes {
			told[n] = true
		}
		p.Find(left(p, o, errs))
	}
	for _, reason := range []string{lasting, passing} { // those that no Service uses: no pool has them
		rest := walk.Outage{Reason: reason}
		for _, n := range missing {
			if !told[n] && is(n) == reason {
				rest.Nodes = append(rest.Nodes, n)
			}
		}
		if len(rest.Nodes) > 0 {
			p.Find(left(p, rest, errs))
		}
	}
}

// about reports whether the provider may have looked for the machine of one of the nodes
// in vain: a message without a name is about a virtual node where there is one.
func about(p *rule.Pass, e *errtext.Error, nodes []*topology.Node) bool {
	if !p.Knows(e) || notInstance.Matches(e) || len(nodes) == 0 || e.Node == "" && len(unplaced(p)) > 0 {
		return false
	}
	return e.Node == "" || slices.ContainsFunc(nodes, func(n *topology.Node) bool { return n.Name == e.Node })
}

// machineless reports whether Azure no longer has the machine that the node's
// providerID names: its list is whole, and it is the list of the right place, as it has
// another machine of the same resource group.
func machineless(p *rule.Pass, n *topology.Node) bool {
	if n.Machine != nil || n.ScaleSet == "" && n.VM == "" || az.Masked(n.Group) || az.Masked(n.ScaleSet+n.Instance+n.VM) {
		return false
	}
	sameSet, sameGroup := false, false
	for _, other := range p.Graph.Nodes {
		if other.Machine != nil && other.Group == n.Group {
			sameGroup = true
			sameSet = sameSet || other.ScaleSet == n.ScaleSet
		}
	}
	if n.ScaleSet == "" {
		return sameGroup && p.Complete(&bundle.VMs, n.Group)
	}
	return sameGroup && (sameSet || p.Complete(&bundle.ScaleSets, n.Group)) && p.Complete(&bundle.ScaleSetInstances, n.Group)
}

// since is for how long the node has been known to have no machine: its kubelet is
// silent, or the provider did not find it.
func since(p *rule.Pass, n *topology.Node, errs []*errtext.Error) time.Duration {
	first := p.Snapshot.Now
	earlier := func(t time.Time) {
		if !t.IsZero() && t.Before(first) {
			first = t
		}
	}
	if c, _ := n.Condition(corev1.NodeReady); c != nil && c.Status != corev1.ConditionTrue {
		earlier(c.LastTransitionTime.Time)
	}
	for _, e := range errs {
		if e.Node == n.Name {
			earlier(e.First)
		}
	}
	return p.Snapshot.Now.Sub(first)
}

// left are nodes without a machine.
func left(p *rule.Pass, o walk.Outage, errs []*errtext.Error) rule.Finding {
	n := o.Nodes[0]
	errs = slices.DeleteFunc(slices.Clone(errs), func(e *errtext.Error) bool { return !about(p, e, o.Nodes) })
	f := rule.Finding{Subject: report.Object{Kind: "Node", Name: n.Name}, Absence: []*bundle.Evidence{&bundle.VMs}}
	what := "virtual machine " + cmp.Or(n.VM, "VM")
	if n.ScaleSet != "" {
		f.Absence = []*bundle.Evidence{&bundle.ScaleSetInstances}
		what = fmt.Sprintf("instance %s of scale set %s", n.Instance, n.ScaleSet)
	}
	f.Message = fmt.Sprintf("Node %s stands for %s in resource group %s, which is not in Azure's list.", n.Name, what, n.Group)
	if len(o.Nodes) > 1 {
		f.Message = fmt.Sprintf("The machines of nodes %s are not in Azure's lists (that of %s is %s in resource group %s).", rule.List(named(o.Nodes)), n.Name, what, n.Group)
	}
	if o.Reason == lasting {
		f.Message += " Nothing answers there any more, and no backend can be made of it."
	}
	for _, n := range o.Nodes[:min(len(o.Nodes), 3)] {
		f.Cites = append(f.Cites, n.Doc.Cite("/spec/providerID"))
	}
	f.Cites = append(f.Cites, rule.Tell(errs).Cites...)
	stopping := slices.DeleteFunc(slices.Clone(errs), func(e *errtext.Error) bool { return e.Advisory })
	waiting, working := p.Named(stopping)
	for _, s := range o.Harmed {
		f.Services = append(f.Services, s.Key())
	}
	switch {
	case len(stopping) > 0:
		f.Services = join(f.Services, waiting...)
		f.Message += fmt.Sprintf(" The provider fails the sync because of that (%q, %s).", stopping[len(stopping)-1].Message, rule.Tell(stopping).Span())
		if len(f.Services) > 0 {
			f.Severity = report.Error
		} else {
			f.Services = working
			f.Message += " The Services named keep working as they are, but cannot be changed at present."
		}
		if stopping[len(stopping)-1].Node == "" {
			f.Confidence, f.Why = report.Likely, "the message does not name the node"
		}
	case len(o.Harmed) > 0 && o.Reason == lasting:
		f.Severity = report.Error
		f.Message += fmt.Sprintf(" No other node carries %s.", rule.List(f.Services))
	case len(o.Harmed) > 0:
		f.Message += fmt.Sprintf(" No other node carries %s.", rule.List(f.Services))
		f.Confidence, f.Why = report.Possible, soon
	case o.Reason == lasting:
		f.Message += " Other nodes carry every Service."
	case len(errs) > 0 && sound(p, o.Nodes):
		for _, s := range p.Graph.Served() {
			if len(s.Status.LoadBalancer.Ingress) > 0 {
				f.Services = join(f.Services, s.Key())
			}
		}
		f.Message += " Kubernetes still takes it for Ready, and the provider leaves it out of the backend pools of every Service, as it does not find it either. Other nodes carry the Services."
		f.Confidence, f.Why = report.Possible, soon
	default:
		f.Severity = report.Info
		f.Message += " Other nodes carry every Service."
		f.Confidence, f.Why = report.Possible, soon
	}
	f.Fix = forget(o.Nodes)
	return f
}

// sound reports nodes that nobody takes away: Ready, open for pods, and not newer than a
// node whose machine Azure's lists have, so that they would have theirs too.
func sound(p *rule.Pass, nodes []*topology.Node) bool {
	return !slices.ContainsFunc(nodes, func(n *topology.Node) bool {
		listed := slices.ContainsFunc(p.Graph.Nodes, func(o *topology.Node) bool {
			return o.Machine != nil && o.Group == n.Group && !o.CreationTimestamp.Time.Before(n.CreationTimestamp.Time)
		})
		return n.Ready() != corev1.ConditionTrue || n.Spec.Unschedulable || !listed
	})
}

// soon is why a node without a machine may be no fault.
const soon = "the bundle does not show for how long: the machine may have gone just now, or come so lately that the list lacks it, and the node controller deletes the Node of one that is gone within minutes"

// forget deletes the Node objects of machines that are gone.
func forget(nodes []*topology.Node) []report.Step {
	n := nodes[0]
	steps := []report.Step{{Say: "See whether the machine is back.", Run: fmt.Sprintf("az vm show -g %s -n %s --query id -o tsv", rule.Word(n.Group, "GROUP"), rule.Word(n.VM, "VM"))}}
	if n.ScaleSet != "" {
		steps[0] = report.Step{Say: "See which instances the scale set has.",
			Run: fmt.Sprintf("az vmss list-instances -g %s -n %s --query \"[].{id:instanceId, name:osProfile.computerName}\" -o table", rule.Word(n.Group, "GROUP"), rule.Word(n.ScaleSet, "SCALESET"))}
	}
	for _, n := range nodes[:min(len(nodes), 5)] {
		steps = append(steps, report.Step{Say: fmt.Sprintf("If the machine of %s is gone for good, delete the Node object; its pods are then started elsewhere.", n.Name), Run: "kubectl delete node " + rule.Word(n.Name, "NODE"), Changes: true})
	}
	return append(steps, report.Step{Say: "Find out why the node controller did not: see whether the cloud-controller-manager runs.", Run: "kubectl get pods -n kube-system -l component=cloud-controller-manager -o wide"})
}
