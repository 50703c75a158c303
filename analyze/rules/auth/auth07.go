package auth

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// AUTH07 is a role that is there and does not count.
var AUTH07 = &rule.Rule{
	ID:       "AZLB-AUTH07",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the controller's identity has the role, but Azure does not act upon it (yet)",
		Symptom: "Events show HTTP 403 with the code AuthorizationFailed or LinkedAuthorizationFailed, although the role assignments list the very identity with a role that contains the action. It is typical for the first minutes of a new cluster, or after somebody repaired a missing role.",
		Cause: "Azure spreads a new role assignment to all its sites, which takes minutes and can take half an hour; until then the old answer comes from a cache. The controller tries again by itself. " +
			"A role that has been there for longer than an hour and still does not count is another matter. Perhaps a deny assignment stands above it, a role turned round, which managed applications and deployment stacks bring with them; or the assignment has a condition; or somebody changed the actions of a custom role meanwhile.",
		Fix: []report.Step{
			{Say: "Wait half an hour; see whether the Service gets on.", Run: "kubectl get service -n NAMESPACE SERVICE --watch"},
			{Say: "After an hour look for a deny assignment at the scope.", Run: "az rest --method get --url https://management.azure.com/SCOPE/providers/Microsoft.Authorization/denyAssignments --url-parameters api-version=2022-04-01"},
		},
		References: []string{"https://learn.microsoft.com/azure/role-based-access-control/troubleshooting#symptom---role-assignment-changes-are-not-being-detected", "https://learn.microsoft.com/azure/role-based-access-control/deny-assignments", "Azure/AKS#2625", "Azure/AKS#422"},
		Healthy:    "A refusal from before the role was given that a later success followed is history. A role at another scope, a role without the action, or one of another identity does not make this fault: then a role is missing (AZLB-AUTH02 to AZLB-AUTH06).",
	},
	Needs: rule.Needs{Any: text, Clean: []*bundle.Evidence{&bundle.RoleAssignments, &bundle.RoleDefinitions}},
	Texts: []rule.Text{rule.Codes("AuthorizationFailed", "LinkedAuthorizationFailed")},
	Check: checkAUTH07,
}

// The times by which a role that is too young to count is told from one that never will.
const (
	youngRole = 30 * time.Minute
	oldRole   = time.Hour
)

func checkAUTH07(p *rule.Pass) {
	type group struct {
		role *snapshot.RoleAssignment
		errs []*errtext.Error
	}
	var all []*group
	for _, e := range refusedRights(p) {
		r := holdsAll(p, e.ObjectID, needs(e))
		if r == nil {
			continue
		}
		i := slices.IndexFunc(all, func(g *group) bool { return g.role == r })
		if i < 0 {
			all = append(all, &group{role: r})
			i = len(all) - 1
		}
		all[i].errs = append(all[i].errs, e)
	}
	for _, g := range all {
		p.Find(notYet(p, g.role, g.errs))
	}
}

// refusedRights are the current refusals of what load balancing needs, of roles and not
// of policies. Without one there is nothing that the role assignments could explain.
func refusedRights(p *rule.Pass) []*errtext.Error {
	errs := slices.DeleteFunc(p.Current(func(e *errtext.Error) bool { return p.Knows(e) && balances(e) }), func(e *errtext.Error) bool {
		return p.Gone(e) || e.Service == "" && p.Errors.Followed(e)
	})
	if len(errs) == 0 {
		p.NotApplicable("Azure refuses the controller nothing for want of a role", text...)
	}
	return errs
}

// holdsAll is the role by which an identity holds everything that an error says is lacking;
// nil: something is not held, or it is not sure. Of several roles it is the youngest.
func holdsAll(p *rule.Pass, object string, all []need) *snapshot.RoleAssignment {
	var youngest *snapshot.RoleAssignment
	for _, n := range all {
		r, a := right(p, object, n)
		if a != holds {
			return nil
		}
		if youngest == nil || r.Since().After(youngest.Since()) {
			youngest = r
		}
	}
	return youngest
}

func notYet(p *rule.Pass, r *snapshot.RoleAssignment, errs []*errtext.Error) rule.Finding {
	last, told := errs[len(errs)-1], rule.Tell(errs)
	waiting, working := p.Named(errs)
	var actions []string
	for _, e := range errs {
		for _, n := range needs(e) {
			if !slices.Contains(actions, n.action) {
				actions = append(actions, n.action)
			}
		}
	}
	slices.Sort(actions)
	f := rule.Finding{Subject: report.Object{Kind: "Identity", Name: last.ObjectID}, Services: waiting, Errors: errs,
		Cites: append(told.Cites, r.Doc.Cite(r.At+"/roleDefinitionId"))}
	if r.CreatedOn != "" {
		f.Cites = append(f.Cites, r.Doc.Cite(r.At+"/createdOn"))
	}
	if len(waiting) == 0 {
		f.Severity, f.Services = report.Warning, working
	}
	f.Message = fmt.Sprintf("%s was refused %s %s, although it has the role %s at %s.", identity(last.ObjectID), strings.Join(actions, ", "), told.Span(), called(p, r), r.Scope)
	wait := report.Step{Say: "Wait until half an hour has passed since the role was given; the controller tries again by itself.", Run: "kubectl get services --all-namespaces --watch"}
	restartAfter := report.Step{Say: "If it is refused for longer than an hour, restart the controller, so that it asks for a new token.", Run: restart(p).Run, Changes: true}
	deny := report.Step{Say: "Look for a deny assignment at the scope: it forbids what roles allow.",
		Run: fmt.Sprintf("az rest --method get --url https://management.azure.com%s/providers/Microsoft.Authorization/denyAssignments --url-parameters api-version=2022-04-01", rule.Word(roleScope(needs(last)[0].scope), "SCOPE"))}
	if p.Graph.Managed() {
		restartAfter = report.Step{Say: "If it is refused for longer than an hour, let AKS reconcile the cluster.", Run: "az aks update " + p.AKS("-n"), Changes: true}
	}
	since, ok := age(r, told)
	f.Confidence = report.Likely
	switch {
	case !ok:
		f.Message += " When the role was given is not known: in the first half hour it may not count yet."
		f.Confidence, f.Why, f.Fix = report.Possible, "the bundle does not tell both when the role was given and when it was refused", []report.Step{wait, restartAfter, deny}
	case since < 0:
		f.Message += fmt.Sprintf(" The role was given at %s UTC, after the newest refusal, so that this should be over soon.", stamp(r))
		f.Why, f.Fix = "no refusal is newer than the role", []report.Step{wait, restartAfter}
	case since < youngRole:
		f.Message += fmt.Sprintf(" The role was given at %s UTC, %s before the newest refusal: Azure takes up to half an hour to act upon a new role.", stamp(r), minutes(since))
		f.Why, f.Fix = "that the role only needs time is what fits its age", []report.Step{wait, restartAfter}
	case since < oldRole:
		f.Message += fmt.Sprintf(" The role was given at %s UTC, %s before the newest refusal, which is long for a new role to take effect.", stamp(r), minutes(since))
		f.Confidence, f.Why, f.Fix = report.Possible, "between half an hour and an hour a role that needs time and one that never counts look alike", []report.Step{wait, restartAfter, deny}
	default:
		f.Message += fmt.Sprintf(" The role has been there since %s UTC, so that waiting does not help: a deny assignment may forbid the action, the role may have been changed, or the controller may hold an old token.", stamp(r))
		f.Why, f.Fix = "deny assignments are not in the bundle", []report.Step{deny, restartAfter}
	}
	return f
}

func stamp(r *snapshot.RoleAssignment) string { return r.Since().Format("2006-01-02 15:04:05") }

func minutes(d time.Duration) string {
	if n := int(d / time.Minute); n != 1 {
		return fmt.Sprintf("%d minutes", n)
	}
	return "1 minute"
}
