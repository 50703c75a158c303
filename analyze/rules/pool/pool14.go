package pool

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"azlb/analyze/desired"
	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// POOL14 is a release of the provider that expects machines and interfaces as one tool
// makes them.
var POOL14 = &rule.Rule{
	ID:       "AZLB-POOL14",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "this release of Kubernetes expects other machines or network interfaces",
		Symptom: "After an upgrade to Kubernetes 1.20 or 1.21 every Service stays pending with \"invalid ip config ID\", \"cannot get the availability set ID from the virtual machine\" or \"failed to parse the VMAS ID\". The machines were not changed.",
		Cause: "To see who is in a backend pool the provider goes from a network interface to its machine. For a while the provider inside Kubernetes told the machine by the interface's name, which had to be MACHINE-nic-NUMBER as aks-engine names it, and expected every plain machine to be in an availability set (a group that Azure spreads over its hardware, here called VMAS). " +
			"Interfaces of other names, as OpenShift, Cluster API or a hand make them, and machines in no availability set make it stop.",
		Fix: []report.Step{
			{Say: "Upgrade the control plane to 1.20.10, 1.21.4, 1.22 or later, or move to the cloud-controller-manager of cloud-provider-azure.", Changes: true},
			{Say: "See which machines are in no availability set, and how their interfaces are named.", Run: "az vm list -g GROUP --query \"[].{name:name, set:availabilitySet.id, nic:networkProfile.networkInterfaces[0].id}\" -o table"},
		},
		References: []string{"kubernetes/kubernetes#97375", "kubernetes/kubernetes#97352", "Azure/aks-engine#4236", "kubernetes/legacy-cloud-providers#9", "kubernetes-sigs/cloud-provider-azure#443", "kubernetes-sigs/cloud-provider-azure#679"},
		Affects:    "names of interfaces, and availability sets at large: in-tree 1.20.0 and 1.20.1, and previews of 1.21; machines in no availability set when they leave a pool: in-tree 1.20.2 to 1.20.9 and 1.21.0 to 1.21.3, cloud-provider-azure 0.7 and 1.0",
		Healthy:    "Machines in no availability set and interfaces of any name are supported: without one of the messages nothing is told.",
	},
	Needs: rule.Needs{Any: text, All: []*bundle.Evidence{&bundle.Services}},
	Texts: []rule.Text{assumptions[0].says, assumptions[1].says, assumptions[2].says},
	Check: checkPOOL14,
}

// assumption is one thing that releases expected of machines.
type assumption struct {
	says   rule.Text // the provider's text; its group is what it stumbles over
	bug    rule.Bug
	expect string // what it expects of it
	fixed  string
}

// The texts have no code (azure_standard.go of Kubernetes and of cloud-provider-azure).
var assumptions = []assumption{
	{of(`(?i)invalid ip config ID ["']?(/subscriptions/\S+?/networkInterfaces/[^/\s"']+)`), rule.Bug{FromInTree: "1.20", FixedInTree: "1.20.2/1.21"},
		"expects network interfaces to be named MACHINE-nic-NUMBER", "Kubernetes 1.20.2, 1.21 or later"},
	{of(`(?i)cannot get the availability set ID from the virtual machine with node name ["']?([^\s"']+)`), rule.Bug{FromInTree: "1.20", FixedInTree: "1.20.2/1.21"},
		"expects every plain machine to be in an availability set", "Kubernetes 1.20.2, 1.21 or later"},
	{of(`(?i)failed to parse the VMAS ID()`), rule.Bug{From: "all", Fixed: "1.1", FromInTree: "1.20", FixedInTree: "1.20.10/1.21.4/1.22"},
		"expects every plain machine that leaves a pool to be in an availability set", "Kubernetes 1.20.10, 1.21.4, 1.22 or later, or cloud-provider-azure 1.1 or later"},
}

// of is a text without a code.
func of(pattern string) rule.Text {
	return rule.Text{Uncoded: true, Pattern: regexp.MustCompile(pattern)}
}

func checkPOOL14(p *rule.Pass) {
	for _, a := range assumptions {
		errs := slices.DeleteFunc(p.Current(a.says.Matches), p.Gone)
		for _, b := range rule.Bunches(errs, func(e *errtext.Error) (string, bool) { return a.says.Pattern.FindStringSubmatch(e.Message)[1], true }) {
			p.Find(a.finding(p, b.Name, b.All))
		}
	}
}

func (a assumption) finding(p *rule.Pass, name string, errs []*errtext.Error) rule.Finding {
	told, last := rule.Tell(errs), errs[len(errs)-1]
	f := rule.Finding{Errors: errs, Cites: told.Cites, Subject: report.Object{Kind: "VirtualMachine", Name: "of which the message does not tell the name"}}
	if object, _ := describe(name); strings.HasPrefix(name, "/") {
		f.Subject = object
	} else if name != "" {
		f.Subject = report.Object{Kind: "Node", Name: name}
		if n := p.Graph.Node(name); n != nil {
			f.Cites = append(f.Cites, n.Doc.Cite("/spec/providerID"))
		}
	}
	f.Message = fmt.Sprintf("The provider stops (%q, %s): a release of it %s.", last.Message, told.Span(), a.expect)
	switch p.Runs(a.bug) {
	case desired.Yes:
		f.Message += fmt.Sprintf(" Release %s is one.", p.Wants.Provider.Candidates[0])
	case desired.Perhaps:
		f.Confidence, f.Why = report.Likely, p.Wants.Provider.Because
	default:
		f.Confidence, f.Why = report.Likely, fmt.Sprintf("release %s is not known to expect that; the object may have an id that Azure does not give", p.Wants.Provider.Candidates[0])
	}
	f.Fix = []report.Step{{Say: "Upgrade to " + a.fixed + ".", Changes: true}}
	var working []string
	if f.Services, working = p.Named(errs); len(f.Services) == 0 {
		f.Severity, f.Services = report.Warning, working
		f.Message += " The Services named keep working as they are, but cannot be changed at present."
	}
	return f
}
