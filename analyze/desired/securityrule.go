package desired

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"azlb/bundle-schema/azname"
)

// SecurityRule is a rule in the provider's security group, as far as it is one
// Service's: others may share it and add their destinations.
type SecurityRule struct {
	Name     string
	Allow    bool
	Protocol string   // Tcp, Udp or * for any
	Sources  []string // one service tag, or CIDRs, sorted
	Ports    []string // sorted as text
	// Destinations are the addresses of this Service in the rule, sorted.
	Destinations Value[[]string]
	Because      string
	Pointer      string
	// Shared says that other Services may stand in the same rule.
	Shared bool
}

// securityRules follow AccessControl.PatchSecurityGroup, and getSecurityRuleName
// with one rule for each port and source up to 1.28.
func securityRules(c *Cluster, a annotations, want *Service, family corev1.IPFamily, second bool) []SecurityRule {
	src := want.Sources
	if src.Unmanaged || src.Refused != "" {
		return nil
	}
	dst := destinations(c, a, want, family)
	if dst.Unknown == "" && len(dst.V) == 0 {
		return nil // a rule without a destination is not written
	}
	var out []SecurityRule
	add := func(r SecurityRule) {
		r.Destinations, r.Because, r.Pointer = dst, src.Because, src.Pointer
		out = append(out, r)
	}
	hashed := c.has(azname.HashedSecurityRules)
	tags := slices.Clone(src.Tags)
	if src.Internet {
		tags = append(tags, "Internet")
	}
	cidrs := ofFamily(src.Ranges, family)
	if c.has(rangesMerged) {
		cidrs = merged(cidrs)
	}
	for _, p := range ports(c, a, want) {
		if !hashed {
			for _, s := range append(texts(cidrs), tags...) {
				add(oldRule(c, a, p, s, second))
			}
			if src.DenyOthers {
				r := oldRule(c, a, p, azname.DenyAllSource, second)
				r.Allow, r.Sources, r.Ports = false, []string{"*"}, []string{strconv.Itoa(p.number)} // never the node port
				add(r)
			}
			continue
		}
		for _, t := range tags {
			add(SecurityRule{Name: azname.AllowRule(string(family), p.protocol, []string{t}, p.ports), Allow: true, Protocol: p.protocol, Sources: []string{t}, Ports: p.ports, Shared: true})
		}
		if list := texts(cidrs); len(list) > 0 {
			add(SecurityRule{Name: azname.AllowRule(string(family), p.protocol, list, p.ports), Allow: true, Protocol: p.protocol, Sources: list, Ports: p.ports, Shared: true})
		}
	}
	if hashed && src.DenyOthers {
		add(SecurityRule{Name: azname.DenyRule(string(family)), Protocol: "*", Sources: []string{"*"}, Ports: []string{"*"}, Shared: true})
	}
	return out
}

// oldRule is one rule of the scheme up to 1.28.
func oldRule(c *Cluster, a annotations, p portSet, source string, second bool) SecurityRule {
	prefix, shared := a.service.Prefix, isTrue(a.text(sharedSecurityRule).V)
	if shared {
		prefix = azname.SharedRulePrefix
	}
	return SecurityRule{Name: azname.OldSecurityRule(c.Version, prefix, p.kube, p.number, source, second), Allow: true, Protocol: p.protocol,
		Sources: []string{source}, Ports: p.ports, Shared: shared}
}

// portSet are the ports of one rule.
type portSet struct {
	protocol string // Azure's word
	ports    []string
	kube     string // the Service's word, and its port: parts of the old names
	number   int
}

// ports are the Service's ports by protocol, or one by one in the old scheme. With
// floating IP off the packet arrives at the node port.
func ports(c *Cluster, a annotations, want *Service) []portSet {
	var out []portSet
	nodePorts := isTrue(a.text(disableFloatingIP).V) && c.has(floatingIPOff)
	for _, sp := range a.service.Spec.Ports {
		protocol := transport(protocolOf(sp))
		if protocol == "All" {
			protocol = "*"
		}
		number := int(sp.Port)
		if nodePorts {
			number = int(sp.NodePort)
		}
		text := strconv.Itoa(number)
		i := slices.IndexFunc(out, func(p portSet) bool { return p.protocol == protocol })
		if i < 0 || !c.has(azname.HashedSecurityRules) {
			out = append(out, portSet{protocol: protocol, ports: []string{text}, kube: string(protocolOf(sp)), number: int(sp.Port)})
			continue
		}
		if !slices.Contains(out[i].ports, text) {
			out[i].ports = append(out[i].ports, text)
		}
	}
	for i := range out {
		slices.Sort(out[i].ports)
	}
	return out
}

// destinations are the addresses at which packets to the Service arrive: those of
// its frontends and those that it adds, or the nodes' with floating IP off.
func destinations(c *Cluster, a annotations, want *Service, family corev1.IPFamily) Value[[]string] {
	if !c.has(securityDestination) {
		return known([]string{"*"}, "the provider of this release names no destination")
	}
	off := a.text(disableFloatingIP)
	if isTrue(off.V) && c.has(floatingIPOff) {
		if !c.has(nodeAddressSources) {
			return unknown[[]string]("whether this release writes the nodes' addresses is not certain")
		}
		var own []string
		for _, ip := range a.additional(c) {
			own = append(own, ip.String())
		}
		for _, p := range a.service.Paths {
			for _, m := range p.Members {
				if ip, err := netip.ParseAddr(m.Address); err == nil {
					own = append(own, ip.String())
				} else {
					return unknown[[]string]("the addresses of the pool's members are not in the bundle")
				}
			}
		}
		return from(off, onlyFamily(own, family))
	}
	var own []string
	for _, s := range a.service.Addresses() {
		if ip, err := netip.ParseAddr(s); err == nil {
			own = append(own, ip.String())
		}
	}
	return Value[[]string]{V: onlyFamily(own, family), Because: "the addresses in the Service's status", Pointer: "/status/loadBalancer/ingress/0/ip"}
}

// onlyFamily keeps the addresses of a family, sorted, each once.
func onlyFamily(list []string, family corev1.IPFamily) []string {
	list = slices.DeleteFunc(list, func(s string) bool { return strings.Contains(s, ":") != (family == corev1.IPv6Protocol) })
	slices.Sort(list)
	return slices.Compact(list)
}

func ofFamily(list []netip.Prefix, family corev1.IPFamily) []netip.Prefix {
	var out []netip.Prefix
	for _, p := range list {
		if p.Addr().Is4() == (family != corev1.IPv6Protocol) {
			out = append(out, p)
		}
	}
	return out
}

// texts are ranges as text, sorted as the hash wants them.
func texts(list []netip.Prefix) []string {
	var out []string
	for _, p := range list {
		out = append(out, p.String())
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// merged drops ranges that lie in others and joins two halves into the whole
// (iputil.AggregatePrefixes).
func merged(list []netip.Prefix) []netip.Prefix {
	list = slices.Clone(list)
	for again := true; again; {
		again = false
		slices.SortFunc(list, func(a, b netip.Prefix) int {
			if c := a.Addr().Compare(b.Addr()); c != 0 {
				return c
			}
			return a.Bits() - b.Bits()
		})
		var out []netip.Prefix
		for _, p := range list {
			if n := len(out); n > 0 {
				last := out[n-1]
				if last.Overlaps(p) {
					continue
				}
				if last.Bits() == p.Bits() && p.Bits() > 0 {
					if whole := netip.PrefixFrom(last.Addr(), p.Bits()-1).Masked(); whole.Contains(p.Addr()) && whole.Addr() == last.Addr() {
						out[n-1], again = whole, true
						continue
					}
				}
			}
			out = append(out, p)
		}
		list = out
	}
	return list
}
