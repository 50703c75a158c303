package rule

import (
	"strings"

	"azlb/bundle-schema/az"
	"azlb/report"
)

// Resource is the object that an ARM id names.
func Resource(id string) report.Object {
	kinds := map[string]string{"loadbalancers": "LoadBalancer", "publicipaddresses": "PublicIP", "networksecuritygroups": "NetworkSecurityGroup",
		"virtualmachines": "VirtualMachine", "virtualmachinescalesets": "ScaleSet", "networkinterfaces": "NetworkInterface", "routetables": "RouteTable",
		"virtualnetworks": "VirtualNetwork", "subnets": "Subnet", "privatelinkservices": "PrivateLinkService"}
	x, ok := az.ParseID(id)
	if !ok || len(x.Types) == 0 {
		return report.Object{Kind: "Resource", Name: az.LastName(id)}
	}
	typ := x.Types[len(x.Types)-1]
	kind := kinds[strings.ToLower(typ)]
	if kind == "" {
		kind = typ
	}
	return report.Object{Kind: kind, Name: strings.Join(x.Names, "/")}
}
