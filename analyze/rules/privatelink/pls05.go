package privatelink

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"azlb/analyze/desired"
	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// PLS05 is a private link service that keeps a load balancer from being deleted.
var PLS05 = &rule.Rule{
	ID:       "AZLB-PLS05",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "a private link service keeps the load balancer from being deleted",
		Symptom: "A Service stays in Terminating, or an internal load balancer cannot be deleted; events show the code CannotDeleteLoadBalancerWithPrivateLinkService or PrivateLinkServiceWithPrivateEndpointConnectionsCannotBeDeleted.",
		Cause: "Azure deletes no load balancer on which a private link service stands, and no link that private endpoints are connected to. " +
			"The provider removes connections and link of a Service that goes, but it looks for the link in one resource group only, and not for one that was connected meanwhile.",
		Fix: []report.Step{
			{Say: "See who is connected to the link.", Run: "az network private-link-service show -g GROUP -n NAME --query privateEndpointConnections -o table"},
			{Say: "Delete the connections; their owners lose access.", Run: "az network private-endpoint-connection delete --id CONNECTION_ID", Changes: true},
			{Say: "Delete the link; the provider then goes on by itself.", Run: "az network private-link-service delete -g GROUP -n NAME", Changes: true},
		},
		References: []string{"https://learn.microsoft.com/azure/load-balancer/load-balancer-common-deployment-errors", "kubernetes-sigs/cloud-provider-azure#2125", docs},
		Healthy:    "A link on a living Service's frontend keeps nobody from anything. A refusal that a later success of the same Service followed is history.",
	},
	Needs: rule.Needs{Any: text},
	Texts: []rule.Text{rule.Codes("CannotDeleteLoadBalancerWithPrivateLinkService", "PrivateLinkServiceWithPrivateEndpointConnectionsCannotBeDeleted")},
	Check: checkPLS05,
}

// linkID is a private link service that Azure's message names.
var linkID = regexp.MustCompile(`(?i)/subscriptions/[^\s'"]+/privateLinkServices/([^\s'",/]+)`)

func checkPLS05(p *rule.Pass) {
	errs := p.Current(p.Knows)
	for _, link := range rule.Bunches(errs, func(e *errtext.Error) (string, bool) {
		id := strings.TrimRight(linkID.FindString(e.Message), ".")
		if id == "" && strings.Contains(strings.ToLower(e.Target), "/privatelinkservices/") {
			id = e.Target
		}
		return id, true
	}) {
		p.Find(holding(p, link.Name, link.All))
	}
}

func holding(p *rule.Pass, id string, errs []*errtext.Error) rule.Finding {
	told := rule.Tell(errs)
	name := cmp.Or(az.LastName(id), "of the message")
	f := rule.Finding{Subject: report.Object{Kind: "PrivateLinkService", Name: name}, Errors: errs, Cites: told.Cites}
	waiting, working := p.Named(errs)
	if f.Services = waiting; len(waiting) == 0 {
		f.Severity, f.Services = report.Warning, working
	}
	f.Message = fmt.Sprintf("Private link service %s keeps the clean-up of %s from going on: Azure answered %s, %s.", name, rule.List(orUnnamed(f.Services)), errs[len(errs)-1].Code, told.Span())
	at := "-g " + rule.Word(az.GroupOf(id), "GROUP") + " -n " + rule.Word(name, "NAME")
	f.Fix = []report.Step{{Say: "See who is connected to the link.", Run: "az network private-link-service show " + at + " --query privateEndpointConnections -o table"}}
	if l := row(p, id); l != nil {
		f.Cites = append(f.Cites, l.Doc.Cite(l.At+"/name"))
		for _, c := range l.Connections {
			f.Cites = append(f.Cites, l.Doc.Cite(c.At+"/name"))
			f.Fix = append(f.Fix, report.Step{Say: "Delete the connection " + c.Name + "; its owner loses access.", Changes: true, Run: "az network private-endpoint-connection delete --id " + rule.Word(c.ID, "CONNECTION_ID") + " --yes"})
		}
		if n := len(l.Connections); n > 0 {
			f.Message += fmt.Sprintf(" Private endpoints are connected to it (%d).", n)
		}
		for _, key := range f.Services {
			s := p.Graph.Service(key)
			if s == nil {
				continue
			}
			if g := group(p, desired.LinkOf(s)); g != "" && !strings.EqualFold(az.GroupOf(l.ID), g) {
				f.Message += fmt.Sprintf(" The provider looks for links in resource group %s only, and this one is in %s.", g, az.GroupOf(l.ID))
				break
			}
		}
	}
	f.Fix = append(f.Fix, report.Step{Say: "Delete the link; the provider then goes on by itself.", Changes: true, Run: "az network private-link-service delete " + at})
	return f
}

// row is the link of the bundle with that id, or nil.
func row(p *rule.Pass, id string) *snapshot.PrivateLinkService {
	for i := range p.Snapshot.Links {
		if l := &p.Snapshot.Links[i]; az.SameID(l.ID, id) {
			return l
		}
	}
	return nil
}
