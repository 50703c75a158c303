package quota

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// QUOTA08 is a load balancer that takes no further private link service.
var QUOTA08 = &rule.Rule{
	ID:       "AZLB-QUOTA08",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the load balancer has no room for another private link service",
		Symptom: "A Service with azure-pls-create has its frontend and no private link service, and its syncs fail; others have theirs.",
		Cause: "A load balancer takes 8 private link services. The provider makes one for each Service that asks for it, and all internal Services share one load balancer. " +
			"Links that somebody made by hand on its frontends count as well. Which code Azure answers the ninth with is not documented.",
		Fix: []report.Step{
			{Say: "See which links there are, and on which frontends.", Run: "az network private-link-service list -g GROUP --query \"[].{name:name, frontend:loadBalancerFrontendIpConfigurations[0].id}\" -o table"},
			{Say: "Let several Services share a frontend, and so a link: the same address on other ports, or an ingress controller behind one Service."},
			{Say: "Take the wish for a link out of Services that need none; endpoints on it lose their connection.", Run: "kubectl annotate service -n NAMESPACE SERVICE service.beta.kubernetes.io/azure-pls-create-", Changes: true},
			{Say: "Or use several Standard load balancers (multipleStandardLoadBalancerConfigurations, 1.28 and later), each of which takes 8."},
		},
		References: []string{"https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits#private-link-limits", "https://cloud-provider-azure.sigs.k8s.io/topics/multislb/", "kubernetes-sigs/cloud-provider-azure#908"},
		Affects:    "cloud-provider-azure with azure-pls-create: 1.0.19, 1.1.15, 1.23.12, 1.24 and later",
		Healthy:    "8 links and no Service that lacks one: this is only a note. A Service that shares a frontend with another one shares its link.",
	},
	Needs: rule.Needs{All: []*bundle.Evidence{&bundle.Services}, Any: append(text, &bundle.PrivateLinkServices, &bundle.LoadBalancers)},
	Check: checkQUOTA08,
}

// mostLinks of one load balancer (azure-subscription-service-limits, 2026).
const mostLinks = 8

var limitWord = regexp.MustCompile(`(?i)limit|quota|exceed|maximum|toomany`)

// tooManyLinks reports an answer of Azure about a private link service whose code
// speaks of a limit: the code itself is not published.
func tooManyLinks(e *errtext.Error) bool {
	id, _ := az.ParseID(e.Target)
	return e.Code != "" && limitWord.MatchString(e.Code) && (id.Name("privateLinkServices") != "" || strings.Contains(strings.ToLower(e.Code), "privatelinkservice"))
}

func checkQUOTA08(p *rule.Pass) {
	if !slices.ContainsFunc(p.Graph.Served(), func(s *topology.Service) bool { return p.Wants.Of(s.Key()).Link != nil }) {
		p.NotApplicable("no Service asks for a private link service")
		return
	}
	errs := slices.DeleteFunc(p.Current(tooManyLinks), p.Gone)
	bunches := rule.Bunches(errs, func(e *errtext.Error) (string, bool) { return carrier(p, e), true })
	on := linksOf(p)
	for _, l := range on {
		if len(l.All) >= mostLinks && ownBunch(bunches, l.Name) == nil {
			bunches = append(bunches, rule.Bunch[*errtext.Error]{Name: l.Name})
		}
	}
	for _, b := range bunches {
		c := ceiling{subject: report.Object{Kind: "LoadBalancer", Name: b.Name}, errs: b.All, room: "How many private link services load balancer " + b.Name + " has is not in the bundle"}
		group := ""
		for _, l := range on {
			if !strings.EqualFold(l.Name, b.Name) {
				continue
			}
			group = az.GroupOf(l.All[0].ID)
			c.room = fmt.Sprintf("Load balancer %s has %s (Azure takes %d)", l.Name, counted(len(l.All), "private link service"), mostLinks)
			for _, x := range l.All[:min(len(l.All), 3)] {
				c.cites = append(c.cites, x.Doc.Cite(x.At+"/name"))
			}
			if c.full = len(l.All) >= mostLinks; c.full {
				c.waiting = without(p, l.Name)
			}
		}
		f := c.finding(p)
		if len(c.errs) == 0 && len(c.waiting) == 0 {
			f.Severity = report.Info
		}
		f.Fix = []report.Step{
			{Say: "See which links there are, and on which frontends.", Run: fmt.Sprintf("az network private-link-service list -g %s --query \"[].{name:name, frontend:loadBalancerFrontendIpConfigurations[0].id}\" -o table", rule.Word(group, "GROUP"))},
			{Say: "Let several Services share a frontend, and so a link: the same address on other ports, or an ingress controller behind one Service."},
		}
		for _, key := range f.Services[:min(len(f.Services), 3)] {
			f.Fix = append(f.Fix, report.Step{Say: fmt.Sprintf("Or, if %s needs no link, take the wish for it away.", key), Changes: true, Run: rule.Kubectl("annotate", key, "service.beta.kubernetes.io/azure-pls-create-")})
		}
		f.Fix = append(f.Fix, report.Step{Say: "Or use several Standard load balancers (multipleStandardLoadBalancerConfigurations, 1.28 and later), each of which takes 8."})
		p.Find(f)
	}
}

// linksOf are the private link services by the load balancer on which they stand, each
// once, sorted by its name.
func linksOf(p *rule.Pass) []rule.Bunch[*snapshot.PrivateLinkService] {
	var list []*snapshot.PrivateLinkService
	seen := map[string]bool{}
	for i := range p.Snapshot.Links {
		if l := &p.Snapshot.Links[i]; !seen[az.Key(l.ID)] && len(l.Frontends) > 0 {
			seen[az.Key(l.ID)] = l.ID != ""
			list = append(list, l)
		}
	}
	out := rule.Bunches(list, func(l *snapshot.PrivateLinkService) (string, bool) {
		id, ok := az.ParseID(l.Frontends[0].ID)
		name := id.Name("loadBalancers")
		return name, ok && name != "" && !az.Masked(name) && mine(p, id)
	})
	slices.SortFunc(out, func(a, b rule.Bunch[*snapshot.PrivateLinkService]) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// mine reports whether the load balancer that an id names is one that the provider
// writes to, as far as the bundle has it.
func mine(p *rule.Pass, id az.ID) bool {
	for i := range p.Snapshot.Loads {
		lb := &p.Snapshot.Loads[i]
		if strings.EqualFold(lb.Name, id.Name("loadBalancers")) && strings.EqualFold(az.GroupOf(lb.ID), id.Group) {
			return p.Graph.OwnLoadBalancer(lb)
		}
	}
	return false
}

// carrier is the load balancer of the Service that an error names.
func carrier(p *rule.Pass, e *errtext.Error) string {
	if s := p.Graph.Service(e.Service); s != nil && len(s.Frontends) > 0 {
		return s.Frontends[0].LB.Name
	}
	return balancer(p, e)
}

// without lists the Services on a load balancer that ask for a private link service
// and have none. One that may be in a resource group of which the bundle has no list
// is not counted.
func without(p *rule.Pass, name string) []string {
	var out []string
	for _, s := range p.Graph.Served() {
		link := p.Wants.Of(s.Key()).Link
		if link == nil || !slices.ContainsFunc(s.Frontends, func(f topology.Frontend) bool { return strings.EqualFold(f.LB.Name, name) }) {
			continue
		}
		group := link.Group.V
		if c := p.Snapshot.Config; c != nil {
			group = cmp.Or(group, c.PrivateLinkResourceGroup)
		}
		linked := slices.ContainsFunc(p.Snapshot.Links, func(l snapshot.PrivateLinkService) bool {
			return slices.ContainsFunc(l.Frontends, func(r az.Ref) bool {
				return slices.ContainsFunc(s.Frontends, func(f topology.Frontend) bool { return az.SameID(f.ID, r.ID) })
			})
		})
		if !linked && p.Complete(&bundle.PrivateLinkServices, group) {
			out = append(out, s.Key())
		}
	}
	return out
}
