package topology

import (
	"cmp"
	"slices"
	"strings"

	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/bundle-schema/azname"
)

// Leftover is something of the provider that belongs to no living Service: a public
// IP of a dead Service with the frontend and the rules on it, or a frontend alone.
type Leftover struct {
	Prefix   string // a<uid> of the dead Service; empty where only a tag names it
	Service  string // "ns/name" from the tag, empty where nothing tells it
	PublicIP *snapshot.PublicIP
	Frontend *Frontend
	Rules    []*az.LBRule
	Probes   []*az.Probe
}

// leftovers finds what living Services do not account for. It needs every Service
// of the cluster, with its uid, and the cluster's name: where those are not known it
// finds nothing. Never a leftover: an address of another cluster (tag, name or resource
// group, or it serves another load balancer), one that a user assigned (no tag, no
// derived name), one of the platform (outbound), a frontend that a living Service shares.
func (g *Graph) leftovers() []Leftover {
	noUID := func(s *Service) bool { return s.UID == "" }
	if !g.NameSure() || !g.Snapshot.Complete(&bundle.Services, "") || slices.ContainsFunc(g.Services, noUID) {
		return nil
	}
	list := g.deadAddresses()
	for i := range g.Snapshot.Loads {
		lb := &g.Snapshot.Loads[i]
		if !g.OwnLoadBalancer(lb) {
			continue
		}
		dead := g.deadFrontends(lb)
		for j := range dead {
			l := home(&list, dead[j])
			l.Frontend = &dead[j]
			l.hold(dead)
		}
	}
	for _, l := range list { // a tag names the Service for all that it left
		for _, other := range list {
			if l.Service == "" && other.Prefix == l.Prefix {
				l.Service = other.Service
			}
		}
	}
	slices.SortStableFunc(list, func(a, b *Leftover) int {
		return cmp.Or(strings.Compare(a.Prefix, b.Prefix), strings.Compare(a.Service, b.Service), strings.Compare(a.name(), b.name()))
	})
	var out []Leftover
	for _, l := range list {
		out = append(out, *l)
	}
	return out
}

// name orders what one Service left.
func (l *Leftover) name() string {
	name := ""
	if l.PublicIP != nil {
		name = l.PublicIP.Name
	}
	if l.Frontend != nil {
		name += "\x00" + l.Frontend.LB.Name + "\x00" + l.Frontend.Name
	}
	return name
}

// deadAddresses is one leftover for each public IP of a dead Service.
func (g *Graph) deadAddresses() []*Leftover {
	var out []*Leftover
	for i := range g.Snapshot.PublicIPs {
		p := &g.Snapshot.PublicIPs[i]
		if first := g.publics[az.Key(p.ID)]; first != nil && first != p {
			continue // told twice
		}
		if prefix, service, dead := g.deadPublicIP(p); dead {
			out = append(out, &Leftover{Prefix: prefix, Service: service, PublicIP: p})
		}
	}
	return out
}

// deadFrontends are the load balancer's frontends that no living Service has or shares.
func (g *Graph) deadFrontends(lb *snapshot.LoadBalancer) []Frontend {
	var out []Frontend
	for i := range lb.Frontends {
		f := &lb.Frontends[i]
		if prefix, ok := azname.ParsePrefix(f.Name); ok && !g.living[prefix] && !g.shared(lb, f) {
			out = append(out, Frontend{Frontend: f, LB: lb, PublicIP: g.PublicIP(f.PublicIP)})
		}
	}
	return out
}

// home is the leftover to which a frontend belongs: that of its public IP; where its
// address is not known, that of an address of the same Service; else one of its own.
func home(list *[]*Leftover, f Frontend) *Leftover {
	prefix, _ := azname.ParsePrefix(f.Name)
	for _, l := range *list {
		if l.Prefix == prefix && l.Frontend == nil && l.PublicIP != nil && l.PublicIP == f.PublicIP {
			return l
		}
	}
	for _, l := range *list {
		if l.Prefix == prefix && l.Frontend == nil && f.PublicIP == nil && f.Frontend.PublicIP != nil {
			return l
		}
	}
	l := &Leftover{Prefix: prefix}
	*list = append(*list, l)
	return l
}

// hold takes the rules on the frontend with their probes. What stands on none of the
// Service's frontends goes with the first.
func (l *Leftover) hold(dead []Frontend) {
	lb := l.Frontend.LB
	mine := func(name string) bool {
		prefix, ok := azname.ParsePrefix(name)
		return ok && prefix == l.Prefix
	}
	home := func(ref *az.Ref) *az.Frontend {
		var first *az.Frontend
		for _, f := range dead {
			switch {
			case !mine(f.Name):
			case refers(ref, f.ID):
				return f.Frontend
			case first == nil:
				first = f.Frontend
			}
		}
		return first
	}
	for i := range lb.Rules {
		if r := &lb.Rules[i]; mine(r.Name) && home(r.Frontend) == l.Frontend.Frontend {
			l.Rules = append(l.Rules, r)
		}
	}
	for i := range lb.Probes {
		p := &lb.Probes[i]
		if !mine(p.Name) {
			continue
		}
		var ref *az.Ref // of the frontend whose rule asks it
		for j := range lb.Rules {
			if r := &lb.Rules[j]; mine(r.Name) && refers(r.Probe, p.ID) {
				ref = r.Frontend
			}
		}
		if home(ref) == l.Frontend.Frontend {
			l.Probes = append(l.Probes, p)
		}
	}
}

// deadPublicIP reports whether the provider made the address for a Service that
// no longer exists.
func (g *Graph) deadPublicIP(p *snapshot.PublicIP) (prefix, service string, dead bool) {
	for k := range p.Tags {
		if strings.HasPrefix(strings.ToLower(k), "aks-managed") {
			return "", "", false
		}
	}
	if c := azname.ClusterOfTags(p.Tags); c != "" && !strings.EqualFold(c, g.ClusterName) {
		return "", "", false
	}
	base := strings.ToLower(g.ClusterName) + "-"
	name := strings.ToLower(p.Name)
	if strings.HasPrefix(name, base) {
		if x, ok := azname.ParsePrefix(strings.TrimPrefix(name, base)); ok {
			prefix = x
		}
	}
	if prefix == "" || !g.ownAddress(p) {
		return "", "", false // a name that the provider does not derive: the user's own, or another cluster's
	}
	if g.living[prefix] || slices.ContainsFunc(g.Services, func(s *Service) bool { return s.uses(p) }) {
		return "", "", false // also where it was made for an earlier Service, and one pins it since
	}
	if services := azname.ServicesOfTag(p.Tags); len(services) > 0 {
		service = services[0]
	}
	return prefix, service, true
}

// uses reports whether one of the Service's frontends or addresses is the public IP,
// or an annotation names it: an address that a Service still waits for is wanted.
func (s *Service) uses(p *snapshot.PublicIP) bool {
	for _, v := range s.Annotations {
		if strings.EqualFold(v, p.Name) || p.IPAddress != "" && v == p.IPAddress {
			return true
		}
	}
	return slices.Contains(s.Addresses(), p.IPAddress) || s.Spec.LoadBalancerIP == p.IPAddress && p.IPAddress != "" ||
		slices.ContainsFunc(s.Frontends, func(f Frontend) bool { return f.PublicIP == p })
}

// shared reports whether a rule of a living Service stands on the frontend, or a
// living Service has its address.
func (g *Graph) shared(lb *snapshot.LoadBalancer, f *az.Frontend) bool {
	for _, r := range lb.Rules {
		if p, ok := azname.ParsePrefix(r.Name); ok && refers(r.Frontend, f.ID) && g.living[p] {
			return true
		}
	}
	return slices.ContainsFunc(g.Services, func(s *Service) bool {
		return slices.ContainsFunc(s.Frontends, func(x Frontend) bool { return x.Frontend == f })
	})
}
