package publicip

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/rule"
	"azlb/analyze/topology"
	"azlb/report"
)

// conflict is one port of a Service that something else has on the frontend of the
// address for which the Service asks.
type conflict struct {
	index, port       int
	protocol, address string
	kind, name, owner string
	cite              report.Cite
}

// conflicts compares as checkLoadBalancerResourcesConflicts does: the Service's ports
// with the rules, NAT rules and NAT pools of others on the frontend that it asks for.
func conflicts(p *rule.Pass, s *topology.Service) []conflict {
	var out []conflict
	for _, h := range wanted(p, s) {
		for i := range s.Paths {
			path := s.Paths[i]
			if !wants(p, s, path.Index) || string(path.Family) != h.family() {
				continue
			}
			c := conflict{index: path.Index, port: int(path.Port.Port), protocol: path.Protocol(), address: h.address}
			for _, r := range h.lb.Rules {
				if !owns(s, r.Name) && refersTo(r.Frontend, h.frontend) && r.FrontendPort == c.port && sameProtocol(path, r.Protocol) {
					c.kind, c.name, c.owner, c.cite = "load balancing rule", r.Name, ownerOf(p, r.Name), h.lb.Doc.Cite(r.At+"/frontendPort")
					out = append(out, c)
				}
			}
			for _, r := range h.lb.NATRules {
				if refersTo(r.Frontend, h.frontend) && r.FrontendPort == c.port && sameProtocol(path, r.Protocol) {
					c.kind, c.name, c.owner, c.cite = "inbound NAT rule", r.Name, "", h.lb.Doc.Cite(r.At+"/frontendPort")
					out = append(out, c)
				}
			}
		}
	}
	return out
}

// asked is a frontend of the cluster's with the address for which a Service asks.
type asked struct {
	held
	address string
}

func (a asked) family() string {
	if strings.Contains(a.address, ":") {
		return "IPv6"
	}
	return "IPv4"
}

// wanted lists the frontends with the addresses that a Service asks for.
func wanted(p *rule.Pass, s *topology.Service) []asked {
	var out []asked
	for _, x := range pins(p, s) {
		if x.pip == nil {
			continue
		}
		if h := holder(p, x.pip); h != nil && ours(p, h.lb) {
			out = append(out, asked{*h, x.pip.IPAddress})
		}
	}
	want := p.Wants.Of(s.Key())
	if want == nil || !want.Internal.V || want.Address.V == "" || s.Foreign() || s.Deleting() {
		return out
	}
	for i := range p.Snapshot.Loads {
		lb := &p.Snapshot.Loads[i]
		for j := range lb.Frontends {
			if f := &lb.Frontends[j]; f.PrivateIPAddress == want.Address.V && ours(p, lb) {
				out = append(out, asked{held{lb, f}, want.Address.V})
			}
		}
	}
	return out
}

// wants reports whether the port gets a rule.
func wants(p *rule.Pass, s *topology.Service, index int) bool {
	want := p.Wants.Of(s.Key())
	return want != nil && index < len(want.Lanes[0].Ports) && !want.Lanes[0].Ports[index].NoRule
}

// rivals finds Services that ask for the same port of the same address while none
// of them has a frontend yet.
func rivals(p *rule.Pass, get func(string) *clash) {
	type claim struct {
		service *topology.Service
		x       pin
	}
	first := map[string]claim{}
	for _, s := range p.Graph.Services {
		for _, x := range pins(p, s) {
			if x.pip == nil || holder(p, x.pip) != nil || len(s.Frontends) > 0 {
				continue
			}
			for _, path := range s.Paths {
				if !wants(p, s, path.Index) || string(path.Family) != (asked{address: x.pip.IPAddress}).family() {
					continue
				}
				key := fmt.Sprintf("%s %s %d", strings.ToLower(x.pip.ID), path.Protocol(), path.Port.Port)
				other, taken := first[key]
				if !taken {
					first[key] = claim{s, x}
					continue
				}
				c := get(s.Key())
				c.both = true
				c.add(fmt.Sprintf("%s port %d of %s, as %s does", path.Protocol(), path.Port.Port, x.what, other.service.Key()), other.service.Key())
				c.cites = append(c.cites, s.Doc.Cite(x.pointer))
				if o := other.service.Doc.Cite(other.x.pointer); !slices.Contains(c.cites, o) {
					c.cites = append(c.cites, o)
				}
			}
		}
	}
}
