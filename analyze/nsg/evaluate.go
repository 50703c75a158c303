package nsg

import (
	"net/netip"
	"slices"
	"strings"
)

// Evaluate decides one flow through the security groups of subnet and interface.
//
// Each level is judged alone and both must allow: a level that denies decides even
// when the other cannot be judged, and a level without a group lets everything
// pass. Where neither level has one, the kind of the frontend decides.
//
// Deciding is the rule of the first level that denies, in the order in which the
// packet meets the levels; where all allow, the rule of the last level that has a
// group. The addresses of the flow are those at the interface (with floating IP the
// destination is the frontend's). An address that is not valid is an unknown one.
func Evaluate(f Flow, subnet, nic Level, facts Facts) Decision {
	f.Src, f.Dst = plain(f.Src), plain(f.Dst)
	if subnet.absent() && nic.absent() {
		return withoutGroups(f, &facts)
	}
	levels := []verdict{judge(f, "subnet", subnet, &facts), judge(f, "nic", nic, &facts)}
	if !f.Inbound {
		slices.Reverse(levels)
	}
	return combine(f, levels)
}

// plain drops what security groups do not see: zones and the IPv6 form of IPv4.
func plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

func (l Level) absent() bool { return l.NSG == nil && l.None }

// combine lets both levels decide, in the order in which the packet meets them.
func combine(f Flow, levels []verdict) Decision {
	for i, v := range levels {
		if v.answer != Denied {
			continue
		}
		d := Decision{Answer: Denied, Deciding: v.decidedBy(), Earlier: earlier(levels[:i+1]), Say: v.say(f)}
		for _, also := range levels[i+1:] {
			if also.answer == Denied && also.group != v.group {
				d.Say += ", and " + also.decidedBy().ruleName() + " denies it too"
			}
		}
		return d
	}
	var gaps []string
	for _, v := range levels {
		if v.answer == Unknown {
			gaps = append(gaps, v.missing())
		}
	}
	if len(gaps) > 0 {
		return Decision{Answer: Unknown, Earlier: seen(levels), Say: "cannot decide: " + strings.Join(gaps, "; and ")}
	}
	last := len(levels) - 1
	if levels[last].absent {
		last--
	}
	return Decision{Answer: Allowed, Deciding: levels[last].decidedBy(), Earlier: earlier(levels[:last+1]), Say: levels[last].say(f)}
}

// earlier is everything that was looked at before the deciding rule, which is the
// last one of the last level.
func earlier(levels []verdict) []Reason {
	all := seen(levels)
	return all[:len(all)-1]
}

func seen(levels []verdict) []Reason {
	var all []Reason
	for _, v := range levels {
		all = append(all, v.seen...)
	}
	return all
}

// withoutGroups decides where neither subnet nor interface has a group. Probes come
// from the host and not through the frontend, so that they arrive in any case.
func withoutGroups(f Flow, facts *Facts) Decision {
	const none = "neither the subnet nor the interface has a network security group"
	if !f.Inbound || isProbe(f.Src) {
		return Decision{Answer: Allowed, Say: none + ", so nothing filters " + f.text("")}
	}
	switch facts.Frontend {
	case StandardPublic:
		return Decision{Answer: Denied, Say: "closed by default: " + none + ", and a Standard public frontend lets in only what a group allows"}
	case Internal:
		return insideOnly(f, facts)
	}
	return Decision{Answer: Allowed, Say: none + ", so nothing filters " + f.text("")}
}

// insideOnly lets to an internal frontend without groups whatever belongs to the
// virtual network in the sense of the service tag: peers and connected sites too.
func insideOnly(f Flow, facts *Facts) Decision {
	const open = "no network security group filters, and an internal frontend is open inside the virtual network"
	switch virtualNetwork("source", f.Src, facts).match {
	case Yes:
		return Decision{Answer: Allowed, Say: open + ": " + f.text("")}
	case No:
		return Decision{Answer: Denied, Say: open + " only: " + f.Src.String() + " is outside"}
	default:
		return Decision{Answer: Unknown, Say: "cannot decide: " + open + " only, and whether " + address(f.Src) + " is inside depends on peerings, gateways and routes that the bundle does not tell"}
	}
}
