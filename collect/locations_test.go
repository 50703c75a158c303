package collect

import (
	"fmt"
	"strings"
	"testing"

	bundle "azlb/bundle-schema"
)

// TestLocationsAndSubscriptions: limits are asked of each location of the nodes, roles and
// locks of each subscription, once and of a few.
func TestLocationsAndSubscriptions(t *testing.T) {
	asked := func(change func(*answers)) map[string]string {
		a := cluster()
		change(a)
		got := map[string][]string{}
		for _, e := range manifestOf(t, options(t, a)).Entries {
			if e.Evidence == bundle.NetworkUsages.ID || e.Evidence == bundle.RoleAssignments.ID {
				where := strings.TrimPrefix(strings.TrimPrefix(e.Scope["subscription"], testSub)+" ", " ")
				got[e.Evidence] = append(got[e.Evidence], strings.Join(strings.Fields(where+e.Scope["location"]+" "+string(e.Status)), " "))
			}
		}
		return map[string]string{"limits": fmt.Sprint(got[bundle.NetworkUsages.ID]), "roles": fmt.Sprint(got[bundle.RoleAssignments.ID])}
	}
	sub2 := strings.Replace(testSub, "6f5a", "7f5a", 1)
	for name, tt := range map[string]struct {
		change        func(*answers)
		limits, roles string
	}{
		"the nodes' region":  {func(*answers) {}, "[westeurope empty]", "[empty]"},
		"a group of another": {func(a *answers) { a.by["az group show --name rg"] = says(`{"location": "North Europe"}`) }, "[northeurope empty westeurope empty]", "[empty]"},
		"a stranger's":       {func(a *answers) { a.by["az group show --name rg"] = says(`{"location": "x&calc"}`) }, "[westeurope empty x&calc skipped]", "[empty]"},
		"a subnet of another subscription": {func(a *answers) {
			a.by["az network nic list"] = says(`[{"subnet": {"id": "/subscriptions/` + sub2 + `/resourceGroups/hub/providers/Microsoft.Network/virtualNetworks/v/subnets/s"}}]`)
		}, "[westeurope empty]", "[" + sub2 + " empty empty]"},
	} {
		got := asked(tt.change)
		if got["limits"] != tt.limits || got["roles"] != tt.roles {
			t.Errorf("%s: %v, want %s and %s", name, got, tt.limits, tt.roles)
		}
	}
}
