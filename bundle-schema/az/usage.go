package az

import "strings"

// Usage is how much of one limit of Microsoft.Network a subscription uses in a location.
type Usage struct {
	ID   string `json:"id"`
	Name struct {
		Value string `json:"value"`          // "PublicIPAddresses", "StandardSkuLoadBalancers"
		Label string `json:"localizedValue"` // "Public IP Addresses"
	} `json:"name"`
	// Current and Limit count objects; some limits are of one object ("Inbound rules per
	// load balancer"), whose Current is always 0.
	Current int    `json:"currentValue"`
	Limit   int    `json:"limit"`
	At      string `json:"@at"`
}

// Location of the usage, lower case as in the id; empty where the id does not tell.
func (u Usage) Location() string {
	id, _ := ParseID(u.ID)
	return strings.ToLower(id.Name("locations"))
}

// IsNetworkUsage reports whether an object is a usage of Microsoft.Network; those of
// Microsoft.Compute look alike, but for their id.
func (i Item) IsNetworkUsage() bool {
	id, ok := ParseID(i.Text("id"))
	return ok && id.Is("Microsoft.Network", "locations", "usages") && i.Has("limit")
}
