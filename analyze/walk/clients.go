package walk

import (
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/desired"
	"azlb/analyze/nsg"
	"azlb/bundle-schema/az"
)

// The sources of probes, and stand-ins for any client in the Internet: TEST-NET-2 of
// RFC 5737 and the documentation prefix of RFC 3849.
var (
	probe4  = netip.MustParseAddr("168.63.129.16")
	probe6  = netip.MustParseAddr("fe80::1234:5678:9abc")
	client4 = netip.MustParseAddr("198.51.100.7")
	client6 = netip.MustParseAddr("2001:db8::7")
)

// probeSource is where the health probes of a family come from: the node's own host,
// by its address in every network (articles load-balancer-custom-probe-overview).
func probeSource(family corev1.IPFamily) netip.Addr {
	if family == corev1.IPv6Protocol {
		return probe6
	}
	return probe4
}

func internetClient(family corev1.IPFamily) netip.Addr {
	if family == corev1.IPv6Protocol {
		return client6
	}
	return client4
}

// of reports whether an address is of the family.
func of(family corev1.IPFamily, a netip.Addr) bool {
	return a.Is6() == (family == corev1.IPv6Protocol)
}

// source is one sender whose packets must get through. tag is the service tag that it
// stands for: the address is then only a name for one of the tag's, which nobody knows.
type source struct {
	who  string
	addr netip.Addr
	tag  string
}

// clients are the senders that the Service wants: an address of every range it
// allows, else one of the Internet, or of the virtual network for an internal one.
func (w *Walk) clients(want *desired.Service, s site) []source {
	if w.named() || w.caller.inside() {
		var out []source
		list, _ := w.leaves()
		for _, a := range list {
			out = append(out, source{who: w.caller.Say + " as " + a.String(), addr: a})
		}
		return out
	}
	var out []source
	for _, r := range want.Sources.Ranges {
		if of(w.Path.Family, r.Addr()) {
			out = append(out, source{who: "a client in " + r.String(), addr: inside(r)})
		}
	}
	for _, tag := range want.Sources.Tags {
		if !strings.EqualFold(tag, "Internet") {
			out = append(out, source{who: "a client in " + tag, addr: internetClient(w.Path.Family), tag: tag})
		}
	}
	if len(out) > 0 || nobody(want.Sources, w.Path.Family) {
		return out
	}
	if w.Path.Frontend.To.Frontend.PublicIP != nil {
		return []source{{who: "a client in the Internet", addr: internetClient(w.Path.Family)}}
	}
	for _, p := range s.facts.VNetPrefixes {
		if of(w.Path.Family, p.Addr()) {
			return []source{{who: "a client in the virtual network", addr: inside(p)}}
		}
	}
	return nil
}

// inside is an address of a range that is not its network address.
func inside(p netip.Prefix) netip.Addr {
	if n := p.Addr().Next(); p.Contains(n) {
		return n
	}
	return p.Addr()
}

// nobody reports whether a Service restricts its clients to ranges of the other family.
func nobody(s desired.Sources, family corev1.IPFamily) bool {
	return len(s.Ranges) > 0 && len(s.Tags) == 0 && !slices.ContainsFunc(s.Ranges, func(r netip.Prefix) bool { return of(family, r.Addr()) })
}

// firstDefaultPriority is where Azure's own rules of a security group begin.
const firstDefaultPriority = 65000

// narrower returns the customer's allow rule, before the one that denies and in the
// same group, that fails to match by its source alone: somebody let only certain
// clients in, which is not for the Service to judge.
func narrower(d nsg.Decision, internal bool) *nsg.Reason {
	if d.Deciding == nil {
		return nil
	}
	for i := range d.Earlier {
		r := &d.Earlier[i]
		if r.NSG == d.Deciding.NSG && r.Level == d.Deciding.Level && r.Match == nsg.No && strings.EqualFold(r.Rule.Access, "Allow") &&
			r.Rule.Priority < firstDefaultPriority && strings.HasPrefix(r.Why, "source ") && !strings.HasPrefix(r.Why, "source port") && forClients(r.Rule, internal) {
			return r
		}
	}
	return nil
}

// forClients reports whether one of a rule's sources can be a client of the frontend:
// not the platform, and for a public frontend no private address.
func forClients(r *az.SecurityRule, internal bool) bool {
	for _, s := range append([]string{r.SourceAddressPrefix}, r.SourceAddressPrefixes...) {
		p, err := netip.ParsePrefix(s)
		if a, single := netip.ParseAddr(s); single == nil {
			p, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		switch tag := strings.ToLower(s); {
		case s == "", tag == "azureloadbalancer", tag == "virtualnetwork", err == nil && (p.Addr() == probe4 || p.Addr() == probe6):
		case err == nil && p.Addr().IsPrivate() && !internal:
		default:
			return true
		}
	}
	return len(r.SourceASGs) > 0 && internal
}
