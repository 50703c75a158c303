package pool

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"azlb/analyze/desired"
	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/bundle-schema/azname"
	"azlb/report"
)

// POOL16 are machines of a flexible scale set, which not every load balancer can have.
var POOL16 = &rule.Rule{
	ID:       "AZLB-POOL16",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "nodes of a flexible scale set cannot be behind this load balancer",
		Symptom: "Services stay pending with \"VMSS Flex does not support Basic Load Balancer\"; or they have their address, and the nodes of a flexible scale set are not in the backend pool, without a message.",
		Cause: "A scale set with flexible orchestration is a set of ordinary virtual machines, other than the older uniform one, whose instances have numbers. The provider puts its machines behind a Standard load balancer only, and knows them since release 1.26. " +
			"Before, it looks for a machine that bears the node's name; those that a flexible scale set makes itself are named SCALESET_ and a random ending.",
		Fix: []report.Step{
			{Say: "See how a scale set is orchestrated.", Run: "az vmss list -g GROUP --query \"[].{name:name, mode:orchestrationMode}\" -o table"},
			{Say: "With a Basic load balancer: make the cluster anew with loadBalancerSku standard; Basic was retired in September 2025.", Changes: true},
			{Say: "With a provider before 1.26: upgrade, or use uniform scale sets.", Changes: true},
		},
		References: []string{"kubernetes-sigs/cloud-provider-azure#639", "kubernetes-sigs/cloud-provider-azure#2202", "https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-orchestration-modes"},
		Affects:    "Basic load balancers in all releases; Standard ones before cloud-provider-azure 1.26 and with every in-tree provider",
		Healthy:    "Flexible scale sets behind a Standard load balancer are supported since 1.26. Where such nodes are in the pool all the same, nothing is told; where other nodes carry the Services, it is an information.",
	},
	Needs: rule.Needs{
		Any: append([]*bundle.Evidence{&bundle.VMs, &bundle.NICs, &bundle.ControllerPods, &bundle.KubeVersion}, text...),
		All: []*bundle.Evidence{&bundle.Services, &bundle.Nodes, &bundle.LoadBalancers},
	},
	Texts: []rule.Text{{Pattern: regexp.MustCompile(`(?i)vmss flex does not support basic load balancer`), Raw: true}},
	Check: checkPOOL16,
}

// flexKnown is since when the provider knows flexible scale sets.
var flexKnown = azname.Since("1.26")

// flexible reports a node whose machine belongs to a scale set and is no instance of a
// uniform one.
func flexible(n *topology.Node) bool {
	return n.ScaleSet == "" && n.Machine != nil && n.Machine.ScaleSet != nil && n.Machine.ScaleSet.ID != ""
}

func checkPOOL16(p *rule.Pass) {
	var flex []*topology.Node
	for _, n := range p.Graph.Nodes {
		if eligible(n) && flexible(n) {
			flex = append(flex, n)
		}
	}
	errs := slices.DeleteFunc(p.Current(p.Knows), p.Gone)
	if len(errs) > 0 {
		p.Find(refusedFlex(p, flex, errs))
		return
	}
	for i := range p.Snapshot.Loads {
		if lb := &p.Snapshot.Loads[i]; p.Graph.OwnLoadBalancer(lb) {
			if f, ok := leftOut(p, lb, flex); ok {
				p.Find(f)
			}
		}
	}
}

// refusedFlex is the provider's refusal.
func refusedFlex(p *rule.Pass, flex []*topology.Node, errs []*errtext.Error) rule.Finding {
	told := rule.Tell(errs)
	f := rule.Finding{Subject: report.Object{Kind: "LoadBalancer", Name: p.Graph.ClusterName}, Errors: errs, Cites: told.Cites,
		Message: fmt.Sprintf("The provider refuses to put machines of a flexible scale set behind a Basic load balancer (%s).", told.Span()), Fix: toStandard}
	if len(flex) > 0 {
		f.Message += fmt.Sprintf(" Such are %s, of scale set %s.", rule.List(named(flex)), az.LastName(flex[0].Machine.ScaleSet.ID))
		f.Cites = append(f.Cites, flex[0].Machine.Doc.Cite(flex[0].Machine.At+"/virtualMachineScaleSet"))
	}
	var working []string
	if f.Services, working = p.Named(errs); len(f.Services) == 0 {
		f.Severity, f.Services = report.Warning, working
		f.Message += " The Services named keep working as they are, but cannot be changed at present."
	}
	return f
}

// leftOut are nodes of flexible scale sets that are not in a pool as the provider does
// not take them.
func leftOut(p *rule.Pass, lb *snapshot.LoadBalancer, flex []*topology.Node) (rule.Finding, bool) {
	basic := strings.EqualFold(cmp.Or(lb.SKU.Name, "Basic"), "Basic")
	for i := range lb.Pools {
		pool := &lb.Pools[i]
		services, members := on(p, pool.ID), p.Graph.Members(pool)
		var out []*topology.Node
		for _, n := range flex {
			unnamed := !strings.EqualFold(n.Machine.Name, n.Name) && p.Wants.Provider.Has(flexKnown) == desired.No
			if (basic || unnamed) && !slices.ContainsFunc(members, func(m *topology.Member) bool { return m.Node == n || m.Node == nil && m.Machine == nil }) {
				out = append(out, n)
			}
		}
		if len(services) == 0 || len(out) == 0 {
			continue
		}
		set := az.LastName(out[0].Machine.ScaleSet.ID)
		f := rule.Finding{Subject: report.Object{Kind: "ScaleSet", Name: set}, Services: services,
			Cites: []report.Cite{out[0].Machine.Doc.Cite(out[0].Machine.At + "/virtualMachineScaleSet"), lb.Doc.Cite(pool.At + "/name"), lb.Doc.Cite(lb.At + "/sku")}}
		f.Message = fmt.Sprintf("%s %s of flexible scale set %s and not in backend pool %s/%s:", rule.List(named(out)), is(len(out)), set, lb.Name, pool.Name)
		if basic {
			f.Message += " the load balancer is a Basic one, behind which the provider puts no such machine."
			f.Fix = toStandard
		} else {
			f.Message += fmt.Sprintf(" the provider (%s) looks for machines that bear the nodes' names, and knows flexible scale sets since 1.26.", p.Wants.Provider.Candidates[0])
			f.Fix = []report.Step{{Say: "Upgrade to Kubernetes 1.26 or later with the cloud-controller-manager of cloud-provider-azure, or use uniform scale sets.", Changes: true}}
		}
		if len(members) == 0 {
			f.Message += fmt.Sprintf(" No node is left for it: nobody reaches %s.", rule.List(services))
		} else {
			f.Severity, f.Services = report.Info, nil
			f.Message += " Other nodes carry the Services."
		}
		return f, true
	}
	return rule.Finding{}, false
}

// toStandard is the way out of Basic.
var toStandard = []report.Step{
	{Say: "See how the scale sets are orchestrated.", Run: "az vmss list --query \"[].{group:resourceGroup, name:name, mode:orchestrationMode}\" -o table"},
	{Say: "Make the cluster anew with loadBalancerSku standard, or its node pools of uniform scale sets; Basic load balancers were retired in September 2025.", Changes: true},
}
