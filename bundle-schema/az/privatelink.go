package az

// PrivateLinkService is Microsoft.Network/privateLinkServices: it lets private
// endpoints of other networks reach a frontend.
type PrivateLinkService struct {
	Resource
	Alias               string               `json:"alias"`
	EnableProxyProtocol bool                 `json:"enableProxyProtocol"`
	Frontends           []Ref                `json:"loadBalancerFrontendIpConfigurations"`
	IPConfigurations    []IPConfig           `json:"ipConfigurations"`
	Visibility          Subscriptions        `json:"visibility"`
	AutoApproval        Subscriptions        `json:"autoApproval"`
	FQDNs               []string             `json:"fqdns"`
	Connections         []EndpointConnection `json:"privateEndpointConnections"`
}

// Subscriptions are those that may see a private link service, or whose endpoints
// need no approval; "*" is everybody.
type Subscriptions struct {
	Subscriptions []string `json:"subscriptions"`
}

// EndpointConnection is a private endpoint's connection to a private link service.
type EndpointConnection struct {
	Resource
	PrivateEndpoint *Ref            `json:"privateEndpoint"`
	State           ConnectionState `json:"privateLinkServiceConnectionState"`
}

// ConnectionState says whether a connection was approved: Pending, Approved,
// Rejected or Disconnected.
type ConnectionState struct {
	Status string `json:"status"`
}
