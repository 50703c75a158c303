package ipv6

import (
	"fmt"
	"regexp"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/report"
)

// V603 is a security rule with addresses of both families.
var V603 = &rule.Rule{
	ID:       "AZLB-V603",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the provider puts IPv4 and IPv6 addresses of the nodes into one security rule",
		Symptom: "In a cluster with both families a Service without floating IP stays pending or cannot be changed; events show the code ResourceCannotContainAddressPrefixesFromDifferentAddressFamilies and the name of a security rule.",
		Cause: "With the annotation azure-disable-load-balancer-floating-ip packets reach the nodes under the nodes' own addresses, so the provider lists these in the security rule. " +
			"Old releases list all addresses of the nodes, and Azure takes only one family in a rule; the write of the whole group fails.",
		Fix: []report.Step{
			{Say: "Upgrade Kubernetes or the cloud-controller-manager to a release that separates the families.", Changes: true},
			{Say: "Or keep floating IP, which is the default, if the application can do with it.", Run: "kubectl annotate service -n NAMESPACE SERVICE service.beta.kubernetes.io/azure-disable-load-balancer-floating-ip-", Changes: true},
		},
		References: []string{"kubernetes-sigs/cloud-provider-azure#2218", "Azure/AKS#3136", "kubernetes-sigs/cloud-provider-azure#2230"},
		Affects:    "cloud-provider-azure with the annotation, before 1.1.21, 1.23.18 and 1.24.5",
		Healthy:    "Newer releases make one rule for each family. A refusal that a later success followed is history, and one that names no security rule is another fault.",
	},
	Needs: rule.Needs{Any: text},
	Texts: []rule.Text{{Codes: []string{"ResourceCannotContainAddressPrefixesFromDifferentAddressFamilies"}, Pattern: mixed}},
	Check: checkV603,
}

// mixed is the security rule that Azure's message names.
var mixed = regexp.MustCompile(`(?i)Resource (/subscriptions/\S+/networkSecurityGroups/([^/\s]+)/securityRules/(\S+)) contains`)

func checkV603(p *rule.Pass) {
	errs := p.Current(p.Knows)
	for _, group := range rule.Bunches(errs, func(e *errtext.Error) (string, bool) { return mixed.FindStringSubmatch(e.Message)[2], !p.Gone(e) }) {
		p.Find(mixedFamilies(p, group.Name, group.All))
	}
}

func mixedFamilies(p *rule.Pass, group string, errs []*errtext.Error) rule.Finding {
	told := rule.Tell(errs)
	m := mixed.FindStringSubmatch(errs[len(errs)-1].Message)
	f := rule.Finding{Subject: report.Object{Kind: "NetworkSecurityGroup", Name: group}, Errors: errs, Cites: told.Cites}
	waiting, working := p.Named(errs)
	settle(waiting, working, &f)
	f.Message = fmt.Sprintf("The provider wrote IPv4 and IPv6 addresses into security rule %s, and Azure refused the whole group %s, %s.", m[3], group, told.Span())
	f.Fix = []report.Step{{Say: "Upgrade to a release that makes a rule for each family: cloud-provider-azure 1.1.21, 1.23.18, 1.24.5 or later.", Changes: true}}
	direct := false
	for _, key := range f.Services {
		s, want := p.Graph.Service(key), p.Wants.Of(key)
		if s == nil || want == nil || !want.Direct() {
			continue
		}
		direct = true
		f.Message += fmt.Sprintf(" %s has floating IP off, so the rule lists the nodes' own addresses.", key)
		f.Cites = append(f.Cites, s.Doc.Cite("/metadata/annotations/service.beta.kubernetes.io~1azure-disable-load-balancer-floating-ip"))
		f.Fix = append(f.Fix, report.Step{Say: "Or turn floating IP on again, if the application can do with it.", Changes: true,
			Run: rule.Kubectl("annotate", key, "service.beta.kubernetes.io/azure-disable-load-balancer-floating-ip-")})
	}
	switch n := p.Graph.Minor(); {
	case n >= 25:
		f.Confidence, f.Why = report.Possible, "Kubernetes "+p.Snapshot.Kubernetes+" is not known to mix the families, so something else in the rule may do it"
	case !direct:
		f.Confidence, f.Why = report.Likely, "no Service with floating IP off is seen, which is where releases are known to mix the families"
	}
	return f
}
