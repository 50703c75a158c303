package nsg

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"azlb/analyze/desired"
	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/walk"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// NSG14 is a security group that the configuration names and that does not exist.
var NSG14 = &rule.Rule{
	ID:       "AZLB-NSG14",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the security group that azure.json names does not exist",
		Symptom: "Every Service of type LoadBalancer stays pending; events show `nsg \"NAME\" not found`, or in old versions ResourceNotFound for Microsoft.Network/networkSecurityGroups/NAME.",
		Cause: "The provider writes the allow rules of the Services to one network security group, named in azure.json by securityGroupName. It looks for it in securityGroupResourceGroup, or else in resourceGroup, and does not make it. " +
			"Without the group it fails the sync of every Service, after the load balancer is written.",
		Fix: []report.Step{
			{Say: "See which groups there are.", Run: "az network nsg list --query \"[].id\" -o tsv"},
			{Say: "If the nodes have another group, or it lies in another resource group, say so in securityGroupName and securityGroupResourceGroup of azure.json, and restart the controller.", Run: "sudoedit /etc/kubernetes/azure.json", Changes: true},
			{Say: "If there is none, make it ...", Run: "az network nsg create -g GROUP -n NSG", Changes: true},
			{Say: "... and associate it with the nodes' subnet.", Run: "az network vnet subnet update --ids SUBNET_ID --network-security-group NSG_ID", Changes: true},
		},
		References: []string{"kubernetes-sigs/cloud-provider-azure#281", "kubernetes/kubernetes#49389", "coreos/tectonic-installer#3144", "kubernetes/website#7810", "https://kubernetes-sigs.github.io/cloud-provider-azure/install/configs/"},
		Affects:    "securityGroupResourceGroup exists since 1.18; before, the group must be in resourceGroup",
		Healthy:    "Where azure.json names no group at all, AZLB-CFG03 tells it. A group in another resource group that securityGroupResourceGroup names is fine, also where the bundle has no list of that resource group: the rule then keeps still. An error that a later success followed is history.",
	},
	Needs: rule.Needs{
		Any:   []*bundle.Evidence{&bundle.Events, &bundle.ControllerLog, &bundle.NSGs},
		All:   []*bundle.Evidence{&bundle.Services},
		Clean: []*bundle.Evidence{&bundle.CloudConfig, &bundle.LoadBalancers},
	},
	Texts: []rule.Text{{Pattern: groupNotFound}, {Codes: []string{"ResourceNotFound"}, Pattern: groupNo404}},
	Check: checkNSG14,
}

var (
	groupNotFound = regexp.MustCompile(`(?i)\bnsg "([^"]+)" not found`)
	groupNo404    = regexp.MustCompile(`(?i)Microsoft\.Network/networkSecurityGroups/([^'"/\s]+)' under resource group '[^']*' was not found`)
)

// lacking names the group that the provider did not find.
func lacking(e *errtext.Error) string {
	for _, re := range []*regexp.Regexp{groupNotFound, groupNo404} {
		if m := re.FindStringSubmatch(e.Message); m != nil {
			return m[1]
		}
	}
	return ""
}

func checkNSG14(p *rule.Pass) {
	errs := slices.DeleteFunc(p.Current(p.Knows), p.Gone)
	i := slices.IndexFunc(p.Compared.Checks, func(c desired.Check) bool {
		return c.Hop == desired.HopNSG && c.Field == desired.Existence && c.Kind == desired.Missing && !strings.Contains(c.Object, "/")
	})
	switch {
	case i >= 0:
		p.Find(noGroup(p, &p.Compared.Checks[i], errs))
	case len(errs) > 0:
		p.Find(noGroup(p, nil, errs))
	}
}

// noGroup tells of the group, seen to be absent (c), told by the provider (errs), or both.
func noGroup(p *rule.Pass, c *desired.Check, errs []*errtext.Error) rule.Finding {
	f := rule.Finding{Errors: errs}
	name, inGroup := "", ""
	if config := p.Snapshot.Config; config != nil {
		name, inGroup = config.SecurityGroupName, config.SecurityGroupResourceGroup
		if inGroup == "" {
			inGroup = config.ResourceGroup
		}
	}
	if len(errs) > 0 {
		told := rule.Tell(errs)
		last := errs[len(errs)-1]
		if said := lacking(last); said != "" {
			name = said
		}
		f.Message = fmt.Sprintf("The provider fails to sync because it finds no security group for its rules (%q, %s).", last.Message, told.Span())
		f.Cites = told.Cites
		var working []string
		if f.Services, working = p.Named(errs); len(f.Services) == 0 {
			f.Severity, f.Services = report.Warning, working
			f.Message += " The Services named keep working as they are, but cannot be changed at present."
		}
	}
	if c != nil {
		f.Errors = nil // the state shows it too
		f.Absence = []*bundle.Evidence{&bundle.NSGs}
		f.Cites = append(f.Cites, c.Cites()...)
		seen := fmt.Sprintf("Security group %s, which azure.json names, is not in resource group %s.", name, inGroup)
		if len(errs) > 0 {
			f.Message = seen + " " + f.Message
		} else {
			f.Message = seen + " The provider does not make it and fails every sync of a Service."
			f.Services = stuck(p, c.Services)
			if len(f.Services) == 0 {
				f.Severity = report.Warning
				f.Message += " The Services keep working as they are, but cannot be changed."
			}
		}
	}
	f.Subject = report.Object{Kind: "NetworkSecurityGroup", Name: name}
	f.Fix = nameIt(p, name, inGroup)
	return f
}

// stuck are those of the Services that wait for an address, and those that no
// security group lets clients in to.
func stuck(p *rule.Pass, wanting []string) []string {
	out := p.Waiting()
	for _, key := range wanting {
		if slices.ContainsFunc(p.Walks.Of(key), func(w *walk.Walk) bool {
			h := w.Hop(walk.NSG)
			return h != nil && h.Verdict == report.Blocks
		}) {
			out = append(out, key)
		}
	}
	return out
}

func nameIt(p *rule.Pass, name, group string) []report.Step {
	g, n := rule.Word(group, "GROUP"), rule.Word(name, "NSG")
	steps := []report.Step{{Say: "See which groups there are.", Run: "az network nsg list --query \"[].id\" -o tsv"}}
	if !p.Graph.Managed() {
		steps = append(steps, report.Step{Say: "If the nodes have another group, or it lies in another resource group, say so in securityGroupName and securityGroupResourceGroup of azure.json, and restart the controller.", Run: "sudoedit /etc/kubernetes/azure.json", Changes: true})
	}
	return append(steps,
		report.Step{Say: "If there is none, make it ...", Run: fmt.Sprintf("az network nsg create -g %s -n %s", g, n), Changes: true},
		report.Step{Say: "... and associate it with the nodes' subnet; a Standard public frontend is closed without.", Run: "az network vnet subnet update --ids SUBNET_ID --network-security-group " + n, Changes: true})
}
