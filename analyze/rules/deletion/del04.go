package deletion

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// DEL04 is a deletion that looks into a resource group which does not exist.
var DEL04 = &rule.Rule{
	ID:       "AZLB-DEL04",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "a Service cannot be deleted because a resource group does not exist",
		Symptom: "A Service stays in Terminating, or in old versions a new one of the same name stays pending; events or the controller's log show 404 ResourceGroupNotFound at the clean-up.",
		Cause: "Before a Service goes, the provider looks for what it made: load balancers in the cluster's group, public IPs in the group that the annotation azure-load-balancer-resource-group names. " +
			"If the annotation is misspelt, or the group was deleted with everything in it, Azure answers that there is no such group. Most releases take that for a failure and try again, though nothing is left to be deleted.",
		Fix: []report.Step{
			{Say: "See whether the group exists.", Run: "az group exists -n GROUP"},
			{Say: "If the Service's annotation names it, take that off; the next try then looks into the cluster's own group.", Run: "kubectl annotate service -n NAMESPACE SERVICE service.beta.kubernetes.io/azure-load-balancer-resource-group-", Changes: true},
			{Say: "If the group was deleted with all that was in it, there is nothing to clean up: take the finalizer off the Service.", Run: "kubectl patch service -n NAMESPACE SERVICE --type merge -p '{\"metadata\":{\"finalizers\":null}}'", Changes: true},
		},
		References: []string{"kubernetes/kubernetes#75198", "kubernetes/kubernetes#100855", "kubernetes/kubernetes#75256", "kubernetes/kubernetes#93962", "kubernetes-sigs/cloud-provider-azure#933"},
		Affects:    "the group of the load balancer: before 1.12.7, 1.13.5 and 1.14, again 1.18 and 1.19; the group of the annotation: all versions",
		Healthy:    "A Service that is not being deleted and names a group that does not exist stays pending for that, which is another fault. A refusal that a later success of the same Service follows is history.",
	},
	Needs: rule.Needs{Any: text, Clean: []*bundle.Evidence{&bundle.Services}},
	Texts: []rule.Text{rule.Codes("ResourceGroupNotFound")},
	Check: checkDEL04,
}

const groupAnnotation = "service.beta.kubernetes.io/azure-load-balancer-resource-group"

// noGroup is ARM's text; its group is the resource group.
var noGroup = regexp.MustCompile(`(?i)resource group '([^']+)' could not be found`)

func checkDEL04(p *rule.Pass) {
	errs := slices.DeleteFunc(p.Current(func(e *errtext.Error) bool { return p.Knows(e) && ofDeletion(p, e) }), p.Gone)
	for _, b := range rule.Bunches(errs, func(e *errtext.Error) (string, bool) {
		if m := noGroup.FindStringSubmatch(e.Message); m != nil {
			return m[1], true
		}
		return "", true
	}) {
		p.Find(groupless(p, b.Name, b.All))
	}
}

// groupless is a resource group that is not there, by its name, and whose deletion
// waits for it.
func groupless(p *rule.Pass, group string, errs []*errtext.Error) rule.Finding {
	told := rule.Tell(errs)
	name := group
	if name == "" {
		name = "of the message"
	}
	f := rule.Finding{Subject: report.Object{Kind: "ResourceGroup", Name: name}, Services: told.Services, Errors: errs, Cites: told.Cites}
	f.Message = fmt.Sprintf("The deletion of %s fails, because resource group %s does not exist (%s).", rule.List(told.Services), name, told.Span())
	f.Fix = []report.Step{{Say: "See whether the group exists.", Run: "az group exists -n " + rule.Word(group, "GROUP")}}
	_, f.Severity = harmed(p, errs)
	var asks []string
	var gone []*topology.Service
	for _, key := range told.Services {
		s := p.Graph.Service(key)
		switch {
		case s == nil:
		case group != "" && strings.EqualFold(strings.TrimSpace(s.Annotations[groupAnnotation]), group):
			asks = append(asks, key)
			f.Cites = append(f.Cites, s.Doc.Cite("/metadata/annotations/"+strings.ReplaceAll(groupAnnotation, "/", "~1")))
			f.Fix = append(f.Fix, rule.Unannotate(s, groupAnnotation, "Take the annotation off; the next try looks into the cluster's own group, finds nothing there and ends."))
		case s.Deleting() && rule.Handled(s):
			gone = append(gone, s)
		}
	}
	if len(asks) > 0 {
		f.Message += fmt.Sprintf(" %s names it by annotation as the group of its public IP.", rule.List(asks))
	}
	if c := p.Snapshot.Config; c != nil && group != "" && strings.EqualFold(c.ResourceGroup, group) {
		f.Message += " It is the cluster's own group (azure.json): it was deleted with all that the provider had made there."
		f.Cites = append(f.Cites, c.Doc.Cite("/resourceGroup"))
	}
	for _, s := range gone[:min(len(gone), 3)] {
		f.Fix = append(f.Fix, unfinalize(s, fmt.Sprintf("If the group was deleted with all that was in it, nothing is left to clean up: take the finalizer off %s.", s.Key())))
	}
	if len(asks)+len(gone) == 0 {
		f.Fix = append(f.Fix, report.Step{Say: "The Service of these tries is gone, and only the controller's memory of it is left: restart the controller, if the tries do not end."})
	}
	return f
}
