package auth

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// link is one thing that one identity may not join, with the refusals that say so.
type link struct {
	object, client string // of the identity
	need           need
	errs           []*errtext.Error
}

// links are the current refusals of the rule to use things that pick chooses, by identity
// and thing. An error may name several.
func links(p *rule.Pass, pick func(*errtext.Error, need) bool) []*link {
	var out []*link
	for _, e := range p.Current(p.Knows) {
		if p.Gone(e) || e.Service == "" && p.Errors.Followed(e) {
			continue
		}
		for _, n := range needs(e) {
			if !pick(e, n) {
				continue
			}
			i := slices.IndexFunc(out, func(l *link) bool {
				return strings.EqualFold(l.object, e.ObjectID) && strings.EqualFold(l.need.scope, n.scope) && strings.EqualFold(l.need.action, n.action)
			})
			if i < 0 {
				out = append(out, &link{object: e.ObjectID, client: e.ClientID, need: n})
				i = len(out) - 1
			}
			out[i].errs = append(out[i].errs, e)
		}
	}
	return out
}

// joins reports whether the refused action is one of joining a thing of a type of
// Microsoft.Network, such as "publicIPAddresses".
func (n need) joins(typ string) bool {
	return strings.EqualFold(n.action, "Microsoft.Network/"+typ+"/join/action")
}

// joining is how Azure refuses to join a thing of a type of Microsoft.Network.
func joining(typ string) rule.Text {
	return rule.Text{Codes: []string{"LinkedAuthorizationFailed"}, Pattern: regexp.MustCompile(`(?i)not have (?:the )?permission to perform action(?:\(s\))? '[^']*Microsoft\.Network/` + typ + `/join/action`)}
}

// finding tells of the link; thing is what may not be joined, in words.
func (l *link) finding(p *rule.Pass, thing string) rule.Finding {
	told := rule.Tell(l.errs)
	who := known(l.object, l.client)
	waiting, working := p.Named(l.errs)
	f := rule.Finding{
		Subject:  report.Object{Kind: "Identity", Name: known(who, "of the controller")},
		Services: waiting,
		Errors:   l.errs,
		Cites:    told.Cites,
		Message:  fmt.Sprintf("%s may not use %s (%s): Azure answered 403 LinkedAuthorizationFailed %s.", identity(who), thing, l.need.action, told.Span()),
		Fix:      l.grant(who, l.need.scope, role(l.need.action)),
	}
	if len(waiting) == 0 {
		f.Severity, f.Services = report.Warning, working
	}
	roles, cites := rolesOf(p, l.object, l.need)
	f.Message, f.Cites = f.Message+roles, append(f.Cites, cites...)
	switch there(p, l.need.scope) {
	case disproved:
		f.Confidence, f.Why = report.Likely, "it is in no list of its resource group, and Azure gives the same answer for what does not exist"
		f.Absence = []*bundle.Evidence{&bundle.PublicIPs, &bundle.LoadBalancers}
	case unproved:
		f.Confidence, f.Why = report.Likely, "it is not in the bundle, and Azure gives the same answer for what does not exist"
	}
	return f
}

// grant are the steps that give the identity a role at a scope.
func (l *link) grant(who, at, role string) []report.Step {
	id, scope := rule.Word(who, "OBJECT_ID"), rule.Word(at, "SCOPE")
	return []report.Step{
		{Say: "See which roles the identity has there.", Run: fmt.Sprintf("az role assignment list --assignee %s --scope %s --include-inherited -o table", id, scope)},
		{Say: "Give it the role " + role + " there. It can take 20 minutes until it counts; the controller tries again by itself.", Changes: true,
			Run: fmt.Sprintf("az role assignment create --assignee-object-id %s --assignee-principal-type ServicePrincipal --role %q --scope %s", id, role, scope)},
	}
}

// there looks for a thing that must exist already to be joined.
func there(p *rule.Pass, scope string) existence {
	id, ok := az.ParseID(scope)
	if !ok || id.Group == "" || az.Masked(scope) {
		return unproved
	}
	s := p.Snapshot
	var e *bundle.Evidence
	found := false
	switch {
	case id.Name("virtualNetworks") != "":
		return exists(p, scope)
	case id.Name("publicIPAddresses") != "":
		e = &bundle.PublicIPs
		for i := range s.PublicIPs {
			found = found || az.SameID(s.PublicIPs[i].ID, scope)
		}
	case id.Name("loadBalancers") != "":
		e = &bundle.LoadBalancers
		for i := range s.Loads {
			found = found || az.Within(scope, s.Loads[i].ID)
		}
	case id.Name("networkSecurityGroups") != "":
		e = &bundle.NSGs
		for i := range s.NSGs {
			found = found || az.SameID(s.NSGs[i].ID, scope)
		}
	case id.Name("routeTables") != "":
		e = &bundle.RouteTables
		for i := range s.Routes {
			found = found || az.SameID(s.Routes[i].ID, scope)
		}
	case id.Name("natGateways") != "":
		e = &bundle.NATGateways
		for i := range s.NATGateways {
			found = found || az.SameID(s.NATGateways[i].ID, scope)
		}
	default:
		return unproved
	}
	switch {
	case found:
		return proved
	case p.Complete(e, id.Group) && groupSeen(p, id):
		return disproved
	}
	return unproved
}
