package pool

import (
	"fmt"
	"strings"

	"azlb/analyze/desired"
	"azlb/analyze/rule"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/azname"
	"azlb/report"
)

// POOL05 is a member of a backend pool that should have left it.
var POOL05 = &rule.Rule{
	ID:       "AZLB-POOL05",
	Severity: report.Warning,
	Doc: report.Doc{
		Title:   "the backend pool still holds a node that is kept out of the load balancers",
		Symptom: "After labelling a node node.kubernetes.io/exclude-from-external-load-balancers, for maintenance for example, it still gets traffic from the load balancer; or a pool of addresses holds one that no node has.",
		Cause: "The provider takes an excluded node out of the pools at its next sync of a Service, not when the label is set. " +
			"The in-tree provider before 1.20 never takes out a node that got the label after it had joined, and several releases left the pool in the scale set's model, from where it comes back with the next upgrade of an instance.",
		Fix: []report.Step{
			{Say: "Make the provider look at the pool again.", Run: "kubectl annotate service -n NAMESPACE SERVICE azlb-resync=\"$(date +%s)\" --overwrite", Changes: true},
			{Say: "See whether the model of the scale set still names the pool.", Run: "az vmss show -g GROUP -n SCALE_SET --query \"virtualMachineProfile.networkProfile.networkInterfaceConfigurations[].ipConfigurations[].loadBalancerBackendAddressPools[].id\" -o tsv"},
		},
		References: []string{"kubernetes-sigs/cloud-provider-azure#401", "kubernetes/kubernetes#95519", "kubernetes-sigs/cloud-provider-azure#8649", "kubernetes-sigs/cloud-provider-azure#1902", "Azure/AKS#3545"},
		Affects:    "the in-tree provider before 1.20 (cloud-provider-azure#401); updating the label on nodes of a scale set: cloud-provider-azure#8649",
		Healthy:    "Between the label and the next sync this is normal, so it is told as an information. If all nodes of a pool are excluded, the provider keeps them on purpose rather than empty the pool (AZLB-POOL04). A control-plane node whose network interface somebody put in stays, and harms nobody who wants it there; a node that is being deleted leaves when it is gone. Nodes labelled kubernetes.azure.com/managed=false are told by AZLB-POOL11.",
	},
	Needs: rule.Needs{All: []*bundle.Evidence{&bundle.Services, &bundle.Nodes, &bundle.LoadBalancers}, Clean: append([]*bundle.Evidence{&bundle.Events, &bundle.KubeVersion, &bundle.ControllerPods}, rule.Machines...)},
	Check: checkPOOL05,
}

// takesOut is since when the provider takes a labelled node out of a pool.
var takesOut = azname.Since("all").InTree("1.20")

func checkPOOL05(p *rule.Pass) {
	for _, member := range rule.Bunches(compared(p, members), func(c desired.Check) (string, bool) {
		n := p.Graph.Node(c.Got)
		return c.Got, c.Kind == desired.Leftover && (n == nil || !unmanaged(n))
	}) {
		p.Find(lingering(p, member.Name, member.All))
	}
}

func lingering(p *rule.Pass, name string, checks []desired.Check) rule.Finding {
	f := rule.Finding{Subject: report.Object{Kind: "Node", Name: name}, Severity: report.Info, Cites: rule.Proofs(checks)}
	for _, c := range checks {
		f.Services = join(f.Services, c.Services...)
	}
	f.Message = fmt.Sprintf("%s still %s %s, which does not belong there: %s.", capital(pools(checks)), holds(checks), name, checks[0].Because)
	n := p.Graph.Node(name)
	switch {
	case n == nil:
		f.Subject = report.Object{Kind: "LoadBalancer", Name: strings.Split(checks[0].Object, "/")[0]}
		f.Message += " Packets that go there are lost until the health probe takes it out. The provider removes it at its next sync."
	case n.Excluded() && p.Wants.Provider.Has(takesOut) == desired.No:
		f.Severity = report.Warning
		f.Message += fmt.Sprintf(" The provider (%s) does not take a node out that got the label after it had joined; it goes on getting traffic.", p.Wants.Provider.Candidates[0])
	case !checks[0].Heals:
		f.Message += " It goes on getting traffic, and no sync changes that: " + checks[0].Why + "."
		if p.Wants.Provider.Has(takesOut) == desired.Yes {
			f.Fix = []report.Step{{Say: "If the node is not meant to serve, label it: then the provider takes it out at its next sync.",
				Run: fmt.Sprintf("kubectl label node %s %s=true", rule.Word(name, "NODE"), topology.ExcludeLabel), Changes: true}}
		}
		return f
	default:
		f.Message += " It goes on getting traffic until the provider takes it out, at its next sync."
	}
	f.Fix = refill(p, checks, "Make the provider look at the pool again")
	if n != nil && n.ScaleSet != "" {
		f.Fix = append(f.Fix, report.Step{Say: "If the node is still there then, see whether the model of its scale set still names the pool.",
			Run: fmt.Sprintf("az vmss show -g %s -n %s --query \"virtualMachineProfile.networkProfile.networkInterfaceConfigurations[].ipConfigurations[].loadBalancerBackendAddressPools[].id\" -o tsv", rule.Word(n.Group, "GROUP"), rule.Word(n.ScaleSet, "SCALE_SET"))})
	}
	return f
}

func holds(checks []desired.Check) string {
	if len(objects(checks)) == 1 {
		return "holds"
	}
	return "hold"
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
