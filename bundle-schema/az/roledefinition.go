package az

import "strings"

// RoleDefinition is Microsoft.Authorization/roleDefinitions: the actions of a role.
type RoleDefinition struct {
	ID          string       `json:"id"`
	Name        string       `json:"name"` // a GUID
	RoleName    string       `json:"roleName"`
	Permissions []Permission `json:"permissions"`
	Scopes      []string     `json:"assignableScopes"`
	At          string       `json:"@at"`
}

// Permission is what a role allows: actions that match one of Actions and none of
// NotActions. "*" stands for any text, slashes too.
type Permission struct {
	Actions    []string `json:"actions"`
	NotActions []string `json:"notActions"`
	At         string   `json:"@at"`
}

// IsRoleDefinition reports whether an object is a role.
func (i Item) IsRoleDefinition() bool {
	return i.attached("roleDefinitions") || i.Has("permissions") && i.Has("assignablescopes")
}

// Role is the GUID of the role, lower case.
func (r RoleDefinition) Role() string { return strings.ToLower(lastSegment(r.ID)) }

// Allows reports whether the role contains an action.
func (r RoleDefinition) Allows(action string) bool {
	for _, p := range r.Permissions {
		if matchesOne(p.Actions, action) && !matchesOne(p.NotActions, action) {
			return true
		}
	}
	return false
}

func matchesOne(patterns []string, action string) bool {
	for _, p := range patterns {
		if matchesAction(strings.ToLower(p), strings.ToLower(action)) {
			return true
		}
	}
	return false
}

// matchesAction matches an action with a pattern in which "*" stands for any text.
func matchesAction(pattern, action string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == action
	}
	first, last := parts[0], parts[len(parts)-1]
	if !strings.HasPrefix(action, first) || !strings.HasSuffix(action[len(first):], last) {
		return false
	}
	rest := action[len(first) : len(action)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(rest, part)
		if i < 0 {
			return false
		}
		rest = rest[i+len(part):]
	}
	return true
}
