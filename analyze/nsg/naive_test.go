package nsg

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"azlb/bundle-schema/az"
)

// naive answers what Evaluate answers, in another way: it makes every world that
// the evidence leaves possible, by letting each rule that may match match or not,
// takes the first matching rule in each, and is sure only if all worlds agree.
// Addresses are strings of bits, ports are counted through, rules are found by
// priority without sorting. It shares no code with the package but its types.
func naive(f Flow, subnet, nic Level, facts Facts) Answer {
	if subnet.NSG == nil && subnet.None && nic.NSG == nil && nic.None {
		return naiveOpen(f, facts)
	}
	a, b := naiveLevel(f, subnet, facts), naiveLevel(f, nic, facts)
	if a == Denied || b == Denied {
		return Denied
	}
	if a == Unknown || b == Unknown {
		return Unknown
	}
	return Allowed
}

func naiveOpen(f Flow, facts Facts) Answer {
	if !f.Inbound || naiveTerm(f.Src, "AzureLoadBalancer", facts) == Yes {
		return Allowed
	}
	switch facts.Frontend {
	case StandardPublic:
		return Denied
	case Internal:
		return map[Match]Answer{Yes: Allowed, No: Denied, Maybe: Unknown}[naiveTerm(f.Src, "VirtualNetwork", facts)]
	}
	return Allowed
}

func naiveLevel(f Flow, l Level, facts Facts) Answer {
	if l.NSG == nil {
		if l.None {
			return Allowed
		}
		return Unknown
	}
	direction := map[bool]string{true: "inbound", false: "outbound"}[f.Inbound]
	var open []az.SecurityRule // rules that may match, ahead of the first that does
	var sure *az.SecurityRule
	left := append(append([]az.SecurityRule{}, l.NSG.SecurityRules...), l.NSG.DefaultSecurityRules...)
	for len(left) > 0 && sure == nil {
		first := 0
		for i := range left {
			if left[i].Priority < left[first].Priority {
				first = i
			}
		}
		r := left[first]
		left = append(left[:first:first], left[first+1:]...)
		if strings.ToLower(r.Direction) != direction {
			continue
		}
		switch naiveRule(f, r, facts) {
		case Yes:
			sure = &r
		case Maybe:
			open = append(open, r)
		}
	}
	answers := map[Answer]bool{}
	for world := range 1 << len(open) {
		answer := Unknown
		if sure != nil {
			answer = naiveAccess(*sure)
		}
		for i := len(open) - 1; i >= 0; i-- {
			if world>>i&1 == 1 {
				answer = naiveAccess(open[i])
			}
		}
		answers[answer] = true
	}
	if len(answers) != 1 {
		return Unknown
	}
	for answer := range answers {
		return answer
	}
	panic("no world")
}

func naiveAccess(r az.SecurityRule) Answer {
	return map[string]Answer{"allow": Allowed, "deny": Denied, "": Unknown}[strings.ToLower(r.Access)]
}

func naiveRule(f Flow, r az.SecurityRule, facts Facts) Match {
	parts := []Match{
		naiveProtocol(f, r),
		naiveSide(f.Src, append([]string{r.SourceAddressPrefix}, r.SourceAddressPrefixes...), r.SourceASGs, facts.KnowSrcASGs, facts.SrcASGs, facts),
		naiveSide(f.Dst, append([]string{r.DestinationAddressPrefix}, r.DestinationAddressPrefixes...), r.DestinationASGs, facts.KnowDstASGs, facts.DstASGs, facts),
		naivePort(f, f.SrcPort, append([]string{r.SourcePortRange}, r.SourcePortRanges...)),
		naivePort(f, f.DstPort, append([]string{r.DestinationPortRange}, r.DestinationPortRanges...)),
	}
	worst := Yes
	for _, part := range parts {
		if part == No || part == Maybe && worst == Yes {
			worst = part
		}
		if worst == No {
			return No
		}
	}
	return worst
}

func naiveProtocol(f Flow, r az.SecurityRule) Match {
	rule, flow := strings.ToLower(r.Protocol), strings.ToLower(f.Protocol)
	switch rule {
	case "*", "all", "any", flow:
		return Yes
	case "":
		return Maybe
	}
	return No
}

func naivePort(f Flow, port int, ranges []string) Match {
	if strings.ToLower(f.Protocol) == "icmp" {
		return Yes
	}
	allowed, given, everything, unread := false, false, false, false
	for _, text := range ranges {
		if text == "" {
			continue
		}
		given = true
		from, to := 0, 65535
		if n, err := strconv.Atoi(text); err == nil {
			from, to = n, n
		} else if n, _ := fmt.Sscanf(text, "%d-%d", &from, &to); text != "*" && n != 2 || from > to {
			unread = true
			continue
		}
		everything = everything || from == 0 && to == 65535
		for p := from; p <= to && !everything; p++ {
			allowed = allowed || p == port
		}
	}
	switch {
	case everything, port != 0 && allowed:
		return Yes
	case !given, unread, port == 0:
		return Maybe
	}
	return No
}

func naiveSide(a netip.Addr, terms []string, groups []az.Ref, known bool, members []string, facts Facts) Match {
	found := map[Match]bool{}
	for _, term := range terms {
		if term != "" {
			found[naiveTerm(a, term, facts)] = true
		}
	}
	for _, group := range groups {
		if !known {
			found[Maybe] = true
		}
		for _, member := range members {
			if known && strings.EqualFold(group.ID, member) {
				found[Yes] = true
			}
		}
		found[No] = true
	}
	switch {
	case found[Yes]:
		return Yes
	case found[Maybe], len(found) == 0:
		return Maybe
	}
	return No
}

func naiveFamily(a netip.Addr) int {
	if a.Is4() {
		return 4
	}
	return 6
}

// covers says whether an address lies in a CIDR, by the digits of both.
func covers(cidr string, a netip.Addr) bool {
	base, length, _ := strings.Cut(cidr, "/")
	bits, err := strconv.Atoi(length)
	if err != nil {
		panic(err)
	}
	b := netip.MustParseAddr(base)
	return naiveFamily(a) == naiveFamily(b) && strings.HasPrefix(digits(a), digits(b)[:bits])
}

// bitsOf remembers the digits of the few addresses of the random world.
var bitsOf = map[netip.Addr]string{}

func digits(a netip.Addr) string {
	if text, known := bitsOf[a]; known {
		return text
	}
	text := ""
	for _, octet := range a.AsSlice() {
		text += fmt.Sprintf("%08b", octet)
	}
	bitsOf[a] = text
	return text
}

func anyCovers(list []netip.Prefix, a netip.Addr) bool {
	for _, p := range list {
		if covers(p.String(), a) {
			return true
		}
	}
	return false
}

func naiveTerm(a netip.Addr, term string, facts Facts) Match {
	if term == "*" || term == "Any" {
		return Yes
	}
	own := a.String() == "168.63.129.16" || a.String() == "fe80::1234:5678:9abc"
	space := anyCovers(facts.VNetPrefixes, a) || anyCovers(facts.PeerPrefixes, a)
	route, narrow := false, false
	for _, p := range facts.UDRPrefixes {
		if covers(p.String(), a) {
			route = true
			narrow = narrow || !strings.HasSuffix(p.String(), "/0")
		}
	}
	isLocal, isPrivate := own, false
	for _, cidr := range []string{"169.254.0.0/16", "127.0.0.0/8", "224.0.0.0/4", "0.0.0.0/32", "fe80::/10", "::1/128", "ff00::/8", "::/128"} {
		isLocal = isLocal || covers(cidr, a)
	}
	for _, cidr := range []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"} {
		isPrivate = isPrivate || covers(cidr, a)
	}
	choose := func(yes bool) Match { return map[bool]Match{true: Yes, false: No}[yes] }
	switch strings.ToLower(strings.ReplaceAll(term, "_", "")) {
	case "azureloadbalancer":
		return choose(own)
	case "virtualnetwork":
		switch {
		case space, a.String() == "168.63.129.16":
			return Yes
		case isLocal:
			return No
		case route, isPrivate && !facts.Complete, !isPrivate && facts.DefaultRoute:
			return Maybe
		}
		return No
	case "internet":
		switch {
		case space, isLocal:
			return No
		case narrow, isPrivate && !facts.Complete:
			return Maybe
		}
		return choose(!isPrivate)
	}
	if term[0] >= '0' && term[0] <= '9' || strings.Contains(term, ":") {
		switch {
		case strings.HasSuffix(term, "/33"):
			return Maybe
		case strings.Contains(term, "/"):
			return choose(covers(term, a))
		case strings.Contains(term, "-"):
			from, to, _ := strings.Cut(term, "-")
			first, last := netip.MustParseAddr(from), netip.MustParseAddr(to)
			return choose(naiveFamily(a) == naiveFamily(first) && digits(first) <= digits(a) && digits(a) <= digits(last))
		}
		return choose(a.String() == netip.MustParseAddr(term).String())
	}
	if strings.Contains(term, " ") {
		return Maybe
	}
	if list, collected := facts.Tags[strings.ToLower(term)]; collected {
		return choose(anyCovers(list, a))
	}
	switch {
	case !isPrivate && !isLocal,
		term == "AzurePlatformDNS" && a.String() == "168.63.129.16",
		term == "AzurePlatformIMDS" && a.String() == "169.254.169.254":
		return Maybe
	}
	return No
}
