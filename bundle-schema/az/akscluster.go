package az

// AKSCluster is Microsoft.ContainerService/managedClusters: what AKS was told about
// its nodes and their way out.
type AKSCluster struct {
	Resource
	KubernetesVersion        string      `json:"kubernetesVersion"`
	CurrentKubernetesVersion string      `json:"currentKubernetesVersion"`
	NodeResourceGroup        string      `json:"nodeResourceGroup"`
	PowerState               PowerState  `json:"powerState"`
	Network                  AKSNetwork  `json:"networkProfile"`
	Pools                    []AgentPool `json:"agentPoolProfiles"`
	// Identity is that of the control plane, which writes load balancers.
	Identity struct {
		Type        string                 `json:"type"` // "SystemAssigned", "UserAssigned"; empty: a service principal
		PrincipalID string                 `json:"principalId"`
		Assigned    map[string]AKSIdentity `json:"userAssignedIdentities"` // by ARM id
		At          string                 `json:"@at"`
	} `json:"identity"`
	// Others are identities that write no load balancer, such as "kubeletidentity".
	Others map[string]AKSIdentity `json:"identityProfile"`
}

// AKSIdentity is a managed identity; its object id is PrincipalID in one list and
// ObjectID in the other.
type AKSIdentity struct {
	PrincipalID string `json:"principalId"`
	ObjectID    string `json:"objectId"`
	ClientID    string `json:"clientId"`
	At          string `json:"@at"`
}

// PowerState is Running or Stopped.
type PowerState struct {
	Code string `json:"code"`
}

// AKSNetwork is the network profile. OutboundType is loadBalancer, userDefinedRouting,
// managedNATGateway, userAssignedNATGateway, none or block.
type AKSNetwork struct {
	OutboundType    string              `json:"outboundType"`
	LoadBalancerSKU string              `json:"loadBalancerSku"`
	LoadBalancer    *AKSOutboundProfile `json:"loadBalancerProfile"`
	NetworkPlugin   string              `json:"networkPlugin"`
	IPFamilies      []string            `json:"ipFamilies"`
	At              string              `json:"@at"`
}

// AKSOutboundProfile is how nodes leave through the load balancer. Absent numbers are
// AKS's defaults: ports by the size of the pool, 30 minutes.
type AKSOutboundProfile struct {
	AllocatedOutboundPorts *int `json:"allocatedOutboundPorts"`
	IdleTimeoutInMinutes   *int `json:"idleTimeoutInMinutes"`
	Managed                *struct {
		Count     int `json:"count"`
		CountIPv6 int `json:"countIPv6"`
	} `json:"managedOutboundIPs"`
	PublicIPs *struct {
		All []Ref `json:"publicIPs"`
	} `json:"outboundIPs"`
	Prefixes *struct {
		All []Ref `json:"publicIPPrefixes"`
	} `json:"outboundIPPrefixes"`
	Effective       []Ref  `json:"effectiveOutboundIPs"`
	BackendPoolType string `json:"backendPoolType"`
	Many            *bool  `json:"enableMultipleStandardLoadBalancers"`
	ProbeMode       string `json:"clusterServiceLoadBalancerHealthProbeMode"`
	At              string `json:"@at"`
}

// AgentPool is a node pool.
type AgentPool struct {
	Name               string     `json:"name"`
	Type               string     `json:"type"`
	Mode               string     `json:"mode"`
	Count              int        `json:"count"`
	MinCount           int        `json:"minCount"`
	MaxCount           int        `json:"maxCount"`
	EnableAutoScaling  bool       `json:"enableAutoScaling"`
	EnableNodePublicIP bool       `json:"enableNodePublicIP"`
	SubnetID           string     `json:"vnetSubnetID"`
	PowerState         PowerState `json:"powerState"`
	Upgrade            struct {
		MaxSurge string `json:"maxSurge"` // "1", "33%", empty: AKS's default
	} `json:"upgradeSettings"`
	ProvisioningState string `json:"provisioningState"`
	At                string `json:"@at"`
}
