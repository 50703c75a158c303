package nsg

import (
	"fmt"
	"net/netip"
	"strings"
)

// The addresses from which the host of a virtual machine probes.
var (
	probe4 = netip.MustParseAddr("168.63.129.16")
	probe6 = netip.MustParseAddr("fe80::1234:5678:9abc")
)

func isProbe(a netip.Addr) bool { return a == probe4 || a == probe6 }

// platformTags hold one special address each, whether or not tags were collected.
var platformTags = map[string]netip.Addr{
	"azureplatformdns":  probe4,
	"azureplatformimds": netip.MustParseAddr("169.254.169.254"),
}

var sharedSpace = netip.MustParsePrefix("100.64.0.0/10")

// kind is how far an address is routed.
type kind int

const (
	public kind = iota
	private
	local // never leaves the link or the host: no gateway or route can bring it
)

func kindOf(a netip.Addr) kind {
	switch {
	case isProbe(a), a.IsLinkLocalUnicast(), a.IsMulticast(), a.IsLoopback(), a.IsUnspecified():
		return local
	case a.IsPrivate(), sharedSpace.Contains(a):
		return private
	}
	return public
}

// virtualNetwork is the tag VirtualNetwork: the address space of the network and of
// its peers, what a gateway connects, the host's address, and the prefixes of the
// subnet's route table.
func virtualNetwork(who string, a netip.Addr, facts *Facts) outcome {
	if !a.IsValid() {
		return outcome{match: Maybe, why: "address is not known"}
	}
	if a == probe4 || inSpace(a, facts) {
		return outcome{match: Yes}
	}
	k := kindOf(a)
	if k == local {
		return outcome{match: No}
	}
	if route, found := routeTo(a, facts, 0); found {
		return routed(who, a, "VirtualNetwork", route)
	}
	switch {
	case k == private && facts.Complete:
		return outcome{match: No}
	case k == private:
		return unread(who, a, "VirtualNetwork")
	case facts.DefaultRoute:
		return outcome{match: Maybe, why: fmt.Sprintf("uses VirtualNetwork as %s, and a default route may bring %s into it", who, a)}
	}
	return outcome{match: No}
}

// internet is the tag Internet: public addresses outside the virtual network. A
// default route leaves them there; a narrower route may have moved them into the
// tag VirtualNetwork.
func internet(who string, a netip.Addr, facts *Facts) outcome {
	k := kindOf(a)
	if k == local || inSpace(a, facts) {
		return outcome{match: No}
	}
	if route, found := routeTo(a, facts, 1); found {
		return routed(who, a, "Internet", route)
	}
	switch {
	case k == public:
		return outcome{match: Yes}
	case facts.Complete:
		return outcome{match: No}
	}
	return unread(who, a, "Internet")
}

// serviceTag is any other tag: public addresses that only Azure's own list tells.
func serviceTag(a netip.Addr, tag string, facts *Facts) outcome {
	name := strings.ToLower(tag)
	if prefixes, collected := facts.Tags[name]; collected {
		return outcome{match: sure(inAny(a, prefixes))}
	}
	if kindOf(a) == public || platformTags[name] == a {
		return outcome{match: Maybe, why: "uses service tag " + tag + ", whose addresses are not in the bundle"}
	}
	return outcome{match: No}
}

// isTag says whether a term is spelled like a service tag: words of letters and
// digits, joined by dots ("Storage.WestEurope").
func isTag(term string) bool {
	for word := range strings.SplitSeq(term, ".") {
		if word == "" || strings.Trim(strings.ToLower(word), "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
			return false
		}
	}
	return !strings.ContainsAny(term[:1], "0123456789")
}

func inSpace(a netip.Addr, facts *Facts) bool {
	return inAny(a, facts.VNetPrefixes) || inAny(a, facts.PeerPrefixes)
}

// routeTo is the first route of the table that covers the address and fixes at
// least so many bits of it.
func routeTo(a netip.Addr, facts *Facts, bits int) (netip.Prefix, bool) {
	for _, route := range facts.UDRPrefixes {
		if route.Bits() >= bits && route.Contains(a) {
			return route, true
		}
	}
	return netip.Prefix{}, false
}

func inAny(a netip.Addr, prefixes []netip.Prefix) bool {
	for _, p := range prefixes {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

func routed(who string, a netip.Addr, tag string, route netip.Prefix) outcome {
	return outcome{match: Maybe, why: fmt.Sprintf("uses %s as %s, and the subnet's route %s decides whether %s belongs to it", tag, who, route, a)}
}

func unread(who string, a netip.Addr, tag string) outcome {
	return outcome{match: Maybe, why: fmt.Sprintf("uses %s as %s, and what peerings, gateways and routes connect is not all in the bundle, so %s may belong to it", tag, who, a)}
}
