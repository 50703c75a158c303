package az

// LoadBalancer is Microsoft.Network/loadBalancers.
type LoadBalancer struct {
	Resource
	Frontends     []Frontend     `json:"frontendIPConfigurations"`
	Pools         []BackendPool  `json:"backendAddressPools"`
	Rules         []LBRule       `json:"loadBalancingRules"`
	Probes        []Probe        `json:"probes"`
	OutboundRules []OutboundRule `json:"outboundRules"`
	NATRules      []NATRule      `json:"inboundNatRules"`
	NATPools      []NATRule      `json:"inboundNatPools"`
}

// Frontend is a frontend IP configuration: a public IP or an address of a subnet.
type Frontend struct {
	Resource
	PublicIP                  *Ref   `json:"publicIPAddress"`
	PublicIPPrefix            *Ref   `json:"publicIPPrefix"`
	Subnet                    *Ref   `json:"subnet"`
	PrivateIPAddress          string `json:"privateIPAddress"`
	PrivateIPAddressVersion   string `json:"privateIPAddressVersion"`
	PrivateIPAllocationMethod string `json:"privateIPAllocationMethod"`
	Rules                     []Ref  `json:"loadBalancingRules"`
	OutboundRules             []Ref  `json:"outboundRules"`
	NATRules                  []Ref  `json:"inboundNatRules"`
	NATPools                  []Ref  `json:"inboundNatPools"`
}

// BackendPool is a backend address pool. A NIC-based pool lists its members in
// IPConfigurations (and mirrors them, without an address, in Addresses); an
// IP-based pool has only Addresses.
type BackendPool struct {
	Resource
	IPConfigurations []Ref         `json:"backendIPConfigurations"`
	Addresses        []PoolAddress `json:"loadBalancerBackendAddresses"`
	Rules            []Ref         `json:"loadBalancingRules"`
	OutboundRules    []Ref         `json:"outboundRules"`
	OutboundRule     *Ref          `json:"outboundRule"`
}

// PoolAddress is one entry of a backend pool's address list.
type PoolAddress struct {
	Name               string `json:"name"`
	IPAddress          string `json:"ipAddress"`
	NICIPConfiguration *Ref   `json:"networkInterfaceIPConfiguration"`
	AdminState         string `json:"adminState"`
	At                 string `json:"@at"`
}

// LBRule is a load balancing rule; ports 0 with protocol All mean HA ports.
type LBRule struct {
	Resource
	Protocol             string `json:"protocol"`
	FrontendPort         int    `json:"frontendPort"`
	BackendPort          int    `json:"backendPort"`
	Frontend             *Ref   `json:"frontendIPConfiguration"`
	Pool                 *Ref   `json:"backendAddressPool"`
	Pools                []Ref  `json:"backendAddressPools"`
	Probe                *Ref   `json:"probe"`
	EnableFloatingIP     bool   `json:"enableFloatingIP"`
	EnableTCPReset       *bool  `json:"enableTcpReset"`
	DisableOutboundSNAT  *bool  `json:"disableOutboundSnat"`
	IdleTimeoutInMinutes int    `json:"idleTimeoutInMinutes"`
	LoadDistribution     string `json:"loadDistribution"`
}

// Probe is a health probe. Interval is in seconds; a threshold of 0 was absent.
type Probe struct {
	Resource
	Protocol          string `json:"protocol"`
	Port              int    `json:"port"`
	RequestPath       string `json:"requestPath"`
	IntervalInSeconds int    `json:"intervalInSeconds"`
	NumberOfProbes    int    `json:"numberOfProbes"`
	ProbeThreshold    int    `json:"probeThreshold"`
}

// OutboundRule is an outbound (SNAT) rule.
type OutboundRule struct {
	Resource
	Protocol               string `json:"protocol"`
	AllocatedOutboundPorts int    `json:"allocatedOutboundPorts"`
	IdleTimeoutInMinutes   int    `json:"idleTimeoutInMinutes"`
	Pool                   *Ref   `json:"backendAddressPool"`
	Frontends              []Ref  `json:"frontendIPConfigurations"`
}

// NATRule is an inbound NAT rule or pool.
type NATRule struct {
	Resource
	Protocol     string `json:"protocol"`
	FrontendPort int    `json:"frontendPort"`
	BackendPort  int    `json:"backendPort"`
	Frontend     *Ref   `json:"frontendIPConfiguration"`
}
