package auth

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// AUTH10 is a role that somebody gave to the wrong identity of the cluster.
var AUTH10 = &rule.Rule{
	ID:       "AZLB-AUTH10",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the role is there, but another identity of the cluster has it",
		Symptom: "Events show HTTP 403 with the code AuthorizationFailed or LinkedAuthorizationFailed. Somebody looks at the role assignments, finds the cluster there with the right role, and is puzzled.",
		Cause: "A cluster has several identities with similar names. On AKS the control plane's identity writes load balancers, and the identity of the kubelets only pulls images; `az aks show` prints both. " +
			"A service principal that was deleted and made anew has the same name and another object id, and the old assignments stay behind. An AKS cluster that got another identity goes on with the old one until its token ends, which can take hours. Azure looks at the object id only.",
		Fix: []report.Step{
			{Say: "AKS, in the hours after its identity was changed: wait, until the control plane uses the new one."},
			{Say: "Else give the identity whose object id stands in the error a role with the action at the scope of the error. It can take 20 minutes until it counts.",
				Run: "az role assignment create --assignee-object-id OBJECT_ID --assignee-principal-type ServicePrincipal --role \"Network Contributor\" --scope SCOPE", Changes: true},
		},
		References: []string{"https://learn.microsoft.com/azure/aks/use-managed-identity", "https://learn.microsoft.com/azure/role-based-access-control/troubleshooting#symptom---role-assignments-with-identity-not-found", "Azure/AKS#167"},
		Healthy:    "Other identities with the role are as it should be while the refused one has it too. A role that people or other programs hold at the scope says nothing: only identities that the cluster's own settings name count.",
	},
	Needs: rule.Needs{Any: text, Clean: []*bundle.Evidence{&bundle.RoleAssignments, &bundle.RoleDefinitions, &bundle.AKSCluster, &bundle.CloudConfig}},
	Texts: []rule.Text{rule.Codes("AuthorizationFailed", "LinkedAuthorizationFailed")},
	Check: checkAUTH10,
}

// namesake is an identity of the cluster beside the one that was refused.
type namesake struct {
	object string
	what   string
	cite   report.Cite
	now    bool // the one that the cluster has by now, so that the refused one is its former
}

func checkAUTH10(p *rule.Pass) {
	type pair struct {
		other namesake
		role  *snapshot.RoleAssignment
		need  need
		errs  []*errtext.Error
	}
	var all []*pair
	for _, e := range refusedRights(p) {
		n, lacking := needs(e), true
		for _, x := range n {
			_, a := right(p, e.ObjectID, x)
			lacking = lacking && a == lacks
		}
		if !lacking {
			continue
		}
		for _, o := range namesakes(p, e) {
			r := holdsAll(p, o.object, n)
			if r == nil {
				continue
			}
			i := slices.IndexFunc(all, func(x *pair) bool { return x.role == r && strings.EqualFold(x.errs[0].ObjectID, e.ObjectID) })
			if i < 0 {
				all = append(all, &pair{other: o, role: r, need: n[0]})
				i = len(all) - 1
			}
			all[i].errs = append(all[i].errs, e)
			break
		}
	}
	for _, x := range all {
		p.Find(wrongIdentity(p, x.other, x.role, x.need, x.errs))
	}
}

// namesakes are the other identities that the cluster's settings name, in a fixed order.
func namesakes(p *rule.Pass, e *errtext.Error) []namesake {
	var out []namesake
	add := func(object, what string, cite report.Cite, now bool) {
		if object != "" && e.ObjectID != "" && !az.Masked(object) && !az.Masked(e.ObjectID) && !strings.EqualFold(object, e.ObjectID) {
			out = append(out, namesake{object, what, cite, now})
		}
	}
	for i := range p.Snapshot.AKS {
		c := &p.Snapshot.AKS[i]
		add(c.Identity.PrincipalID, "the identity that AKS cluster "+c.Name+" has now", c.Doc.Cite(c.Identity.At+"/principalId"), true)
		for _, id := range slices.Sorted(maps.Keys(c.Identity.Assigned)) {
			a := c.Identity.Assigned[id]
			add(a.PrincipalID, "the identity that AKS cluster "+c.Name+" has now", c.Doc.Cite(a.At+"/principalId"), true)
		}
		for _, name := range slices.Sorted(maps.Keys(c.Others)) {
			a := c.Others[name]
			what := "the identity " + name + " of AKS cluster " + c.Name
			if strings.EqualFold(name, "kubeletidentity") {
				what = "the identity of the kubelets of AKS cluster " + c.Name + ", which writes no load balancer"
			}
			add(known(a.ObjectID, a.PrincipalID), what, c.Doc.Cite(a.At+"/objectId"), false)
		}
	}
	cfg := p.Snapshot.Config
	if cfg == nil || cfg.Invalid != "" {
		return out
	}
	for i := range p.Snapshot.RoleAssignments {
		r := &p.Snapshot.RoleAssignments[i]
		for _, id := range []struct{ key, client string }{{"/aadClientId", cfg.AADClientID}, {"/userAssignedIdentityID", cfg.UserAssignedIdentityID}} {
			if id.client != "" && !az.Masked(id.client) && strings.EqualFold(r.PrincipalName, id.client) {
				add(r.PrincipalID, "the application "+id.client+" that azure.json names now", cfg.Doc.Cite(id.key), false)
			}
		}
	}
	return out
}

func wrongIdentity(p *rule.Pass, other namesake, r *snapshot.RoleAssignment, n need, errs []*errtext.Error) rule.Finding {
	last, told := errs[len(errs)-1], rule.Tell(errs)
	waiting, working := p.Named(errs)
	f := rule.Finding{Subject: report.Object{Kind: "Identity", Name: last.ObjectID}, Services: waiting, Errors: errs,
		Cites: append(told.Cites, r.Doc.Cite(r.At+"/principalId"), other.cite), Confidence: report.Likely,
		Why: "that the role was meant for the refused identity is a conclusion from who has it",
		Message: fmt.Sprintf("%s was refused %s %s, and has no role for it. The role %s at %s is given to object id %s: %s.",
			identity(last.ObjectID), n.action, told.Span(), called(p, r), r.Scope, other.object, other.what),
	}
	if len(waiting) == 0 {
		f.Severity, f.Services = report.Warning, working
	}
	if !rolesListed(p, n.scope) {
		f.Confidence, f.Why = report.Possible, "the list of role assignments is not whole, so that the refused identity may have the role too"
	}
	// No more than was refused: the other identity may have far more, for reasons of its own.
	role, scope := linkedRole(n.action), rule.Word(roleScope(n.scope), "SCOPE")
	f.Fix = []report.Step{{Say: "Compare who has a role at the scope with the object id of the error.", Run: "az role assignment list --scope " + scope + " --include-inherited -o table"}}
	say := "Give the refused identity the role " + role + " there. It can take 20 minutes until it counts; the controller tries again by itself."
	if other.now {
		f.Message += " After a cluster has got another identity its control plane goes on with the old one until the token of that ends, which can take hours."
		f.Fix = append(f.Fix, report.Step{Say: "If the cluster's identity was changed in the last hours, wait until the control plane uses the new one.", Run: "kubectl get services --all-namespaces --watch"})
		say = "If it cannot wait, give the former identity the role " + role + " there meanwhile."
	}
	f.Fix = append(f.Fix, report.Step{Say: say, Changes: true,
		Run: fmt.Sprintf("az role assignment create --assignee-object-id %s --assignee-principal-type ServicePrincipal --role %q --scope %s", rule.Word(last.ObjectID, "OBJECT_ID"), role, scope)})
	return f
}
