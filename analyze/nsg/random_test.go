package nsg

import (
	"flag"
	"math/rand/v2"
	"net/netip"
	"testing"

	"azlb/bundle-schema/az"
)

var sets = flag.Int("nsg.sets", 20000, "random rule sets that TestAgainstNaive compares")

// dice makes random groups, flows and facts out of a small world, so that rules
// match often and every kind of term meets every kind of address.
type dice struct{ *rand.Rand }

func pick[T any](d dice, of ...T) T { return of[d.IntN(len(of))] }

func (d dice) often(percent int) bool { return d.IntN(100) < percent }

// some picks none to three, most often one.
func some[T any](d dice, of ...T) []T {
	var out []T
	for range pick(d, 0, 1, 1, 1, 1, 2, 2, 3) {
		out = append(out, pick(d, of...))
	}
	return out
}

var worldAddresses = []string{
	probe, "fe80::1234:5678:9abc", frontend, node, internal, client, "203.0.113.9", "10.50.0.4", "192.168.10.5", "172.20.1.1",
	"100.64.7.7", "169.254.169.254", "127.0.0.1", "224.0.0.5", "0.0.0.0", "2001:db8::7", "2603:1020::11", "fd00:1::4", "fd00:2::4", "fe80::5", "ff02::1",
}

var worldTerms = []string{
	"*", "Any", "0.0.0.0/0", "::/0", "Internet", "INTERNET", "VirtualNetwork", "VIRTUAL_NETWORK", "AzureLoadBalancer", "AZURE_LOADBALANCER",
	"Storage.WestEurope", "AzureFrontDoor.Backend", "AzurePlatformDNS", "AzurePlatformIMDS", "no tag", "10.0.0.0/33",
	frontend, node, internal, client, probe, "198.51.100.0/24", "198.51.100.99/24", "10.224.0.0/12", "10.0.0.0/8", "168.63.0.0/16", "20.240.1.8/29",
	"198.51.100.1-198.51.100.9", "198.51.100.8-198.51.100.9", "2001:db8::/32", "2603:1020::11", "fd00:1::/64", "fe80::/10", "2001:db8::1-2001:db8::ffff",
}

func (d dice) flow() Flow {
	return Flow{
		Inbound: d.often(70), Src: netip.MustParseAddr(pick(d, worldAddresses...)), Dst: netip.MustParseAddr(pick(d, worldAddresses...)),
		SrcPort: pick(d, 0, 0, 80, 40000), DstPort: pick(d, 0, 80, 80, 443, 8085), Protocol: pick(d, "Tcp", "Tcp", "Udp", "Icmp"),
	}
}

func (d dice) facts() Facts {
	f := Facts{
		VNetPrefixes: prefixes(some(d, "10.224.0.0/12", "fd00:1::/64", "198.51.100.0/28")...),
		PeerPrefixes: prefixes(some(d, "10.50.0.0/16", "fd00:2::/64")...),
		DefaultRoute: d.often(25), Complete: d.often(50),
		DstASGs: some(d, asg("nodes"), asg("web")), SrcASGs: some(d, asg("NODES"), asg("db")),
		KnowDstASGs: d.often(60), KnowSrcASGs: d.often(60),
		Frontend: pick(d, StandardPublic, BasicPublic, Internal, NoFrontend),
	}
	if d.often(40) {
		f.UDRPrefixes = prefixes(some(d, "0.0.0.0/0", "::/0", "198.51.100.0/24", "10.244.0.0/16", "192.168.0.0/16", "2001:db8::/32")...)
	}
	if d.often(40) {
		f.Tags = map[string][]netip.Prefix{"storage.westeurope": prefixes(some(d, "198.51.100.0/25", "2603:1020::/32")...)}
	}
	return f
}

func (d dice) rule(priority int) az.SecurityRule {
	r := az.SecurityRule{
		Priority: priority, Direction: pick(d, "Inbound", "inbound", "Outbound"), Access: pick(d, "Allow", "Deny", "deny"),
		Protocol: pick(d, "*", "*", "Tcp", "TCP", "Udp", "Icmp", "Any", "All", "Esp"), SourcePortRange: "*",
		DestinationPortRange: pick(d, "", "*", "80", "443", "8080-8090", "0-65535"),
	}
	if d.often(10) {
		r.SourcePortRange = pick(d, "", "80", "1024-65535", "0-65535", "http")
	}
	if d.often(30) {
		r.DestinationPortRanges = some(d, "80", "443", "8080-8090", "90-70", "")
	}
	if d.often(3) {
		r.Protocol, r.Access = "", pick(d, "", "Allow")
	}
	r.SourceAddressPrefix, r.DestinationAddressPrefix = pick(d, worldTerms...), pick(d, worldTerms...)
	if d.often(50) {
		r.DestinationAddressPrefix = "*"
	}
	if d.often(15) {
		r.SourceAddressPrefix, r.SourceAddressPrefixes = "", some(d, worldTerms...)
		r.SourceASGs = some(d, az.Ref{ID: asg("nodes")}, az.Ref{ID: asg("web")})
	}
	if d.often(15) {
		r.DestinationAddressPrefix, r.DestinationAddressPrefixes = "", some(d, worldTerms...)
		r.DestinationASGs = some(d, az.Ref{ID: asg("nodes")}, az.Ref{ID: asg("db")})
	}
	return r
}

func (d dice) level() Level {
	switch {
	case d.often(15):
		return none
	case d.often(5):
		return unreadable
	}
	g := group()
	for range d.IntN(7) {
		g.NSG.SecurityRules = append(g.NSG.SecurityRules, d.rule(0))
	}
	// No two rules of a group have the same priority.
	for i, place := range d.Perm(len(g.NSG.SecurityRules)) {
		g.NSG.SecurityRules[i].Priority = 100 + place
	}
	if d.often(5) {
		g.NSG.DefaultSecurityRules = nil
	}
	return g
}

func TestAgainstNaive(t *testing.T) {
	count := map[Answer]int{}
	for seed := range *sets {
		d := dice{rand.New(rand.NewPCG(uint64(seed), 1))}
		f, subnet, nic, facts := d.flow(), d.level(), d.level(), d.facts()
		got, want := Evaluate(f, subnet, nic, facts), naive(f, subnet, nic, facts)
		count[got.Answer]++
		if got.Answer != want {
			t.Fatalf("set %d: %s, naively %s: %s\nflow %+v\nsubnet %+v\nnic %+v\nfacts %+v", seed, got.Answer, want, got.Say, f, subnet.NSG, nic.NSG, facts)
		}
		laws(t, f, subnet, nic, facts, got)
	}
	t.Log(count)
	for _, answer := range []Answer{Allowed, Denied, Unknown} {
		if count[answer]*20 < *sets {
			t.Errorf("only %d of %d sets are %s: the comparison says little", count[answer], *sets, answer)
		}
	}
}

// laws hold for every flow: a decision is explained, and knowing more settles what
// was unknown but turns nothing round.
func laws(t *testing.T, f Flow, subnet, nic Level, facts Facts, d Decision) {
	t.Helper()
	if d.Say == "" || d.Answer == Unknown && d.Deciding != nil || d.Deciding != nil && d.Deciding.Match != Yes {
		t.Fatalf("badly explained: %+v", d)
	}
	if d.Deciding != nil && answerOf(d.Deciding.Rule.Access) != d.Answer {
		t.Fatalf("%s by a rule with access %s", d.Answer, d.Deciding.Rule.Access)
	}
	for _, r := range d.Earlier {
		if r.Match != Yes && r.Why == "" || r.Rule == nil || r.Level == "" {
			t.Fatalf("badly explained: %+v", r)
		}
	}
	less := facts
	less.KnowDstASGs, less.KnowSrcASGs, less.Complete = false, false, false
	if was := Evaluate(f, subnet, nic, less).Answer; was != Unknown && was != d.Answer {
		t.Fatalf("%s with less evidence, %s with more", was, d.Answer)
	}
	if subnet.NSG != nil {
		if was := Evaluate(f, unreadable, nic, facts).Answer; was != Unknown && was != d.Answer {
			t.Fatalf("%s with the subnet's group unread, %s with it", was, d.Answer)
		}
	}
}

// FuzzEvaluate gives a rule any text Azure never wrote. Nothing may panic, and an
// unreadable rule in front may leave the answer open but not turn it round.
func FuzzEvaluate(f *testing.F) {
	f.Add(uint64(1), "Tcp", "Internet", "*", "80", "*", "Allow")
	f.Add(uint64(2), "", "198.51.100.9-198.51.100.1", "10.0.0.0/33", "70000", "-", "Deny")
	f.Add(uint64(3), "any", "fe80::1%eth0", "::ffff:1.2.3.4/97", "0x50", "1-2-3", "")
	f.Add(uint64(4), "*", ".", "A..b", "1_0", "+1", "deny")
	f.Fuzz(func(t *testing.T, seed uint64, protocol, source, destination, ports, sourcePorts, access string) {
		d := dice{rand.New(rand.NewPCG(seed, 2))}
		flow, subnet, nic, facts := d.flow(), d.level(), group(), d.facts()
		without := Evaluate(flow, subnet, nic, facts)
		odd := az.SecurityRule{Priority: 100, Direction: "Inbound", Access: access, Protocol: protocol, SourceAddressPrefix: source,
			DestinationAddressPrefix: destination, DestinationPortRange: ports, SourcePortRange: sourcePorts}
		nic = group(odd)
		with := Evaluate(flow, subnet, nic, facts)
		laws(t, flow, subnet, nic, facts, with)
		met := meet(flow, &nic.NSG.SecurityRules[0], &facts)
		settled := without.Answer != Unknown && with.Answer != Unknown && with.Answer != without.Answer
		if settled && met.match != Yes {
			t.Errorf("a rule that matches %s (%s) turns %s into %s", met.match, met.why, without.Answer, with.Answer)
		}
	})
}

// BenchmarkEvaluate is a large group: 200 rules, of which the last allows.
func BenchmarkEvaluate(b *testing.B) {
	big := group()
	for i := range 199 {
		r := rule("in 100 Deny Tcp 203.0.113.0/24,192.0.2.0/24 * 80")
		r.Priority += i
		big.NSG.SecurityRules = append(big.NSG.SecurityRules, r)
	}
	big.NSG.SecurityRules = append(big.NSG.SecurityRules, provider())
	flow, facts := in(client, frontend, 80), knownNetwork()
	b.ReportAllocs()
	for b.Loop() {
		if Evaluate(flow, big, none, facts).Answer != Allowed {
			b.Fatal("the last rule allows")
		}
	}
}
