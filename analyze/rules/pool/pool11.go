package pool

import (
	"fmt"
	"slices"

	"azlb/analyze/desired"
	"azlb/analyze/rule"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/azname"
	"azlb/report"
)

// POOL11 is a node that the provider is told not to manage.
var POOL11 = &rule.Rule{
	ID:       "AZLB-POOL11",
	Severity: report.Info,
	Doc: report.Doc{
		Title:   "pods run on a node that the cloud provider does not manage",
		Symptom: "A Service has its address and ready pods, and nobody gets through, or only by way of other nodes; the node with the pods is in no backend pool.",
		Cause: "A node labelled kubernetes.azure.com/managed=false, for example a machine outside Azure that joined the cluster, is in no backend pool by design: the provider has no machine for it. " +
			"Its pods are reached through kube-proxy of the nodes in the pool, which externalTrafficPolicy Local forbids.",
		Fix: []report.Step{
			{Say: "Let pods of the Service run on managed nodes too; or, if the client's address does not matter, let every node pass packets on.",
				Run: "kubectl patch service -n NAMESPACE SERVICE -p '{\"spec\":{\"externalTrafficPolicy\":\"Cluster\"}}'", Changes: true},
			{Say: "If the node is a machine in Azure and should be managed, take the label off.", Run: "kubectl label node NODE kubernetes.azure.com/managed-", Changes: true},
		},
		References: []string{"kubernetes/kubernetes#93034", "https://kubernetes-sigs.github.io/cloud-provider-azure/topics/cross-resource-group-nodes/"},
		Affects:    "since 1.12; up to 1.16.13, 1.17.9 and 1.18.6 the node needed the label that excludes it from load balancers in addition",
		Healthy:    "Unmanaged nodes are a choice. The rule tells only of Services whose ready pods are all on them, and of such nodes that are in a pool all the same.",
	},
	Needs: rule.Needs{
		Any:   []*bundle.Evidence{&bundle.EndpointSlices, &bundle.LoadBalancers},
		All:   []*bundle.Evidence{&bundle.Services, &bundle.Nodes},
		Clean: append([]*bundle.Evidence{&bundle.KubeVersion, &bundle.ControllerPods}, rule.Backends...),
	},
	Check: checkPOOL11,
}

const managedLabel = "kubernetes.azure.com/managed"

// unmanagedAlone is since when the label keeps a node out of the pools by itself.
var unmanagedAlone = azname.Since("all").InTree("1.16.14/1.17.10/1.18.7/1.19")

// unmanaged reports whether the provider is told to leave the node alone, which says
// nothing new of a virtual one.
func unmanaged(n *topology.Node) bool { return n.Labels[managedLabel] == "false" && !n.Virtual() }

func checkPOOL11(p *rule.Pass) {
	if !slices.ContainsFunc(p.Graph.Nodes, unmanaged) {
		p.NotApplicable("no node is labelled "+managedLabel+"=false", &bundle.Nodes)
		return
	}
	for _, n := range p.Graph.Nodes {
		if !unmanaged(n) {
			continue
		}
		if f, ok := onlyThere(p, n); ok {
			p.Find(f)
		}
		stays := slices.DeleteFunc(compared(p, members), func(c desired.Check) bool { return c.Kind != desired.Leftover || c.Got != n.Name })
		if len(stays) > 0 && p.Wants.Provider.Has(unmanagedAlone) == desired.Yes {
			f := rule.Finding{Subject: report.Object{Kind: "Node", Name: n.Name}, Cites: rule.Proofs(stays), Fix: refill(p, stays, "Make the provider look at the pool again"),
				Message: fmt.Sprintf("Node %s is labelled %s=false, but is in backend pool %s. The provider takes it out at its next sync.", n.Name, managedLabel, rule.List(objects(stays)))}
			for _, c := range stays {
				f.Services = join(f.Services, c.Services...)
			}
			p.Find(f)
		}
	}
}

// onlyThere are Services whose ready pods are all on unmanaged nodes, the first on n.
func onlyThere(p *rule.Pass, n *topology.Node) (rule.Finding, bool) {
	f := rule.Finding{Subject: report.Object{Kind: "Node", Name: n.Name}}
	local := false
	for _, s := range p.Graph.Served() {
		ready := s.ReadyEndpoints()
		if len(s.Status.LoadBalancer.Ingress) == 0 || len(ready) == 0 || ready[0].NodeName != n.Name ||
			slices.ContainsFunc(ready, func(e topology.Endpoint) bool { return e.Node == nil || !unmanaged(e.Node) }) {
			continue
		}
		f.Services = append(f.Services, s.Key())
		f.Cites = append(f.Cites, ready[0].Cite())
		if s.Local() {
			local = true
			f.Cites = append(f.Cites, s.Doc.Cite("/spec/externalTrafficPolicy"))
			f.Fix = append(f.Fix, rule.PassOn(s, fmt.Sprintf("Let pods of %s run on managed nodes too; or, if the client's address does not matter, let every node pass packets on.", s.Key())))
		}
	}
	if len(f.Services) == 0 {
		return f, false
	}
	f.Cites = append(f.Cites, n.Doc.Cite("/metadata/labels/kubernetes.azure.com~1managed"))
	f.Message = fmt.Sprintf("All ready pods of %s run on nodes labelled %s=false, such as %s, which are in no backend pool by design.", rule.List(f.Services), managedLabel, n.Name)
	if local {
		f.Message += " With externalTrafficPolicy Local no other node passes packets on to them."
	} else {
		f.Message += " Packets reach them only through the nodes in the pool."
		f.Fix = []report.Step{{Say: "If the node is a machine in Azure and should be managed, take the label off; else there is nothing to do.",
			Run: fmt.Sprintf("kubectl label node %s %s-", rule.Word(n.Name, "NODE"), managedLabel), Changes: true}}
	}
	return f, true
}
