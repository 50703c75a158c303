package az

// NIC is Microsoft.Network/networkInterfaces, or the interface of a scale-set
// instance (then ID has the instance in it).
type NIC struct {
	Resource
	Primary            bool       `json:"primary"`
	EnableIPForwarding bool       `json:"enableIPForwarding"`
	NSG                *Ref       `json:"networkSecurityGroup"`
	VirtualMachine     *Ref       `json:"virtualMachine"`
	IPConfigurations   []IPConfig `json:"ipConfigurations"`
	PrivateLinkService *Ref       `json:"privateLinkService"`
	PrivateEndpoint    *Ref       `json:"privateEndpoint"`
}

// IPConfig is one IP configuration of a network interface.
type IPConfig struct {
	Resource
	Primary          bool   `json:"primary"`
	PrivateIPAddress string `json:"privateIPAddress"`
	Allocation       string `json:"privateIPAllocationMethod"`
	Version          string `json:"privateIPAddressVersion"`
	Subnet           *Ref   `json:"subnet"`
	PublicIP         *Ref   `json:"publicIPAddress"`
	// PublicIPModel is of a scale set's model: each instance gets an address of its own.
	PublicIPModel *struct {
		Name string `json:"name"`
	} `json:"publicIPAddressConfiguration"`
	Pools []Ref `json:"loadBalancerBackendAddressPools"`
	ASGs  []Ref `json:"applicationSecurityGroups"`
}
