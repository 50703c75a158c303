package bundle

import "strings"

// The evidence of Azure that is asked for only where something shows that there is some:
// the inventory of a group, a rule of a security group, a subnet whose network may not
// be read. So its cost does not grow with the cluster.
var (
	// Resources is the inventory of a group: names and types only. Of a group whose
	// inventory shows none of a type nothing of that type is asked.
	Resources = Evidence{ID: "resources", Title: "Inventory of the resource group", Path: "azure/{group}/resources.json", Program: Az,
		Args: []string{"resource", "list", "--resource-group", "{group}"},
		Rest: "/subscriptions/{subscription}/resourceGroups/{group}/resources", RestVersion: "2021-04-01",
		Scope: PerGroup, Format: JSON, Redaction: RedactARM, Cap: 64 * mib, Extra: true,
		Without: "what else is in the resource group is not known",
		Right:   "Microsoft.Resources/subscriptions/resources/read and Microsoft.Resources/subscriptions/resourceGroups/resources/read"}
	PublicIPPrefixes = shown(network("public-ip-prefixes", "Public IP prefixes", "public-ip-prefix", []string{"network", "public-ip", "prefix", "list"}, "publicIPPrefixes",
		"whether a prefix of public addresses is used up is not known"))
	ASGs = shown(network("asgs", "Application security groups", "asg", []string{"network", "asg", "list"}, "applicationSecurityGroups",
		"whether an application security group that a rule names exists is not known"))
	AvailabilitySets = shown(compute("availability-sets", "Availability sets", "azure/{group}/availability-set.json", PerGroup, []string{"vm", "availability-set", "list", "--resource-group", "{group}"},
		"/availabilitySets", nil, "which nodes share an availability set, and so a backend pool of a Basic load balancer, is not known", "Microsoft.Compute/availabilitySets/read"))
	PrivateEndpoints = shown(network("private-endpoints", "Private endpoints", "private-endpoint", []string{"network", "private-endpoint", "list"}, "privateEndpoints",
		"which private endpoints use a private link service is not known"))
	// ApplicationGateways and Firewalls need an extension of az, or are large: ARM is asked at once.
	ApplicationGateways = shown(network("application-gateways", "Application gateways", "application-gateway", nil, "applicationGateways",
		"whether an application gateway shares the subnet or the security group is not known"))
	Firewalls = shown(network("firewalls", "Azure firewalls", "firewall", nil, "azureFirewalls",
		"whether the next hop of a route is an Azure firewall is not known"))
	// Subnets are read one by one where their virtual network may not be read: a role may
	// be given at the subnet alone.
	Subnets = Evidence{ID: "subnets", Title: "Subnets of virtual networks that may not be read", Path: "azure/{group}/vnet/{vnet}/{subnet}.json", Program: Az,
		Args: []string{"network", "vnet", "subnet", "show", "--resource-group", "{group}", "--vnet-name", "{vnet}", "--name", "{subnet}"},
		Rest: "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network/virtualNetworks/{vnet}/subnets/{subnet}", RestVersion: "2024-05-01",
		Scope: PerSubnet, Format: JSON, Redaction: RedactARM, Cap: 16 * mib, Extra: true,
		Without: "which security group and route table that subnet has is not known", Right: "Microsoft.Network/virtualNetworks/subnets/read"}
	// ServiceTags are cut to the tags that the collected security rules name: the whole
	// list has several MiB.
	ServiceTags = Evidence{ID: "service-tags", Title: "Addresses of service tags", Path: "azure/locations/{location}/service-tags.json", Program: Az,
		Args: []string{"network", "list-service-tags", "--location", "{location}"},
		Rest: "/subscriptions/{subscription}/providers/Microsoft.Network/locations/{location}/serviceTags", RestVersion: "2024-05-01",
		Scope: PerLocation, Format: JSON, Redaction: RedactARM, Cap: 64 * mib, Extra: true,
		Without: "whether an address belongs to a service tag that a security rule names is not known", Right: "Microsoft.Network/locations/serviceTags/read"}
	// ResourceHealth has no command in az.
	ResourceHealth = Evidence{ID: "resource-health", Title: "Resource health", Path: "azure/{group}/health.json", Program: Az,
		Rest: "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.ResourceHealth/availabilityStatuses", RestVersion: "2024-02-01",
		Scope: PerGroup, Format: JSON, Redaction: RedactARM, Cap: 16 * mib, Extra: true,
		Without: "whether Azure itself holds a load balancer or a machine for unhealthy is not known", Right: "Microsoft.ResourceHealth/availabilityStatuses/read"}
)

// The evidence that Azure gives only to a POST, which changes nothing and still takes a
// right that readers do not have.
var (
	PolicyStates = Evidence{ID: "policy-states", Title: "Resources that violate a policy", Path: "azure/{group}/policy-states.json", Program: Az,
		Args:  []string{"policy", "state", "list", "--resource-group", "{group}", "--filter", "complianceState eq 'NonCompliant'", "--top", "100"},
		Scope: PerGroup, Format: JSON, Redaction: RedactARM, Cap: 16 * mib, Extra: true, Deep: true,
		Without: "which resources violate a policy is not known", Right: "Microsoft.PolicyInsights/policyStates/queryResults/action"}
	// RuleHealth is what Azure's own probe says of each backend of a rule.
	RuleHealth = Evidence{ID: "rule-health", Title: "Health of a load balancing rule's backends", Path: "azure/{group}/lb/{loadbalancer}/health/{rule}.json", Program: Az,
		Args: []string{"resource", "invoke-action", "--action", "health", "--ids",
			"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network/loadBalancers/{loadbalancer}/loadBalancingRules/{rule}", "--api-version", "2024-05-01"},
		Scope: PerRule, Format: JSON, Redaction: RedactARM, Cap: 16 * mib, Extra: true, Deep: true,
		Without: "which backends Azure holds for up, and why not, is not known",
		Right:   "Microsoft.Network/loadBalancers/loadBalancingRules/health/action and Microsoft.Network/locations/operationResults/read"}
)

// shown marks a list of a group that is asked for only where its inventory shows one.
func shown(e Evidence) Evidence {
	_, kind, _ := strings.Cut(e.Rest, "/providers/")
	e.Kind = kind
	return extra(e)
}
