package az

// PolicyAssignment is Microsoft.Authorization/policyAssignments: a policy, or an
// initiative of several, holds at a scope and below it. What it forbids stands in the
// definition, which is not here.
type PolicyAssignment struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	DisplayName string   `json:"displayName"`
	Description string   `json:"description"`
	PolicyID    string   `json:"policyDefinitionId"` // of a policyDefinition or policySetDefinition
	Scope       string   `json:"scope"`
	Except      []string `json:"notScopes"` // ids below the scope at which it does not hold
	// Enforcement is Default, or DoNotEnforce: then it only reports. Empty: Default.
	Enforcement string `json:"enforcementMode"`
	At          string `json:"@at"`
}

// IsPolicyAssignment reports whether an object is a policy's assignment.
func (i Item) IsPolicyAssignment() bool {
	return i.attached("policyAssignments") || i.Has("policydefinitionid") && i.Has("scope")
}
