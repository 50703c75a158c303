package nsg

import (
	"net/netip"
	"testing"

	"azlb/bundle-schema/az"
)

// provider is the rule that the cloud provider writes for a public Service.
func provider() az.SecurityRule {
	return named("k8s", rule("in 500 Allow Tcp Internet "+frontend+" 80"))
}

// with changes a copy of the known network.
func with(change func(*Facts)) Facts {
	f := knownNetwork()
	change(&f)
	return f
}

func TestWorkedExamples(t *testing.T) {
	const absent = Answer("absent")
	known := knownNetwork()
	peered := with(func(f *Facts) { f.PeerPrefixes = prefixes("10.50.0.0/16") })
	unread := with(func(f *Facts) { f.Complete = false })
	udr := with(func(f *Facts) { f.UDRPrefixes = prefixes("198.51.100.0/24") })
	icmp := in(client, node, 0)
	icmp.Protocol = "Icmp"
	outbound := in("10.224.0.9", internal, 443)
	outbound.Inbound = false
	ranges := group(rule("in 500 Allow Tcp 203.0.113.0/24 " + frontend + " 80"))
	frontDoor := group(rule("in 500 Allow Tcp AzureFrontDoor.Backend " + frontend + " 80"))
	augmented := group(
		rule("in 400 Allow Tcp 198.51.100.0/24,203.0.113.0/24 20.240.1.11,20.240.1.12 80,443,8080-8090"),
		rule("in 350 Deny Tcp 198.51.100.7/32 * 8085"))
	toASG := group(rule("in 500 Allow Tcp Internet asg:nodes 80"))

	for _, c := range []struct {
		name        string
		flow        Flow
		subnet, nic Level
		facts       Facts
		atSubnet    Answer // what the level alone says
		atNIC       Answer
		want        Answer
		priority    int // of the deciding rule, 0 for none
	}{
		{"1 internet client, provider's rule at the interface", in(client, frontend, 80), none, group(provider()), known, absent, Allowed, Allowed, 500},
		{"2 other port", in(client, frontend, 443), none, group(provider()), known, absent, Denied, Denied, 65500},
		{"3 customer's subnet group has only defaults", in(client, frontend, 80), group(), group(provider()), known, Denied, Allowed, Denied, 65500},
		{"4 floating IP off", in(client, node, 31423), none, group(provider()), known, absent, Denied, Denied, 65500},
		{"5 probe against deny-all", in(probe, node, 31423), group(rule("in 100 Deny * * * *")), none, known, Denied, absent, Denied, 100},
		{"6 probe against deny Internet", in(probe, node, 31423), group(rule("in 200 Deny * Internet * *")), none, known, Allowed, absent, Allowed, 65000},
		{"7a outside the source ranges", in(client, frontend, 80), none, ranges, known, absent, Denied, Denied, 65500},
		{"7b inside the source ranges", in("203.0.113.9", frontend, 80), none, ranges, known, absent, Allowed, Allowed, 500},
		{"8a own VM as private source", in("10.224.0.9", frontend, 80), none, group(provider()), known, absent, Denied, Denied, 65500},
		{"8b own VM after SNAT", in("20.240.1.10", frontend, 80), none, group(provider()), known, absent, Allowed, Allowed, 500},
		{"9a peered client, peering known", in("10.50.0.4", internal, 443), group(), group(), peered, Allowed, Allowed, Allowed, 65000},
		{"9b peered client, peering not collected", in("10.50.0.4", internal, 443), group(), group(), unread, Unknown, Unknown, Unknown, 0},
		{"10 on-premises client, gateway routes unknown", in("192.168.10.5", internal, 443), group(), none, unread, Unknown, absent, Unknown, 0},
		{"11a service tag, list missing", in("147.243.1.1", frontend, 80), none, frontDoor, known, absent, Unknown, Unknown, 0},
		{"11b service tag, list collected", in("147.243.1.1", frontend, 80), none, frontDoor,
			with(func(f *Facts) {
				f.Tags = map[string][]netip.Prefix{"azurefrontdoor.backend": prefixes("147.243.0.0/16")}
			}), absent, Allowed, Allowed, 500},
		{"12a augmented rule behind a deny", in(client, frontend, 8085), none, augmented, known, absent, Denied, Denied, 350},
		{"12b augmented rule", in(client, frontend, 8086), none, augmented, known, absent, Allowed, Allowed, 400},
		{"13 Standard public frontend without groups", in(client, frontend, 80), none, none, known, absent, absent, Denied, 0},
		{"14 subnet group unreadable", in(client, frontend, 80), unreadable, group(provider()), known, Unknown, Allowed, Unknown, 0},
		{"15 deny VirtualNetwork and a default route", in(client, frontend, 80), none, group(rule("in 300 Deny * VirtualNetwork * *"), provider()),
			with(func(f *Facts) { f.UDRPrefixes, f.DefaultRoute = prefixes("0.0.0.0/0"), true }), absent, Unknown, Unknown, 0},
		{"16a application security group, member", in(client, frontend, 80), none, toASG,
			with(func(f *Facts) { f.KnowDstASGs, f.DstASGs = true, []string{asg("Nodes")} }), absent, Allowed, Allowed, 500},
		{"16b application security group, membership unknown", in(client, frontend, 80), none, toASG, known, absent, Unknown, Unknown, 0},
		{"17 outbound at the client", outbound, group(), group(rule("out 200 Deny * * VirtualNetwork *")), known, Allowed, Denied, Denied, 200},
		{"18a route covers the client, deny VirtualNetwork", in(client, frontend, 80), none, group(rule("in 300 Deny * VirtualNetwork * *"), provider()), udr, absent, Unknown, Unknown, 0},
		{"18b route covers the client", in(client, frontend, 80), none, group(provider()), udr, absent, Unknown, Unknown, 0},
		{"19 ICMP where only Tcp is allowed", icmp, none, group(rule("in 100 Allow Tcp * * *")), known, absent, Denied, Denied, 65500},
		{"20 IPv6 client against 0.0.0.0/0", in("2001:db8::7", "2603:1020::11", 80), none, group(rule("in 500 Allow Tcp 0.0.0.0/0 * 80")), known, absent, Denied, Denied, 65500},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := Evaluate(c.flow, c.subnet, c.nic, c.facts)
			if d.Answer != c.want {
				t.Errorf("answer %s, want %s: %s", d.Answer, c.want, d.Say)
			}
			priority := 0
			if d.Deciding != nil {
				priority = d.Deciding.Rule.Priority
			}
			if priority != c.priority {
				t.Errorf("decided by the rule at %d, want %d: %s", priority, c.priority, d.Say)
			}
			for _, level := range []struct {
				name  string
				level Level
				want  Answer
			}{{"subnet", c.subnet, c.atSubnet}, {"nic", c.nic, c.atNIC}} {
				got := judge(c.flow, level.name, level.level, &c.facts)
				if got.absent != (level.want == absent) || !got.absent && got.answer != level.want {
					t.Errorf("%s alone: %s (absent %v), want %s", level.name, got.answer, got.absent, level.want)
				}
			}
		})
	}
}
