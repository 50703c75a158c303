package az

import "net/netip"

// VNet is Microsoft.Network/virtualNetworks.
type VNet struct {
	Resource
	AddressSpace AddressSpace `json:"addressSpace"`
	Subnets      []Subnet     `json:"subnets"`
	Peerings     []Peering    `json:"virtualNetworkPeerings"`
}

// AddressSpace is a list of CIDR prefixes.
type AddressSpace struct {
	AddressPrefixes []string `json:"addressPrefixes"`
}

// Subnet is a subnet of a virtual network.
type Subnet struct {
	Resource
	AddressPrefix     string   `json:"addressPrefix"`
	AddressPrefixes   []string `json:"addressPrefixes"`
	NSG               *Ref     `json:"networkSecurityGroup"`
	RouteTable        *Ref     `json:"routeTable"`
	NATGateway        *Ref     `json:"natGateway"`
	IPConfigurations  []Ref    `json:"ipConfigurations"`
	PLSPolicies       string   `json:"privateLinkServiceNetworkPolicies"`
	DefaultOutbound   *bool    `json:"defaultOutboundAccess"`
	DelegationEntries []struct {
		ServiceName string `json:"serviceName"`
	} `json:"delegations"`
}

// Prefixes returns the subnet's CIDR prefixes, whichever field holds them.
func (s Subnet) Prefixes() []string {
	if s.AddressPrefix == "" {
		return s.AddressPrefixes
	}
	out := []string{s.AddressPrefix}
	for _, p := range s.AddressPrefixes {
		if p != s.AddressPrefix {
			out = append(out, p)
		}
	}
	return out
}

// Holds reports whether the address lies in one of the subnet's prefixes.
func (s Subnet) Holds(a netip.Addr) bool {
	for _, text := range s.Prefixes() {
		if p, err := netip.ParsePrefix(text); err == nil && p.Contains(a) {
			return true
		}
	}
	return false
}

// Peering is a virtual network peering.
type Peering struct {
	Resource
	PeeringState              string       `json:"peeringState"`
	PeeringSyncLevel          string       `json:"peeringSyncLevel"`
	AllowVirtualNetworkAccess *bool        `json:"allowVirtualNetworkAccess"`
	AllowForwardedTraffic     bool         `json:"allowForwardedTraffic"`
	AllowGatewayTransit       bool         `json:"allowGatewayTransit"`
	UseRemoteGateways         bool         `json:"useRemoteGateways"`
	RemoteVirtualNetwork      *Ref         `json:"remoteVirtualNetwork"`
	RemoteAddressSpace        AddressSpace `json:"remoteAddressSpace"`
	RemoteVNetAddressSpace    AddressSpace `json:"remoteVirtualNetworkAddressSpace"`
}

// RemotePrefixes are those of the remote network that packets reach by the peering:
// what was synced last, where the output tells it apart from what the network has.
func (p Peering) RemotePrefixes() []string {
	if len(p.RemoteAddressSpace.AddressPrefixes) > 0 {
		return p.RemoteAddressSpace.AddressPrefixes
	}
	return p.RemoteVNetAddressSpace.AddressPrefixes
}

// RouteTable is Microsoft.Network/routeTables.
type RouteTable struct {
	Resource
	Routes  []Route `json:"routes"`
	Subnets []Ref   `json:"subnets"`
	// DisableBGPRoutePropagation keeps the routes that a gateway learns out of the subnets.
	DisableBGPRoutePropagation bool `json:"disableBgpRoutePropagation"`
}

// Route is a user-defined route.
type Route struct {
	Resource
	AddressPrefix    string `json:"addressPrefix"`
	NextHopType      string `json:"nextHopType"`
	NextHopIPAddress string `json:"nextHopIpAddress"`
}
