package publicip

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/desired"
	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// PIP07 is an IPv6 address that some releases handle wrongly.
var PIP07 = &rule.Rule{
	ID:       "AZLB-PIP07",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "this release of the provider does not handle the Service's IPv6 public IP",
		Symptom: "A Service that shares an IPv6 address with another stays pending, with PublicIPReferencedByMultipleIPConfigs; or a Service with IPv6 alone gets a new address instead of the one that azure-pip-name-ipv6 names, without any event.",
		Cause: "Two errors of cloud-provider-azure. From 1.32 on it took a shared frontend with an IPv6 address for one of IPv4, did not find the Service's IPv6 frontend, and made a second one with the same address, which Azure refuses. " +
			"And for a Service with one family it read azure-pip-name alone, whatever the family: azure-pip-name-ipv6 was ignored.",
		Fix: []report.Step{
			{Say: "Upgrade to 1.32.9, 1.33.4, 1.34.2, 1.35 or later, which have neither error.", Changes: true},
			{Say: "Until then, give each Service an IPv6 address of its own, ...", Run: "az network public-ip create -g GROUP -n NEW_NAME --sku Standard --allocation-method Static --version IPv6", Changes: true},
			{Say: "... and name it, for a Service with one family, in azure-pip-name.", Run: "kubectl annotate service -n NAMESPACE SERVICE --overwrite service.beta.kubernetes.io/azure-pip-name=NEW_NAME", Changes: true},
		},
		References: []string{"kubernetes-sigs/cloud-provider-azure#9589", "kubernetes-sigs/cloud-provider-azure#9599", "kubernetes-sigs/cloud-provider-azure#9602", "kubernetes-sigs/cloud-provider-azure#10388", "findFrontendIPConfigsOfService and getServicePIPName in kubernetes-sigs/cloud-provider-azure"},
		Affects:    "sharing: 1.32.0 to 1.32.8, 1.33.0 to 1.33.3, 1.34.0 and 1.34.1; the ignored name: 1.27 until 1.30.16, 1.31.10, 1.32.9, 1.33.4, 1.34.2 and 1.35",
		Healthy:    "Services that share an IPv6 address on other releases, and a Service whose frontend has the address that it names. Without the release, only what Azure refused is told.",
	},
	Needs: rule.Needs{
		Any:   []*bundle.Evidence{&bundle.LoadBalancers, &bundle.Events, &bundle.ControllerLog},
		All:   []*bundle.Evidence{&bundle.Services, &bundle.PublicIPs},
		Clean: []*bundle.Evidence{&bundle.KubeVersion, &bundle.ControllerPods},
	},
	Texts: []rule.Text{manyConfigs},
	Check: checkPIP07,
}

var ignoredV6 = rule.Bug{From: "1.27", Fixed: "1.30.16/1.31.10/1.32.9/1.33.4/1.34.2/1.35"}

func isIPv6(pip *snapshot.PublicIP) bool {
	return pip != nil && (strings.EqualFold(pip.Version, "IPv6") || strings.Contains(pip.IPAddress, ":"))
}

// ofIPv6 reports whether the error is of a shared IPv6 address: it names the one that
// its Service wants to share, and the release may be one that cannot.
func ofIPv6(p *rule.Pass, e *errtext.Error) bool {
	s := p.Graph.Service(e.Service)
	return s != nil && manyConfigs.Matches(e) && p.Runs(rule.SharedIPv6) != desired.No && slices.ContainsFunc(pins(p, s), func(x pin) bool {
		return x.pip != nil && az.SameID(x.pip.ID, addressOf(e)) && firstOf(p, s, x) != nil
	})
}

// elsewhereIPv6 reports whether the error is of a shared IPv6 address that the bundle does
// not have, of a release that may be one that cannot share it: AZLB-V606 tells it.
func elsewhereIPv6(p *rule.Pass, e *errtext.Error) bool {
	id := addressOf(e)
	if id == "" || p.Graph.PublicIP(&az.Ref{ID: id}) != nil || p.Runs(rule.SharedIPv6) == desired.No {
		return false
	}
	s := p.Graph.Service(e.Service)
	if s == nil && !p.Complete(&bundle.Services, "") {
		return true // the family of what it asks for is not known
	}
	return strings.HasSuffix(id, "-IPv6") || s != nil && len(s.Spec.IPFamilies) == 1 && s.Spec.IPFamilies[0] == corev1.IPv6Protocol
}

// firstOf is the frontend of another Service with the IPv6 address that a Service
// wants to share, nil where it shares it already or there is none.
func firstOf(p *rule.Pass, s *topology.Service, x pin) *held {
	if !isIPv6(x.pip) || serves(s, x.pip) {
		return nil
	}
	if h := holder(p, x.pip); h != nil && ours(p, h.lb) && !owns(s, h.frontend.Name) {
		return h
	}
	return nil
}

func checkPIP07(p *rule.Pass) {
	errs := p.Current(func(e *errtext.Error) bool { return ofIPv6(p, e) })
	for _, s := range p.Graph.Services {
		mine := slices.DeleteFunc(slices.Clone(errs), func(e *errtext.Error) bool { return e.Service != s.Key() })
		for _, x := range pins(p, s) {
			if h := firstOf(p, s, x); h != nil {
				notShared(p, s, x, h, mine)
			}
		}
		nameIgnored(p, s)
	}
}

// notShared is a second Service that does not find the IPv6 frontend of the first.
func notShared(p *rule.Pass, s *topology.Service, x pin, h *held, errs []*errtext.Error) {
	confidence, why, ok := p.Blame(rule.SharedIPv6)
	if !ok || confidence != report.Certain && len(errs) == 0 {
		return
	}
	told := rule.Tell(errs)
	f := rule.Finding{Subject: subject(s), Services: []string{s.Key()}, Confidence: confidence, Why: why,
		Cites: append(told.Cites, s.Doc.Cite(x.pointer), h.lb.Doc.Cite(h.frontend.At+"/name"))}
	f.Message = fmt.Sprintf("%s asks for IPv6 address %s (%s), which is on frontend %s; %s takes a shared frontend for one of IPv4, so it makes a second one with the same address, and Azure refuses the load balancer.",
		s.Key(), x.pip.Name, x.pip.IPAddress, h.frontend.Name, p.Culprit(rule.SharedIPv6))
	switch {
	case len(errs) > 0:
		f.Message += fmt.Sprintf(" It answered PublicIPReferencedByMultipleIPConfigs %s.", told.Span())
	default:
		f.Confidence, f.Why = report.Likely, "the bundle has no error that says so"
	}
	f.Fix = []report.Step{
		{Say: "Upgrade the cluster so that the provider is " + rule.SharedIPv6.Repaired() + ".", Changes: true},
		another(az.GroupOf(x.pip.ID), x),
		repin(s, x, "Until then, let "+s.Key()+" ask for that one."),
	}
	p.Find(f)
}

// nameIgnored is a Service with IPv6 alone whose named address the provider ignores.
func nameIgnored(p *rule.Pass, s *topology.Service) {
	named := annotation(s, nameIPv6)
	if !public(p, s) || !onlyIPv6(s) || named == "" || p.Wants.Of(s.Key()).PublicIPName.V != "" {
		return
	}
	confidence, why, ok := p.Blame(ignoredV6)
	if !ok {
		return
	}
	for _, fe := range s.Frontends {
		if fe.PublicIP == nil || !fe.Own || strings.EqualFold(fe.PublicIP.Name, named) {
			continue
		}
		p.Find(rule.Finding{Subject: subject(s), Services: []string{s.Key()}, Severity: report.Warning, Confidence: confidence, Why: why,
			Message: fmt.Sprintf("%s names IPv6 address %s in azure-pip-name-ipv6, but has %s (%s). For a Service with one family %s reads azure-pip-name alone; it ignored the annotation and made an address of its own.",
				s.Key(), named, fe.PublicIP.Name, cmp.Or(fe.PublicIP.IPAddress, "no address"), p.Culprit(ignoredV6)),
			Cites: []report.Cite{s.Doc.Cite(pointerTo(nameIPv6)), fe.LB.Doc.Cite(fe.At + "/publicIPAddress/id")},
			Fix: []report.Step{
				{Say: "Name it in azure-pip-name, which all releases read for a Service with one family. The Service changes its address then.", Changes: true,
					Run: fmt.Sprintf("kubectl annotate service -n %s %s --overwrite service.beta.kubernetes.io/azure-pip-name=%s", rule.Word(s.Namespace, "NAMESPACE"), rule.Word(s.Name, "SERVICE"), rule.Word(named, "NAME"))},
				{Say: "Or upgrade so that the provider is " + ignoredV6.Repaired() + ".", Changes: true},
			}})
		return
	}
}
