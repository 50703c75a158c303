package nsg

import (
	"cmp"
	"fmt"
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

// NSG06 is a rule of the provider's that cannot be written back as it stands.
var NSG06 = &rule.Rule{
	ID:       "AZLB-NSG06",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "a security rule of the provider was rewritten in a form that the provider cannot write back",
		Symptom: "New Services and changes never arrive; Azure refuses the security group with 400 SecurityRuleParametersUnsupportedForPortRanges: a rule k8s-azure-lb_allow_… must specify DestinationPortRange or DestinationPortRanges, but not both.",
		Cause: "The provider writes the ports of an allow rule as a list, even a single one. Who opens that rule in the portal, or changes it with az, saves a single port in the singular field, although the port was not touched. " +
			"At the next sync the provider sets the list again and leaves the singular field as it is, and Azure refuses the whole group because of the two. Before 1.29.14, 1.30.11, 1.31.5 and 1.32 an empty singular destination (\"\"), which Azure sometimes returns beside the list, does the same.",
		Fix: []report.Step{
			{Say: "See the rule.", Run: "az network nsg rule show -g GROUP --nsg-name NSG -n RULE"},
			{Say: "Delete it; nobody gets in until the next step is done.", Run: "az network nsg rule delete -g GROUP --nsg-name NSG -n RULE", Changes: true},
			{Say: "Let the provider write it anew.", Run: "kubectl annotate service -n NAMESPACE SERVICE azlb-resync=\"$(date +%s)\" --overwrite", Changes: true},
			{Say: "Put rules of your own beside those of the provider, with other names and priorities below 500, instead of changing its rules."},
		},
		References: []string{"kubernetes-sigs/cloud-provider-azure#9355", "kubernetes-sigs/cloud-provider-azure#8931", "kubernetes-sigs/cloud-provider-azure#7854", "addAllowRule in kubernetes-sigs/cloud-provider-azure, pkg/provider/securitygroup"},
		Affects:    "1.29 and later; the empty destination before 1.29.14, 1.30.11, 1.31.5 and 1.32",
		Healthy:    "The provider's own rule k8s-azure-lb_deny-all_… has the single port `*`, and rules of others may have any form. A refusal that a later success followed is history.",
	},
	Needs: rule.Needs{Any: []*bundle.Evidence{&bundle.NSGs, &bundle.Events, &bundle.ControllerLog}, Clean: []*bundle.Evidence{&bundle.KubeVersion, &bundle.ControllerPods}},
	Texts: []rule.Text{
		rule.Codes("SecurityRuleParametersUnsupportedForPortRanges"),
		rule.Says(`either DestinationPortRange or DestinationPortRanges, but not both`),
	},
	Check: checkNSG06,
}

// emptyDestination is the error that takes an empty destination for an address.
var emptyDestination = rule.Bug{From: "1.29", Fixed: "1.29.14/1.30.11/1.31.5/1.32"}

// allowPrefix begins the names of the provider's allow rules since 1.29.
const allowPrefix = "k8s-azure-lb_allow"

func checkNSG06(p *rule.Pass) {
	errs := slices.DeleteFunc(p.Current(p.Knows), p.Gone)
	for i := range p.Snapshot.NSGs {
		g := &p.Snapshot.NSGs[i]
		for j := range g.SecurityRules {
			r := &g.SecurityRules[j]
			if !strings.HasPrefix(strings.ToLower(r.Name), allowPrefix) {
				continue
			}
			if r.DestinationPortRange != "" {
				var mine []*errtext.Error
				mine, errs = naming(errs, r.ID)
				singular(p, g, r, mine)
			}
			emptyPrefix(p, g, r)
		}
	}
	for _, id := range ruleIDs(errs) { // of rules that the bundle shows otherwise, or not at all
		mine, _ := naming(errs, id)
		unseenRule(p, id, mine)
	}
}

// naming divides errors into those that name the rule and the others.
func naming(errs []*errtext.Error, id string) (mine, others []*errtext.Error) {
	for _, e := range errs {
		if named := ruleIDOf(e); strings.EqualFold(named, id) || id != "" && az.SameID(named, id) {
			mine = append(mine, e)
		} else {
			others = append(others, e)
		}
	}
	return mine, others
}

func ruleIDOf(e *errtext.Error) string {
	return strings.TrimRight(securityRuleID.FindString(e.Message), ".")
}

func ruleIDs(errs []*errtext.Error) []string {
	var out []string
	for _, e := range errs {
		if id := ruleIDOf(e); !slices.ContainsFunc(out, func(x string) bool { return strings.EqualFold(x, id) }) {
			out = append(out, id)
		}
	}
	return out
}

// singular is an allow rule whose port stands in the singular field.
func singular(p *rule.Pass, g *snapshot.NSG, r *az.SecurityRule, errs []*errtext.Error) {
	told := rule.Tell(errs)
	f := rule.Finding{Subject: report.Object{Kind: "NetworkSecurityGroup", Name: g.Name}, Cites: append(told.Cites, g.Doc.Cite(r.At+"/destinationPortRange")), Fix: anewRule(p, g, r)}
	f.Message = fmt.Sprintf("Rule %s of group %s has its port %s in the singular field. The provider wrote it as a list, so somebody saved the rule since; at its next sync the provider adds the list and Azure refuses the whole group.", r.Name, g.Name, r.DestinationPortRange)
	if len(errs) > 0 {
		f.Message += fmt.Sprintf(" It refused it %s.", told.Span())
		charge(p, &f, errs)
	} else {
		f.Severity, f.Confidence, f.Why, f.Services = report.Warning, report.Possible, "nothing has failed for it yet, and a later release of the provider may repair the rule", behind(p, r)
	}
	p.Find(f)
}

// emptyPrefix is an allow rule with an empty destination beside the list.
func emptyPrefix(p *rule.Pass, g *snapshot.NSG, r *az.SecurityRule) {
	confidence, why, ok := p.Blame(emptyDestination)
	cite := g.Doc.Cite(r.At + "/destinationAddressPrefix")
	if !ok || len(r.DestinationAddressPrefixes) == 0 || !strings.HasSuffix(strings.TrimRight(cite.Quote, ","), `: ""`) {
		return
	}
	errs := slices.DeleteFunc(p.Current(func(e *errtext.Error) bool {
		return strings.HasPrefix(e.Code, "SecurityRule") && az.SameID(ruleIDOf(e), r.ID)
	}), p.Gone)
	if len(errs) == 0 && confidence != report.Certain {
		return
	}
	told := rule.Tell(errs)
	f := rule.Finding{Subject: report.Object{Kind: "NetworkSecurityGroup", Name: g.Name}, Cites: append(told.Cites, cite), Confidence: confidence, Why: why,
		Fix: append([]report.Step{{Say: "Upgrade the cluster so that the provider is " + emptyDestination.Repaired() + ".", Changes: true}}, anewRule(p, g, r)...)}
	f.Message = fmt.Sprintf("Rule %s of group %s has an empty destination beside its list. For %s that is one more address: it writes the list back with it, and Azure refuses the whole group.", r.Name, g.Name, p.Culprit(emptyDestination))
	if len(errs) > 0 {
		f.Message += fmt.Sprintf(" It answered %s %s.", errs[len(errs)-1].Code, told.Span())
		charge(p, &f, errs)
	} else {
		f.Severity, f.Confidence, f.Why, f.Services = report.Warning, report.Likely, "nothing has failed for it yet", behind(p, r)
	}
	p.Find(f)
}

// unseenRule is a refusal for a rule that the bundle does not show in that form.
func unseenRule(p *rule.Pass, id string, errs []*errtext.Error) {
	told := rule.Tell(errs)
	parsed, _ := az.ParseID(id)
	group, name := parsed.Name("networkSecurityGroups"), parsed.Name("securityRules")
	f := rule.Finding{Subject: report.Object{Kind: "NetworkSecurityGroup", Name: group}, Cites: told.Cites, Errors: errs}
	f.Message = fmt.Sprintf("Azure refuses security group %s, because rule %s has its ports in the singular field and as a list (%s, %s). Somebody saved the provider's rule with another tool since the provider wrote it.", cmp.Or(group, "of the cluster"), cmp.Or(name, "of the message"), codeOf(errs[len(errs)-1]), told.Span())
	if !azname.IsManagedSecurityRule(name) {
		f.Confidence, f.Why = report.Likely, "the rule does not have a name of the provider's"
	}
	charge(p, &f, errs)
	at := fmt.Sprintf("-g %s --nsg-name %s -n %s", rule.Word(parsed.Group, "GROUP"), rule.Word(group, "NSG"), rule.Word(name, "RULE"))
	f.Fix = []report.Step{
		{Say: "See the rule.", Run: "az network nsg rule show " + at},
		{Say: "Delete it; the controller's next try writes it anew.", Run: "az network nsg rule delete " + at, Changes: true},
	}
	p.Find(f)
}

// charge says whom the errors harm.
func charge(p *rule.Pass, f *rule.Finding, errs []*errtext.Error) {
	var working []string
	if f.Services, working = p.Named(errs); len(f.Services) == 0 {
		f.Severity, f.Services = report.Warning, working
		f.Message += " The Services named keep working as they are, but cannot be changed at present."
	}
}

// behind lists the Services whose addresses are destinations of the rule.
func behind(p *rule.Pass, r *az.SecurityRule) []string {
	var out []string
	for _, s := range p.Graph.Services {
		if slices.ContainsFunc(s.Addresses(), func(a string) bool {
			return a == r.DestinationAddressPrefix || slices.Contains(r.DestinationAddressPrefixes, a)
		}) {
			out = append(out, s.Key())
		}
	}
	return out
}

// anewRule lets the provider write one of its rules again.
func anewRule(p *rule.Pass, g *snapshot.NSG, r *az.SecurityRule) []report.Step {
	at := place(g) + " -n " + rule.Word(r.Name, "RULE")
	steps := []report.Step{
		{Say: "See the rule.", Run: "az network nsg rule show " + at},
		{Say: "Delete it; nobody gets in until the next step is done.", Run: "az network nsg rule delete " + at, Changes: true},
	}
	for _, key := range behind(p, r) {
		steps = append(steps, rule.Resync(p.Graph.Service(key), "Let the provider write it anew."))
	}
	return steps
}
