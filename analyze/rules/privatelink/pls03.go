package privatelink

import (
	"fmt"
	"slices"

	"azlb/analyze/rule"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// PLS03 is a private link service in front of a public Service with floating IP.
var PLS03 = &rule.Rule{
	ID:       "AZLB-PLS03",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "a private link service is asked for on a public Service that keeps floating IP",
		Symptom: "The Service stays pending although its address, rules and security rules exist in Azure; events say `service requiring private link service must be internal or disable floating ip`.",
		Cause: "A private link service hands packets to the load balancer's frontend, and with floating IP, the provider's default, the nodes would get them under a public address that they do not know from the link. " +
			"So the provider makes a link only for an internal Service, or for one without floating IP. It looks at this after load balancer and security group, and fails the sync: the Service's status is not written.",
		Fix: []report.Step{
			{Say: "Make the Service internal; its public address goes away.", Run: `kubectl annotate --overwrite service -n NAMESPACE SERVICE service.beta.kubernetes.io/azure-load-balancer-internal=true`, Changes: true},
			{Say: "Or turn floating IP off; packets then reach the nodes at the node ports.", Run: `kubectl annotate --overwrite service -n NAMESPACE SERVICE service.beta.kubernetes.io/azure-disable-load-balancer-floating-ip=true`, Changes: true},
			{Say: "Or do without the private link service.", Run: "kubectl annotate service -n NAMESPACE SERVICE service.beta.kubernetes.io/azure-pls-create-", Changes: true},
		},
		References: []string{docs, "https://learn.microsoft.com/azure/private-link/private-link-service-overview", "kubernetes-sigs/cloud-provider-azure#872"},
		Affects:    "cloud-provider-azure with azure-pls-create: 1.0.19, 1.1.15, 1.23.12, 1.24 and later",
		Healthy:    "Internal Services, and public ones without floating IP, may have a link. The annotation azure-pls-create with another value than true asks for nothing.",
	},
	Needs: rule.Needs{Any: []*bundle.Evidence{&bundle.Services, &bundle.Events, &bundle.ControllerLog}},
	Texts: []rule.Text{rule.Says(`(?i)service requiring private link service must be internal or disable floating ip`)},
	Check: checkPLS03,
}

func checkPLS03(p *rule.Pass) {
	keys, errs := byService(p, p.Current(p.Knows))
	list, sure := asking(p)
	for _, s := range list {
		want := p.Wants.Of(s.Key())
		if want == nil || s.only6() || want.Internal.V || want.Direct() {
			continue
		}
		f := rule.Finding{Subject: rule.Subject(s.Key()), Services: []string{s.Key()}, Cites: []report.Cite{s.Doc.Cite(s.link.Create.Pointer)}}
		told := rule.Tell(errs[s.Key()])
		f.Cites = append(told.Cites, f.Cites...)
		f.Message = fmt.Sprintf("%s is public with floating IP and asks for a private link service. The provider fails its sync after the load balancer and the security group are written", s.Key())
		switch {
		case len(errs[s.Key()]) > 0:
			f.Message += ", " + told.Span() + "."
		case !sure:
			f.Message += "."
			f.Confidence, f.Why = report.Likely, unsure
		default:
			f.Message += "."
		}
		if want.Internal.Pointer != "" {
			f.Message += " Its annotation for an internal load balancer is not exactly true."
			f.Cites = append(f.Cites, s.Doc.Cite(want.Internal.Pointer))
		}
		if !s.waits() {
			f.Severity = report.Warning
			f.Message += " Its address keeps working, but no change of it arrives."
		}
		f.Fix = ways(s.Key())
		p.Find(f)
		keys = slices.DeleteFunc(keys, func(k string) bool { return k == s.Key() })
	}
	for _, key := range keys {
		told := rule.Tell(errs[key])
		f := rule.Finding{Subject: rule.Subject(key), Services: services(key), Errors: errs[key], Cites: told.Cites, Fix: ways(key),
			Message: fmt.Sprintf("%s asked for a private link service while it was public with floating IP; the provider failed its sync, %s.", which(key), told.Span())}
		if p.Graph.Service(key) != nil {
			f.Severity, f.Confidence, f.Why = report.Warning, report.Possible, "the Service does not ask for that any more, so the next sync should go on"
		}
		p.Find(f)
	}
}

func ways(key string) []report.Step {
	return []report.Step{
		{Say: "Make the Service internal; its public address goes away.", Changes: true, Run: annotate(key, "service.beta.kubernetes.io/azure-load-balancer-internal=true")},
		{Say: "Or turn floating IP off; packets then reach the nodes at the node ports.", Changes: true, Run: annotate(key, "service.beta.kubernetes.io/azure-disable-load-balancer-floating-ip=true")},
		{Say: "Or do without the private link service.", Changes: true, Run: annotate(key, "service.beta.kubernetes.io/azure-pls-create-")},
	}
}
