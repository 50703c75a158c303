package nsg

import (
	"cmp"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/bundle-schema/azname"
	"azlb/report"
)

// NSG12 is a security rule that Services share, and that one of them cannot leave.
var NSG12 = &rule.Rule{
	ID:       "AZLB-NSG12",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "a Service with a shared security rule cannot be deleted, or its address stays in the rule",
		Symptom: "A Service with the annotation azure-shared-securityrule hangs in its deletion; events say `expected to find shared rule … for service … being deleted, but did not`, or the same of a destination address. Or rules named shared-… keep addresses that nobody has any more.",
		Cause: "With that annotation, up to 1.28, Services put their addresses into one rule for each port. On deletion the provider first takes the address out of the rule and then cleans up the load balancer. " +
			"If the second fails, it begins anew at the next try, does not find the address that it took out itself, and takes that for an error: the deletion never ends. Other releases forget to take the address out, or leave the last one in.",
		Fix: []report.Step{
			{Say: "Take the annotation off the Service; its deletion does not look for the shared rule then.", Run: "kubectl annotate service -n NAMESPACE SERVICE service.beta.kubernetes.io/azure-shared-securityrule-", Changes: true},
			{Say: "See which addresses the shared rules name, and delete a rule of which none is in use.", Run: "az network nsg rule list -g GROUP --nsg-name NSG --query \"[?starts_with(name,'shared-')].{name:name, to:destinationAddressPrefixes, one:destinationAddressPrefix}\" -o json"},
			{Say: "Upgrade to 1.29 or later, which shares all rules by itself, without the annotation.", Changes: true},
		},
		References: []string{"kubernetes/kubernetes#90150", "kubernetes-sigs/cloud-provider-azure#3397", "kubernetes-sigs/cloud-provider-azure#3800", "kubernetes-sigs/cloud-provider-azure#4919", "reconcileSecurityGroup of the in-tree provider"},
		Affects:    "the deletion: the in-tree provider; addresses that stay: before 1.24.19, 1.25.13, 1.26.9 and 1.27.2",
		Healthy:    "A shared rule with the addresses of living Services. Later releases log the same words at a deletion and go on, which is no error.",
	},
	Needs: rule.Needs{Any: []*bundle.Evidence{&bundle.Events, &bundle.ControllerLog, &bundle.NSGs}, Clean: []*bundle.Evidence{&bundle.Services, &bundle.LoadBalancers, &bundle.PublicIPs, &bundle.KubeVersion, &bundle.ControllerPods}},
	Texts: []rule.Text{{Pattern: notShared}},
	Check: checkNSG12,
}

// notShared are the provider's texts; groups 1 and 2 are the rule and the address.
var notShared = regexp.MustCompile(`(?i)expected to (?:find shared rule (\S+)|have array of destinations in shared rule|find destination address (\S*) in shared rule \S+) for service \S+ being deleted, but did not`)

// stay is the error that leaves addresses in shared rules.
var stay = rule.Bug{From: "all", Fixed: "1.24.19/1.25.13/1.26.9/1.27.2/1.28", FromInTree: "all"}

func checkNSG12(p *rule.Pass) {
	for _, e := range p.Current(func(e *errtext.Error) bool { return e.Service != "" && p.Knows(e) }) {
		if p.Gone(e) {
			continue
		}
		told := rule.Tell([]*errtext.Error{e})
		ns, name, _ := strings.Cut(e.Service, "/")
		f := rule.Finding{Subject: report.Object{Kind: "Service", Namespace: ns, Name: name}, Services: []string{e.Service}, Errors: []*errtext.Error{e}, Cites: told.Cites}
		what := "a shared security rule is no longer as it left it"
		if m := notShared.FindStringSubmatch(e.Message); m[1] != "" {
			what = "shared security rule " + m[1] + " is gone"
		} else if m[2] != "" {
			what = "address " + m[2] + " is no longer in the shared security rule"
		}
		f.Message = fmt.Sprintf("The provider does not finish the deletion of %s, because %s (%s). Most likely it was an earlier try of the same deletion that took it out and failed later.", e.Service, what, told.Span())
		f.Fix = []report.Step{
			{Say: "Take the annotation off; the next try does not look for the shared rule then.", Changes: true,
				Run: fmt.Sprintf("kubectl annotate service -n %s %s service.beta.kubernetes.io/azure-shared-securityrule-", rule.Word(ns, "NAMESPACE"), rule.Word(name, "SERVICE"))},
			{Say: "Upgrade to 1.29 or later, which shares all rules by itself, without the annotation.", Changes: true},
		}
		p.Find(f)
	}
	for i := range p.Snapshot.NSGs {
		g := &p.Snapshot.NSGs[i]
		for j := range g.SecurityRules {
			stale(p, g, &g.SecurityRules[j])
		}
	}
}

// sharedName is how the provider names a rule that Services share.
var sharedName = regexp.MustCompile(`^(?i:` + azname.SharedRulePrefix + `)-(?:TCP|UDP|SCTP)-\d+-`)

// stale is a shared rule with addresses that nothing has any more.
func stale(p *rule.Pass, g *snapshot.NSG, r *az.SecurityRule) {
	confidence, why, ok := p.Blame(stay)
	if confidence == report.Certain {
		confidence = report.Likely
	}
	if !ok || !sharedName.MatchString(r.Name) || !p.Complete(&bundle.Services, "") || !p.Complete(&bundle.PublicIPs, "") || !p.Complete(&bundle.LoadBalancers, "") {
		return
	}
	used := addresses(p)
	var left []string
	for _, d := range append([]string{r.DestinationAddressPrefix}, r.DestinationAddressPrefixes...) {
		if a, err := netip.ParseAddr(strings.TrimSuffix(d, "/32")); err == nil && !slices.Contains(used, a.String()) && !slices.Contains(left, d) {
			left = append(left, d)
		}
	}
	if len(left) == 0 {
		return
	}
	p.Find(rule.Finding{
		Subject: report.Object{Kind: "NetworkSecurityGroup", Name: g.Name}, Severity: report.Info, Confidence: confidence, Why: cmp.Or(why, "an address may belong to something outside the bundle"),
		Message: fmt.Sprintf("Shared security rule %s still lets packets to %s in, which no frontend and no public IP of the bundle has any more. %s leaves addresses in shared rules when their Service goes.", r.Name, rule.List(left), capital(p.Culprit(stay))),
		Cites:   []report.Cite{g.Doc.Cite(r.At + "/name")},
		Fix: []report.Step{
			{Say: "See the rule.", Run: "az network nsg rule show " + place(g) + " -n " + rule.Word(r.Name, "RULE")},
			{Say: "Upgrade so that the provider is " + stay.Repaired() + ".", Changes: true},
		},
		Absence: []*bundle.Evidence{&bundle.PublicIPs, &bundle.LoadBalancers},
	})
}

// addresses are all that frontends, public IPs and Services have.
func addresses(p *rule.Pass) []string {
	var out []string
	for _, pip := range p.Snapshot.PublicIPs {
		out = append(out, pip.IPAddress)
	}
	for _, lb := range p.Snapshot.Loads {
		for _, f := range lb.Frontends {
			out = append(out, f.PrivateIPAddress)
		}
	}
	for _, s := range p.Graph.Services {
		out = append(out, s.Addresses()...)
	}
	return out
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
