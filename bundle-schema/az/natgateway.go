package az

// NATGateway is Microsoft.Network/natGateways: it carries the outbound connections of
// its subnets, whatever their load balancers would do.
type NATGateway struct {
	Resource
	IdleTimeoutInMinutes int   `json:"idleTimeoutInMinutes"`
	PublicIPs            []Ref `json:"publicIpAddresses"`
	PublicIPPrefixes     []Ref `json:"publicIpPrefixes"`
	PublicIPsV6          []Ref `json:"publicIpAddressesV6"`
	PublicIPPrefixesV6   []Ref `json:"publicIpPrefixesV6"`
	Subnets              []Ref `json:"subnets"`
}
