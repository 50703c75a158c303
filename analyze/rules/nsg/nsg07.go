package nsg

import (
	"fmt"
	"net/netip"
	"slices"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// NSG07 is a source range inside another, which some releases write as it is.
var NSG07 = &rule.Rule{
	ID:       "AZLB-NSG07",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the Service's source ranges overlap, and this release writes them to Azure as they are",
		Symptom: "The Service stays pending, or a change of its ranges never arrives; Azure refuses the security group with 400 OverlappingSubnetsNotPermittedInSecurityRule.",
		Cause: "Since 1.29 the provider writes all source ranges of a Service into one security rule. Azure takes no rule in which one source contains another, such as 10.0.0.0/8 and 10.0.0.0/16. " +
			"Later releases merge the ranges first; before, every sync of the Service fails.",
		Fix: []report.Step{
			{Say: "Upgrade to 1.29.11, 1.30.7, 1.31.1, 1.32 or later, which merge the ranges.", Changes: true},
			{Say: "Or leave out the ranges that another one contains.", Run: "kubectl edit service -n NAMESPACE SERVICE", Changes: true},
		},
		References: []string{"kubernetes-sigs/cloud-provider-azure#6775", "https://cloud-provider-azure.sigs.k8s.io/topics/loadbalancer/"},
		Affects:    "1.29.0 to 1.29.10, 1.30.0 to 1.30.6 and 1.31.0",
		Healthy:    "Ranges that overlap are harmless up to 1.28, which makes one rule for each, and in releases that merge them. A range named twice is not an overlap. A Service that this release has synced successfully is left alone.",
	},
	Needs: rule.Needs{
		Any: []*bundle.Evidence{&bundle.Services, &bundle.Events, &bundle.ControllerLog},
		All: []*bundle.Evidence{&bundle.Services},
	},
	Texts: []rule.Text{rule.Codes("OverlappingSubnetsNotPermittedInSecurityRule")},
	Check: checkNSG07,
}

// unmerged is the lack of merging.
var unmerged = rule.Bug{From: "1.29", Fixed: "1.29.11/1.30.7/1.31.1/1.32"}

func checkNSG07(p *rule.Pass) {
	errs := p.Current(func(e *errtext.Error) bool {
		s := p.Graph.Service(e.Service)
		return s != nil && !s.Foreign() && !s.Deleting() && p.Knows(e)
	})
	for _, s := range p.Graph.Services {
		want := p.Wants.Of(s.Key())
		if want == nil || s.Foreign() || s.Deleting() {
			continue
		}
		outer, inner, overlap := overlapping(want.Sources.Ranges)
		mine := slices.DeleteFunc(slices.Clone(errs), func(e *errtext.Error) bool { return e.Service != s.Key() })
		confidence, _, ok := p.Blame(unmerged)
		if len(mine) == 0 && (!overlap || confidence != report.Certain || p.Errors.LastSuccess(s.Key()) != nil) {
			continue
		}
		told := rule.Tell(mine)
		f := rule.Finding{Subject: report.Object{Kind: "Service", Namespace: s.Namespace, Name: s.Name}, Services: []string{s.Key()}, Cites: told.Cites}
		fix := []report.Step{{Say: "Upgrade the cluster so that the provider is " + unmerged.Repaired() + "; these merge the ranges.", Changes: true}}
		if overlap {
			f.Cites = append(f.Cites, s.Doc.Cite(rangesAt(s.Annotations)))
			f.Message = fmt.Sprintf("Of the source ranges of %s (%s), %s contains %s. The provider writes them into one security rule as they are, and Azure refuses the whole group.", s.Key(), want.Sources.Because, outer, inner)
			fix = append(fix, report.Step{Say: fmt.Sprintf("Or leave %s out: %s contains it.", inner, outer), Changes: true,
				Run: fmt.Sprintf("kubectl edit service -n %s %s", rule.Word(s.Namespace, "NAMESPACE"), rule.Word(s.Name, "SERVICE"))})
		} else {
			f.Errors, f.Confidence, f.Why = mine, report.Likely, "the ranges of the Service as it is in the bundle do not overlap: they were changed since"
			f.Message = fmt.Sprintf("The source ranges of %s overlapped, and Azure refused the security group.", s.Key())
		}
		switch {
		case len(mine) > 0:
			f.Message += fmt.Sprintf(" It answered OverlappingSubnetsNotPermittedInSecurityRule %s.", told.Span())
			if !ok && overlap { // Azure's own word counts for more than the list of releases
				f.Confidence, f.Why = report.Likely, "release "+p.Wants.Provider.String()+" is not known to write ranges unmerged"
			}
		default:
			f.Confidence, f.Why = report.Likely, "the bundle has no refusal of Azure's"
			if len(s.Status.LoadBalancer.Ingress) > 0 {
				f.Severity = report.Warning
			}
		}
		f.Fix = fix
		p.Find(f)
	}
}

// overlapping finds two different ranges of which one contains the other.
func overlapping(ranges []netip.Prefix) (outer, inner netip.Prefix, ok bool) {
	for _, a := range ranges {
		for _, b := range ranges {
			if a.Bits() < b.Bits() && a.Overlaps(b) {
				return a, b, true
			}
		}
	}
	return outer, inner, false
}

// rangesAt is where a Service names its ranges: the annotations count for those that
// its spec does not have.
func rangesAt(annotations map[string]string) string {
	for _, key := range []string{"azure-allowed-ip-ranges", "load-balancer-source-ranges"} {
		if annotations["service.beta.kubernetes.io/"+key] != "" {
			return "/metadata/annotations/service.beta.kubernetes.io~1" + key
		}
	}
	return "/spec/loadBalancerSourceRanges"
}
