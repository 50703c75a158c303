package nsg

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/desired"
	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// NSG03 is a security group that somebody else writes to, over the provider's rules.
var NSG03 = &rule.Rule{
	ID:       "AZLB-NSG03",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the provider's rules in the network security group are not as the Service asks for",
		Symptom: "A Service worked, or the controller says that it ensured it, and then connections time out; or a Service that allows only certain sources is open to others. Writing the rule by hand helps for minutes or days, then it is gone again.",
		Cause: "The provider keeps its rules (k8s-azure-lb_..., up to 1.28 a<uid>-...) in the group that azure.json names, beside the rules of others. It does not watch Azure: it writes them when a Service or the nodes change, not when somebody removes them. " +
			"Terraform with inline security_rule blocks, Cluster API (CAPZ), an ARM template or a person that writes the group as a whole takes out every rule it does not know. " +
			"A change of the Service that no sync has brought to Azure yet looks alike: then the rule for what it asked for before is still there.",
		Fix: []report.Step{
			{Say: "See whether the syncs of the Service fail.", Run: "kubectl describe service -n NAMESPACE SERVICE"},
			{Say: "See the group's rules in order.", Run: "az network nsg rule list -g GROUP --nsg-name NSG --include-default -o table"},
			{Say: "Make the provider write the Service's rules anew.", Run: "kubectl annotate service -n NAMESPACE SERVICE azlb-resync=\"$(date +%s)\" --overwrite", Changes: true},
			{Say: "Find out who writes the group, or the rules will be gone again.", Run: "az monitor activity-log list --resource-id NSG_ID --offset 7d -o table"},
			{Say: "Let that tool leave rules alone that it does not know: in Terraform azurerm_network_security_rule resources in place of inline security_rule blocks, in a template single securityRules resources."},
		},
		References: []string{"kubernetes/kubernetes#90611", "openshift/openshift-azure#329", "Azure/AKS#976", "Azure/AKS#1927",
			"reconcileSecurityGroup of cloud-provider-azure"},
		Healthy: "Rules of others in the group are their own business, and a rule with another priority than before does its work. A Service whose last sync failed has not lost a rule, it never got it: that is told as an information. So is a missing rule where another one lets the clients in all the same.",
	},
	Needs: rule.Needs{
		Any:   []*bundle.Evidence{&bundle.NSGs},
		All:   []*bundle.Evidence{&bundle.Services, &bundle.LoadBalancers},
		Clean: []*bundle.Evidence{&bundle.CloudConfig, &bundle.PublicIPs, &bundle.KubeVersion},
	},
	FollowsFrom: append([]string{"AZLB-NSG06", "AZLB-NSG07", "AZLB-NSG09", "AZLB-DATA06", "AZLB-DATA08"}, failedSync...),
	Check:       checkNSG03,
}

func checkNSG03(p *rule.Pass) {
	var all []*overwrite
	for _, c := range p.Compared.Drift() {
		group, name, isRule := strings.Cut(c.Object, "/")
		if c.Hop != desired.HopNSG || !isRule {
			continue
		}
		for _, key := range c.Services {
			all = recorded(all, overwrite{group: group, effect: effectOf(p, c, group, name, key), running: rule.InFlight(p.World, key)}, c, key)
		}
	}
	for _, l := range all {
		p.Find(overwritten(p, l))
	}
}

func overwritten(p *rule.Pass, l *overwrite) rule.Finding {
	f := rule.Finding{
		Subject:  report.Object{Kind: "SecurityRule", Name: l.checks[0].Object},
		Services: l.services,
		Severity: l.effect.severity(),
		Message:  fmt.Sprintf("In security group %s, for %s, %s.", l.group, rule.List(l.services), l.told()),
		Cites:    l.cites(),
	}
	if slices.ContainsFunc(l.checks, func(c desired.Check) bool { return c.Kind == desired.Missing }) {
		f.Absence = []*bundle.Evidence{&bundle.NSGs}
	}
	if l.effect == unwritten {
		f.Message += " The provider's last sync failed, so it never came to write this: repair what it fails with."
		f.Fix = []report.Step{describe(l.services[0], "See what the sync fails with, and repair that; the provider then writes the rules by itself.")}
		return f
	}
	f.Message += " " + l.say(p)
	if p.Running(&f, nil) {
		f.Fix = append([]report.Step{describe(l.services[0], "See how the sync ends, and look again then.")}, rewrite(p, l)...)
		return f
	}
	former := formerly(p, l)
	if former != "" {
		f.Fix = []report.Step{describe(l.services[0], "See whether its syncs fail; then repair that first.")}
	}
	f.Fix = append(f.Fix, rewrite(p, l)...)
	const next = "the provider puts it right at its next sync and does not look before."
	s := p.Synced(l.services)
	switch {
	case l.effect == harmless: // a rule of an earlier release, until the next sync, is nobody's deed
		f.Message += " T" + next[1:]
	case s == nil:
		f.Message += " T" + next[1:]
		f.Confidence, f.Why = report.Likely, "no sync that succeeded is in the bundle, so the provider may not have come to it yet"
	default:
		f.Message += fmt.Sprintf(" The provider's last sync of %s succeeded (%s)%s; %s", s.Service, s.At.UTC().Format("2006-01-02 15:04:05 UTC"), since(p, l, s, former), next)
		f.Cites = append(f.Cites, s.Cite)
		if former != "" && !stranger(p, l, s) {
			f.Confidence, f.Why = report.Likely, "whether the Service or the group was changed since is not in the bundle"
		}
	}
	if l.effect == untold {
		f.Confidence, f.Why = report.Likely, "what the security groups say to the Service's clients cannot be told from the bundle"
	}
	f.Fix = append(f.Fix, leave(p, &f, l.group)...)
	return f
}

// since says what happened after the last sync that succeeded: a change of the group by
// somebody else, or, where a rule for what the Service asked for before is still there,
// perhaps only one of the Service, which has not reached Azure.
func since(p *rule.Pass, l *overwrite, s *errtext.Success, former string) string {
	switch {
	case p.WroteAfter(s.At, idOf(p, l.group)):
		return ""
	case former == "" || stranger(p, l, s):
		return ", so somebody else has changed the group since"
	}
	return fmt.Sprintf(". Since then either the Service was changed, and that has not reached Azure yet (its rule %s still lets in whom it asked for before), or somebody else changed the group", former)
}

// stranger reports whether the activity log names somebody else who wrote the group
// after the sync.
func stranger(p *rule.Pass, l *overwrite, s *errtext.Success) bool {
	who, ok := p.LastWriter(idOf(p, l.group))
	return ok && who.Provider == desired.No && who.Time.After(s.At)
}

// formerly is a provider's rule that one of the Services asked for before, empty where
// there is none: it still lists the Service's address, and nothing asks for it now.
func formerly(p *rule.Pass, l *overwrite) string {
	for _, c := range p.Compared.Drift() {
		group, name, isRule := strings.Cut(c.Object, "/")
		if c.Hop == desired.HopNSG && c.Kind == desired.Leftover && isRule && strings.EqualFold(group, l.group) &&
			slices.ContainsFunc(c.Services, func(key string) bool { return slices.Contains(l.services, key) }) {
			return name
		}
	}
	return ""
}
