package auth

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	bundle "azlb/bundle-schema"
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
			"The controller writes load balancers, public IPs, security groups, scale-set instances and routes with its own identity, not with yours. " +
			"ARM gives the same answer where the scope does not exist, so a misspelt resource group or subnet looks like a missing role. " +
			"A role that an identity has through a group of the directory counts only from its next token on; tokens of managed identities are kept for up to a day.",
		Fix: []report.Step{
			{Say: "Check that the scope of the message exists.", Run: "az resource show --ids SCOPE"},
			{Say: "Give the identity named in the message a role at that scope: Network Contributor for Microsoft.Network, Virtual Machine Contributor for Microsoft.Compute. A new role needs up to 20 minutes to take effect.",
				Run:     "az role assignment create --assignee-object-id OBJECT_ID --assignee-principal-type ServicePrincipal --role \"Network Contributor\" --scope SCOPE",
				Changes: true},
			{Say: "On a self-managed cluster a new service principal can be made instead; its id and secret go into azure.json on every control-plane machine, and the controller manager must be restarted.",
				Run: "az ad sp create-for-rbac --role Contributor --scopes /subscriptions/SUBSCRIPTION/resourceGroups/GROUP", Changes: true},
		},
		References: []string{"https://learn.microsoft.com/azure/aks/kubernetes-service-principal", "MicrosoftDocs/azure-docs#62754", "Azure/AKS#2625", "Azure/AKS#422"},
		Healthy:    "A 403 that a later success of the same Service follows is history: the role was given in the meantime. A refused disk, vault or other action that load balancing does not need is not this fault, nor is 403 of another code, such as a policy's.",
	},
	Needs: rule.Needs{Any: text},
	// Of a subnet or group that does not exist Azure says the same.
	FollowsFrom: []string{"AZLB-ILB05", "AZLB-PIP03", "AZLB-AUTH07", "AZLB-AUTH10"},
	Texts:       []rule.Text{rule.Codes("AuthorizationFailed")},
	Check:       checkAUTH02,
}

// grant is one identity that lacks actions at one scope.
type grant struct{ object, scope string }

func checkAUTH02(p *rule.Pass) {
	errs := p.Current(func(e *errtext.Error) bool { return p.Knows(e) && balances(e) })
	byGrant := map[grant][]*errtext.Error{}
	var order []grant
	for _, e := range errs {
		if p.Gone(e) || e.Service == "" && p.Errors.Followed(e) {
			continue
		}
		g := grant{strings.ToLower(e.ObjectID), strings.ToLower(roleScope(e.Scope))}
		if byGrant[g] == nil {
			order = append(order, g)
		}
		byGrant[g] = append(byGrant[g], e)
	}
	for _, g := range order {
		p.Find(missingRole(p, byGrant[g]))
	}
}

// balances reports whether the refused action is one of load balancing: what a
// Service's sync does, and of what only a controller's log tells all that is of
// networks and machines. Disks are others' business, and routes a rule's of their own.
func balances(e *errtext.Error) bool {
	a := strings.ToLower(e.Action)
	return e.Service != "" || e.FromLog && !ofRoutes(a) && (strings.HasPrefix(a, "microsoft.network/") || strings.HasPrefix(a, "microsoft.compute/virtualmachine"))
}

func ofRoutes(action string) bool { return strings.HasPrefix(action, "microsoft.network/routetables/") }

func missingRole(p *rule.Pass, errs []*errtext.Error) rule.Finding {
	last := errs[len(errs)-1]
	told := rule.Tell(errs)
	var actions []string
	waiting, working := p.Named(errs)
	for _, e := range errs {
		if !slices.Contains(actions, e.Action) {
			actions = append(actions, e.Action)
		}
	}
	slices.Sort(actions)
	who := known(last.ObjectID, last.ClientID)
	scope := roleScope(last.Scope)
	f := rule.Finding{
		Subject: report.Object{Kind: "Identity", Name: known(who, "of the controller")},
		Message: fmt.Sprintf("%s may not %s at %s: Azure answered 403 AuthorizationFailed %s.",
			identity(who), strings.Join(actions, ", "), scope, told.Span()),
		Services: waiting,
		Errors:   errs,
		Cites:    told.Cites,
		Fix:      grantRole(p, last, who, scope),
	}
	n := needs(last)[0]
	roles, proof := rolesOf(p, last.ObjectID, n)
	_, held := right(p, last.ObjectID, n)
	listed := rolesListed(p, n.scope) && last.ObjectID != "" && !az.Masked(last.ObjectID)
	group := ofGroup(p, n)
	switch exists(p, last.Scope) {
	case proved:
		switch {
		case listed && held == holds:
			f.Message += " The scope exists."
		case listed && held == lacks && group != nil:
			f.Message += " The scope exists, so a role with this action is missing there; if the identity is to have it through a group of the directory, its token does not name that group."
			f.Cites = append(f.Cites, group.Doc.Cite(group.At+"/principalType"))
		case listed && held == lacks:
			f.Message += " The scope exists, so a role with this action is missing there."
		default:
			f.Message += " The scope exists, so a role with this action is missing there, or was given less than 20 minutes before."
		}
	case disproved:
		f.Message += fmt.Sprintf(" Missing role OR wrong scope: Azure gives the same answer for both, and %s.", nowhere(p, last.Scope))
		f.Confidence, f.Why = report.Likely, "the scope is not there as far as the bundle tells, which speaks for a wrong scope"
		f.Absence = []*bundle.Evidence{&bundle.VNets}
	default:
		f.Message += " Missing role OR wrong scope: Azure gives the same answer for both."
		f.Confidence, f.Why = report.Likely, "the resource group of the scope is not in the bundle, so a wrong scope cannot be told from a missing role"
	}
	f.Message, f.Cites = f.Message+roles, append(f.Cites, proof...)
	if len(waiting) == 0 {
		f.Severity, f.Services = report.Warning, working
	}
	return f
}

func grantRole(p *rule.Pass, e *errtext.Error, who, scope string) []report.Step {
	id, _ := az.ParseID(scope)
	who, scope = rule.Word(who, "OBJECT_ID"), rule.Word(scope, "SCOPE")
	var steps []report.Step
	if exists(p, e.Scope) != proved {
		look := "az group show --subscription " + rule.Word(id.Subscription, "SUBSCRIPTION") + " -n " + rule.Word(id.Group, "GROUP")
		if thing, ok := az.ParseID(e.Scope); ok && len(thing.Names) > 0 {
			look = "az resource show --ids " + rule.Word(e.Scope, "SCOPE")
		}
		steps = append(steps, report.Step{Say: "Check that the scope exists: if not, it is misspelt, for example in an annotation or in azure.json.", Run: look})
	}
	steps = append(steps,
		report.Step{Say: "See which roles the identity has at the scope.", Run: fmt.Sprintf("az role assignment list --assignee %s --scope %s --include-inherited -o table", who, scope)},
		report.Step{Say: "Give the identity the role. It can take 20 minutes until it counts; the controller tries again by itself.",
			Run:     fmt.Sprintf("az role assignment create --assignee-object-id %s --assignee-principal-type ServicePrincipal --role %q --scope %s", who, role(e.Action), scope),
			Changes: true})
	if c := p.Snapshot.Config; p.Graph.Managed() || c != nil && c.UseManagedIdentityExtension {
		return steps
	}
	return append(steps,
		report.Step{Say: "Or make a new service principal, and put its appId and password into azure.json on every control-plane machine, and on nodes whose kubelet uses it.",
			Run: fmt.Sprintf("az ad sp create-for-rbac --role Contributor --scopes /subscriptions/%s/resourceGroups/%s", rule.Word(id.Subscription, "SUBSCRIPTION"), rule.Word(id.Group, "GROUP")), Changes: true},
		restart(p))
}
