// Package az is a tolerant, typed subset of what `az … -o json`, `az rest` and
// Azure Resource Graph print about network and compute resources.
//
// Only fields that a rule may read are here. Decode accepts every shape these
// programs have printed since az 2.0: flattened or with nested "properties",
// any casing of the keys, null or absent, a bare list or a value/data envelope.
// The Go names follow the ARM REST API; ids keep the casing of the evidence and
// are compared with SameID.
package az

// Resource is what every ARM object has. ID is the ARM id as the evidence spells
// it, At the JSON pointer of the object inside its document (set by Decode).
type Resource struct {
	ID                string            `json:"id"`
	Name              string            `json:"name"`
	Type              string            `json:"type"`
	Location          string            `json:"location"`
	Tags              map[string]string `json:"tags"`
	SKU               SKU               `json:"sku"`
	Zones             []string          `json:"zones"`
	ProvisioningState string            `json:"provisioningState"`
	At                string            `json:"@at"`
}

// SKU is the sku of a resource; Capacity counts instances of a scale set.
type SKU struct {
	Name     string `json:"name"`
	Tier     string `json:"tier"`
	Capacity int    `json:"capacity"`
}

// Ref points to another ARM object.
type Ref struct {
	ID string `json:"id"`
	At string `json:"@at"`
}
