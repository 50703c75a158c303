package ipv6

import (
	"fmt"
	"regexp"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// V606 is a public IPv6 address that two Services share.
var V606 = &rule.Rule{
	ID:       "AZLB-V606",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "two Services cannot share a public IPv6 address in this release of the cloud provider",
		Symptom: "The first Service with a public IPv6 address works, the second one that asks for the same address stays pending; events show the code PublicIPReferencedByMultipleIPConfigs. With IPv4 the same works.",
		Cause: "To share an address the provider must find that a frontend carries it already, and put the second Service's rules there. Releases of 2023 to 2025 compare IPv6 addresses wrongly and do not find it; " +
			"they make a second frontend for the address, which Azure refuses. They also overlook azure-pip-name-ipv6 of a Service with IPv6 alone.",
		Fix: []report.Step{
			{Say: "Upgrade the cloud-controller-manager.", Changes: true},
			{Say: "Or give the second Service an address of its own.", Run: "az network public-ip create -g GROUP -n NAME --sku Standard --version IPv6 --allocation-method Static", Changes: true},
		},
		References: []string{"kubernetes-sigs/cloud-provider-azure#9589", "kubernetes-sigs/cloud-provider-azure#9602", "kubernetes-sigs/cloud-provider-azure#9599", "https://cloud-provider-azure.sigs.k8s.io/topics/shared-ip/"},
		Affects:    "cloud-provider-azure before 1.32.9, 1.33.4, 1.34.2 and 1.35",
		Healthy:    "Services that share an IPv4 address are not meant, nor are newer releases, which share both. A refusal that a later success followed is history.",
	},
	Needs: rule.Needs{Any: text},
	Check: checkV606,
}

// twice is the public IP that Azure's message names.
var twice = regexp.MustCompile(`(?i)Public IP address (/subscriptions/\S+) is referenced by multiple`)

// shared returns the id of the public IPv6 address that an error says has two
// frontends, and its row where it is in the bundle.
func shared(p *rule.Pass, e *errtext.Error) (id string, pip *snapshot.PublicIP, ok bool) {
	m := twice.FindStringSubmatch(e.Message)
	if m == nil || !e.Has("PublicIPReferencedByMultipleIPConfigs") {
		return "", nil, false
	}
	pip = p.Graph.PublicIP(&az.Ref{ID: m[1]})
	if pip != nil {
		return m[1], pip, strings.EqualFold(pip.Version, "IPv6")
	}
	s := p.Graph.Service(e.Service)
	return m[1], nil, strings.HasSuffix(m[1], "-IPv6") || s != nil && only6(s)
}

func checkV606(p *rule.Pass) {
	byID := map[string][]*errtext.Error{}
	var order []string
	for _, e := range p.Current(func(e *errtext.Error) bool { _, _, ok := shared(p, e); return ok }) {
		id, _, _ := shared(p, e)
		if p.Gone(e) {
			continue
		}
		if byID[strings.ToLower(id)] == nil {
			order = append(order, id)
		}
		byID[strings.ToLower(id)] = append(byID[strings.ToLower(id)], e)
	}
	for _, id := range order {
		p.Find(sharedByTwo(p, id, byID[strings.ToLower(id)]))
	}
}

func sharedByTwo(p *rule.Pass, id string, errs []*errtext.Error) rule.Finding {
	told := rule.Tell(errs)
	pip := az.LastName(id)
	f := rule.Finding{Subject: report.Object{Kind: "PublicIP", Name: pip}, Errors: errs, Cites: told.Cites}
	waiting, working := p.Named(errs)
	settle(waiting, working, &f)
	f.Message = fmt.Sprintf("The provider makes a second frontend for public IPv6 address %s, for %s, and Azure refuses it, %s.", pip, rule.List(orKnown(f.Services)), told.Span())
	for _, s := range p.Graph.Served() {
		for _, front := range s.Frontends {
			if front.PublicIP != nil && az.SameID(front.PublicIP.ID, id) {
				f.Message += fmt.Sprintf(" The first one is that of %s.", s.Key())
				f.Cites = append(f.Cites, front.LB.Doc.Cite(front.At+"/publicIPAddress/id"))
			}
		}
	}
	switch n := p.Graph.Minor(); {
	case n >= 36:
		f.Confidence, f.Why = report.Possible, "Kubernetes "+p.Snapshot.Kubernetes+" is not known to compare IPv6 addresses wrongly, so a frontend made by hand or left over may be the first one"
	case n == 0 || n >= 32:
		f.Confidence, f.Why = report.Likely, "the patch release of the cloud-controller-manager decides, and it is not known"
	}
	f.Fix = []report.Step{
		{Say: "Upgrade to cloud-provider-azure 1.32.9, 1.33.4, 1.34.2, 1.35 or later.", Changes: true},
		{Say: "Or make another IPv6 address for the second Service, and name it there.", Changes: true,
			Run: fmt.Sprintf("az network public-ip create -g %s -n NAME --sku Standard --version IPv6 --allocation-method Static", rule.Word(az.GroupOf(id), "GROUP"))},
	}
	return f
}
