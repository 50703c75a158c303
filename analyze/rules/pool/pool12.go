package pool

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// POOL12 is a plain machine among scale sets that the provider takes for an instance.
var POOL12 = &rule.Rule{
	ID:       "AZLB-POOL12",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "a cluster of scale sets and plain machines, and the provider takes one for the other",
		Symptom: "Every Service stays pending, or stays Terminating, with \"not a vmss instance\"; it worked before an upgrade, or before machines of the other kind joined.",
		Cause: "Nodes can be instances of a scale set (VMSS), or plain virtual machines, alone or in an availability set; Cluster API and aks-engine make the control plane of plain machines and the workers of a scale set. With vmType vmss the provider has to tell them apart. " +
			"Several releases do not, when they list the sets of the nodes, look who is in a backend pool, or empty one, and stop at the first plain machine. So does every release with disableAvailabilitySetNodes in azure.json, which promises that there are none.",
		Fix: []report.Step{
			{Say: "See which nodes are of which kind: an id with virtualMachineScaleSets is an instance.", Run: "kubectl get nodes -o custom-columns=NAME:.metadata.name,ID:.spec.providerID"},
			{Say: "Upgrade the control plane, or the cloud-controller-manager, to a release that tells them apart.", Changes: true},
			{Say: "Take disableAvailabilitySetNodes out of azure.json and restart the controller.", Run: "sudoedit /etc/kubernetes/azure.json", Changes: true},
		},
		References: []string{"kubernetes/kubernetes#103348", "kubernetes/kubernetes#105184", "kubernetes/kubernetes#103997", "kubernetes-sigs/cloud-provider-azure#596", "kubernetes-sigs/cloud-provider-azure#551", "Azure/aks-engine#1615"},
		Affects:    "making and updating: in-tree 1.20.0 to 1.20.9 and 1.21.0 to 1.21.3, cloud-provider-azure before 0.7.4; deleting: in-tree before 1.20.12, 1.21.6 and 1.22.3, cloud-provider-azure before 0.7.11",
		Healthy:    "Both kinds in one cluster are supported and normal with a Standard load balancer. Without the message nothing is told; nor where a virtual node is what the provider looks for (AZLB-POOL03).",
	},
	Needs:       rule.Needs{Any: text, All: []*bundle.Evidence{&bundle.Services, &bundle.Nodes}},
	FollowsFrom: []string{"AZLB-CFG01", "AZLB-POOL10"},
	Texts:       []rule.Text{notInstance},
	Check:       checkPOOL12,
}

// The releases that stop at a plain machine: while they make or update a load balancer,
// and while they delete one.
var (
	mixedSync   = rule.Bug{From: "all", Fixed: "0.7.4/1.0", FromInTree: "1.20", FixedInTree: "1.20.10/1.21.4/1.22"}
	mixedDelete = rule.Bug{From: "all", Fixed: "0.7.11/1.0", FromInTree: "1.20", FixedInTree: "1.20.12/1.21.6/1.22.3"}
)

func checkPOOL12(p *rule.Pass) {
	var plain, instances []*topology.Node
	for _, n := range p.Graph.Nodes {
		switch {
		case n.ScaleSet != "":
			instances = append(instances, n)
		case n.VM != "":
			plain = append(plain, n)
		}
	}
	if len(plain) == 0 || len(instances) == 0 {
		p.NotApplicable("the nodes are not both scale-set instances and plain machines")
		return
	}
	if len(unplaced(p)) > 0 {
		return // the virtual node is what is no instance
	}
	errs := slices.DeleteFunc(p.Current(p.Knows), p.Gone)
	if len(errs) > 0 {
		p.Find(mistaken(p, plain, instances, errs))
	}
}

func mistaken(p *rule.Pass, plain, instances []*topology.Node, errs []*errtext.Error) rule.Finding {
	last, told := errs[len(errs)-1], rule.Tell(errs)
	n := plain[0]
	if i := slices.IndexFunc(plain, func(n *topology.Node) bool { return n.Name == last.Node }); i >= 0 {
		n = plain[i]
	}
	f := rule.Finding{Subject: report.Object{Kind: "Node", Name: n.Name}, Errors: errs,
		Cites: append(told.Cites, n.Doc.Cite("/spec/providerID"), instances[0].Doc.Cite("/spec/providerID")),
		Message: fmt.Sprintf("The provider takes a plain machine for an instance of a scale set (%q, %s): the cluster has both, %s among others is a plain machine and %s an instance.",
			last.Message, told.Span(), n.Name, instances[0].Name)}
	bug, act := mixedSync, "makes or updates a load balancer"
	if strings.Contains(strings.ToLower(last.Raw), "delet") {
		bug, act = mixedDelete, "deletes one"
	}
	repaired := fmt.Sprintf("cloud-provider-azure %s, or Kubernetes %s where its own controller manager is the provider", bug.Repaired(), strings.ReplaceAll(bug.FixedInTree, "/", ", ")+" or later")
	c := p.Snapshot.Config
	switch sure, why, ok := p.Blame(bug); {
	case c != nil && c.DisableAvailabilitySetNodes:
		f.Message += " azure.json says disableAvailabilitySetNodes, so that it looks for every node among the scale sets."
		f.Cites = append(f.Cites, c.Doc.Cite("/disableAvailabilitySetNodes"))
		f.Fix = []report.Step{{Say: "Take disableAvailabilitySetNodes out of azure.json and restart the controller.", Run: "sudoedit /etc/kubernetes/azure.json", Changes: true}}
	case ok:
		f.Confidence, f.Why = sure, why
		f.Message += fmt.Sprintf(" %s has that fault when it %s.", p.Culprit(bug), act)
		f.Fix = []report.Step{{Say: "Upgrade to " + repaired + ".", Changes: true}}
	default:
		f.Confidence, f.Why = report.Likely, "no fault of the provider's release "+p.Wants.Provider.String()+" is known that makes it say so; its list of machines, up to 15 minutes old, may lack the node"
		f.Fix = []report.Step{{Say: "See whether the syncs still fail after 15 minutes; then restart the controller, which forgets its list.", Run: "kubectl get pods -n kube-system -l component=cloud-controller-manager -o wide"}}
	}
	var working []string
	if f.Services, working = p.Named(errs); len(f.Services) == 0 {
		f.Severity, f.Services = report.Warning, working
		f.Message += " The Services named keep working as they are, but cannot be changed at present."
	}
	return f
}
