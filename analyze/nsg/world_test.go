package nsg

import (
	"net/netip"
	"strings"

	"azlb/bundle-schema/az"
)

// The network of the worked examples: a frontend, a node, an internal frontend and
// a client outside.
const (
	frontend = "20.240.1.11"
	node     = "10.224.0.4"
	internal = "10.224.0.7"
	client   = "198.51.100.7"
	probe    = "168.63.129.16"
)

// knownNetwork is a virtual network of which everything was read.
func knownNetwork() Facts {
	return Facts{VNetPrefixes: prefixes("10.224.0.0/12"), Complete: true, Frontend: StandardPublic}
}

func prefixes(texts ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, text := range texts {
		out = append(out, netip.MustParsePrefix(text))
	}
	return out
}

// in is an inbound Tcp flow.
func in(src, dst string, port int) Flow {
	return Flow{Inbound: true, Src: netip.MustParseAddr(src), Dst: netip.MustParseAddr(dst), DstPort: port, Protocol: "Tcp"}
}

// group is a security group with the default rules that Azure always adds.
func group(rules ...az.SecurityRule) Level {
	return Level{NSG: &az.NSG{
		Resource:             az.Resource{Name: "nsg"},
		SecurityRules:        rules,
		DefaultSecurityRules: defaults(),
	}}
}

var (
	none       = Level{None: true}
	unreadable = Level{}
)

func defaults() []az.SecurityRule {
	return []az.SecurityRule{
		named("AllowVnetInBound", rule("in 65000 Allow * VirtualNetwork VirtualNetwork *")),
		named("AllowAzureLoadBalancerInBound", rule("in 65001 Allow * AzureLoadBalancer * *")),
		named("DenyAllInBound", rule("in 65500 Deny * * * *")),
		named("AllowVnetOutBound", rule("out 65000 Allow * VirtualNetwork VirtualNetwork *")),
		named("AllowInternetOutBound", rule("out 65001 Allow * * Internet *")),
		named("DenyAllOutBound", rule("out 65500 Deny * * * *")),
	}
}

func named(name string, r az.SecurityRule) az.SecurityRule {
	r.Name = name
	return r
}

// rule reads "in|out priority access protocol source destination ports", where the
// last three may be comma lists; "asg:x" is an application security group.
func rule(text string) az.SecurityRule {
	field := strings.Fields(text)
	r := az.SecurityRule{Access: field[2], Protocol: field[3], SourcePortRange: "*"}
	r.Direction = map[string]string{"in": "Inbound", "out": "Outbound"}[field[0]]
	for _, digit := range field[1] {
		r.Priority = r.Priority*10 + int(digit-'0')
	}
	r.Name = "r" + field[1]
	r.SourceAddressPrefix, r.SourceAddressPrefixes, r.SourceASGs = terms(field[4])
	r.DestinationAddressPrefix, r.DestinationAddressPrefixes, r.DestinationASGs = terms(field[5])
	r.DestinationPortRange, r.DestinationPortRanges, _ = terms(field[6])
	return r
}

// terms puts one term into the singular field and more into the plural one, as Azure does.
func terms(text string) (one string, many []string, groups []az.Ref) {
	for term := range strings.SplitSeq(text, ",") {
		if id, found := strings.CutPrefix(term, "asg:"); found {
			groups = append(groups, az.Ref{ID: asg(id)})
		} else {
			many = append(many, term)
		}
	}
	if len(many) == 1 {
		return many[0], nil, groups
	}
	return "", many, groups
}

func asg(name string) string {
	return "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/applicationSecurityGroups/" + name
}
