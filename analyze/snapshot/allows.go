package snapshot

import (
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
)

// allows is the evidence of an object that says what Azure allows; nil: it is none of
// these.
func allows(item az.Item) *bundle.Evidence {
	switch {
	case item.IsRoleAssignment():
		return &bundle.RoleAssignments
	case item.IsRoleDefinition():
		return &bundle.RoleDefinitions
	case item.IsPolicyAssignment():
		return &bundle.PolicyAssignments
	case item.IsNetworkUsage():
		return &bundle.NetworkUsages
	case item.IsLock():
		if at, _, ok := az.AttachedTo(item.Text("id")); ok && az.GroupOf(at) == "" {
			return &bundle.SubscriptionLocks
		}
		return &bundle.Locks
	}
	return nil
}
