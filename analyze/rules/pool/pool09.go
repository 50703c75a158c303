package pool

import (
	"fmt"
	"slices"

	"azlb/analyze/rule"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/azname"
	"azlb/report"
)

// POOL09 is the internal load balancer without backends of 1.9.0 to 1.9.3.
var POOL09 = &rule.Rule{
	ID:       "AZLB-POOL09",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "Kubernetes 1.9.0 to 1.9.3 leaves the internal load balancer without backends",
		Symptom: "An internal Service gets its address without any error, but nobody reaches it: the backend pool of the load balancer CLUSTER-internal is empty, while public Services work.",
		Cause: "These releases compare the availability set of a node with the name of the load balancer and do not take the ending -internal off, so that no node belongs to it. " +
			"Nothing fails, and no event or log tells of it.",
		Fix: []report.Step{
			{Say: "Upgrade the control plane to 1.9.4, to 1.10 or later; the pool is filled at the next sync.", Changes: true},
			{Say: "After the upgrade, make the provider sync the Service at once.", Run: "kubectl annotate service -n NAMESPACE SERVICE azlb-resync=\"$(date +%s)\" --overwrite", Changes: true},
		},
		References: []string{"kubernetes/kubernetes#59746", "kubernetes/kubernetes#60060", "Azure/acs-engine#2151", "kubernetes/kubernetes#59747", "kubernetes/kubernetes#59083"},
		Affects:    "Kubernetes 1.9.0 to 1.9.3; fixed in 1.9.4 and 1.10",
		Healthy:    "Other versions, and clusters of these versions whose internal pool has members, are not this fault. An empty pool in a cluster without any registered worker node has another cause.",
	},
	Needs:       rule.Needs{All: []*bundle.Evidence{&bundle.Services, &bundle.Nodes, &bundle.LoadBalancers, &bundle.KubeVersion}},
	FollowsFrom: []string{"AZLB-ILB04"},
	Check:       checkPOOL09,
}

// passesOver reports a release that puts no node into an internal pool.
func passesOver(p *rule.Pass) bool {
	v, err := azname.ParseVersion(p.Snapshot.Kubernetes, true)
	return err == nil && v.Major == 1 && v.Minor == 9 && v.Patch <= 3
}

func checkPOOL09(p *rule.Pass) {
	if !passesOver(p) {
		p.NotApplicable(fmt.Sprintf("Kubernetes %s is not 1.9.0 to 1.9.3", p.Snapshot.Kubernetes), &bundle.KubeVersion)
		return
	}
	if !slices.ContainsFunc(p.Graph.Nodes, func(n *topology.Node) bool { return eligible(n) && unregistered(n) == "" }) {
		p.NotApplicable("no worker node is registered with the cloud provider")
		return
	}
	byPool := map[string]*rule.Finding{}
	var order []string
	for _, s := range p.Graph.Served() {
		for _, path := range s.Paths {
			if path.Pool.To == nil || len(path.Members) > 0 || !azname.IsInternalName(path.Frontend.To.LB.Name) {
				continue
			}
			lb := path.Frontend.To.LB
			f := byPool[lb.ID]
			if f == nil {
				f = &rule.Finding{Subject: report.Object{Kind: "LoadBalancer", Name: lb.Name}, Cites: []report.Cite{lb.Doc.Cite(path.Pool.To.At + "/name")}}
				byPool[lb.ID] = f
				order = append(order, lb.ID)
			}
			if slices.Contains(f.Services, s.Key()) {
				continue
			}
			f.Services = append(f.Services, s.Key())
			f.Cites = append(f.Cites, s.Doc.Cite("/metadata/annotations"))
			f.Fix = append(f.Fix, rule.Resync(s, "After the upgrade, make the provider sync the Service at once."))
		}
	}
	for _, id := range order {
		f := byPool[id]
		f.Message = fmt.Sprintf("The backend pool of %s is empty, so nobody reaches %s. Kubernetes %s has the bug that leaves nodes out of internal pools; 1.9.4 and 1.10 do not.", f.Subject.Name, rule.List(f.Services), p.Snapshot.Kubernetes)
		f.Fix = append([]report.Step{{Say: "Upgrade the control plane to 1.9.4, to 1.10 or later.", Changes: true}}, f.Fix...)
		p.Find(*f)
	}
}
