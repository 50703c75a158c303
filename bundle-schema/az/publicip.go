package az

// PublicIP is Microsoft.Network/publicIPAddresses. IPAddress is empty for a
// dynamic address that is attached to nothing.
type PublicIP struct {
	Resource
	IPAddress        string       `json:"ipAddress"`
	Version          string       `json:"publicIPAddressVersion"`
	AllocationMethod string       `json:"publicIPAllocationMethod"`
	IPConfiguration  *Ref         `json:"ipConfiguration"`
	NATGateway       *Ref         `json:"natGateway"`
	PublicIPPrefix   *Ref         `json:"publicIPPrefix"`
	DNS              *DNSSettings `json:"dnsSettings"`
	IPTags           []IPTag      `json:"ipTags"`
}

// IPTag is a property that an address was chosen by, such as RoutingPreference.
type IPTag struct {
	Type string `json:"ipTagType"`
	Tag  string `json:"tag"`
}

// DNSSettings is the DNS label of a public IP.
type DNSSettings struct {
	DomainNameLabel string `json:"domainNameLabel"`
	FQDN            string `json:"fqdn"`
}
