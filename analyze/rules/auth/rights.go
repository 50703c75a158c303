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
	"azlb/bundle-schema/az"
	"azlb/report"
)

// need is an action at a scope that Azure refused.
type need struct{ action, scope string }

// needs of a refusal: of a linked one what it lacks at the linked things.
func needs(e *errtext.Error) []need {
	switch {
	case e.LinkedAction == "":
		return []need{{e.Action, e.Scope}}
	case len(e.Linked) == 0:
		return []need{{e.LinkedAction, e.LinkedScope}}
	}
	var out []need
	for _, l := range e.Linked {
		if n := (need{l.Action, l.Scope}); !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

// answer is what the role assignments of the bundle say of an identity's right.
type answer int

const (
	lacks answer = iota
	may          // what a role contains, or above which subscriptions its scope is, is not known
	holds
)

// right looks for an action at a scope among the assignments of an identity. Of several
// assignments that hold it the oldest is returned, because what counts is since when.
func right(p *rule.Pass, object string, n need) (*snapshot.RoleAssignment, answer) {
	var best *snapshot.RoleAssignment
	found := lacks
	for _, r := range assigned(p, object) {
		a := contains(p, r, n.action)
		switch {
		case az.IsManagementGroup(r.Scope):
			a = min(a, may)
		case !az.Within(n.scope, r.Scope):
			continue
		case r.Condition != "":
			a = min(a, may)
		}
		if a > found || a == found && a == holds && r.Since().Before(best.Since()) {
			best, found = r, a
		}
	}
	return best, found
}

// assigned are the role assignments of an identity itself; what it has through a group of
// the directory stands under the group.
func assigned(p *rule.Pass, object string) []*snapshot.RoleAssignment {
	var out []*snapshot.RoleAssignment
	for i := range p.Snapshot.RoleAssignments {
		r := &p.Snapshot.RoleAssignments[i]
		if object != "" && !az.Masked(object) && strings.EqualFold(r.PrincipalID, object) {
			out = append(out, r)
		}
	}
	return out
}

// ofGroup is a role with the action at the scope that a group of the directory has, or nil.
// Who is in the group is not in the bundle.
func ofGroup(p *rule.Pass, n need) *snapshot.RoleAssignment {
	for i := range p.Snapshot.RoleAssignments {
		r := &p.Snapshot.RoleAssignments[i]
		if strings.HasSuffix(r.PrincipalType, "Group") && az.Within(n.scope, r.Scope) && contains(p, r, n.action) == holds {
			return r
		}
	}
	return nil
}

// contains reports whether the role of an assignment has the action: a built-in role by
// its content, which is the same everywhere, a custom one by its definition in the bundle.
func contains(p *rule.Pass, r *snapshot.RoleAssignment, action string) answer {
	def, known := builtIn[r.Role()]
	for i := range p.Snapshot.RoleDefinitions {
		if d := &p.Snapshot.RoleDefinitions[i]; !known && d.Role() == r.Role() {
			def, known = d.RoleDefinition, true
		}
	}
	switch {
	case !known || action == "":
		return may
	case def.Allows(action):
		return holds
	}
	return lacks
}

// called is the name of an assignment's role.
func called(p *rule.Pass, r *snapshot.RoleAssignment) string {
	if r.RoleName != "" {
		return r.RoleName
	}
	if d, ok := builtIn[r.Role()]; ok {
		return d.RoleName
	}
	for i := range p.Snapshot.RoleDefinitions {
		if d := &p.Snapshot.RoleDefinitions[i]; d.Role() == r.Role() && d.RoleName != "" {
			return d.RoleName
		}
	}
	return "with the id " + r.Role()
}

// rolesOf says what the bundle knows of the roles of a refused identity, with proof. It is
// empty where the bundle has no role assignments.
func rolesOf(p *rule.Pass, object string, n need) (string, []report.Cite) {
	if !p.Snapshot.Have(&bundle.RoleAssignments) || object == "" || az.Masked(object) {
		return "", nil
	}
	r, a := right(p, object, n)
	switch all := assigned(p, object); {
	case a == holds:
		return fmt.Sprintf(" Its role %s at %s contains the action, so that no role is missing (AZLB-AUTH07).", called(p, r), r.Scope), []report.Cite{r.Doc.Cite(r.At + "/roleDefinitionId")}
	case a == may:
		return fmt.Sprintf(" Whether its role %s at %s contains the action there is not known.", called(p, r), r.Scope), []report.Cite{r.Doc.Cite(r.At + "/roleDefinitionId")}
	case len(all) > 0:
		var have []string
		for _, r := range all {
			have = append(have, called(p, r)+" at "+r.Scope)
		}
		slices.Sort(have)
		return fmt.Sprintf(" Its own roles in the bundle do not contain that: %s.", rule.List(slices.Compact(have))), []report.Cite{all[0].Doc.Cite(all[0].At + "/scope")}
	case rolesListed(p, n.scope):
		return " It has no role of its own in that subscription.", nil
	}
	return "", nil
}

// rolesListed reports whether the bundle has all role assignments of the subscription that
// a scope is in, so that a role which is not listed is not there. Groups of the directory
// stand for themselves in the list.
func rolesListed(p *rule.Pass, scope string) bool {
	if !p.Complete(&bundle.RoleAssignments, "") || p.Snapshot.Manifest == nil {
		return false
	}
	id, ok := az.ParseID(scope)
	return ok && slices.ContainsFunc(p.Snapshot.Manifest.Entries, func(e bundle.Entry) bool {
		sub := e.Scope["subscription"]
		return e.Evidence == bundle.RoleAssignments.ID && (sub == "" || strings.EqualFold(sub, id.Subscription))
	})
}

// age says since when an identity has a role, seen from the newest of its refusals: the
// time between the two, negative where the role came after it.
func age(r *snapshot.RoleAssignment, told rule.Told) (time.Duration, bool) {
	since := r.Since()
	return told.Last.Sub(since), !since.IsZero() && !told.Last.IsZero()
}

// builtIn are built-in roles that identities of clusters often have, by their GUID, as far
// as load balancing goes: actions of other providers are left out.
// https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
var builtIn = map[string]az.RoleDefinition{
	"8e3af657-a8ff-443c-a75c-2fe8c4bcb635": grants("Owner", "*"),
	"b24988ac-6180-42a0-ab88-20f7382dd24c": {RoleName: "Contributor", Permissions: []az.Permission{{Actions: []string{"*"},
		NotActions: []string{"Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write", "Microsoft.Authorization/elevateAccess/Action", "Microsoft.Compute/galleries/share/action"}}}},
	"acdd72a7-3385-48ef-bd42-f606fba81ae7": grants("Reader", "*/read"),
	"18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": grants("User Access Administrator", "*/read", "Microsoft.Authorization/*"),
	"4d97b98b-1d4f-4787-a291-c67834d212e7": grants("Network Contributor", "Microsoft.Network/*", "Microsoft.Authorization/*/read", "Microsoft.Resources/deployments/*", "Microsoft.Resources/subscriptions/resourceGroups/read"),
	"9980e02c-c2be-4d73-94e8-173b1dc7cf3c": grants("Virtual Machine Contributor", "Microsoft.Compute/availabilitySets/*", "Microsoft.Compute/locations/*",
		"Microsoft.Compute/virtualMachines/*", "Microsoft.Compute/virtualMachineScaleSets/*", "Microsoft.Compute/disks/read", "Microsoft.Compute/disks/write", "Microsoft.Compute/disks/delete",
		"Microsoft.Network/applicationGateways/backendAddressPools/join/action", "Microsoft.Network/loadBalancers/backendAddressPools/join/action", "Microsoft.Network/loadBalancers/inboundNatPools/join/action",
		"Microsoft.Network/loadBalancers/inboundNatRules/join/action", "Microsoft.Network/loadBalancers/probes/join/action", "Microsoft.Network/loadBalancers/read", "Microsoft.Network/locations/*",
		"Microsoft.Network/networkInterfaces/*", "Microsoft.Network/networkSecurityGroups/join/action", "Microsoft.Network/networkSecurityGroups/read", "Microsoft.Network/publicIPAddresses/join/action",
		"Microsoft.Network/publicIPAddresses/read", "Microsoft.Network/virtualNetworks/read", "Microsoft.Network/virtualNetworks/subnets/join/action", "Microsoft.Authorization/*/read",
		"Microsoft.Resources/deployments/*", "Microsoft.Resources/subscriptions/resourceGroups/read"),
	"f1a07417-d97a-45cb-824c-7a7467783830": grants("Managed Identity Operator", "Microsoft.ManagedIdentity/userAssignedIdentities/*/read", "Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action", "Microsoft.Authorization/*/read"),
	"7f951dda-4ed3-4680-a7ca-43fe172d538d": grants("AcrPull", "Microsoft.ContainerRegistry/registries/pull/read"),
	"b12aa53e-6015-4669-85d0-8515ebb3ae7f": grants("Private DNS Zone Contributor", "Microsoft.Network/privateDnsZones/*", "Microsoft.Network/virtualNetworks/read", "Microsoft.Network/virtualNetworks/join/action", "Microsoft.Authorization/*/read"),
}

func grants(name string, actions ...string) az.RoleDefinition {
	return az.RoleDefinition{RoleName: name, Permissions: []az.Permission{{Actions: actions}}}
}
