package ipv6

import (
	"fmt"
	"slices"

	"azlb/analyze/rule"
	"azlb/report"
)

// V602 is an internal IPv6 Service that an old provider refuses.
var V602 = &rule.Rule{
	ID:       "AZLB-V602",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "this release of the cloud provider makes no internal load balancer for IPv6",
		Symptom: "An internal Service whose first address is IPv6 stays pending; events say `internal load balancers does not support IPv6`. Public IPv6 Services and internal IPv4 Services work.",
		Cause: "Old providers take the family of an internal frontend from the Service's cluster IP and refuse IPv6 before they ask Azure. " +
			"Azure itself has internal IPv6 frontends. Releases that make them but leave floating IP on give an address that nobody reaches; later ones turn it off there.",
		Fix: []report.Step{
			{Say: "Upgrade Kubernetes, or the cloud-controller-manager, to a release with the whole support.", Changes: true},
			{Say: "Until then make the Service again with IPv4 first; the first family of a Service cannot be changed.", Run: "kubectl get service -n NAMESPACE SERVICE -o yaml"},
		},
		References: []string{"Azure/aks-engine#4428", "Azure/AKS#2919", "kubernetes-sigs/cloud-provider-azure#1698", "kubernetes-sigs/cloud-provider-azure#1723"},
		Affects:    "Kubernetes up to 1.20 (in-tree), cloud-provider-azure before 0.7.6, 1.0.3 and 1.1; internal IPv6 addresses answer from 1.0.19, 1.1.15, 1.23.12 and 1.24.1 on",
		Healthy:    "Newer releases never say this. A refusal that a later success of the same Service followed is history.",
	},
	Needs: rule.Needs{Any: text},
	Texts: []rule.Text{rule.Says(`(?i)internal load balancers does not support ipv6`)},
	Check: checkV602,
}

func checkV602(p *rule.Pass) {
	errs := slices.DeleteFunc(p.Current(p.Knows), p.Gone)
	if len(errs) == 0 {
		return
	}
	told := rule.Tell(errs)
	f := rule.Finding{Subject: report.Object{Kind: "Controller", Name: "of the cloud provider"}, Errors: errs, Cites: told.Cites}
	waiting, working := p.Named(errs)
	settle(waiting, working, &f)
	f.Message = fmt.Sprintf("The cloud provider refuses an internal IPv6 frontend for %s, %s: its release cannot make one. Azure was not asked.", rule.List(orKnown(f.Services)), told.Span())
	if v := p.Snapshot.Kubernetes; v != "" {
		f.Message += " This cluster runs Kubernetes " + v + "."
	}
	f.Fix = []report.Step{{Say: "Upgrade the control plane, or the cloud-controller-manager, to a release with internal IPv6 (Kubernetes 1.24 and later have it).", Changes: true}}
	for _, key := range f.Services {
		if s := p.Graph.Service(key); s != nil {
			f.Cites = append(f.Cites, citeFamilies(s))
			if want := p.Wants.Of(key); want.Internal.Pointer != "" {
				f.Cites = append(f.Cites, s.Doc.Cite(want.Internal.Pointer))
			}
		}
		f.Fix = append(f.Fix, report.Step{Say: "Until then make the Service again with IPv4 first in spec.ipFamilies; this prints it, and the first family of a living Service cannot be changed.", Run: rule.Kubectl("get", key, "-o yaml")})
	}
	p.Find(f)
}
