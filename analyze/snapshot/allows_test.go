package snapshot

import (
	"slices"
	"testing"

	bundle "azlb/bundle-schema"
)

const (
	inGroupA  = "/subscriptions/s1/resourceGroups/MC_a"
	nsgA      = inGroupA + "/providers/Microsoft.Network/networkSecurityGroups/nsg"
	authority = "/providers/Microsoft.Authorization/"
)

var (
	roleA   = `{"id": "` + inGroupA + authority + `roleAssignments/a", "principalId": "p1", "roleDefinitionId": "x/roleDefinitions/r", "scope": "` + inGroupA + `"}`
	lockA   = `{"id": "` + nsgA + authority + `locks/l", "level": "ReadOnly", "name": "l"}`
	lockS   = `{"id": "/subscriptions/s1` + authority + `locks/k", "properties": {"level": "CanNotDelete"}, "name": "k"}`
	policyA = `{"id": "/providers/Microsoft.Management/managementGroups/corp` + authority + `policyAssignments/deny", "name": "deny", "scope": "/providers/Microsoft.Management/managementGroups/corp", "policyDefinitionId": "d"}`
	customA = `{"id": "/subscriptions/s1` + authority + `roleDefinitions/c", "name": "c", "roleName": "LB writer", "permissions": [{"actions": ["Microsoft.Network/*"]}], "assignableScopes": ["/subscriptions/s1"]}`
	usageA  = `{"id": "/subscriptions/s1/providers/Microsoft.Network/locations/westeurope/usages/PublicIPAddresses", "currentValue": 10, "limit": 10, "name": {"value": "PublicIPAddresses"}}`
)

// TestAllowedLoose: each list is known by its content and never whole, for nobody can see
// of what scope it is.
func TestAllowedLoose(t *testing.T) {
	s := loaded(nil, file{name: "a.json", text: "[" + roleA + "]"}, file{name: "b.json", text: `{"value": [` + lockS + "," + lockA + `]}`}, file{name: "c.json", text: "[" + policyA + "]"},
		file{name: "d.json", text: "[" + customA + "]"}, file{name: "e.json", text: "[" + usageA + "]"}, file{name: "f.json", text: "[" + lockA + "]"})
	if len(s.RoleAssignments) != 1 || s.RoleAssignments[0].PrincipalID != "p1" || len(s.RoleDefinitions) != 1 || !s.RoleDefinitions[0].Allows("Microsoft.Network/loadBalancers/write") ||
		len(s.PolicyAssignments) != 1 || len(s.Usages) != 1 || s.Usages[0].Limit != 10 || len(s.NSGs)+len(s.Groups) != 0 {
		t.Fatalf("%+v", s.Files)
	}
	var locks []string
	for _, l := range s.Locks {
		locks = append(locks, l.Scope()+" "+l.Level)
	}
	if want := []string{"/subscriptions/s1 CanNotDelete", nsgA + " ReadOnly"}; !slices.Equal(locks, want) {
		t.Errorf("locks %v", locks)
	}
	for _, e := range []*bundle.Evidence{&bundle.RoleAssignments, &bundle.RoleDefinitions, &bundle.SubscriptionLocks, &bundle.Locks, &bundle.PolicyAssignments} {
		if !s.Have(e) || s.Complete(e, "") || s.Complete(e, "mc_a") {
			t.Errorf("%s: have %v, complete %v", e.ID, s.Have(e), s.Complete(e, ""))
		}
	}
	if !s.Complete(&bundle.NetworkUsages, "") {
		t.Error("the limits are not whole")
	}
	if c := s.RoleAssignments[0].Doc.Cite(s.RoleAssignments[0].At + "/principalId"); c.Pointer != "/0/principalId" || c.Line != 1 {
		t.Errorf("cite %+v", c)
	}
	if c := s.Locks[0].Doc.Cite(s.Locks[0].At + "/name"); c.Quote == "" {
		t.Errorf("cite %+v", c)
	}
}

// TestAllowedOfBundle: the manifest says how far the lists reach; none is missed where it
// was not asked for.
func TestAllowedOfBundle(t *testing.T) {
	scope := map[string]string{"subscription": "s1"}
	group := map[string]string{"subscription": "s1", "group": "MC_a"}
	m := &bundle.Manifest{Entries: []bundle.Entry{
		{Evidence: bundle.RoleAssignments.ID, Scope: scope, Status: bundle.StatusOK, Path: "azure/role-assignments.json"},
		{Evidence: bundle.SubscriptionLocks.ID, Scope: scope, Status: bundle.StatusDenied},
		{Evidence: bundle.Locks.ID, Scope: group, Status: bundle.StatusOK, Path: "azure/MC_a/locks.json"},
	}}
	s := loaded(m, file{name: "azure/role-assignments.json", text: "[" + roleA + "]"}, file{name: "azure/MC_a/locks.json", text: "[" + lockA + "," + lockS + "]"})
	if !s.Complete(&bundle.RoleAssignments, "") || !s.Complete(&bundle.Locks, "MC_A") || s.Have(&bundle.SubscriptionLocks) || len(s.Locks) != 2 {
		t.Errorf("%+v, gaps %v", s.Locks, gapsOf(s))
	}
	for _, g := range s.Gaps {
		if g.Evidence == &bundle.NetworkUsages || g.Evidence == &bundle.PolicyAssignments {
			t.Errorf("%s is missed", g.Evidence.ID)
		}
	}
}
