package az

import (
	"strings"
	"time"
)

// RoleAssignment is Microsoft.Authorization/roleAssignments: an identity has the rights
// of a role at a scope and at everything below it.
type RoleAssignment struct {
	ID            string `json:"id"`
	Name          string `json:"name"`
	PrincipalID   string `json:"principalId"`   // the identity's object id
	PrincipalType string `json:"principalType"` // "ServicePrincipal", "User", "Group", "ForeignGroup"
	// PrincipalName is what az adds, where it may ask the directory: of a service
	// principal its client id.
	PrincipalName string `json:"principalName"`
	RoleID        string `json:"roleDefinitionId"`
	RoleName      string `json:"roleDefinitionName"` // az only
	Scope         string `json:"scope"`              // "/" is the tenant's root
	Condition     string `json:"condition"`          // limits the role further; empty: no
	CreatedOn     string `json:"createdOn"`
	UpdatedOn     string `json:"updatedOn"`
	At            string `json:"@at"`
}

// Since is when the assignment was made, zero where that is not known. Azure takes up to
// ten minutes, and a token that was issued before up to its end, to act upon it.
func (r RoleAssignment) Since() time.Time {
	t, err := time.Parse(time.RFC3339, r.CreatedOn)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// Role is the GUID of the role, lower case: that of a built-in role is the same in every
// tenant.
func (r RoleAssignment) Role() string { return strings.ToLower(lastSegment(r.RoleID)) }

func lastSegment(id string) string {
	parts := segments(id)
	return parts[len(parts)-1]
}

// IsRoleAssignment reports whether an object is a role assignment.
func (i Item) IsRoleAssignment() bool {
	return i.attached("roleAssignments") || i.Has("principalid") && i.Has("roledefinitionid")
}
