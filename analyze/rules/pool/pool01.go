package pool

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// POOL01 is a node from which the provider finds no way to a machine.
var POOL01 = &rule.Rule{
	ID:       "AZLB-POOL01",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the provider cannot tell which machine a node is",
		Symptom: "Services stay pending with \"instance not found\", \"not a vmss instance\" or \"error splitting providerID\"; or all goes well, and a Ready node is in no backend pool.",
		Cause: "To put a node behind the load balancer the provider looks for its machine by the node's name: a plain virtual machine must bear that name in Azure, an instance of a scale set must have it as its computer name (osProfile.computerName). A node that registered under another name (its address, or a name with a domain, by --hostname-override) is found nowhere. " +
			"So is one whose providerID is not azure:///subscriptions/… , a scale-set instance with vmType standard in azure.json, and for some minutes one that came while the provider kept an older list. Old releases fail the sync of every Service then, newer ones pass over the node.",
		Fix: []report.Step{
			{Say: "Compare the nodes' names and ids ...", Run: "kubectl get nodes -o custom-columns=NAME:.metadata.name,ID:.spec.providerID"},
			{Say: "... with those of the machines (az vm list for plain ones).", Run: "az vmss list-instances -g GROUP -n SCALESET --query \"[].{id:instanceId, name:osProfile.computerName}\" -o table"},
			{Say: "Take --hostname-override off the kubelet, or name the machine like the node.", Run: editFlags, Changes: true},
			{Say: "Then delete the Node object and restart the kubelet, so that the node registers under the machine's name.", Run: "kubectl delete node NODE", Changes: true},
		},
		References: []string{"kubernetes/kubernetes#49389", "kubernetes/kubernetes#70126", "kubernetes-sigs/cloud-provider-azure#384", "kubernetes-sigs/cloud-provider-azure#363", "kubernetes-sigs/cloud-provider-azure#818",
			"getVmssVM and getVirtualMachine of cloud-provider-azure"},
		Affects: "all; a scale-set instance that is not found is passed over since cloud-provider-azure 1.0.6 and 1.1.2 and in-tree 1.20.12, 1.21.6 and 1.22.3",
		Healthy: "A new node may be unknown for up to 15 minutes. A log line about a node that the provider passes over is a note, while others carry the Services. Virtual nodes (AZLB-POOL03), nodes without an id of Azure (AZLB-POOL10), plain machines among scale sets (AZLB-POOL12) and machines that are gone (AZLB-POOL18) have rules of their own.",
	},
	Needs: rule.Needs{
		Any: append([]*bundle.Evidence{&bundle.ScaleSetInstances, &bundle.VMs, &bundle.LoadBalancers}, text...),
		All: []*bundle.Evidence{&bundle.Services, &bundle.Nodes},
	},
	FollowsFrom: []string{"AZLB-CFG01", "AZLB-POOL03", "AZLB-POOL10", "AZLB-POOL12", "AZLB-POOL18"},
	Texts:       []rule.Text{notFound, notInstance, {Uncoded: true, Pattern: regexp.MustCompile(`(?i)error splitting providerid`)}},
	Check:       checkPOOL01,
}

func checkPOOL01(p *rule.Pass) {
	strange := map[*topology.Node]string{}
	var nodes []*topology.Node
	for _, n := range p.Graph.Nodes {
		if !eligible(n) || unregistered(n) != "" {
			continue
		}
		if why := misnamed(n); why != "" {
			strange[n] = why
			nodes = append(nodes, n)
		}
	}
	mixed := slices.ContainsFunc(p.Graph.Nodes, func(n *topology.Node) bool { return n.ScaleSet != "" }) && slices.ContainsFunc(p.Graph.Nodes, func(n *topology.Node) bool { return n.VM != "" })
	virtual := unplaced(p)
	var unnamed []*errtext.Error
	byNode := map[string][]*errtext.Error{}
	for _, e := range p.Current(func(e *errtext.Error) bool {
		isVirtual := slices.ContainsFunc(virtual, func(n *topology.Node) bool { return e.Node == "" || n.Name == e.Node })
		return p.Knows(e) && !isVirtual && !(mixed && notInstance.Matches(e))
	}) {
		n := p.Graph.Node(e.Node)
		switch {
		case p.Gone(e), e.Node != "" && n == nil && e.Advisory, n != nil && (!eligible(n) || e.Advisory && n.Machine == nil):
			// of nobody, or of a node that left; without a machine it is AZLB-POOL18's
		case n == nil:
			unnamed = append(unnamed, e)
		default:
			byNode[n.Name] = append(byNode[n.Name], e)
			if !slices.Contains(nodes, n) {
				nodes = append(nodes, n)
			}
		}
	}
	slices.SortFunc(nodes, func(a, b *topology.Node) int { return cmp.Compare(a.Name, b.Name) })
	for _, n := range nodes {
		errs := byNode[n.Name]
		if in, _ := pooledAnywhere(p, n); !in && strange[n] != "" { // the first that may be meant
			errs, unnamed = append(errs, unnamed...), nil
		}
		if f, ok := lost(p, n, strange[n], errs); ok {
			p.Find(f)
		}
	}
	if len(unnamed) > 0 {
		p.Find(somebody(p, unnamed))
	}
}

// misnamed says why the provider finds no machine for a node that has one, empty where
// it does: it looks by the node's name.
func misnamed(n *topology.Node) string {
	name := ""
	switch {
	case n.ScaleSet == "" && n.VM == "" && n.Spec.ProviderID != "" && !az.Masked(n.Spec.ProviderID):
		return fmt.Sprintf("its providerID %s is no id of a virtual machine", n.Spec.ProviderID)
	case n.Machine == nil || n.Spec.ProviderID == "":
		return ""
	case n.ScaleSet != "" || flexible(n):
		name = n.Machine.OSProfile.ComputerName
	default:
		name = n.Machine.Name
	}
	if name == "" || az.Masked(name) || strings.EqualFold(name, n.Name) {
		return ""
	}
	if n.ScaleSet != "" || flexible(n) {
		return fmt.Sprintf("its machine's computer name is %s", name)
	}
	return fmt.Sprintf("its machine is named %s", name)
}

// pooledAnywhere reports whether a Service's pool holds the node; known is false where
// the load balancers are not all in the bundle.
func pooledAnywhere(p *rule.Pass, n *topology.Node) (in, known bool) {
	for _, s := range p.Graph.Served() {
		in = in || slices.Contains(s.PoolNodes(), n.Name)
	}
	return in, !slices.ContainsFunc(p.Graph.ProviderGroups(), func(g string) bool { return !p.Complete(&bundle.LoadBalancers, g) })
}

// lost is a node that the provider cannot find. Without a message it is told only where
// no pool has it.
func lost(p *rule.Pass, n *topology.Node, why string, errs []*errtext.Error) (rule.Finding, bool) {
	in, known := pooledAnywhere(p, n)
	stopping := slices.DeleteFunc(slices.Clone(errs), func(e *errtext.Error) bool { return e.Advisory })
	if len(stopping) == 0 && (in || !known) {
		return rule.Finding{}, false // it was found since, or nothing tells
	}
	if len(errs) == 0 && (len(p.Graph.Served()) == 0 || young(p, n)) {
		return rule.Finding{}, false
	}
	f := rule.Finding{Subject: report.Object{Kind: "Node", Name: n.Name}, Severity: report.Warning, Cites: []report.Cite{n.Doc.Cite("/spec/providerID")}}
	f.Message = fmt.Sprintf("The provider does not find the machine of node %s", n.Name)
	if why != "" {
		f.Message += ": it looks by the node's name, and " + why
		if n.Machine != nil {
			f.Cites = append(f.Cites, n.Machine.Doc.Cite(n.Machine.At+"/name"))
		}
	}
	f.Message += "."
	if len(errs) > 0 {
		told := rule.Tell(errs)
		f.Cites = append(f.Cites, told.Cites...)
		f.Message += fmt.Sprintf(" It says so (%q, %s).", errs[len(errs)-1].Message, told.Span())
	}
	waiting, working := p.Named(stopping)
	cut := func() []string {
		var out []string
		for _, s := range beyond(p, func(o *topology.Node) bool { return o == n }) {
			out = append(out, s.Key())
		}
		return out
	}
	switch empty := without(p); {
	case len(waiting) > 0:
		f.Severity, f.Services = report.Error, waiting
	case len(stopping) > 0:
		f.Services = working
		f.Message += " The Services named keep working as they are, but cannot be changed at present."
	case len(empty) > 0:
		f.Severity, f.Services = report.Error, empty
		f.Message += fmt.Sprintf(" No node is in the backend pool of %s.", rule.List(empty))
	case len(cut()) > 0:
		f.Severity, f.Services = report.Error, cut()
		f.Message += fmt.Sprintf(" All ready pods of %s are there, and with externalTrafficPolicy Local no other node passes packets on to them.", rule.List(f.Services))
	default:
		f.Message += " It is in no backend pool; the other nodes carry the Services."
		if why == "" {
			f.Severity = report.Info
		}
	}
	if why == "" {
		f.Errors = errs
		f.Confidence, f.Why = report.Likely, "the bundle has a machine for it; the provider's list, up to 15 minutes old, may lack it"
		if n.Machine == nil {
			f.Why = "its machine is not in the bundle, so whether it exists is not known"
		}
	}
	f.Fix = findMachine(n, why != "")
	return f, true
}

// somebody is a failure that does not name the node.
func somebody(p *rule.Pass, errs []*errtext.Error) rule.Finding {
	told := rule.Tell(errs)
	f := rule.Finding{Subject: report.Object{Kind: "Node", Name: "of which the message does not tell the name"}, Errors: errs, Cites: told.Cites,
		Confidence: report.Likely, Why: "the message does not name the node",
		Message: fmt.Sprintf("The provider does not find the machine of a node (%q, %s) and fails the sync of every Service because of it. It looks by the node's name.", errs[len(errs)-1].Message, told.Span())}
	var outside []string
	for _, n := range p.Graph.Nodes {
		if in, known := pooledAnywhere(p, n); eligible(n) && known && !in {
			outside = append(outside, n.Name)
		}
	}
	if len(outside) > 0 && len(outside) < len(p.Graph.Nodes) {
		f.Message += fmt.Sprintf(" In no backend pool: %s.", rule.List(outside))
	}
	if c := p.Snapshot.Config; c != nil && strings.EqualFold(c.VMType, "standard") && slices.ContainsFunc(p.Graph.Nodes, func(n *topology.Node) bool { return n.ScaleSet != "" }) {
		f.Message += " azure.json says vmType standard, with which instances of scale sets are not found."
		f.Cites = append(f.Cites, c.Doc.Cite("/vmType"))
	}
	var working []string
	if f.Services, working = p.Named(errs); len(f.Services) == 0 {
		f.Severity, f.Services = report.Warning, working
		f.Message += " The Services named keep working as they are, but cannot be changed at present."
	}
	return f
}

// findMachine compares names, and registers the node under the right one.
func findMachine(n *topology.Node, wrong bool) []report.Step {
	steps := []report.Step{{Say: "Compare the nodes' names and ids ...", Run: "kubectl get nodes -o custom-columns=NAME:.metadata.name,ID:.spec.providerID"},
		{Say: "... with those of the machines.", Run: fmt.Sprintf("az vm list -g %s --query \"[].{name:name, computer:osProfile.computerName}\" -o table", rule.Word(n.Group, "GROUP"))}}
	if n.ScaleSet != "" {
		steps[1].Run = fmt.Sprintf("az vmss list-instances -g %s -n %s --query \"[].{id:instanceId, computer:osProfile.computerName}\" -o table", rule.Word(n.Group, "GROUP"), rule.Word(n.ScaleSet, "SCALESET"))
	}
	if !wrong {
		return append(steps, report.Step{Say: "If they agree and the message goes on for more than 15 minutes, restart the controller, which forgets its list.", Run: "kubectl get pods -n kube-system -l component=cloud-controller-manager -o wide"})
	}
	return append(steps,
		report.Step{Say: "If the kubelet gives itself another name (--hostname-override), take that off on the machine.", Run: editFlags, Changes: true},
		report.Step{Say: "Then move the node's pods away and delete the Node object.", Run: fmt.Sprintf("kubectl drain %s --ignore-daemonsets --delete-emptydir-data && kubectl delete node %s", rule.Word(n.Name, "NODE"), rule.Word(n.Name, "NODE")), Changes: true},
		report.Step{Say: "Restart the kubelet on the machine, so that the node registers again.", Run: "sudo systemctl restart kubelet", Changes: true})
}
