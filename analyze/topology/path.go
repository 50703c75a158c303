package topology

import (
	"fmt"
	"net/netip"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
)

// Path is the way of a packet to one port of a Service in one IP family.
type Path struct {
	Service *Service
	Port    corev1.ServicePort
	Index   int             // of the port in the Service
	Family  corev1.IPFamily // IPv4 or IPv6
	Address string          // in the Service's status; empty: none yet

	Frontend Link[Frontend]
	PublicIP Link[snapshot.PublicIP] // unknown with an empty Why: an internal frontend has none
	Rule     Link[az.LBRule]
	Probe    Link[az.Probe]
	Pool     Link[az.BackendPool]
	Members  []*Member
}

// Member is one member of a backend pool.
type Member struct {
	ID      string // of the IP configuration, or the address of an IP-based pool
	At      string // JSON pointer of the entry in the load balancer's document
	Machine *snapshot.VM
	NIC     *snapshot.NIC
	IP      *az.IPConfig
	Node    *Node // nil: no node of the cluster
	Address string
}

// buildPaths makes one path per port and family.
func (s *Service) buildPaths() {
	for _, family := range s.Families() {
		for i, port := range s.Spec.Ports {
			p := &Path{Service: s, Port: port, Index: i, Family: family, Address: s.addressOf(family)}
			p.link()
			s.Paths = append(s.Paths, p)
		}
	}
}

// Families are the IP families that it asks for: those of the spec, else that of the cluster IP, else IPv4.
func (s *Service) Families() []corev1.IPFamily {
	if len(s.Spec.IPFamilies) > 0 {
		return s.Spec.IPFamilies
	}
	if a, err := netip.ParseAddr(s.Spec.ClusterIP); err == nil && a.Is6() {
		return []corev1.IPFamily{corev1.IPv6Protocol}
	}
	return []corev1.IPFamily{corev1.IPv4Protocol}
}

func (s *Service) addressOf(family corev1.IPFamily) string {
	for _, a := range s.Addresses() {
		if FamilyOf(a) == family {
			return a
		}
	}
	return ""
}

// FamilyOf is the IP family of an address.
func FamilyOf(address string) corev1.IPFamily {
	if strings.Contains(address, ":") {
		return corev1.IPv6Protocol
	}
	return corev1.IPv4Protocol
}

// family of a frontend: its address, else what it says of itself, else its name.
func (f *Frontend) family() corev1.IPFamily {
	switch {
	case f.Address != "":
		return FamilyOf(f.Address)
	case strings.EqualFold(f.PrivateIPAddressVersion, "IPv6"), f.PublicIP != nil && strings.EqualFold(f.PublicIP.Version, "IPv6"),
		strings.HasSuffix(f.Name, "-IPv6"):
		return corev1.IPv6Protocol
	}
	return corev1.IPv4Protocol
}

// link walks from frontend to members and stops where a hop is not there.
func (p *Path) link() {
	g := p.Service.graph
	complete := g.completeInNodeGroups(&bundle.LoadBalancers)
	p.Frontend = p.findFrontend(complete)
	p.PublicIP = p.findPublicIP()
	if p.Frontend.To == nil {
		why := "there is no frontend to carry it"
		p.Rule = Link[az.LBRule]{State: p.Frontend.State, Why: why}
		p.Probe = Link[az.Probe]{State: p.Frontend.State, Why: why}
		p.Pool = Link[az.BackendPool]{State: p.Frontend.State, Why: why}
		return
	}
	lb := p.Frontend.To.LB
	p.Rule = p.findRule()
	if p.Rule.To == nil {
		p.Probe = Link[az.Probe]{State: p.Rule.State, Why: "there is no load balancing rule to carry it"}
		p.Pool = Link[az.BackendPool]{State: p.Rule.State, Why: "there is no load balancing rule to carry it"}
		return
	}
	rule := p.Rule.To
	p.Probe = missing[az.Probe](true, "the rule has no probe", "")
	for i := range lb.Probes {
		if refers(rule.Probe, lb.Probes[i].ID) {
			p.Probe = found(&lb.Probes[i])
		}
	}
	p.Pool = missing[az.BackendPool](true, "the rule has no backend pool", "")
	for i := range lb.Pools {
		if refers(poolRef(rule), lb.Pools[i].ID) {
			p.Pool = found(&lb.Pools[i])
			p.Members = g.Members(&lb.Pools[i])
		}
	}
}

func poolRef(r *az.LBRule) *az.Ref {
	if r.Pool != nil && r.Pool.ID != "" {
		return r.Pool
	}
	if len(r.Pools) > 0 {
		return &r.Pools[0]
	}
	return nil
}

// findFrontend prefers the frontend with the address of the status, then the
// Service's own, then one that carries a rule of the port.
func (p *Path) findFrontend(complete bool) Link[Frontend] {
	s := p.Service
	var best *Frontend
	for i := range s.Frontends {
		f := &s.Frontends[i]
		if f.family() != p.Family {
			continue
		}
		if p.Address != "" && f.Address == p.Address {
			return found(f)
		}
		if best == nil || f.Own && !best.Own {
			best = f
		}
	}
	if best != nil {
		return found(best)
	}
	name := s.Prefix
	if name == "" {
		name = p.Address
	}
	return missing[Frontend](complete && name != "",
		fmt.Sprintf("no load balancer has a frontend for %s (%s)", s.Key(), name),
		"the load balancers are not completely in the bundle")
}

func (p *Path) findPublicIP() Link[snapshot.PublicIP] {
	g := p.Service.graph
	f := p.Frontend.To
	switch {
	case f == nil:
		return p.unattached()
	case f.PublicIP != nil:
		return found(f.PublicIP)
	case f.Frontend.PublicIP == nil:
		return Link[snapshot.PublicIP]{State: "", Why: ""}
	}
	group := az.GroupOf(f.Frontend.PublicIP.ID)
	return missing[snapshot.PublicIP](group != "" && !az.Masked(f.Frontend.PublicIP.ID) && g.Snapshot.Complete(&bundle.PublicIPs, group),
		fmt.Sprintf("the frontend refers to %s, which does not exist", az.LastName(f.Frontend.PublicIP.ID)),
		fmt.Sprintf("the public IPs of resource group %s are not completely in the bundle", group))
}

// unattached is the public IP that was made for the Service, or that it asks for,
// while no frontend carries it yet.
func (p *Path) unattached() Link[snapshot.PublicIP] {
	g, s := p.Service.graph, p.Service
	for i := range g.Snapshot.PublicIPs {
		pip := &g.Snapshot.PublicIPs[i]
		derived := s.Prefix != "" && strings.HasPrefix(strings.ToLower(pip.Name), strings.ToLower(g.ClusterName+"-"+s.Prefix))
		if derived && strings.HasSuffix(strings.ToLower(pip.Name), "-ipv6") == (p.Family == corev1.IPv6Protocol) || p.Address != "" && pip.IPAddress == p.Address {
			return found(pip)
		}
	}
	return missing[snapshot.PublicIP](s.Prefix != "" && g.completeInNodeGroups(&bundle.PublicIPs), "no public IP of the Service exists", "the public IPs are not completely in the bundle")
}

// findRule finds the rule of the port on the frontend; an HA-ports rule serves all.
func (p *Path) findRule() Link[az.LBRule] {
	f := p.Frontend.To
	for i := range f.LB.Rules {
		r := &f.LB.Rules[i]
		if !refers(r.Frontend, f.ID) {
			continue
		}
		all := strings.EqualFold(r.Protocol, "All")
		if all && r.FrontendPort == 0 || r.FrontendPort == int(p.Port.Port) && (all || strings.EqualFold(r.Protocol, string(p.protocol()))) {
			return found(r)
		}
	}
	none := fmt.Sprintf("frontend %s of load balancer %s has no rule for %s port %d", f.Name, f.LB.Name, p.protocol(), p.Port.Port)
	for _, n := range f.LB.NATRules {
		if refers(n.Frontend, f.ID) && n.FrontendPort == int(p.Port.Port) && strings.EqualFold(n.Protocol, string(p.protocol())) {
			none += fmt.Sprintf("; inbound NAT rule %s takes the port and hands it to one machine", n.Name)
		}
	}
	return missing[az.LBRule](true, none, "")
}

func (p *Path) protocol() corev1.Protocol { return ProtocolOf(p.Port) }

// Protocol is TCP, UDP or SCTP.
func (p *Path) Protocol() string { return string(p.protocol()) }
