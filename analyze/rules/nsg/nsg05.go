package nsg

import (
	"fmt"
	"regexp"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/bundle-schema/azname"
	"azlb/report"
)

// NSG05 is a security rule with plural fields that a controller of 1.7 or 1.8 loses.
var NSG05 = &rule.Rule{
	ID:       "AZLB-NSG05",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "an old controller loses the source lists of a security rule, and Azure refuses the whole group",
		Symptom: "New Services stay pending, changes never arrive; Azure answers SecurityRuleParametersMissing: a security rule must have a source (or destination, or port). The rule it names is often not the Service's own.",
		Cause: "The provider changes a security group by reading it, editing its own rules and writing all of it back. Kubernetes 1.7 and 1.8 speak an API version that does not know the plural fields of a rule (a list of source addresses, ports or application security groups). " +
			"Any rule in the group that uses one comes back without it, and Azure refuses the write. So the rule to change is the one named in the message.",
		Fix: []report.Step{
			{Say: "Upgrade the cluster to 1.9, 1.10 or later, which know the plural fields.", Changes: true},
			{Say: "Or do without the lists: see what the rule lists, ...", Run: "az network nsg rule show -g GROUP --nsg-name NSG -n RULE"},
			{Say: "... then make a rule for each source address, ...", Run: "az network nsg rule create -g GROUP --nsg-name NSG -n NEW_RULE --priority PRIORITY --access Allow --source-address-prefixes ONE_ADDRESS --destination-port-ranges ONE_PORT", Changes: true},
			{Say: "... and delete the old one.", Run: "az network nsg rule delete -g GROUP --nsg-name NSG -n RULE", Changes: true},
		},
		References: []string{"https://github.com/feiskyer/kubernetes-handbook/blob/master/en/troubleshooting/azure.md", "Azure/AKS#199"},
		Affects:    "Kubernetes 1.7 and 1.8",
		Healthy:    "Rules with lists of sources are normal; only an old controller that has to write the group stumbles over them. A refusal that a later success followed is history.",
	},
	Needs: rule.Needs{Any: []*bundle.Evidence{&bundle.Events, &bundle.ControllerLog}},
	Texts: []rule.Text{
		rule.Codes("SecurityRuleParametersMissing", "SecurityRuleParametersMissingForPortRanges"),
		rule.Says(`Security rule must specify SourceAddressPrefixes, SourceAddressPrefix, or SourceApplicationSecurityGroups`),
	},
	Check: checkNSG05,
}

// securityRuleID finds the rule that a message names; its period ends the sentence.
var securityRuleID = regexp.MustCompile(`(?i)/subscriptions/[^\s'"]+/securityRules/[^\s'",]+`)

func checkNSG05(p *rule.Pass) {
	errs := p.Current(p.Knows)
	for _, refused := range rule.Bunches(errs, func(e *errtext.Error) (string, bool) {
		return strings.TrimRight(securityRuleID.FindString(e.Message), "."), !p.Gone(e)
	}) {
		p.Find(lostFields(p, refused.Name, refused.All))
	}
}

func lostFields(p *rule.Pass, id string, errs []*errtext.Error) rule.Finding {
	told := rule.Tell(errs)
	parsed, _ := az.ParseID(id)
	group, name := parsed.Name("networkSecurityGroups"), parsed.Name("securityRules")
	f := rule.Finding{
		Subject:    report.Object{Kind: "NetworkSecurityGroup", Name: group},
		Confidence: report.Likely,
		Why:        "the version of the controller is not in the bundle",
		Errors:     errs,
		Cites:      told.Cites,
		Fix:        []report.Step{{Say: "Upgrade the cluster to 1.9, 1.10 or later: these controllers keep the lists of a rule.", Changes: true}},
	}
	what := "A security rule, which the message does not name,"
	if name != "" {
		what = fmt.Sprintf("Security rule %s of group %s", name, group)
		at := fmt.Sprintf("-g %s --nsg-name %s", rule.Word(parsed.Group, "GROUP"), rule.Word(group, "NSG"))
		f.Fix = append(f.Fix, report.Step{Say: "Until then, do without the lists. See what the rule lists.",
			Run: fmt.Sprintf("az network nsg rule show %s -n %s", at, rule.Word(name, "RULE"))},
			report.Step{Say: "Then make a rule for each single source address and single port range, with the same access and protocol; one of them, for example.", Run: fmt.Sprintf("az network nsg rule create %s -n %s --priority PRIORITY --access Allow --source-address-prefixes ONE_ADDRESS --destination-port-ranges ONE_PORT", at, rule.Word(name+"-1", "RULE")), Changes: true},
			report.Step{Say: "Then remove the old one.", Run: fmt.Sprintf("az network nsg rule delete %s -n %s", at, rule.Word(name, "RULE")), Changes: true})
	}
	f.Message = fmt.Sprintf("%s lists its sources, destinations or ports in plural fields. The controller wrote the group back without them, and Azure refused the whole group (%s, %s).", what, codeOf(errs[len(errs)-1]), told.Span())
	if c := plural(p, id); c != nil {
		f.Cites = append(f.Cites, *c)
	}
	if v, err := azname.ParseVersion(p.Snapshot.Kubernetes, true); err == nil {
		f.Message += fmt.Sprintf(" This cluster runs Kubernetes %s.", p.Snapshot.Kubernetes)
		f.Why = "Kubernetes " + p.Snapshot.Kubernetes + " is not known to lose the fields"
		if v.Major == 1 && v.Minor < 9 {
			f.Confidence, f.Why = report.Certain, ""
		}
	}
	var working []string
	if f.Services, working = p.Named(errs); len(f.Services) == 0 {
		f.Severity, f.Services = report.Warning, working
		f.Message += " The Services named keep working as they are, but cannot be changed at present."
	}
	return f
}

func codeOf(e *errtext.Error) string {
	if e.Code != "" {
		return e.Code
	}
	return "400"
}

// plural cites the rule in the bundle, where it is there.
func plural(p *rule.Pass, id string) *report.Cite {
	for _, g := range p.Snapshot.NSGs {
		for _, r := range g.SecurityRules {
			if az.SameID(r.ID, id) {
				c := g.Doc.Cite(r.At + "/name")
				return &c
			}
		}
	}
	return nil
}
