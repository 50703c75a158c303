package pool

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// POOL15 is a scale set of another resource group that holds on to the load balancer.
var POOL15 = &rule.Rule{
	ID:       "AZLB-POOL15",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "a scale set of another resource group still refers to the load balancer",
		Symptom: "The last Service of a load balancer cannot be deleted; it stays Terminating, and the event says that a VMSS is in another resource group but is referencing the LB.",
		Cause: "With its last Service the provider deletes the load balancer. Azure refuses while the model of a scale set (what its instances are made from) names one of its backend pools. The provider then takes the pool out of the model itself, but only of scale sets in the cluster's own resource group: " +
			"one elsewhere was put into the pool by a person, a template or another cluster, and is left to them.",
		Fix: []report.Step{
			{Say: "See which pools the model of the scale set names, from index 0.", Run: "az vmss show -g GROUP -n SCALESET --query \"virtualMachineProfile.networkProfile.networkInterfaceConfigurations[0].ipConfigurations[0].loadBalancerBackendAddressPools[].id\" -o tsv"},
			{Say: "Take the pool of this load balancer out ...", Run: "az vmss update -g GROUP -n SCALESET --remove 'virtualMachineProfile.networkProfile.networkInterfaceConfigurations[0].ipConfigurations[0].loadBalancerBackendAddressPools' INDEX", Changes: true},
			{Say: "... and bring the instances up to date with the model; the next try to delete the Service then goes through.", Run: "az vmss update-instances -g GROUP -n SCALESET --instance-ids '*'", Changes: true},
		},
		References: []string{"kubernetes-sigs/cloud-provider-azure#565", "kubernetes-sigs/cloud-provider-azure#559", "kubernetes-sigs/cloud-provider-azure#2027", "cleanOrphanedLoadBalancer of cloud-provider-azure"},
		Affects:    "since cloud-provider-azure 0.7.3; others show Azure's LoadBalancerInUseByVirtualMachineScaleSet",
		Healthy:    "A scale set of another resource group behind a load balancer of yours is no fault, and nor is one behind the cluster's while a Service uses it: only the refused deletion is told.",
	},
	Needs: rule.Needs{Any: text, All: []*bundle.Evidence{&bundle.Services}},
	Texts: []rule.Text{{Pattern: elsewhere, Raw: true}},
	Check: checkPOOL15,
}

// elsewhere is the provider's own text; it has no code.
var elsewhere = regexp.MustCompile(`(?i)cleanOrphanedLoadBalancer\(([^,)]*),[^)]*\): the VMSS (\S+) is in the resource group (\S+), but is referencing the LB in (\S+)`)

func checkPOOL15(p *rule.Pass) {
	errs := slices.DeleteFunc(p.Current(p.Knows), p.Gone)
	for _, b := range rule.Bunches(errs, func(e *errtext.Error) (string, bool) {
		m := elsewhere.FindStringSubmatch(e.Raw)
		return m[3] + "/" + m[2], true
	}) {
		p.Find(holding(p, b.All))
	}
}

func holding(p *rule.Pass, errs []*errtext.Error) rule.Finding {
	m, told := elsewhere.FindStringSubmatch(errs[len(errs)-1].Raw), rule.Tell(errs)
	lb, set, group, own := m[1], m[2], m[3], strings.TrimRight(m[4], `."'`)
	f := rule.Finding{Subject: report.Object{Kind: "ScaleSet", Name: set}, Errors: errs, Cites: told.Cites,
		Message: fmt.Sprintf("Scale set %s of resource group %s refers to load balancer %s of %s, so Azure does not delete it, and the provider leaves scale sets of other resource groups alone (%s).", set, group, lb, own, told.Span())}
	for i := range p.Snapshot.ScaleSets {
		v := &p.Snapshot.ScaleSets[i]
		if !strings.EqualFold(v.Name, set) || !strings.EqualFold(az.GroupOf(v.ID), group) {
			continue
		}
		for _, nic := range v.Profile.Network.NICs {
			for _, ip := range nic.IPConfigurations {
				for _, pool := range ip.Pools {
					if id, ok := az.ParseID(pool.ID); ok && strings.EqualFold(id.Name("loadBalancers"), lb) {
						f.Cites = append(f.Cites, v.Doc.Cite(pool.At))
					}
				}
			}
		}
	}
	var working []string
	if f.Services, working = p.Named(errs); len(f.Services) == 0 {
		f.Severity, f.Services = report.Warning, working
	}
	pools := "virtualMachineProfile.networkProfile.networkInterfaceConfigurations[0].ipConfigurations[0].loadBalancerBackendAddressPools"
	where := fmt.Sprintf("-g %s -n %s", rule.Word(group, "GROUP"), rule.Word(set, "SCALESET"))
	f.Fix = []report.Step{
		{Say: "See which pools its model names, from index 0, and whose they are.", Run: fmt.Sprintf("az vmss show %s --query \"%s[].id\" -o tsv", where, pools)},
		{Say: fmt.Sprintf("If nobody needs it behind %s, take that pool out ...", lb), Run: fmt.Sprintf("az vmss update %s --remove '%s' INDEX", where, pools), Changes: true},
		{Say: "... and bring the instances up to date with the model; the next try to delete the Service then goes through.", Run: fmt.Sprintf("az vmss update-instances %s --instance-ids '*'", where), Changes: true},
	}
	return f
}
