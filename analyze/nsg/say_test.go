package nsg

import (
	"fmt"
	"strings"
	"testing"
)

func TestSay(t *testing.T) {
	known := knownNetwork()
	basic := with(func(f *Facts) { f.Frontend = BasicPublic })
	inside := with(func(f *Facts) { f.Frontend = Internal })
	unread := with(func(f *Facts) { f.Frontend, f.Complete = Internal, false })
	outbound := in(node, client, 443)
	outbound.Inbound = false
	both := group() // one group at both levels is one thing to repair
	icmp := in(client, node, 0)
	icmp.Protocol = "Icmp"
	for _, c := range []struct {
		flow        Flow
		subnet, nic Level
		facts       Facts
		answer      Answer
		say         string
	}{
		{in(client, frontend, 80), none, group(provider()), known, Allowed,
			"NSG nsg (nic): rule k8s priority 500 allows Tcp 80 from 198.51.100.7 (Internet) to 20.240.1.11"},
		{in(client, frontend, 80), group(provider()), none, known, Allowed,
			"NSG nsg (subnet): rule k8s priority 500 allows Tcp 80 from 198.51.100.7 (Internet) to 20.240.1.11"},
		{icmp, none, group(), known, Denied, "NSG nsg (nic): rule DenyAllInBound priority 65500 denies Icmp from 198.51.100.7 to 10.224.0.4"},
		{in(client, frontend, 80), group(rule("in 100 Deny * 198.51.100.7 * *")), group(), known, Denied,
			"NSG nsg (subnet): rule r100 priority 100 denies Tcp 80 from 198.51.100.7 to 20.240.1.11, and rule DenyAllInBound priority 65500 of NSG nsg (nic) denies it too"},
		{in(client, frontend, 80), both, both, known, Denied,
			"NSG nsg (subnet): rule DenyAllInBound priority 65500 denies Tcp 80 from 198.51.100.7 to 20.240.1.11"},
		{in(client, frontend, 80), unreadable, group(), known, Denied,
			"NSG nsg (nic): rule DenyAllInBound priority 65500 denies Tcp 80 from 198.51.100.7 to 20.240.1.11"},
		{in(client, frontend, 80), none, none, known, Denied,
			"closed by default: neither the subnet nor the interface has a network security group, and a Standard public frontend lets in only what a group allows"},
		{in(probe, node, 30080), none, none, known, Allowed,
			"neither the subnet nor the interface has a network security group, so nothing filters Tcp 30080 from 168.63.129.16 to 10.224.0.4"},
		{in(client, frontend, 80), none, none, basic, Allowed,
			"neither the subnet nor the interface has a network security group, so nothing filters Tcp 80 from 198.51.100.7 to 20.240.1.11"},
		{outbound, none, none, known, Allowed,
			"neither the subnet nor the interface has a network security group, so nothing filters Tcp 443 from 10.224.0.4 to 198.51.100.7"},
		{in(node, internal, 80), none, none, inside, Allowed,
			"no network security group filters, and an internal frontend is open inside the virtual network: Tcp 80 from 10.224.0.4 to 10.224.0.7"},
		{in(client, internal, 80), none, none, inside, Denied,
			"no network security group filters, and an internal frontend is open inside the virtual network only: 198.51.100.7 is outside"},
		{in("192.168.1.1", internal, 80), none, none, unread, Unknown,
			"cannot decide: no network security group filters, and an internal frontend is open inside the virtual network only, and whether 192.168.1.1 is inside depends on peerings, gateways and routes that the bundle does not tell"},
	} {
		d := Evaluate(c.flow, c.subnet, c.nic, c.facts)
		if d.Answer != c.answer || d.Say != c.say {
			t.Errorf("%s: %s\nwant\n%s: %s", d.Answer, d.Say, c.answer, c.say)
		}
	}
}

// TestEarlier holds the explanation: every rule before the deciding one, both
// levels in the order of the packet, with the part that did not match.
func TestEarlier(t *testing.T) {
	udp := rule("in 100 Allow Udp * * 80")
	subnet := group(udp, rule("in 110 Allow Tcp * * 81,90-99"), rule("in 120 Allow Tcp * 20.0.0.0/24 80"),
		rule("in 130 Deny Tcp 10.0.0.0/8,10.1.0.0/16,10.2.0.0/16,10.3.0.0/16,10.4.0.0/16 * 80"), rule("in 140 Allow Tcp Internet * *"))
	maybe := named("tag", rule("in 50 Deny Tcp Storage * 80"))
	from := provider()
	from.SourcePortRange = "81"
	from.Priority = 60
	nic := group(maybe, from, rule("in 70 Deny Tcp asg:web * 80"), rule("in 80 Deny * * * *"))
	flow := in(client, frontend, 80)
	flow.SrcPort = 40000
	facts := with(func(f *Facts) { f.KnowSrcASGs = true })
	d := Evaluate(flow, subnet, nic, facts)
	var got strings.Builder
	for _, r := range d.Earlier {
		fmt.Fprintf(&got, "%s %d %s: %s\n", r.Level, r.Rule.Priority, r.Match, r.Why)
	}
	want := `subnet 100 no: protocol Tcp is not Udp
subnet 110 no: destination port 80 is not in 81, 90-99
subnet 120 no: destination 20.240.1.11 is not in 20.0.0.0/24
subnet 130 no: source 198.51.100.7 is not in 10.0.0.0/8, 10.1.0.0/16, 10.2.0.0/16, 10.3.0.0/16, … (5 in all)
subnet 140 yes: 
nic 50 maybe: uses service tag Storage, whose addresses are not in the bundle
nic 60 no: source port 40000 is not in 81
nic 70 no: source 198.51.100.7 is not in application security group web
`
	if got.String() != want {
		t.Errorf("earlier\n%s\nwant\n%s", got.String(), want)
	}
	if d.Answer != Denied || d.Deciding == nil || d.Deciding.Rule.Priority != 80 {
		t.Errorf("answer %s: %s", d.Answer, d.Say)
	}
	// The rules of the decision are those of the group, so that they can be cited.
	if d.Deciding.Rule != &nic.NSG.SecurityRules[3] {
		t.Error("the deciding rule is a copy")
	}
	outbound := in(node, client, 80)
	outbound.Inbound = false
	d = Evaluate(outbound, group(), group(), facts)
	if d.Deciding == nil || d.Deciding.Level != "subnet" || len(d.Earlier) != 3 || d.Earlier[0].Level != "nic" {
		t.Errorf("outbound: the subnet is asked last: %+v", d)
	}
}
