package az

// NSG is Microsoft.Network/networkSecurityGroups.
type NSG struct {
	Resource
	SecurityRules        []SecurityRule `json:"securityRules"`
	DefaultSecurityRules []SecurityRule `json:"defaultSecurityRules"`
	NICs                 []Ref          `json:"networkInterfaces"`
	Subnets              []Ref          `json:"subnets"`
}

// SecurityRule is one rule of a network security group. Singular and plural
// fields may both be set; the union counts.
type SecurityRule struct {
	Resource
	Priority                   int      `json:"priority"`
	Direction                  string   `json:"direction"`
	Access                     string   `json:"access"`
	Protocol                   string   `json:"protocol"`
	SourcePortRange            string   `json:"sourcePortRange"`
	SourcePortRanges           []string `json:"sourcePortRanges"`
	DestinationPortRange       string   `json:"destinationPortRange"`
	DestinationPortRanges      []string `json:"destinationPortRanges"`
	SourceAddressPrefix        string   `json:"sourceAddressPrefix"`
	SourceAddressPrefixes      []string `json:"sourceAddressPrefixes"`
	DestinationAddressPrefix   string   `json:"destinationAddressPrefix"`
	DestinationAddressPrefixes []string `json:"destinationAddressPrefixes"`
	SourceASGs                 []Ref    `json:"sourceApplicationSecurityGroups"`
	DestinationASGs            []Ref    `json:"destinationApplicationSecurityGroups"`
}
