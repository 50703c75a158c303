package collect

import (
	"cmp"
	"context"
	"slices"
	"strings"

	bundle "azlb/bundle-schema"
)

// further follows what Azure's answers name: groups that no node is in, scale sets
// whose instances never became nodes, load balancers, the AKS cluster, subscriptions
// and locations. A round asks for what the answers of the one before name: the subnet of
// another group, then its route table; the diagnostic settings of the AKS cluster, then
// the workspace, then the log in it.
func (s *session) further(ctx context.Context) {
	for range 4 {
		before := len(s.planner.plan.Always)
		refs := s.references()
		s.found.Managed = s.found.Managed || refs.aks
		known := len(s.found.Groups)
		refused := len(s.found.Refused)
		for _, g := range refs.groups {
			s.found.addGroup(g, s.windows)
		}
		for i, g := range s.found.Groups[known:] {
			s.planner.group(g, g.without(known+i >= s.found.groupCap()))
		}
		s.planner.plan.Missing = nil
		s.unlisted()
		s.balancers()
		s.clusters(refs.clusters)
		s.inventories()
		s.subnets(refs)
		s.health()
		s.deep()
		s.controllerLog()
		s.planner.subscriptions(s.found.subscriptions(s.o.Subscription))
		s.locate()
		s.planner.locations(&s.found)
		s.planner.refused(&Discovered{Refused: s.found.Refused[refused:]})
		s.entries = append(s.entries, s.planner.plan.Missing...)
		if len(s.planner.plan.Always) == before {
			break
		}
		s.entries = append(s.entries, s.all(ctx, s.planner.plan.Always[before:])...)
	}
	s.serviceTags(ctx)
}

// leadsNowhere are answers that name things which no packet of the cluster meets.
var leadsNowhere = []*bundle.Evidence{&bundle.Account, &bundle.ActivityLog, &bundle.PolicyAssignments, &bundle.Resources, &bundle.ResourceHealth,
	&bundle.PrivateEndpoints, &bundle.ApplicationGateways, &bundle.Firewalls, &bundle.DiagnosticSettings, &bundle.Workspace, &bundle.AKSLog, &bundle.AKSLogShared}

// references reads Azure's answers for the groups that they name.
func (s *session) references() *references {
	refs := &references{subnets: map[string]bool{}, read: map[string]bool{}}
	var vnets []bundle.Entry
	for _, e := range s.entries {
		evidence := bundle.ByID(e.Evidence)
		if e.Path == "" || evidence.Program != bundle.Az || ofLogin(evidence) || slices.Contains(leadsNowhere, evidence) || evidence.Scope == bundle.PerLoadBalancer || evidence.Deep {
			continue
		}
		if evidence == &bundle.VNets || evidence == &bundle.Subnets {
			vnets = append(vnets, e)
			continue
		}
		// The answers of a foreign group lead on only through what our nodes use.
		if s.hasNodes(e) {
			refs.scan(s.spool.read(e.Path), e.Scope["subscription"], e.Path)
		}
	}
	for _, e := range vnets {
		refs.scanVNets(s.spool.read(e.Path), e.Scope["subscription"], e.Path)
	}
	return refs
}

// hasNodes reports whether an answer is about a group that belongs to the cluster;
// the groups of the command line count where no node is known.
func (s *session) hasNodes(e bundle.Entry) bool {
	for _, g := range s.found.Groups {
		if strings.EqualFold(g.Name, e.Scope["group"]) {
			return g.Nodes || s.found.AzureNodes == 0 && !strings.HasPrefix(g.From, "an id")
		}
	}
	return false
}

// unlisted plans the instances of scale sets that no node names. Flexible ones
// have plain virtual machines instead.
func (s *session) unlisted() {
	added := 0
	for _, e := range slices.Clone(s.entries) {
		if e.Evidence != bundle.ScaleSets.ID || e.Path == "" || !s.hasNodes(e) {
			continue
		}
		g := Group{Subscription: e.Scope["subscription"], Name: e.Scope["group"]}
		for _, name := range scaleSetNames(s.spool.read(e.Path)) {
			if slices.ContainsFunc(s.found.ScaleSets, func(i Instance) bool { return i.Group.same(g) && strings.EqualFold(i.Name, name) }) {
				continue
			}
			before := len(s.found.ScaleSets)
			s.found.addInstance(&s.found.ScaleSets, &bundle.ScaleSetInstances, "scaleset", Instance{Group: g, Name: name}, e.Path, s.windows)
			if len(s.found.ScaleSets) == before || added >= furtherScaleSets {
				continue
			}
			added++
			v := Values{"subscription": g.Subscription, "group": g.Name, "scaleset": name}
			s.planner.add(&bundle.ScaleSetInstances, v)
			s.planner.add(&bundle.ScaleSetNICs, v)
		}
	}
}

// scaleSetNames lists the uniform scale sets of an answer in any of its shapes.
func scaleSetNames(raw []byte) []string {
	type scaleSet struct {
		Name              string `json:"name"`
		OrchestrationMode string `json:"orchestrationMode"`
		Properties        struct {
			OrchestrationMode string `json:"orchestrationMode"`
		} `json:"properties"`
	}
	var names []string
	for _, s := range listed[scaleSet](raw) {
		if !strings.EqualFold(cmp.Or(s.OrchestrationMode, s.Properties.OrchestrationMode), "Flexible") && s.Name != "" {
			names = append(names, s.Name)
		}
	}
	return names
}
