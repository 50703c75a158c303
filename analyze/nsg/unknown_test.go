package nsg

import (
	"net/netip"
	"strings"
	"testing"

	"azlb/bundle-schema/az"
)

// TestUnknown has what the evidence cannot decide, and the words that say what is missing.
func TestUnknown(t *testing.T) {
	known := knownNetwork()
	unread := with(func(f *Facts) { f.Complete = false })
	defaultRoute := with(func(f *Facts) { f.UDRPrefixes, f.DefaultRoute = prefixes("0.0.0.0/0"), true })
	gatewayRoute := with(func(f *Facts) { f.Complete, f.DefaultRoute = false, true })
	noDefaults := Level{NSG: &az.NSG{Resource: az.Resource{Name: "nsg"}, SecurityRules: []az.SecurityRule{rule("in 500 Allow Tcp Internet * 443")}}}
	sourcePort := rule("in 500 Allow Tcp * * 80")
	sourcePort.SourcePortRange = "1024-65535"
	bare := rule("in 500 Allow Tcp Internet * 80")
	bare.SourceAddressPrefix = ""
	masked := rule("in 500 Allow Tcp asg:web * 80")
	masked.SourceASGs[0].ID = "***"
	for _, c := range []struct {
		name        string
		flow        Flow
		subnet, nic Level
		facts       Facts
		say         string
	}{
		{"tag without list", in(client, frontend, 80), none, group(rule("in 500 Allow Tcp Storage.WestEurope * 80")), known,
			"cannot decide: rule r500 priority 500 of NSG nsg (nic) uses service tag Storage.WestEurope, whose addresses are not in the bundle"},
		{"private client, peerings or gateways not read", in("172.16.4.4", internal, 80), group(), none, unread,
			"cannot decide: rule AllowVnetInBound priority 65000 of NSG nsg (subnet) uses VirtualNetwork as source, and what peerings, gateways and routes connect is not all in the bundle, so 172.16.4.4 may belong to it"},
		{"private client and Internet, not all read", in("100.64.3.4", frontend, 80), none, group(provider()), unread, "uses Internet as source"},
		{"private IPv6 client, not all read", in("fd00::5", "fd00::7", 80), group(), none, unread, "so fd00::5 may belong to it"},
		{"default route and VirtualNetwork", in(client, internal, 80), group(), none, defaultRoute, "the subnet's route 0.0.0.0/0 decides whether 198.51.100.7 belongs to it"},
		{"default route of a gateway", in(client, internal, 80), group(), none, gatewayRoute, "a default route may bring 198.51.100.7 into it"},
		{"application security group of the source", in(client, frontend, 80), none, group(rule("in 500 Allow Tcp asg:web * 80")), known,
			"is for application security group web, and whether the source belongs to it is not in the bundle"},
		{"application security group with a masked id", in(client, frontend, 80), none, group(masked), with(func(f *Facts) { f.KnowSrcASGs, f.SrcASGs = true, []string{asg("db")} }),
			"whether the source belongs to it is not in the bundle"},
		{"subnet group not readable", in(client, frontend, 80), unreadable, group(provider()), known, "cannot decide: the network security group of the subnet is not in the bundle"},
		{"interface group not readable", in(client, frontend, 80), none, unreadable, known, "cannot decide: the network security group of the interface is not in the bundle"},
		{"both", in(client, frontend, 80), unreadable, group(rule("in 500 Allow Tcp Sql * 80")), known,
			"cannot decide: the network security group of the subnet is not in the bundle; and rule r500"},
		{"default rules absent", in(client, frontend, 80), none, noDefaults, known, "no rule of NSG nsg (nic) matches for certain and its default rules are not in the bundle"},
		{"address unknown", Flow{Inbound: true, Dst: netip.MustParseAddr(frontend), DstPort: 80, Protocol: "Tcp"}, none, group(rule("in 500 Allow Tcp ::/0 * 80")), known,
			"is for source ::/0 only, and the flow's is not known"},
		{"protocol unknown", Flow{Inbound: true, Src: netip.MustParseAddr(client), Dst: netip.MustParseAddr(frontend), DstPort: 80}, none, group(provider()), known,
			"is for Tcp only, and the protocol of the flow is not known"},
		{"destination port unknown", in(client, frontend, 0), none, group(provider()), known, "is for destination port 80 only, and the flow's is not known"},
		{"source port limited", in(client, frontend, 80), none, group(sourcePort), known, "is for source port 1024-65535 only, and the flow's is not known"},
		{"augmented term not readable", in(client, frontend, 80), none, group(rule("in 500 Allow Tcp 10.0.0.0/33,10.0.0.0/8 * 80")), known, `has a source "10.0.0.0/33" that cannot be read`},
		{"range that ends before it begins", in(client, frontend, 80), none, group(rule("in 500 Allow Tcp 198.51.100.9-198.51.100.1 * 80")), known, `has a source "198.51.100.9-198.51.100.1" that cannot be read`},
		{"range of two families", in(client, frontend, 80), none, group(rule("in 500 Allow Tcp 10.0.0.1-ffff:: * 80")), known, `has a source "10.0.0.1-ffff::" that cannot be read`},
		{"port not readable", in(client, frontend, 80), none, group(rule("in 500 Allow Tcp * * 90-70,http")), known, `has a destination port "90-70" that cannot be read`},
		{"rule without a source", in(client, frontend, 80), none, group(bare), known, "names no source"},
		{"rule without a port", in(client, frontend, 80), none, group(az.SecurityRule{Direction: "Inbound", Access: "Allow", Protocol: "*", SourcePortRange: "*",
			SourceAddressPrefix: "*", DestinationAddressPrefix: "*"}), known, "names no destination port"},
		{"rule without a protocol", in(client, frontend, 80), none, group(az.SecurityRule{Direction: "Inbound", Access: "Allow", SourcePortRange: "*",
			SourceAddressPrefix: "*", DestinationAddressPrefix: "*", DestinationPortRange: "*"}), known, "names no protocol"},
		{"access not readable", in(client, frontend, 80), none, group(rule("in 500 Perhaps Tcp * * 80")), known, `has an access "Perhaps" that cannot be read`},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := Evaluate(c.flow, c.subnet, c.nic, c.facts)
			if d.Answer != Unknown || d.Deciding != nil {
				t.Errorf("answer %s by %v, want unknown: %s", d.Answer, d.Deciding, d.Say)
			}
			if !strings.Contains(d.Say, c.say) {
				t.Errorf("said    %q\nwithout %q", d.Say, c.say)
			}
		})
	}
}

// TestKnown has what must not become unknown however little else was read.
func TestKnown(t *testing.T) {
	little := Facts{VNetPrefixes: prefixes("10.224.0.0/12", "fd00:1::/64"), DefaultRoute: true, Frontend: StandardPublic}
	tags := group(
		rule("in 100 Deny * Internet * *"), rule("in 101 Deny * Storage,AzureCloud.westeurope * *"),
		rule("in 102 Deny * AzurePlatformIMDS,AzureFrontDoor.Backend * *"))
	for _, c := range []struct {
		name string
		flow Flow
		nic  Level
		want Answer
	}{
		{"probe against tags", in(probe, node, 30080), tags, Allowed},
		{"IPv6 probe against tags", in("fe80::1234:5678:9abc", "fd00:1::4", 30080), tags, Allowed},
		{"probe with a zone", in("fe80::1234:5678:9abc%eth0", "fd00:1::4", 30080), group(), Allowed},
		{"probe and deny VirtualNetwork", in(probe, node, 30080), group(rule("in 100 Deny * VirtualNetwork * *")), Denied},
		{"IPv6 probe and deny VirtualNetwork", in("fe80::1234:5678:9abc", "fd00:1::4", 30080), group(rule("in 100 Deny * VirtualNetwork * *")), Allowed},
		{"public client and Internet", in(client, frontend, 80), group(provider()), Allowed},
		{"public client in IPv6 form", in("::ffff:198.51.100.7", frontend, 80), group(rule("in 500 Allow Tcp 198.51.100.0/24 * 80")), Allowed},
		{"IPv4 client and an IPv6 range", in(client, frontend, 80), group(rule("in 500 Allow Tcp ::1-ffff:: * 80"), rule("in 501 Deny * * * *")), Denied},
		{"IPv6 client and an IPv4 range", in("2001:db8::7", frontend, 80), group(rule("in 500 Allow Tcp 0.0.0.1-255.0.0.0 * 80"), rule("in 501 Deny * * * *")), Denied},
		{"old spelling of the tags", in(client, frontend, 80), group(rule("in 500 allow TCP INTERNET " + frontend + " 80")), Allowed},
		{"old spelling of the probe's tag", in(probe, node, 80), group(rule("in 500 Deny * AZURE_LOADBALANCER * *")), Denied},
		{"same virtual network", in("10.224.9.9", node, 80), group(rule("in 100 Deny * Internet,Sql * *")), Allowed},
		{"private client and a public tag", in("10.224.9.9", node, 80), group(rule("in 100 Deny * VIRTUAL_NETWORK * 81"), rule("in 101 Deny * GatewayManager * *")), Allowed},
		{"may-be deny before deny", in(client, frontend, 443), group(rule("in 100 Deny * Storage * *"), rule("in 101 Deny * * * *")), Denied},
		{"may-be allow before allow", in(client, frontend, 443), group(rule("in 100 Allow * Storage * *"), rule("in 101 Allow * * * *")), Allowed},
		{"address range", in(client, frontend, 80), group(rule("in 100 Allow * 198.51.100.0-198.51.100.7 * 80")), Allowed},
		{"outside of an address range", in(client, frontend, 80), group(rule("in 100 Allow * 198.51.100.0-198.51.100.6 * 80"), rule("in 101 Deny * * * *")), Denied},
		{"host bits in a prefix", in(client, frontend, 80), group(rule("in 100 Allow * 198.51.100.250/24 * 80")), Allowed},
		{"every port", in(client, frontend, 0), group(rule("in 100 Allow * Any * 0-65535")), Allowed},
		{"outbound rules do not count", in(client, frontend, 80), group(rule("out 100 Deny * * * *"), provider()), Allowed},
		{"link-local is nobody's network", in("169.254.1.1", node, 80), group(), Denied},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d := Evaluate(c.flow, none, c.nic, little); d.Answer != c.want {
				t.Errorf("answer %s, want %s: %s", d.Answer, c.want, d.Say)
			}
		})
	}
}
