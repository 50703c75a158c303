package walk

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

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

// secure evaluates the security groups for clients and probe and adds the hop nsg.
func (w *Walk) secure(g *topology.Graph, want *desired.Service) {
	p := w.Path
	if p.Rule.To == nil {
		w.gone(NSG, report.HopUnknown, "without a load balancing rule no packet reaches a security group")
		return
	}
	for _, site := range sites(g, p) {
		for _, src := range w.clients(want, site) {
			w.check(site, ForClient, src, nsg.Flow{Inbound: true, Src: src.addr, Dst: w.destination(site), DstPort: w.destinationPort(), Protocol: flowProtocol(p)})
		}
		if probe := p.Probe.To; probe != nil {
			w.check(site, ForProbe, source{who: "the health probe"}, nsg.Flow{Inbound: true, Src: probeSource(p.Family), Dst: site.address, DstPort: probe.Port, Protocol: "Tcp"})
		}
	}
	w.securityHop(want.Sources)
	w.meant(want.Sources)
}

// meant lets the hop nsg block where clients are dropped that the Service means and the
// provider does not understand: those in a range with host bits. It is no check of the
// security rules, which are as the provider makes them of such a Service.
func (w *Walk) meant(wanted desired.Sources) {
	h := w.Hop(NSG)
	if h == nil || h.Verdict != report.Passes || w.caller != nil {
		return
	}
	for _, s := range wanted.Invalid {
		r, err := netip.ParsePrefix(s)
		if err != nil || !of(w.Path.Family, r.Addr()) {
			continue
		}
		for _, c := range w.Checks {
			f := c.Flow
			f.Src = inside(r.Masked())
			if c.Purpose != ForClient {
				continue
			}
			if d := nsg.Evaluate(f, c.subnet, c.nic, c.Facts); d.Answer == nsg.Denied {
				c.Decision = d
				h.Verdict, h.Say, h.Cites = report.Blocks, fmt.Sprintf("a client in %s, a range that the provider does not understand: %s", s, d.Say), c.Cites()
				return
			}
		}
	}
}

// securityHop sums the clients' checks up: denied for all backends blocks. Which
// clients a Service wants that asks for no rule is not known.
func (w *Walk) securityHop(wanted desired.Sources) {
	purpose := ForClient
	if w.named() && w.byProbe() {
		purpose = ForProbe // it never asks the frontend
	}
	c, partly := w.Decided(purpose), ""
	if c == nil && purpose == ForProbe && w.Path.Probe.To == nil {
		w.add(NSG, "", report.HopFound, report.Passes, "the rule has no probe, so no security group is asked for it", nil)
		return
	}
	if i := slices.IndexFunc(w.Checks, func(c Check) bool { return c.Purpose == purpose && c.Decision.Answer == nsg.Denied }); c == nil && i >= 0 {
		c, partly = &w.Checks[i], "; whether that is so for every backend, and for every address that the caller may have, cannot be told"
	}
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
	said := c.Decision.Say + partly
	if !w.named() && len(wanted.Ranges)+len(wanted.Tags) > 0 {
		said = c.Source + ": " + said
	}
	switch w.Answer(purpose) {
	case nsg.Denied:
		if wanted.Unmanaged && !w.named() {
			w.add(NSG, name, report.HopFound, report.VerdictUnknown, said+"; an annotation asks the provider for no rule, so who should get in is not known", c.Cites())
			return
		}
		if r := narrower(c.Decision, w.kind() == nsg.Internal); r != nil && !w.named() {
			w.add(NSG, name, report.HopFound, report.VerdictUnknown, said+fmt.Sprintf("; rule %s lets other clients in, so who should get in is not known", r.Rule.Name), c.Cites())
			return
		}
		w.add(NSG, name, report.HopFound, report.Blocks, said, c.Cites())
	case nsg.Allowed:
		w.add(NSG, name, report.HopFound, report.Passes, said, c.Cites())
	default:
		w.add(NSG, name, report.HopUnknown, report.VerdictUnknown, said, c.Cites())
	}
}

// Answer is what the security groups say to the purpose's packets as a whole: denied
// where some source is denied at every backend, allowed where every source is allowed
// at some backend, else unknown. The sources of one caller are those that it may have:
// where they differ the answer is not known.
func (w *Walk) Answer(p Purpose) nsg.Answer {
	bySource := map[string][]nsg.Answer{}
	for _, c := range w.Checks {
		if c.Purpose == p {
			bySource[c.Source] = append(bySource[c.Source], c.Decision.Answer)
		}
	}
	denied := 0
	for source, answers := range bySource {
		if !slices.Contains(answers, nsg.Allowed) && w.unseen(p, source) {
			bySource[source] = append(answers, nsg.Unknown)
		}
		if !slices.ContainsFunc(bySource[source], func(a nsg.Answer) bool { return a != nsg.Denied }) {
			denied++
		}
	}
	if p == ForClient && w.named() && denied > 0 && denied < len(bySource) {
		return nsg.Unknown
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

// unseen reports whether a backend that no check saw may let the source in: its interface
// is not in the bundle, and no security group of its subnet denies.
func (w *Walk) unseen(p Purpose, source string) bool {
	for _, m := range w.Path.Members {
		if slices.ContainsFunc(w.Checks, func(c Check) bool { return c.Purpose == p && slices.Contains(c.Members, m) }) {
			continue
		}
		if m.Node == nil {
			return true
		}
		_, subnet := w.graph.Home(m.Node)
		if subnet == nil || !slices.ContainsFunc(w.Checks, func(c Check) bool {
			d := c.Decision.Deciding
			return c.Purpose == p && c.Source == source && d != nil && d.Level == "subnet" && az.SameID(c.Members[0].IP.Subnet.ID, subnet.ID)
		}) {
			return true
		}
	}
	return false
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

func (w *Walk) check(s site, purpose Purpose, from source, f nsg.Flow) {
	if !f.Dst.IsValid() || f.DstPort == 0 {
		return
	}
	facts := s.facts
	facts.Frontend = w.kind()
	if facts.Frontend == nsg.Internal && !facts.Complete {
		facts.DefaultRoute = true // sites behind a gateway may have public addresses
	}
	if from.tag != "" {
		facts.Tags = map[string][]netip.Prefix{strings.ToLower(from.tag): {netip.PrefixFrom(f.Src, f.Src.BitLen())}}
	}
	w.Checks = append(w.Checks, Check{Purpose: purpose, Source: from.who, Flow: f, Decision: nsg.Evaluate(f, s.subnet, s.nic, facts),
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
