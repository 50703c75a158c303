package privatelink

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"azlb/analyze/desired"
	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// PLS04 is a private link service that is not there, or is another one.
var PLS04 = &rule.Rule{
	ID:       "AZLB-PLS04",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the private link service that the Service asks for is not there, or is somebody else's",
		Symptom: "No private link service is found for a Service that asks for one, or the sync fails with `already has unmanaged private link service`, `already has existing private link service … owned by service`, or `cannot change existing private link service name`.",
		Cause: "A frontend has one private link service. The provider keeps to one that carries the cluster's tag and belongs to the Service; it refuses one that somebody else made, one of another Service that shares the frontend when this one has settings of its own, and a change of the name. " +
			"It makes the link in the resource group of the annotation, else of azure.json; on AKS that is the node resource group (MC_…), where many look last.",
		Fix: []report.Step{
			{Say: "See all links, in every group.", Run: "az network private-link-service list --query \"[].{name:name, group:resourceGroup, owner:tags.\\\"k8s-azure-owner-service\\\"}\" -o table"},
			{Say: "Let the Service ask for no link of its own; the sync then goes through, and the link that stands there stays.", Run: "kubectl annotate service -n NAMESPACE SERVICE service.beta.kubernetes.io/azure-pls-create-", Changes: true},
			{Say: "Only if nobody needs it: delete the link that stands in the way. Its private endpoints lose their connection for good.", Run: "az network private-link-service delete -g GROUP -n NAME", Changes: true},
		},
		References: []string{docs, "kubernetes-sigs/cloud-provider-azure#4838", "kubernetes-sigs/cloud-provider-azure#4608"},
		Affects:    "cloud-provider-azure with azure-pls-create: 1.0.19, 1.1.15, 1.23.12, 1.24 and later",
		Healthy:    "A link that exists in any group of the bundle, and one that belongs to another Service on a shared frontend while this one names no settings of its own. While the Service has another unresolved error the link is not missed: the sync has not come to it.",
	},
	Needs:       rule.Needs{All: []*bundle.Evidence{&bundle.Services}, Any: []*bundle.Evidence{&bundle.LoadBalancers, &bundle.PrivateLinkServices, &bundle.Events, &bundle.ControllerLog}, Clean: []*bundle.Evidence{&bundle.CloudConfig}},
	FollowsFrom: []string{"AZLB-PLS01", "AZLB-PLS02", "AZLB-PLS03"},
	Texts:       []rule.Text{rule.Says(`(?i)already has (?:unmanaged|existing) private link service\(|cannot change existing private link service name`)},
	Check:       checkPLS04,
}

// existing is the link that a refusal names.
var existing = regexp.MustCompile(`(?i)has (?:unmanaged|existing) private link service\((/subscriptions/[^)\s]+)\)`)

// inText is the link that an error names, else the stand-in.
func inText(e *errtext.Error, standIn report.Object) report.Object {
	if m := existing.FindStringSubmatch(e.Message); m != nil {
		return report.Object{Kind: "PrivateLinkService", Name: az.LastName(m[1])}
	}
	return standIn
}

func checkPLS04(p *rule.Pass) {
	keys, errs := byService(p, p.Current(p.Knows))
	list, sure := asking(p)
	for _, s := range list {
		f := inTheWay(p, s)
		if f == nil && len(errs[s.Key()]) == 0 {
			f = notThere(p, s)
		}
		if f == nil {
			continue
		}
		told := rule.Tell(errs[s.Key()])
		f.Services, f.Cites = []string{s.Key()}, append(told.Cites, append(f.Cites, s.Doc.Cite(s.link.Create.Pointer))...)
		if len(errs[s.Key()]) > 0 {
			f.Message += fmt.Sprintf(" The provider says so, %s.", told.Span())
			f.Confidence, f.Why = "", ""
		} else if !sure && f.Confidence == "" {
			f.Confidence, f.Why = report.Likely, unsure
		}
		if !s.waits() {
			f.Severity = report.Warning
		}
		p.Find(*f)
		keys = slices.DeleteFunc(keys, func(k string) bool { return k == s.Key() })
	}
	for _, key := range keys {
		last := errs[key][len(errs[key])-1]
		told := rule.Tell(errs[key])
		f := rule.Finding{Subject: inText(last, rule.Subject(key)), Services: services(key), Errors: errs[key], Cites: told.Cites,
			Message: fmt.Sprintf("The frontend of %s has a private link service that the provider does not take over, and it fails the sync, %s: “%s”.", which(key), told.Span(), last.Message)}
		if !p.Waits(last) {
			f.Severity = report.Warning
		}
		p.Find(f)
	}
}

// inTheWay is the link on the Service's frontend that the provider refuses: looked
// for in the group in which it looks, as it does.
func inTheWay(p *rule.Pass, s linked) *rule.Finding {
	for _, l := range on(p, s.Service) {
		if g := group(p, s.link); g != "" && !strings.EqualFold(az.GroupOf(l.ID), g) {
			continue
		}
		f := &rule.Finding{Subject: report.Object{Kind: "PrivateLinkService", Name: l.Name}, Cites: []report.Cite{l.Doc.Cite(l.At + "/tags")}}
		owner := tag(l, ownerTag)
		switch {
		case !strings.EqualFold(tag(l, clusterTag), p.Graph.ClusterName) && (tag(l, clusterTag) == "" || !strings.EqualFold(owner, s.Key())): // or the cluster's name is a wrong guess
			f.Cites = []report.Cite{l.Doc.Cite(l.At + "/name")}
			f.Message = fmt.Sprintf("The frontend of %s has private link service %s, which does not carry the tag of cluster %s: somebody else made it, and the provider fails the sync.", s.Key(), l.Name, p.Graph.ClusterName)
			f.Fix = []report.Step{
				{Say: "Let the Service ask for no link of its own: the sync then goes through, and the link that is there keeps working for the Service's frontend.", Changes: true, Run: annotate(s.Key(), "service.beta.kubernetes.io/azure-pls-create-")},
				users(l), remove(l),
			}
		case !strings.EqualFold(owner, s.Key()) && own(s.link):
			f.Message = fmt.Sprintf("%s shares a frontend with %s, whose private link service %s stands there, and has settings of its own for a link: the provider fails the sync.", s.Key(), owner, l.Name)
			f.Fix = []report.Step{{Say: "Leave the settings to the Service that owns the link; azure-pls-create alone shares it.", Changes: true,
				Run: annotate(s.Key(), "service.beta.kubernetes.io/azure-pls-name- service.beta.kubernetes.io/azure-pls-ip-configuration-subnet- service.beta.kubernetes.io/azure-pls-ip-configuration-ip-address-count- "+
					"service.beta.kubernetes.io/azure-pls-ip-configuration-ip-address- service.beta.kubernetes.io/azure-pls-fqdns- service.beta.kubernetes.io/azure-pls-proxy-protocol- service.beta.kubernetes.io/azure-pls-visibility- service.beta.kubernetes.io/azure-pls-auto-approval-")}}
		case strings.EqualFold(owner, s.Key()) && s.link.Name.Pointer != "" && !strings.EqualFold(s.link.Name.V, l.Name):
			f.Cites = []report.Cite{s.Doc.Cite(s.link.Name.Pointer), l.Doc.Cite(l.At + "/name")}
			f.Message = fmt.Sprintf("%s asks for the private link service name %s, and its link is %s; a name cannot be changed, and the provider fails the sync.", s.Key(), s.link.Name.V, l.Name)
			f.Fix = []report.Step{
				{Say: "Take the name back.", Changes: true, Run: annotate(s.Key(), "service.beta.kubernetes.io/azure-pls-name="+rule.Word(l.Name, "NAME"))},
				users(l), remove(l),
			}
		default:
			continue
		}
		if group(p, s.link) == "" {
			f.Confidence, f.Why = report.Likely, "in which resource group the provider looks for links is not known"
		}
		return f
	}
	return nil
}

// users asks who is connected to a link: nothing in the bundle tells.
func users(l *snapshot.PrivateLinkService) report.Step {
	return report.Step{Say: "To have the provider's own link instead, first see who made this one and which private endpoints are connected to it.",
		Run: "az network private-link-service show -g " + rule.Word(az.GroupOf(l.ID), "GROUP") + " -n " + rule.Word(l.Name, "NAME") + " --query \"{tags:tags, endpoints:privateEndpointConnections[].privateEndpoint.id}\" -o json"}
}

func remove(l *snapshot.PrivateLinkService) report.Step {
	return report.Step{Say: "Only if nobody needs it: delete the link. Its private endpoints lose their connection for good; the provider's next try then makes its own.", Changes: true,
		Run: "az network private-link-service delete -g " + rule.Word(az.GroupOf(l.ID), "GROUP") + " -n " + rule.Word(l.Name, "NAME")}
}

// own reports whether the Service has settings of its own for a link
// (serviceHasAdditionalConfigs).
func own(l *desired.Link) bool {
	return l.Name.Pointer != "" || strings.Contains(l.Subnet.Pointer, "azure-pls-") || l.Count.Pointer != "" || l.Proxy.Pointer != "" ||
		len(l.Static)+len(l.FQDNs)+len(l.Visibility)+len(l.AutoApproval) > 0
}

// syncing reports whether a sync of the Service has begun after the last that ended.
func syncing(p *rule.Pass, s linked) bool {
	last := p.Errors.LastSuccess(s.Key())
	return slices.ContainsFunc(p.Snapshot.Events, func(e snapshot.Event) bool {
		return e.Kind == "Service" && e.Namespace+"/"+e.Name == s.Key() && e.Reason == "EnsuringLoadBalancer" && (last == nil || e.Last.After(last.At))
	})
}

// notThere is a link that a sync should have made and that no group has.
func notThere(p *rule.Pass, s linked) *rule.Finding {
	want, g := p.Wants.Of(s.Key()), group(p, s.link)
	failing := slices.ContainsFunc(p.Errors.Current(s.Key()), func(e *errtext.Error) bool { return !e.Advisory })
	joined := slices.ContainsFunc(s.Frontends, func(f topology.Frontend) bool { return f.Own })
	if want == nil || s.waits() || failing || syncing(p, s) || !joined || s.only6() || len(on(p, s.Service)) > 0 || g == "" || !p.Complete(&bundle.PrivateLinkServices, g) {
		return nil
	}
	if !want.Internal.V && !want.Direct() {
		return nil // the provider refuses: AZLB-PLS03
	}
	return &rule.Finding{Subject: rule.Subject(s.Key()), Confidence: report.Likely, Absence: []*bundle.Evidence{&bundle.PrivateLinkServices},
		Why: "the annotation may be newer than the last sync, or the provider's release may ignore it",
		Message: fmt.Sprintf("%s asks for a private link service, and no link stands on its frontend in resource group %s, where the provider makes it. No error tells why; the next sync makes it if the release can.",
			s.Key(), g),
		Fix: []report.Step{rule.Resync(s.Service, "Make the provider sync the Service, then look at its events.")}}
}
