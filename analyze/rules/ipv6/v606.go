package ipv6

import (
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
	"azlb/report"
)

// V606 is a public IPv6 address that two Services share.
var V606 = &rule.Rule{
	ID:       "AZLB-V606",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "two Services cannot share a public IPv6 address in this release of the cloud provider",
		Symptom: "The first Service with a public IPv6 address works, the second one that asks for the same address stays pending; events show the code PublicIPReferencedByMultipleIPConfigs. With IPv4 the same works.",
		Cause: "To share an address the provider must find that a frontend carries it already, and put the second Service's rules there. Releases from 1.32 on compared IPv6 addresses wrongly and did not find it; " +
			"they made a second frontend for the address, which Azure refuses. A frontend that somebody made by hand, or that a dead Service left, is refused likewise in any release.",
		Fix: []report.Step{
			{Say: "Upgrade the cloud-controller-manager.", Changes: true},
			{Say: "Or give the second Service an address of its own.", Run: "az network public-ip create -g GROUP -n NAME --sku Standard --version IPv6 --allocation-method Static", Changes: true},
		},
		References: []string{"kubernetes-sigs/cloud-provider-azure#9589", "kubernetes-sigs/cloud-provider-azure#9602", "kubernetes-sigs/cloud-provider-azure#9599", "https://cloud-provider-azure.sigs.k8s.io/topics/shared-ip/"},
		Affects:    "cloud-provider-azure 1.32.0 to 1.32.8, 1.33.0 to 1.33.3, 1.34.0 and 1.34.1",
		Healthy:    "Services that share an IPv4 address are not meant, nor are newer releases, which share both. A refusal that a later success followed is history. Where the bundle shows the two Services and their address, AZLB-PIP07 tells it.",
	},
	Needs:       rule.Needs{Any: text, Clean: []*bundle.Evidence{&bundle.Services, &bundle.KubeVersion, &bundle.ControllerPods}},
	FollowsFrom: []string{"AZLB-PIP07"},
	Texts:       []rule.Text{{Codes: []string{"PublicIPReferencedByMultipleIPConfigs"}, Pattern: twice}},
	Check:       checkV606,
}

// twice is the public IP that Azure's message names.
var twice = regexp.MustCompile(`(?i)Public IP address (/subscriptions/\S+) is referenced by multiple`)

// shared returns the id of the public IPv6 address that an error says has two
// frontends, and its row where it is in the bundle.
func shared(p *rule.Pass, e *errtext.Error) (id string, pip *snapshot.PublicIP, ok bool) {
	m := twice.FindStringSubmatch(e.Message)
	if m == nil {
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
	errs := p.Current(func(e *errtext.Error) bool {
		_, _, ok := shared(p, e)
		return ok && p.Knows(e)
	})
	for _, address := range rule.Bunches(errs, func(e *errtext.Error) (string, bool) {
		id, _, _ := shared(p, e)
		return id, !p.Gone(e) && !shownByServices(p, e)
	}) {
		p.Find(sharedByTwo(p, address.Name, address.All))
	}
}

// shownByServices reports whether AZLB-PIP07 tells it: the bundle has the Service, the
// address that it asks for and the frontend of another one with that, and the release
// may have the error.
func shownByServices(p *rule.Pass, e *errtext.Error) bool {
	id, pip, _ := shared(p, e)
	s, want := p.Graph.Service(e.Service), p.Wants.Of(e.Service)
	if pip == nil || s == nil || want == nil || p.Runs(rule.SharedIPv6) == desired.No {
		return false
	}
	is := func(address, name string) bool {
		return address != "" && address == pip.IPAddress || name != "" && strings.EqualFold(name, pip.Name)
	}
	asks := is(want.Address.V, want.PublicIPName.V) || len(s.Spec.IPFamilies) == 2 &&
		is(s.Annotations["service.beta.kubernetes.io/azure-load-balancer-ipv6"], s.Annotations["service.beta.kubernetes.io/azure-pip-name-ipv6"])
	return asks && slices.ContainsFunc(p.Graph.Served(), func(other *topology.Service) bool {
		return other != s && slices.ContainsFunc(other.Frontends, func(f topology.Frontend) bool { return f.PublicIP != nil && az.SameID(f.PublicIP.ID, id) })
	})
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
	confidence, why, ok := p.Blame(rule.SharedIPv6)
	if !ok {
		confidence, why = report.Possible, "release "+p.Wants.Provider.String()+" of the provider does not have the error, so a frontend made by hand or left over may be the first one"
	}
	f.Confidence, f.Why = confidence, why
	f.Fix = []report.Step{
		{Say: "See which frontends refer to the address: one that no Service needs must go.", Run: "az network public-ip show --ids " + rule.Word(id, "PUBLIC_IP_ID") + " --query ipConfiguration.id -o tsv"},
		{Say: "Or make another IPv6 address for the second Service, and name it there.", Changes: true,
			Run: fmt.Sprintf("az network public-ip create -g %s -n NAME --sku Standard --version IPv6 --allocation-method Static", rule.Word(az.GroupOf(id), "GROUP"))},
	}
	if ok {
		f.Fix = append([]report.Step{{Say: "Upgrade so that the provider is " + rule.SharedIPv6.Repaired() + ".", Changes: true}}, f.Fix...)
	}
	return f
}
