package pool

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/desired"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/bundle-schema/azname"
	"azlb/report"
)

// POOL07 is a scale set whose model does not name the pool that its instances are in.
var POOL07 = &rule.Rule{
	ID:       "AZLB-POOL07",
	Severity: report.Warning,
	Doc: report.Doc{
		Title:   "the model of a scale set lacks the backend pool of its instances",
		Symptom: "All works, until the scale set grows, is upgraded or an instance is reimaged: the new instances get no traffic, or one after the other drops out of the backend pool.",
		Cause: "New and upgraded instances of a scale set get their network configuration from its model. The provider writes the backend pool to the instances and, since 1.14.7, 1.15.4 and 1.16, to the model as well. " +
			"An older release, or a template that writes the scale set without the pool, leaves a model from which instances come without it.",
		Fix: []report.Step{
			{Say: "See which pools the model names.", Run: "az vmss show -g GROUP -n SCALE_SET --query \"virtualMachineProfile.networkProfile.networkInterfaceConfigurations[].ipConfigurations[].loadBalancerBackendAddressPools[].id\" -o tsv"},
			{Say: "Make the provider write the model.", Run: "kubectl annotate service -n NAMESPACE SERVICE azlb-resync=\"$(date +%s)\" --overwrite", Changes: true},
			{Say: "Releases before 1.14.7 and 1.15.4 do not write it: upgrade, before the scale set is scaled or upgraded.", Changes: true},
		},
		References: []string{"kubernetes/kubernetes#80365", "kubernetes/kubernetes#89336", "Azure/AKS#1372", "ensureVMSSInPool of cloud-provider-azure"},
		Affects:    "before 1.14.7, 1.15.4 and 1.16; for internal load balancers before 1.16.9, 1.17.5 and 1.18.1",
		Healthy:    "A scale set of which some nodes are kept out of the load balancers, a flexible one, one whose instances are in no pool, and one that is in another load balancer need no pool in their model; nor does any where the pools hold addresses.",
	},
	Needs: rule.Needs{All: []*bundle.Evidence{&bundle.Services, &bundle.Nodes, &bundle.LoadBalancers, &bundle.ScaleSets, &bundle.CloudConfig}, Clean: append([]*bundle.Evidence{&bundle.Events, &bundle.KubeVersion, &bundle.ControllerPods}, rule.Machines...)},
	Check: checkPOOL07,
}

// The releases since when the provider writes the pool of a public, and of an
// internal, load balancer to the model.
var (
	writesModel         = azname.Since("all").InTree("1.14.7/1.15.4/1.16")
	writesInternalModel = azname.Since("all").InTree("1.16.9/1.17.5/1.18.1")
)

// modelless is one scale set and the pools that its model lacks.
type modelless struct {
	set      string
	pools    []string // "load balancer/pool"
	services []string
	cites    []report.Cite
	heals    bool
}

func checkPOOL07(p *rule.Pass) {
	var found []*modelless
	add := func(set, pool string, services []string, cites []report.Cite) {
		i := slices.IndexFunc(found, func(m *modelless) bool { return m.set == set })
		if i < 0 {
			i = len(found)
			found = append(found, &modelless{set: set, heals: true})
		}
		m := found[i]
		m.pools, m.services, m.cites = append(m.pools, pool), join(m.services, services...), append(m.cites, cites...)
		writes := writesModel
		if azname.IsInternalName(strings.Split(pool, "/")[0]) {
			writes = writesInternalModel
		}
		m.heals = m.heals && p.Wants.Provider.Has(writes) == desired.Yes
	}
	for _, c := range compared(p, "loadBalancerBackendAddressPools") {
		if c.Kind == desired.Missing {
			add(strings.TrimPrefix(c.Object, "scale set "), c.Want, c.Services, c.Cites())
		}
	}
	if p.Wants.Provider.Has(writesModel) == desired.No { // the comparison does not miss what these releases do not write
		unwritten(p, add)
	}
	for _, m := range found {
		p.Find(withoutPool(p, m))
	}
}

// unwritten finds scale sets that an old provider put into a pool by their instances only.
func unwritten(p *rule.Pass, add func(set, pool string, services []string, cites []report.Cite)) {
	for i := range p.Snapshot.ScaleSets {
		set := &p.Snapshot.ScaleSets[i]
		var done []string
		for _, s := range p.Graph.Served() {
			for _, path := range s.Paths {
				if path.Pool.To == nil || slices.Contains(done, path.Pool.To.ID) || !slices.ContainsFunc(path.Members, func(m *topology.Member) bool {
					return m.Node != nil && strings.EqualFold(m.Node.ScaleSet, set.Name) && strings.EqualFold(m.Node.Group, az.GroupOf(set.ID))
				}) || models(set, path.Pool.To.ID) {
					continue
				}
				done = append(done, path.Pool.To.ID)
				lb := path.Frontend.To.LB
				add(set.Name, lb.Name+"/"+path.Pool.To.Name, on(p, path.Pool.To.ID), []report.Cite{lb.Doc.Cite(path.Pool.To.At + "/name"), set.Doc.Cite(set.At + "/virtualMachineProfile/networkProfile")})
			}
		}
	}
}

// models reports whether the model of a scale set names the pool, or may name it.
func models(set *snapshot.ScaleSet, pool string) bool {
	for _, nic := range set.Profile.Network.NICs {
		for _, ip := range nic.IPConfigurations {
			if desired.NamesPool(ip.Pools, pool) != desired.No {
				return true
			}
		}
	}
	return false
}

// on are the Services whose rules hand on to the pool.
func on(p *rule.Pass, pool string) []string {
	var out []string
	for _, s := range p.Graph.Served() {
		if slices.ContainsFunc(s.Paths, func(x *topology.Path) bool { return x.Pool.To != nil && az.SameID(x.Pool.To.ID, pool) }) {
			out = append(out, s.Key())
		}
	}
	return out
}

func withoutPool(p *rule.Pass, m *modelless) rule.Finding {
	f := rule.Finding{
		Subject:  report.Object{Kind: "ScaleSet", Name: m.set},
		Services: m.services,
		Cites:    m.cites,
		Message: fmt.Sprintf("The model of scale set %s does not name backend pool %s. Instances that are added, upgraded or reimaged come without it and get no traffic of %s.",
			m.set, rule.List(m.pools), rule.List(m.services)),
	}
	group := "GROUP"
	for i := range p.Snapshot.ScaleSets {
		if set := &p.Snapshot.ScaleSets[i]; set.Name == m.set {
			group = rule.Word(az.GroupOf(set.ID), group)
		}
	}
	f.Fix = []report.Step{{Say: "See which pools the model names.",
		Run: fmt.Sprintf("az vmss show -g %s -n %s --query \"virtualMachineProfile.networkProfile.networkInterfaceConfigurations[].ipConfigurations[].loadBalancerBackendAddressPools[].id\" -o tsv", group, rule.Word(m.set, "SCALE_SET"))}}
	if !m.heals {
		f.Message += fmt.Sprintf(" The provider (%s) may not write the model at all; releases since 1.14.7, 1.15.4 and 1.16 do, for internal load balancers since 1.16.9, 1.17.5 and 1.18.1.", p.Wants.Provider.Candidates[0])
		f.Fix = append(f.Fix, report.Step{Say: "Upgrade the cluster before the scale set is scaled, upgraded or reimaged.", Changes: true})
	} else {
		f.Message += " The provider writes it at its next sync."
	}
	if s := p.Graph.Service(m.services[0]); s != nil {
		f.Fix = append(f.Fix, rule.Resync(s, "Make the provider write the model."))
	}
	for i := range p.Snapshot.ScaleSets {
		if set := &p.Snapshot.ScaleSets[i]; set.Name == m.set {
			f.Fix = append(f.Fix, history(set.ID))
		}
	}
	return f
}
