package auth

import (
	"fmt"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// AUTH02 is a missing role of the controller's identity.
var AUTH02 = &rule.Rule{
	ID:       "AZLB-AUTH02",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the controller's identity has no right to the resource, or the scope is wrong",
		Symptom: "The Service stays pending, or a change of it never arrives in Azure; events show HTTP 403 with the code AuthorizationFailed.",
		Cause: "Azure Resource Manager (ARM) allows an action only to an identity that has a role with that action at the resource or above it. " +
			"The controller writes load balancers, public IPs and security groups with its own identity, not with yours. " +
			"ARM gives the same answer where the scope does not exist, so a misspelt resource group or subnet looks like a missing role.",
		Fix: []report.Step{
			{Say: "Check that the scope of the message exists.", Run: "az resource show --ids SCOPE"},
			{Say: "Give the identity named in the message the role Network Contributor at that scope. A new role needs up to 20 minutes to take effect.",
				Run:     "az role assignment create --assignee-object-id OBJECT_ID --assignee-principal-type ServicePrincipal --role \"Network Contributor\" --scope SCOPE",
				Changes: true},
			{Say: "On a self-managed cluster a new service principal can be made instead; its id and secret go into azure.json on every control-plane machine, and the controller-manager must be restarted.",
				Run: "az ad sp create-for-rbac --role Contributor --scopes /subscriptions/SUBSCRIPTION/resourceGroups/GROUP", Changes: true},
		},
		References: []string{"https://learn.microsoft.com/azure/aks/kubernetes-service-principal", "MicrosoftDocs/azure-docs#62754", "Azure/AKS#2625"},
		Healthy:    "A 403 that a later success of the same Service follows is history: the role was given in the meantime.",
	},
	Needs: rule.Needs{Any: text},
	Check: checkAUTH02,
}

// grant is one identity that lacks one action at one scope.
type grant struct{ object, action, scope string }

func checkAUTH02(p *rule.Pass) {
	errs := p.Current(func(e *errtext.Error) bool { return strings.EqualFold(e.Code, "AuthorizationFailed") })
	byGrant := map[grant][]*errtext.Error{}
	var order []grant
	for _, e := range errs {
		g := grant{strings.ToLower(e.ObjectID), strings.ToLower(e.Action), strings.ToLower(scopeOf(e.Scope))}
		if byGrant[g] == nil {
			order = append(order, g)
		}
		byGrant[g] = append(byGrant[g], e)
	}
	for _, g := range order {
		p.Find(missingRole(p, byGrant[g]))
	}
}

// scopeOf reduces the scope to the resource group: the role is given there, and a
// public IP that does not exist yet has no scope of its own.
func scopeOf(scope string) string {
	if id, ok := az.ParseID(scope); ok && id.Group != "" && id.Provider != "" {
		return az.ID{Subscription: id.Subscription, Group: id.Group}.String()
	}
	return scope
}

func missingRole(p *rule.Pass, errs []*errtext.Error) rule.Finding {
	last := errs[len(errs)-1]
	var cites []report.Cite
	services := map[string]bool{}
	count := 0
	for _, e := range errs {
		count += e.Count
		if e.Service != "" {
			services[e.Service] = true
		}
		if len(cites) < 3 && len(e.Cites) > 0 {
			cites = append(cites, e.Cites[0])
		}
	}
	who := last.ObjectID
	if who == "" {
		who = last.ClientID
	}
	f := rule.Finding{
		Subject:    report.Object{Kind: "Identity", Name: who},
		Confidence: report.Likely,
		Why:        "the role assignments are not in the bundle, so a wrong scope cannot be told from a missing role",
		Message: fmt.Sprintf("The controller's identity (object id %s) may not %s at %s: Azure answered 403 AuthorizationFailed %d times. Either a role with this action is missing there, or the scope does not exist.",
			who, last.Action, last.Scope, count),
		Cites: cites,
	}
	for s := range services {
		f.Services = append(f.Services, s)
	}
	scope := scopeOf(last.Scope)
	f.Fix = []report.Step{
		{Say: "Check that the scope exists, and which roles the identity has.", Run: fmt.Sprintf("az role assignment list --assignee %s --scope %s --include-inherited -o table", who, scope)},
		{Say: "Give the identity the role. It can take 20 minutes until it counts; the controller tries again by itself.",
			Run:     fmt.Sprintf("az role assignment create --assignee-object-id %s --assignee-principal-type ServicePrincipal --role \"Network Contributor\" --scope %s", who, scope),
			Changes: true},
	}
	return f
}
