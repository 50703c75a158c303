package az

import "strings"

// ServiceTags is Azure's list of service tags with their addresses, or a part of it.
type ServiceTags struct {
	ID           string       `json:"id"`
	ChangeNumber string       `json:"changeNumber"` // of the list's version
	Values       []ServiceTag `json:"values"`
	At           string       `json:"@at"`
}

// ServiceTag is one tag; "Storage.WestEurope" is that of a region.
type ServiceTag struct {
	Name            string   `json:"name"`
	AddressPrefixes []string `json:"addressPrefixes"`
}

// IsServiceTags reports whether an object is the list of service tags.
func (i Item) IsServiceTags() bool { return i.Has("changenumber") && i.Has("values") }

// IsInventory reports whether an object is an entry of `az resource list`, which looks
// like the resource itself but has nothing of what it does.
func (i Item) IsInventory() bool {
	return i.Has("changedtime") && i.Has("createdtime") && strings.Contains(i.Text("type"), "/")
}

// IsHealth reports whether an object is what Resource Health says of a resource. Its id
// is below the one of the resource.
func (i Item) IsHealth() bool {
	return strings.Contains(strings.ToLower(i.Text("id")), "/providers/microsoft.resourcehealth/availabilitystatuses/") || i.Has("availabilitystate")
}

// IsDiagnosticSetting reports whether an object says where the logs of a resource go. Its
// id is below the one of the resource.
func (i Item) IsDiagnosticSetting() bool {
	return strings.Contains(strings.ToLower(i.Text("id")), "/providers/microsoft.insights/diagnosticsettings/") || i.Has("loganalyticsdestinationtype")
}

// IsPolicyState reports whether an object says whether a resource complies with a policy.
func (i Item) IsPolicyState() bool {
	return i.Has("compliancestate") && i.Has("policyassignmentid")
}

// IsRuleHealth reports whether an object says which backends of a rule are up.
func (i Item) IsRuleHealth() bool { return i.Has("loadbalancerbackendaddresses") && i.Has("up") }
