package multislb

import (
	"fmt"
	"slices"

	"azlb/analyze/desired"
	"azlb/analyze/rule"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// MSLB06 is a local Service with more endpoints than one EndpointSlice holds.
var MSLB06 = &rule.Rule{
	ID:       "AZLB-MSLB06",
	Severity: report.Warning,
	Doc: report.Doc{
		Title:   "the provider looks at one EndpointSlice of a local Service only, and nodes are missing from its pool",
		Symptom: "In a cluster with several load balancers a Service with externalTrafficPolicy Local and more than 100 pods uses only some of its nodes; no event tells of it.",
		Cause: "Such a Service has a backend pool of its own, filled with the nodes of its endpoints. Kubernetes keeps at most 100 endpoints in one EndpointSlice and makes more for the rest; " +
			"releases with this fault take the nodes of the first slice that they find.",
		Fix: []report.Step{
			{Say: "Upgrade the cloud-controller-manager.", Changes: true},
			{Say: "Or let every node pass packets on; clients' addresses are then hidden from the pods.", Run: `kubectl patch service -n NAMESPACE SERVICE -p '{"spec":{"externalTrafficPolicy":"Cluster"}}'`, Changes: true},
		},
		References: []string{"kubernetes-sigs/cloud-provider-azure#7432", "kubernetes-sigs/cloud-provider-azure#7606", docs},
		Affects:    "cloud-provider-azure 1.28 and later, before 1.28.14, 1.29.12, 1.30.8, 1.31.2 and 1.32",
		Healthy:    "A pool follows its endpoints after up to half a minute, so pods that became ready within the last minutes do not count. A pool that lacks nodes of one slice only has another cause.",
	},
	Needs:       rule.Needs{All: []*bundle.Evidence{&bundle.Services, &bundle.LoadBalancers, &bundle.Nodes, &bundle.EndpointSlices, &bundle.KubeVersion, &bundle.CloudConfig}},
	FollowsFrom: []string{"AZLB-MSLB01", "AZLB-MSLB05"},
	Check:       checkMSLB06,
}

// oneSlice is the provider that reads one EndpointSlice of a Service only.
var oneSlice = rule.Bug{From: "1.28", Fixed: "1.28.14/1.29.12/1.30.8/1.31.2/1.32"}

func checkMSLB06(p *rule.Pass) {
	n := p.Graph.Minor()
	switch {
	case single(p):
		p.NotApplicable("azure.json has one load balancer", &bundle.CloudConfig)
		return
	case n >= 33:
		p.NotApplicable("Kubernetes "+p.Snapshot.Kubernetes+" looks at every EndpointSlice", &bundle.KubeVersion)
		return
	case n != 0 && n < 28:
		p.NotApplicable("Kubernetes "+p.Snapshot.Kubernetes+" has no pools for local Services", &bundle.KubeVersion)
		return
	}
	if p.Runs(oneSlice) == desired.No {
		p.NotApplicable("release " + p.Wants.Provider.String() + " of the provider looks at every EndpointSlice")
		return
	}
	for _, s := range p.Graph.Served() {
		for _, l := range localPools(p, s) {
			if len(l.missing) == 0 || !l.oneSlice() {
				continue
			}
			lb := l.path.Frontend.To.LB
			f := rule.Finding{Subject: rule.Subject(s.Key()), Services: []string{s.Key()}, Confidence: report.Likely, Absence: []*bundle.Evidence{&bundle.LoadBalancers},
				Why: "the patch release of the cloud-controller-manager decides, and it is not known",
				Message: fmt.Sprintf("%s has its endpoints in %d EndpointSlices, and backend pool %s of %s holds the nodes of one only: %s with ready endpoints %s missing. The provider passes them over until it is upgraded.",
					s.Key(), len(s.Slices()), l.path.Pool.To.Name, lb.Name, rule.List(l.missing), verb(len(l.missing))),
				Cites: []report.Cite{lb.Doc.Cite(l.path.Pool.To.At + "/name"), s.Doc.Cite("/spec/externalTrafficPolicy")},
				Fix: []report.Step{
					{Say: "Upgrade the cluster so that the provider (cloud-provider-azure) is " + oneSlice.Repaired() + ".", Changes: true},
					rule.PassOn(s, "Or let every node pass packets on; clients' addresses are then hidden from the pods."),
				}}
			if l.unsure {
				f.Why += "; nor is since when the pods are ready"
			}
			for _, e := range s.ReadyEndpoints() {
				if slices.Contains(l.missing, e.NodeName) {
					f.Cites = append(f.Cites, e.Cite())
					break
				}
			}
			p.Find(f)
		}
	}
}

func verb(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}
