package deletion

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"

	"azlb/analyze/desired"
	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// DEL05 is a load balancer that a scale set still has in its model.
var DEL05 = &rule.Rule{
	ID:       "AZLB-DEL05",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the load balancer cannot be deleted because a scale set still names its backend pool",
		Symptom: "The last Service of a load balancer, often the only internal one, stays in Terminating; events show 400 LoadBalancerInUseByVirtualMachineScaleSet.",
		Cause: "With its last Service a load balancer goes as well. For that the provider takes the backend pool out of the scale sets of the nodes, out of the instances and out of the model by which new instances are made. " +
			"It finds the scale sets by the nodes. One that has no nodes (scaled to zero) or whose instances do not have the newest model keeps the reference, and Azure refuses to delete what something refers to.",
		Fix: []report.Step{
			{Say: "See which pools the model of the scale set names.", Run: "az vmss show -g GROUP -n SCALESET --query \"virtualMachineProfile.networkProfile.networkInterfaceConfigurations[].ipConfigurations[].loadBalancerBackendAddressPools[].id\""},
			{Say: "See which instances lag behind the model.", Run: "az vmss list-instances -g GROUP -n SCALESET --query \"[].{instance:instanceId, newest:latestModelApplied}\" -o table"},
			{Say: "Bring these to the newest model, one after the other: what else differs from the model changes as well, and may restart them.", Run: "az vmss update-instances -g GROUP -n SCALESET --instance-ids INSTANCE", Changes: true},
			{Say: "If the node pool has no node, scale it to one until the Service is gone.", Run: "az aks nodepool scale -g GROUP --cluster-name CLUSTER -n POOL --node-count 1", Changes: true},
			{Say: "Upgrade: since 1.21 the provider takes the reference away itself when Azure refuses, and tries again."},
		},
		References: []string{"kubernetes-sigs/cloud-provider-azure#559", "kubernetes-sigs/cloud-provider-azure#565", "Azure/AKS#2878", "kubernetes/kubernetes#57826", "kubernetes/kubernetes#68775", "https://learn.microsoft.com/azure/load-balancer/load-balancer-common-deployment-errors"},
		Affects:    "mostly before 1.21; dual-stack clusters before 1.27",
		Healthy:    "A refusal that a later success of the same Service follows is history: since 1.21 the provider meets it once, takes the reference away and goes on.",
	},
	Needs: rule.Needs{Any: text},
	Texts: []rule.Text{rule.Codes("LoadBalancerInUseByVirtualMachineScaleSet")},
	Check: checkDEL05,
}

// inUseBy is ARM's text: the load balancer, what of it is in use, and the scale set.
var inUseBy = regexp.MustCompile(`(?i)cannot delete load balancer (\S+) since its child resources (.+?) are in use by virtual machine scale set (\S+?)\.?(?:\s|$)`)

// removesReference is the provider that does not take the reference away by itself.
var removesReference = rule.Bug{From: "all", Fixed: "0.7.3/1.0", FromInTree: "all", FixedInTree: "1.21"}

func checkDEL05(p *rule.Pass) {
	errs := slices.DeleteFunc(p.Current(p.Knows), p.Gone)
	for _, b := range rule.Bunches(errs, func(e *errtext.Error) (string, bool) {
		if m := inUseBy.FindStringSubmatch(e.Message); m != nil {
			return m[3], true
		}
		return "", true
	}) {
		p.Find(inModel(p, b.Name, b.All))
	}
}

// inModel is a scale set, by its id, that keeps a load balancer.
func inModel(p *rule.Pass, id string, errs []*errtext.Error) rule.Finding {
	told := rule.Tell(errs)
	name := cmp.Or(az.LastName(id), "of the message")
	f := rule.Finding{Subject: report.Object{Kind: "ScaleSet", Name: name}, Errors: errs, Cites: told.Cites}
	what := "the load balancer"
	if m := inUseBy.FindStringSubmatch(errs[len(errs)-1].Message); m != nil {
		what = fmt.Sprintf("load balancer %s (backend pool %s)", az.LastName(m[1]), m[2])
	}
	f.Services, f.Severity = harmed(p, errs)
	f.Message = fmt.Sprintf("Azure does not delete %s for %s, because scale set %s still refers to it, %s.", what, rule.List(f.Services), name, told.Span())
	at := "-g " + rule.Word(az.GroupOf(id), "GROUP") + " -n " + rule.Word(az.LastName(id), "SCALESET")
	f.Fix = []report.Step{{Say: "See which pools the model of the scale set names.", Run: "az vmss show " + at + " --query \"virtualMachineProfile.networkProfile.networkInterfaceConfigurations[].ipConfigurations[].loadBalancerBackendAddressPools[].id\""}}
	if p.Graph.Managed() {
		f.Message += " AKS does not support scale sets that somebody changes by hand: ask its support before any az vmss step that changes something."
	}
	if instances(p, id) == 0 && known(p, id) {
		f.Message += " It has no instance, and the provider finds scale sets by their nodes."
		say := "Give it an instance until the Service is gone; the provider then finds it and takes the reference away."
		if p.Graph.Managed() {
			f.Fix = append(f.Fix, report.Step{Say: say, Changes: true, Run: "az aks nodepool scale " + p.AKS("--cluster-name") + " -n POOL --node-count 1"})
		} else {
			f.Fix = append(f.Fix, report.Step{Say: say, Changes: true, Run: "az vmss scale " + at + " --new-capacity 1"})
		}
	} else {
		f.Fix = append(f.Fix, report.Step{Say: "See which instances lag behind the model; such a one keeps the old reference.", Run: "az vmss list-instances " + at + " --query \"[].{instance:instanceId, newest:latestModelApplied}\" -o table"}, report.Step{Say: "Bring these to the newest model, one after the other: what else differs from the model changes as well, and may restart them.", Changes: true, Run: "az vmss update-instances " + at + " --instance-ids INSTANCE"})
	}
	f.Fix = append(f.Fix, report.Step{Say: "If the model itself still names the pool, take it out, and bring the instances to the newest model afterwards.", Changes: true,
		Run: "az vmss update " + at + " --remove virtualMachineProfile.networkProfile.networkInterfaceConfigurations[0].ipConfigurations[0].loadBalancerBackendAddressPools INDEX"})
	if p.Runs(removesReference) != desired.No {
		f.Fix = append(f.Fix, report.Step{Say: "Upgrade to 1.21 or later: the provider then takes the reference away by itself and tries again."})
	}
	return f
}

// known reports whether the bundle has the scale set, and all machines of its group.
func known(p *rule.Pass, id string) bool {
	group := az.GroupOf(id)
	return p.Complete(&bundle.ScaleSetInstances, group) && p.Complete(&bundle.VMs, group) && slices.ContainsFunc(p.Snapshot.ScaleSets, func(s snapshot.ScaleSet) bool { return az.SameID(s.ID, id) })
}

// instances counts the machines of a scale set, whichever way it orchestrates them.
func instances(p *rule.Pass, id string) int {
	n := 0
	for i := range p.Snapshot.VMs {
		if vm := &p.Snapshot.VMs[i]; az.SameID(az.Parent(vm.ID), id) || vm.ScaleSet != nil && az.SameID(vm.ScaleSet.ID, id) {
			n++
		}
	}
	return n
}
