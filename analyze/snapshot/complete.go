package snapshot

import (
	"slices"
	"strings"

	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
)

// Have reports whether some of the evidence was read.
func (s *Snapshot) Have(e *bundle.Evidence) bool {
	for _, x := range s.known[e.ID] {
		if x.read {
			return true
		}
	}
	return false
}

// Complete reports whether a conclusion from absence may rest on the evidence:
// it was read whole for the resource group (any case; "" = cluster-wide evidence
// or every group known). Pods are asked for by namespace in the same way.
//
// With "" the resource groups of the nodes and of the manifest must all be among
// the groups that were read. In loose files a log counts as whole where it begins
// with the start of its program.
func (s *Snapshot) Complete(e *bundle.Evidence, group string) bool {
	known := s.known[e.ID]
	if whole, ok := known[""]; ok && (whole.complete || !scoped(e)) {
		return whole.complete
	}
	if !scoped(e) {
		return false
	}
	if group != "" {
		return s.covers(e, strings.ToLower(group))
	}
	for _, x := range known {
		if !x.complete {
			return false
		}
	}
	if e == &bundle.AKSCluster && len(known) == 0 {
		return s.selfManaged()
	}
	if e == &bundle.Pods || e.Scope == bundle.PerLoadBalancer || e.Scope == bundle.PerAKSCluster { // not every group has one
		return len(known) > 0
	}
	for _, g := range s.groups {
		if !s.covers(e, g) {
			return false
		}
	}
	return len(known) > 0 || len(s.groups) > 0
}

// covers reports whether all of the evidence in one group was read. A group of which
// nothing was asked is covered where nothing of the kind is there: nobody lists the
// instances of scale sets that there are not.
func (s *Snapshot) covers(e *bundle.Evidence, group string) bool {
	if x, asked := s.known[e.ID][group]; asked {
		return x.complete
	}
	switch e.Scope {
	case bundle.PerScaleSet:
		return s.nodeless(group, true) || s.known[bundle.ScaleSets.ID][group].complete && !slices.ContainsFunc(s.ScaleSets, func(x ScaleSet) bool { return inGroup(x.ID, group) })
	case bundle.PerVM:
		return s.nodeless(group, false) || s.known[bundle.VMs.ID][group].complete && !slices.ContainsFunc(s.VMs, func(x VM) bool {
			return inGroup(x.ID, group) && !strings.Contains(strings.ToLower(x.ID), "/virtualmachinescalesets/")
		})
	case bundle.PerAKSCluster:
		return len(s.known[e.ID]) == 0 && s.selfManaged()
	}
	return false
}

// nodeless reports whether no node of the cluster is a scale-set instance, or a plain
// machine, of the group.
func (s *Snapshot) nodeless(group string, scaleSet bool) bool {
	return s.Complete(&bundle.Nodes, "") && !slices.ContainsFunc(s.Nodes, func(n Node) bool {
		id, ok := az.ParseID(n.Spec.ProviderID)
		return ok && strings.EqualFold(id.Group, group) && (id.Name("virtualMachineScaleSets") != "") == scaleSet
	})
}

// inGroup reports whether an object may be in the group: a masked id may be anywhere.
func inGroup(id, group string) bool {
	g := az.GroupOf(id)
	return g == "" || az.Masked(g) || strings.EqualFold(g, group)
}

// selfManaged reports whether the nodes show that this is no AKS cluster, so that there
// is none to look at.
func (s *Snapshot) selfManaged() bool {
	if s.Manifest != nil && s.Manifest.Cluster.Managed || !s.Complete(&bundle.Nodes, "") {
		return false
	}
	return !slices.ContainsFunc(s.Nodes, func(n Node) bool {
		_, aks := n.Labels["kubernetes.azure.com/cluster"]
		return aks
	})
}

// Lost reports whether some of the evidence was asked for, or named by the customer,
// and did not come. What nobody asked for is not lost.
func (s *Snapshot) Lost(e *bundle.Evidence) bool {
	return slices.ContainsFunc(s.Gaps, func(g bundle.Gap) bool { return g.Evidence == e && g.Status != bundle.StatusSkipped })
}

// scoped reports whether the evidence is known group by group, or namespace by
// namespace, and not for the cluster as a whole.
func scoped(e *bundle.Evidence) bool {
	switch e.Scope {
	case bundle.PerGroup, bundle.PerScaleSet, bundle.PerVM, bundle.PerLoadBalancer, bundle.PerAKSCluster, bundle.PerNamespace:
		return true
	}
	return false
}

// extent is how much of one piece of evidence is known in one group or namespace.
type extent struct{ read, complete bool }
