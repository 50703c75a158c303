package az

import (
	"testing"
	"time"
)

const (
	group    = "/subscriptions/s1/resourceGroups/RG"
	nsg      = group + "/providers/Microsoft.Network/networkSecurityGroups/nsg"
	mgmt     = "/providers/Microsoft.Management/managementGroups/corp"
	authPath = "/providers/Microsoft.Authorization/"
)

func TestAttachedTo(t *testing.T) {
	for id, want := range map[string]string{
		group + authPath + "locks/l":                           group,
		nsg + "/providers/microsoft.authorization/locks/l":     nsg,
		"/subscriptions/s1" + authPath + "roleAssignments/a":   "/subscriptions/s1",
		mgmt + authPath + "policyAssignments/p":                mgmt,
		"/providers/Microsoft.Authorization/roleAssignments/a": "",
	} {
		if at, typ, ok := AttachedTo(id); !ok || at != want || typ == "" {
			t.Errorf("%s hangs at %q, %q, %v", id, at, typ, ok)
		}
	}
	for _, id := range []string{"", nsg, group, nsg + "/providers/Microsoft.Insights/metrics/m"} {
		if _, typ, ok := AttachedTo(id); ok {
			t.Errorf("%s is %s", id, typ)
		}
	}
}

func TestWithin(t *testing.T) {
	for _, c := range []struct {
		id, scope string
		want      bool
	}{
		{nsg, "/subscriptions/S1/resourcegroups/rg", true},
		{nsg, nsg + "/", true},
		{nsg, "/subscriptions/s1", true},
		{nsg, "/", true},
		{nsg, mgmt, false},
		{group + "2", group, false},
		{group, nsg, false},
		{"", "/", false},
		{group, "/subscriptions/s2", false},
		{"/subscriptions/s1/resourceGroups/***", "/subscriptions/s1", false},
	} {
		if got := Within(c.id, c.scope); got != c.want {
			t.Errorf("%s within %s: %v", c.id, c.scope, got)
		}
	}
	if !IsManagementGroup(mgmt) || IsManagementGroup("/subscriptions/s1") || IsManagementGroup("/") {
		t.Error("management groups are not known")
	}
}

// TestAuthorizationShapes: az and ARM print the same object.
func TestAuthorizationShapes(t *testing.T) {
	roles, err := Decode[RoleAssignment]([]byte(`[
  {"id": "` + group + authPath + `roleAssignments/a", "name": "a", "principalId": "p", "principalName": "app", "principalType": "ServicePrincipal", "createdOn": "2026-11-20T10:00:00.123+00:00",
   "roleDefinitionId": "/subscriptions/s1` + authPath + `roleDefinitions/4D97B98B-1d4f-4787-a291-c67834d212e7", "roleDefinitionName": "Network Contributor", "scope": "` + group + `", "condition": null},
  {"id": "` + mgmt + authPath + `roleAssignments/b", "name": "b", "type": "Microsoft.Authorization/roleAssignments",
   "properties": {"principalId": "p", "scope": "` + mgmt + `", "roleDefinitionId": "/providers/Microsoft.Authorization/roleDefinitions/x", "createdOn": "2026-11-20T10:00:00.1234567Z"}}]`))
	if err != nil || len(roles) != 2 {
		t.Fatal(roles, err)
	}
	for i, want := range []string{"4d97b98b-1d4f-4787-a291-c67834d212e7", "x"} {
		if r := roles[i]; r.Role() != want || r.PrincipalID != "p" || r.Scope == "" || r.Since().Truncate(time.Second) != time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC) {
			t.Errorf("%+v", r)
		}
	}
	locks, err := Decode[Lock]([]byte(`{"value": [{"id": "` + nsg + authPath + `locks/l", "name": "l", "type": "Microsoft.Authorization/locks", "properties": {"level": "ReadOnly", "notes": "hands off"}},
  {"id": "` + group + authPath + `locks/k", "name": "k", "level": "CanNotDelete", "notes": null, "owners": null}]}`))
	if err != nil || len(locks) != 2 || locks[0].Level != "ReadOnly" || locks[0].Scope() != nsg || locks[0].At != "/value/0" || locks[1].Scope() != group {
		t.Errorf("%+v, %v", locks, err)
	}
	policies, err := Decode[PolicyAssignment]([]byte(`[{"id": "` + mgmt + authPath + `policyAssignments/deny-ip", "name": "deny-ip", "properties": {"displayName": "No public IP", "scope": "` + mgmt + `",
   "notScopes": ["` + group + `"], "enforcementMode": "Default", "policyDefinitionId": "/providers/Microsoft.Authorization/policyDefinitions/d"}}]`))
	if err != nil || len(policies) != 1 || policies[0].DisplayName != "No public IP" || policies[0].Scope != mgmt || len(policies[0].Except) != 1 {
		t.Errorf("%+v, %v", policies, err)
	}
	usages, err := Decode[Usage]([]byte(`[{"currentValue": 10, "id": "/subscriptions/s1/providers/Microsoft.Network/locations/westeurope/usages/PublicIPAddresses", "limit": "10", "localName": "Public IP Addresses",
   "name": {"localizedValue": "Public IP Addresses", "value": "PublicIPAddresses"}, "unit": "Count"}]`))
	if err != nil || len(usages) != 1 || usages[0].Current != 10 || usages[0].Limit != 10 || usages[0].Name.Value != "PublicIPAddresses" || usages[0].Location() != "westeurope" {
		t.Errorf("%+v, %v", usages, err)
	}
}

func TestRoleAllows(t *testing.T) {
	roles, err := Decode[RoleDefinition]([]byte(`[{"id": "/subscriptions/s1` + authPath + `roleDefinitions/r", "name": "r", "roleName": "LB", "roleType": "CustomRole", "assignableScopes": ["/subscriptions/s1"],
   "permissions": [{"actions": ["Microsoft.Network/*/read", "Microsoft.Network/loadBalancers/*", "*/join/action"], "notActions": ["Microsoft.Network/loadBalancers/delete"]}]},
  {"id": "/subscriptions/s1` + authPath + `roleDefinitions/q", "name": "q", "properties": {"roleName": "all", "type": "CustomRole", "permissions": [{"actions": ["*"], "notActions": []}]}}]`))
	if err != nil || len(roles) != 2 || roles[0].Role() != "r" || roles[1].RoleName != "all" {
		t.Fatalf("%+v, %v", roles, err)
	}
	for action, want := range map[string]bool{
		"Microsoft.Network/loadBalancers/write":                true,
		"microsoft.network/LOADBALANCERS/write":                true,
		"Microsoft.Network/loadBalancers/delete":               false,
		"Microsoft.Network/publicIPAddresses/write":            false,
		"Microsoft.Network/publicIPAddresses/read":             true,
		"Microsoft.Network/virtualNetworks/subnets/read":       true,
		"Microsoft.Network/publicIPAddresses/join/action":      true,
		"Microsoft.Network/read":                               false,
		"Microsoft.Compute/virtualMachineScaleSets/read":       false,
		"Microsoft.Network/loadBalancers/probes/join/action":   true,
		"Microsoft.Network/virtualNetworks/subnets/join/actio": false,
	} {
		if got := roles[0].Allows(action); got != want || !roles[1].Allows(action) {
			t.Errorf("%s: %v, want %v", action, got, want)
		}
	}
}

// TestAuthorizationIsKnown: each object is known by its id, by its type where that is
// masked, or by its keys, and no other.
func TestAuthorizationIsKnown(t *testing.T) {
	kinds := map[string]func(Item) bool{"lock": Item.IsLock, "role assignment": Item.IsRoleAssignment, "role": Item.IsRoleDefinition, "policy": Item.IsPolicyAssignment, "usage": Item.IsNetworkUsage}
	for doc, want := range map[string]string{
		`{"id": "` + nsg + authPath + `locks/l"}`:                                                                                 "lock",
		`{"id": "***", "type": "Microsoft.Authorization/locks"}`:                                                                  "lock",
		`{"id": "***", "level": "CanNotDelete"}`:                                                                                  "lock",
		`{"id": "***", "level": "Info"}`:                                                                                          "",
		`{"id": "***", "properties": {"principalId": "p", "roleDefinitionId": "r"}}`:                                              "role assignment",
		`{"id": "` + group + authPath + `roleDefinitions/r", "properties": {"type": "CustomRole"}}`:                               "role",
		`{"policyDefinitionId": "d", "scope": "s"}`:                                                                               "policy",
		`{"id": "/subscriptions/s1/providers/Microsoft.Compute/locations/x/usages/cores", "limit": 1}`:                            "",
		`{"id": "/subscriptions/s1/providers/Microsoft.Network/locations/x/usages/y", "limit": 1, "currentValue": 0}`:             "usage",
		`{"id": "` + nsg + `", "type": "Microsoft.Network/networkSecurityGroups"}`:                                                "",
		`{"id": "` + nsg + `", "identity": {"principalId": "p"}, "properties": {"permissions": [], "provisioningState": "Done"}}`: "",
	} {
		items, err := Items([]byte(doc))
		if err != nil || len(items) != 1 {
			t.Fatal(doc, err)
		}
		for name, is := range kinds {
			if is(items[0]) != (name == want) {
				t.Errorf("%s is a %s: %v", doc, name, name != want)
			}
		}
	}
}
