package sku

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// SKU03 is a Basic load balancer that would have to reach over two sets of machines.
var SKU03 = &rule.Rule{
	ID:       "AZLB-SKU03",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "a Basic load balancer reaches the machines of one availability set or scale set only",
		Symptom: "Adding nodes to the backend pool fails with NetworkInterfaceAndLoadBalancerAreInDifferentAvailabilitySets or a text about different availability sets; or a Service with externalTrafficPolicy Local has ready pods and is unreachable.",
		Cause: "The backend pool of a Basic load balancer holds machines of one availability set or one scale set. The provider takes the primary one (primaryAvailabilitySetName or primaryScaleSetName in azure.json, else the first it finds), or those that the annotation azure-load-balancer-mode names. " +
			"Nodes of other sets never join it. With externalTrafficPolicy Cluster the nodes in the pool pass the packets on to pods anywhere; with Local they drop them unless the pod is on the same node.",
		Fix: []report.Step{
			{Say: "Let any node pass packets on to the pods; the pods then see a node's address instead of the client's.",
				Run: "kubectl -n NAMESPACE patch service NAME -p '{\"spec\":{\"externalTrafficPolicy\":\"Cluster\"}}'", Changes: true},
			{Say: "Or keep the pods on nodes of the set behind the load balancer, with a nodeSelector or an affinity."},
			{Say: "Or let the provider use a load balancer of the set in which the pods are (a new Service; the annotation counts only when it is made).",
				Run: "kubectl -n NAMESPACE annotate service NAME service.beta.kubernetes.io/azure-load-balancer-mode=SET", Changes: true},
			{Say: "Or move to Standard, whose pool spans the whole virtual network. On AKS:", Run: "az aks update -g GROUP -n CLUSTER --load-balancer-sku standard", Changes: true},
		},
		References: []string{"https://learn.microsoft.com/azure/load-balancer/skus", "Azure/acs-engine#2136", "kubernetes/kubernetes#58410", "Azure/acs-engine#2313", "Azure/aks-engine#5100", "Azure/azure-xplat-cli#2598"},
		Affects:    "Basic load balancers of clusters with several node pools",
		Healthy:    "Nodes outside the set are normal on a Basic load balancer, and with externalTrafficPolicy Cluster, or with one ready pod inside the set, everything works.",
	},
	Needs: rule.Needs{
		Any:   []*bundle.Evidence{&bundle.Events, &bundle.ControllerLog, &bundle.LoadBalancers},
		Clean: append([]*bundle.Evidence{&bundle.Services, &bundle.EndpointSlices}, rule.Machines...),
	},
	Texts: []rule.Text{
		rule.Codes("NetworkInterfaceAndLoadBalancerAreInDifferentAvailabilitySets", "VMScaleSetCannotReferenceLoadbalancerWhenLargeScaleOrCrossAZ"),
		rule.Says(`(?i)different availability set than other virtual machines connected to the load balancer`),
		rule.Says(`(?i)not all virtual machines are indirectly referenced by the load balancer`),
	},
	Check: checkSKU03,
}

func checkSKU03(p *rule.Pass) {
	errs := slices.DeleteFunc(p.Current(p.Knows), p.Gone)
	if len(errs) > 0 {
		p.Find(refusedSet(p, errs))
	}
	byLB := map[*snapshot.LoadBalancer]*rule.Finding{}
	var order []*rule.Finding
	for _, s := range p.Graph.Services {
		lb, inside, outside, cites := stranded(s)
		if lb == nil {
			continue
		}
		f := byLB[lb]
		if f == nil {
			f = &rule.Finding{Subject: report.Object{Kind: "LoadBalancer", Name: lb.Name}, Cites: []report.Cite{lb.Doc.Cite(lb.At + "/sku/name")},
				Message: fmt.Sprintf("The Basic load balancer %s reaches only nodes of %s.", lb.Name, rule.List(inside))}
			byLB[lb] = f
			order = append(order, f)
		}
		f.Services = append(f.Services, s.Key())
		f.Cites = append(f.Cites, cites...)
		f.Message += fmt.Sprintf(" All ready pods of %s are on nodes of %s, and with externalTrafficPolicy Local no other node passes the packets on.", s.Key(), rule.List(outside))
		f.Fix = append(f.Fix, cluster(s))
	}
	for _, f := range order {
		f.Fix = append(f.Fix, report.Step{Say: "Or keep the pods on nodes of the set behind the load balancer, with a nodeSelector or an affinity."})
		f.Fix = append(f.Fix, wider(p))
		p.Find(*f)
	}
}

// refusedSet is the finding of what Azure said.
func refusedSet(p *rule.Pass, errs []*errtext.Error) rule.Finding {
	told := rule.Tell(errs)
	newest := errs[len(errs)-1]
	name := p.Graph.ClusterName
	if want := p.Wants.Of(newest.Service); want != nil && want.Internal.V {
		name += "-internal"
	}
	return rule.Finding{
		Subject: report.Object{Kind: "LoadBalancer", Name: name}, Services: told.Services, Errors: errs, Cites: told.Cites,
		Message: fmt.Sprintf("Azure does not let a node into the backend pool of load balancer %s, because its availability set or scale set is not the one that the pool has (%s, %s).", name, cmp.Or(newest.Code, "by its text"), told.Span()),
		Fix: []report.Step{
			{Say: "See which sets the machines are in.", Run: "az vm list -g " + rule.Word(oneGroup(p), "GROUP") + " --query \"[].{name:name, set:availabilitySet.id}\" -o table"},
			{Say: "Name the set that shall be behind the load balancer: primaryAvailabilitySetName or primaryScaleSetName in azure.json, or the annotation azure-load-balancer-mode on a new Service.", Run: "sudoedit /etc/kubernetes/azure.json", Changes: true},
			wider(p),
		},
	}
}

// stranded reports whether a Service with externalTrafficPolicy Local has all its
// ready endpoints outside the sets that its Basic load balancer reaches; lb is nil
// where it has not, or where something is not known.
func stranded(s *topology.Service) (lb *snapshot.LoadBalancer, inside, outside []string, cites []report.Cite) {
	ready := s.ReadyEndpoints()
	if !s.Local() || s.Foreign() || s.Deleting() || !s.EndpointsKnown() || len(ready) == 0 {
		return nil, nil, nil, nil
	}
	lb, inside = reach(s)
	cites = append(cites, s.Doc.Cite("/spec/externalTrafficPolicy"))
	for _, e := range ready {
		set := ""
		if e.Node != nil {
			set = setOf(e.Node)
		}
		if set == "" || has(inside, set) {
			return nil, nil, nil, nil
		}
		if !has(outside, set) {
			outside = append(outside, set)
			cites = append(cites, e.Cite(), e.Node.Doc.Cite("/metadata/name"))
		}
	}
	return lb, inside, outside, cites
}

// has reports whether a set is among sets; Azure spells one name in several ways.
func has(sets []string, set string) bool {
	return slices.ContainsFunc(sets, func(s string) bool { return strings.EqualFold(s, set) })
}

// reach is the Service's load balancer and the sets of its pool members, as they are
// first spelled in the evidence; nil where it is not Basic or a member's set is not known.
func reach(s *topology.Service) (*snapshot.LoadBalancer, []string) {
	for _, path := range s.Paths {
		f := path.Frontend.To
		if f == nil || !basic(f.LB.SKU.Name) || len(path.Members) == 0 {
			continue
		}
		var sets []string
		for _, m := range path.Members {
			if m.Node == nil || setOf(m.Node) == "" {
				return nil, nil
			}
			if set := setOf(m.Node); !has(sets, set) {
				sets = append(sets, set)
			}
		}
		slices.Sort(sets)
		return f.LB, sets
	}
	return nil, nil
}

// setOf is the scale set or the availability set of a node; empty: not known, or
// the machine is in none.
func setOf(n *topology.Node) string {
	if n.ScaleSet != "" {
		return n.ScaleSet
	}
	if n.Machine != nil && n.Machine.AvailabilitySet != nil {
		return az.LastName(n.Machine.AvailabilitySet.ID)
	}
	return ""
}

func cluster(s *topology.Service) report.Step {
	return rule.PassOn(s, "Let any node pass packets on to the pods of "+s.Key()+"; they then see a node's address instead of the client's.")
}

func wider(p *rule.Pass) report.Step {
	if p.Graph.Managed() {
		return report.Step{Say: "Or move the cluster to Standard, whose pool spans the whole virtual network.", Run: "az aks update " + p.AKS("-n") + " --load-balancer-sku standard", Changes: true}
	}
	return report.Step{Say: "Or move the cluster to Standard (loadBalancerSku standard in azure.json, 1.11 and later), whose pool spans the whole virtual network; Basic is retired."}
}

func oneGroup(p *rule.Pass) string {
	if groups := p.Graph.ProviderGroups(); len(groups) == 1 {
		return groups[0]
	}
	return ""
}
