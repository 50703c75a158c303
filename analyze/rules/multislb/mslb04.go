package multislb

import (
	"fmt"
	"regexp"

	"azlb/analyze/desired"
	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/report"
)

// MSLB04 is a Service that names an address and a load balancer.
var MSLB04 = &rule.Rule{
	ID:       "AZLB-MSLB04",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "a Service asks for an address and for a load balancer, and the address decides",
		Symptom: "The Service stays pending or cannot be changed; events say `has conflicting load balancer configuration: both a load balancer name … and an IP address are specified`, or that it `specifies an IP that resides on load balancer …, which is not in the eligible set`.",
		Cause: "An address lives on one load balancer. Who asks for an address (loadBalancerIP, azure-load-balancer-ipv4 or -ipv6, azure-pip-name) is put where it is, so the annotation azure-load-balancer-configurations beside it is refused, even where it names that very load balancer. " +
			"Without the annotation the load balancer of the address must still be one that the Service's labels and namespace may use.",
		Fix: []report.Step{
			{Say: "Take the annotation away, to stay where the address is.", Run: "kubectl annotate service -n NAMESPACE SERVICE service.beta.kubernetes.io/azure-load-balancer-configurations-", Changes: true},
			{Say: "Or take the address away, to move to the load balancer that the annotation names.", Run: "kubectl edit service -n NAMESPACE SERVICE", Changes: true},
		},
		References: []string{docs, "https://learn.microsoft.com/azure/aks/use-multiple-standard-load-balancer"},
		Affects:    "cloud-provider-azure 1.33.12, 1.34.9, 1.35.4, 1.36 and later; earlier ones do not check it",
		Healthy:    "Either of the two alone. A refusal that a later success of the same Service followed is history. With one load balancer the annotation is ignored.",
	},
	Needs: rule.Needs{Any: text},
	Texts: []rule.Text{rule.Says(`has conflicting load balancer configuration: both a load balancer name`), {Pattern: elsewhere}},
	Check: checkMSLB04,
}

// elsewhere (getAzureLoadBalancerName) is the load balancer of an address that the Service may not use.
var elsewhere = regexp.MustCompile(`specifies an IP that resides on load balancer \\?"([^"\\]+)\\?", which is not in the eligible set`)

func checkMSLB04(p *rule.Pass) {
	errs := p.Current(p.Knows)
	for _, service := range rule.Bunches(errs, func(e *errtext.Error) (string, bool) { return e.Service, !p.Gone(e) && e.Service != "" }) {
		p.Find(addressAndName(p, service.Name, service.All))
	}
}

func addressAndName(p *rule.Pass, key string, errs []*errtext.Error) rule.Finding {
	told := rule.Tell(errs)
	f := rule.Finding{Subject: rule.Subject(key), Services: []string{key}, Errors: errs, Cites: told.Cites}
	if waiting, _ := p.Named(errs); len(waiting) == 0 {
		f.Severity = report.Warning
	}
	address, names, cites := asks(p, key)
	f.Cites = append(f.Cites, cites...)
	if m := elsewhere.FindStringSubmatch(errs[len(errs)-1].Message); m != nil {
		f.Message = fmt.Sprintf("%s asks for %s, which is on load balancer %s; labels, namespace or allowServicePlacement keep it off that one, and the provider fails the sync, %s.", key, address, m[1], told.Span())
		f.Fix = []report.Step{edit(p, "Let "+m[1]+" take the Service, by its serviceLabelSelector, serviceNamespaceSelector or allowServicePlacement."),
			{Say: "Or ask for an address on another load balancer.", Changes: true, Run: rule.Kubectl("edit", key, "")}}
		return f
	}
	f.Message = fmt.Sprintf("%s asks for %s and for load balancer %s by annotation. The provider takes an address as the choice of a load balancer and fails the sync, %s.", key, address, names, told.Span())
	f.Fix = []report.Step{
		{Say: "Take the annotation away, to stay where the address is.", Changes: true, Run: rule.Kubectl("annotate", key, "service.beta.kubernetes.io/azure-load-balancer-configurations-")},
		{Say: "Or take the address away, to move to the load balancer that the annotation names; a public Service then gets another address.", Changes: true, Run: rule.Kubectl("edit", key, "")},
	}
	return f
}

// asks is what the Service says of its address and of load balancers, in words.
func asks(p *rule.Pass, key string) (address, names string, cites []report.Cite) {
	address, names = "an address", "configurations"
	s, want := p.Graph.Service(key), p.Wants.Of(key)
	if s == nil || want == nil {
		return address, names, nil
	}
	for _, v := range []desired.Value[string]{want.PublicIPName, want.Address} {
		if v.V != "" {
			address = v.V
			cites = append(cites, s.Doc.Cite(v.Pointer))
			break
		}
	}
	if v := desired.BalancersOf(s); v.Pointer != "" {
		names = rule.List(v.V)
		cites = append(cites, s.Doc.Cite(v.Pointer))
	}
	return address, names, cites
}
