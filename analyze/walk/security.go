package walk

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/desired"
	"azlb/analyze/nsg"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// Purpose says whose packet a check is about.
type Purpose string

// The purposes.
const (
	ForClient Purpose = "client"
	ForProbe  Purpose = "probe"
)

// Check is one flow through the security groups of one set of backends.
type Check struct {
	Purpose  Purpose
	Source   string // who sends, in words
	Flow     nsg.Flow
	Decision nsg.Decision
	Members  []*topology.Member // the backends behind the same pair of groups
	// Subnet and NIC are the groups looked at; nil: none, or not readable.
	Subnet, NIC *snapshot.NSG
	Facts       nsg.Facts // of the backends' network, for a second question about the same flow

	subnet, nic nsg.Level // the same groups as the evaluation takes them
}

// Cites proves the decision with the rule that decided, where one did.
func (c Check) Cites() []report.Cite {
	d := c.Decision.Deciding
	if d == nil || d.Rule == nil {
		return nil
	}
	for _, g := range []*snapshot.NSG{c.Subnet, c.NIC} {
		if g != nil && g.Name == d.NSG {
			return []report.Cite{g.Doc.Cite(d.Rule.At + "/access")}
		}
	}
	return nil
}

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

// secure evaluates the security groups for clients and probe and adds the hop nsg.
func (w *Walk) secure(g *topology.Graph, want *desired.Service) {
	p := w.Path
	if p.Rule.To == nil {
		w.gone(NSG, report.HopUnknown, "without a load balancing rule no packet reaches a security group")
		return
	}
	for _, site := range sites(g, p) {
		for _, src := range w.clients(want, site) {
			w.check(site, ForClient, src.who, nsg.Flow{Inbound: true, Src: src.addr, Dst: w.destination(site), DstPort: w.destinationPort(), Protocol: flowProtocol(p)})
		}
		if probe := p.Probe.To; probe != nil {
			w.check(site, ForProbe, "the health probe", nsg.Flow{Inbound: true, Src: probeSource(p.Family), Dst: site.address, DstPort: probe.Port, Protocol: "Tcp"})
		}
	}
	w.securityHop(want.Sources)
}

// nobody reports whether a Service restricts its clients to ranges of the other family.
func nobody(s desired.Sources, family corev1.IPFamily) bool {
	return len(s.Ranges) > 0 && len(s.Tags) == 0 && !slices.ContainsFunc(s.Ranges, func(r netip.Prefix) bool { return of(family, r.Addr()) })
}

// securityHop sums the clients' checks up: denied for all backends blocks. Which
// clients a Service wants that asks for no rule is not known.
func (w *Walk) securityHop(wanted desired.Sources) {
	c := w.Decided(ForClient)
	if c == nil && (w.named() || w.caller.inside()) && len(w.Path.Members) > 0 {
		if _, why := w.leaves(); why != "" {
			w.gone(NSG, report.HopUnknown, why)
			return
		}
	}
	if nobody(wanted, w.Path.Family) {
		w.add(NSG, "", report.HopFound, report.Passes, fmt.Sprintf("%s has no %s range: the Service lets nobody in by %s, as it asks for", wanted.Because, w.Path.Family, w.Path.Family), nil)
		return
	}
	if c == nil && len(wanted.Tags) > 0 {
		w.gone(NSG, report.HopUnknown, "the addresses behind the allowed service tags ("+strings.Join(wanted.Tags, ", ")+") are not in the bundle")
		return
	}
	if c == nil && len(w.Path.Members) == 0 {
		w.gone(NSG, report.HopUnknown, "without a backend no packet reaches a security group")
		return
	}
	if c == nil {
		w.gone(NSG, report.HopUnknown, "the backends' subnets and interfaces are not in the bundle")
		return
	}
	name := ""
	for _, n := range []*snapshot.NSG{c.Subnet, c.NIC} {
		if n != nil && !strings.Contains(name, n.Name) {
			name = strings.TrimPrefix(name+", "+n.Name, ", ")
		}
	}
	switch w.Answer(ForClient) {
	case nsg.Denied:
		if wanted.Unmanaged && !w.named() {
			w.add(NSG, name, report.HopFound, report.VerdictUnknown, c.Decision.Say+"; an annotation asks the provider for no rule, so who should get in is not known", c.Cites())
			return
		}
		if r := narrower(c.Decision, w.kind() == nsg.Internal); r != nil && !w.named() {
			w.add(NSG, name, report.HopFound, report.VerdictUnknown, c.Decision.Say+fmt.Sprintf("; rule %s lets other clients in, so who should get in is not known", r.Rule.Name), c.Cites())
			return
		}
		w.add(NSG, name, report.HopFound, report.Blocks, c.Decision.Say, c.Cites())
	case nsg.Allowed:
		w.add(NSG, name, report.HopFound, report.Passes, c.Decision.Say, c.Cites())
	default:
		w.add(NSG, name, report.HopUnknown, report.VerdictUnknown, c.Decision.Say, c.Cites())
	}
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

// Answer is what the security groups say to the purpose's packets as a whole: denied
// where some source is denied at every backend, allowed where every source is allowed
// at some backend, else unknown.
func (w *Walk) Answer(p Purpose) nsg.Answer {
	bySource := map[string][]nsg.Answer{}
	for _, c := range w.Checks {
		if c.Purpose == p {
			bySource[c.Source] = append(bySource[c.Source], c.Decision.Answer)
		}
	}
	out := nsg.Allowed
	for _, answers := range bySource {
		switch {
		case slices.Contains(answers, nsg.Allowed):
		case slices.Contains(answers, nsg.Unknown):
			if out == nsg.Allowed {
				out = nsg.Unknown
			}
		default:
			return nsg.Denied
		}
	}
	if len(bySource) == 0 {
		return nsg.Unknown
	}
	return out
}

// Decided is the check that carries the answer for the purpose, or nil.
func (w *Walk) Decided(p Purpose) *Check {
	want := w.Answer(p)
	for i := range w.Checks {
		if c := &w.Checks[i]; c.Purpose == p && c.Decision.Answer == want {
			return c
		}
	}
	return nil
}

func (w *Walk) check(s site, purpose Purpose, who string, f nsg.Flow) {
	if !f.Dst.IsValid() || f.DstPort == 0 {
		return
	}
	facts := s.facts
	facts.Frontend = w.kind()
	w.Checks = append(w.Checks, Check{Purpose: purpose, Source: who, Flow: f, Decision: nsg.Evaluate(f, s.subnet, s.nic, facts),
		Members: s.members, Subnet: s.subnetNSG, NIC: s.nicNSG, Facts: facts, subnet: s.subnet, nic: s.nic})
}

func (w *Walk) kind() nsg.FrontendKind {
	switch f := w.Path.Frontend.To; {
	case f.Frontend.PublicIP == nil:
		return nsg.Internal
	case strings.EqualFold(f.LB.SKU.Name, "Basic"):
		return nsg.BasicPublic
	}
	return nsg.StandardPublic
}

// destination is what the packet carries at the interface: the frontend's address
// with floating IP, the backend's own without.
func (w *Walk) destination(s site) netip.Addr {
	if !w.Path.Rule.To.EnableFloatingIP {
		return s.address
	}
	a := w.Path.Frontend.To.Address
	if a == "" {
		a = w.Path.Address
	}
	addr, _ := netip.ParseAddr(a)
	return addr
}

// destinationPort is the backend port; an HA-ports rule keeps the Service's port.
func (w *Walk) destinationPort() int {
	if port := w.Path.Rule.To.BackendPort; port != 0 {
		return port
	}
	return int(w.Path.Port.Port)
}

func flowProtocol(p *topology.Path) string {
	if p.Protocol() == "UDP" {
		return "Udp"
	}
	return "Tcp"
}

// source is one sender whose packets must get through.
type source struct {
	who  string
	addr netip.Addr
}

// clients are the senders that the Service wants: an address of every range it
// allows, else one of the Internet, or of the virtual network for an internal one.
func (w *Walk) clients(want *desired.Service, s site) []source {
	if w.named() || w.caller.inside() {
		if a, _ := w.leaves(); a.IsValid() {
			return []source{{w.caller.Say, a}}
		}
		return nil
	}
	var out []source
	for _, r := range want.Sources.Ranges {
		if of(w.Path.Family, r.Addr()) {
			out = append(out, source{"a client in " + r.String(), inside(r)})
		}
	}
	if len(out) > 0 || len(want.Sources.Tags) > 0 || nobody(want.Sources, w.Path.Family) {
		return out
	}
	if w.Path.Frontend.To.Frontend.PublicIP != nil {
		return []source{{"a client in the Internet", internetClient(w.Path.Family)}}
	}
	for _, p := range s.facts.VNetPrefixes {
		if of(w.Path.Family, p.Addr()) {
			return []source{{"a client in the virtual network", inside(p)}}
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
