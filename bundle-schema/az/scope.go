package az

import "strings"

// AttachedTo takes the id of an object that hangs at another one (a lock, a role or
// policy assignment) apart: at is the id that it hangs at ("" is the tenant's root),
// typ its type ("Microsoft.Authorization/locks"). false: the id names no such object.
// The subscription, a resource group, a resource and a management group can carry one.
func AttachedTo(id string) (at, typ string, ok bool) {
	const mark = "/providers/"
	i := strings.LastIndex(strings.ToLower(id), mark)
	if i < 0 {
		return "", "", false
	}
	parts := strings.Split(strings.Trim(id[i+len(mark):], "/"), "/")
	if len(parts) != 3 || !strings.EqualFold(parts[0], "Microsoft.Authorization") {
		return "", "", false
	}
	return id[:i], parts[0] + "/" + parts[1], true
}

// Within reports whether id is the scope itself or lies below it, without case. The
// tenant's root ("" or "/") is above everything. Of a management group the ids below it
// do not tell, so that it is above nothing but itself; see IsManagementGroup. Masked ids
// lie nowhere.
func Within(id, scope string) bool {
	if strings.Trim(scope, "/") == "" {
		return id != ""
	}
	inner, outer := Key(id), Key(scope)
	return inner != "" && outer != "" && (inner == outer || strings.HasPrefix(inner, outer+"/"))
}

// IsManagementGroup reports whether a scope is a management group: it stands above
// subscriptions, but neither id says above which.
func IsManagementGroup(scope string) bool {
	return strings.HasPrefix(strings.ToLower(strings.Trim(scope, "/")), "providers/microsoft.management/managementgroups/")
}
