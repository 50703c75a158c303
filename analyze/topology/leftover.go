package topology

import (
	"slices"
	"strings"

	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/bundle-schema/azname"
)

// Leftover is something of the provider that belongs to no living Service: the
// public IP, the frontend and the rules of one dead Service.
type Leftover struct {
	Prefix   string // a<uid> of the dead Service; empty where only a tag names it
	Service  string // "ns/name" from the tag, empty where nothing tells it
	PublicIP *snapshot.PublicIP
	Frontend *Frontend
	Rules    []*az.LBRule
	Probes   []*az.Probe
}

// leftovers finds what living Services do not account for. It needs every Service
// of the cluster, with its uid: where those are not known it finds nothing. Never a
// leftover: an address of another cluster (tag or name), one that a user assigned
// (no tag, no derived name), one of the platform (outbound), a frontend that a
// living Service shares.
func (g *Graph) leftovers() []Leftover {
	noUID := func(s *Service) bool { return s.UID == "" }
	if !g.Snapshot.Complete(&bundle.Services, "") || slices.ContainsFunc(g.Services, noUID) {
		return nil
	}
	byKey := map[string]*Leftover{}
	var order []string
	get := func(key string) *Leftover {
		if byKey[key] == nil {
			byKey[key] = &Leftover{}
			order = append(order, key)
		}
		return byKey[key]
	}
	for i := range g.Snapshot.PublicIPs {
		p := &g.Snapshot.PublicIPs[i]
		if prefix, service, dead := g.deadPublicIP(p); dead {
			l := get(prefix + "|" + service)
			l.Prefix, l.Service, l.PublicIP = prefix, service, p
		}
	}
	for i := range g.Snapshot.Loads {
		lb := &g.Snapshot.Loads[i]
		if !g.OwnLoadBalancer(lb) {
			continue
		}
		for j := range lb.Frontends {
			prefix, ok := azname.ParsePrefix(lb.Frontends[j].Name)
			if !ok || g.livingPrefix(prefix) || g.shared(lb, &lb.Frontends[j]) {
				continue
			}
			key := prefix + "|"
			for k, l := range byKey {
				if l.Prefix == prefix {
					key = k
				}
			}
			l := get(key)
			l.Prefix, l.Frontend = prefix, &Frontend{Frontend: &lb.Frontends[j], LB: lb, PublicIP: g.PublicIP(lb.Frontends[j].PublicIP)}
			for k := range lb.Rules {
				if p, ok := azname.ParsePrefix(lb.Rules[k].Name); ok && p == prefix {
					l.Rules = append(l.Rules, &lb.Rules[k])
				}
			}
			for k := range lb.Probes {
				if p, ok := azname.ParsePrefix(lb.Probes[k].Name); ok && p == prefix {
					l.Probes = append(l.Probes, &lb.Probes[k])
				}
			}
		}
	}
	slices.Sort(order)
	var out []Leftover
	for _, k := range order {
		out = append(out, *byKey[k])
	}
	return out
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
	if prefix == "" {
		return "", "", false // a name that the provider does not derive: the user's own
	}
	if g.livingPrefix(prefix) {
		return "", "", false
	}
	services := azname.ServicesOfTag(p.Tags)
	for _, key := range services {
		if s := g.Service(key); s != nil && s.Prefix != prefix && s.uses(p) {
			return "", "", false // kept by a Service that pins it
		}
	}
	if len(services) > 0 {
		service = services[0]
	}
	return prefix, service, true
}

// uses reports whether one of the Service's frontends or addresses is the public IP.
func (s *Service) uses(p *snapshot.PublicIP) bool {
	return slices.Contains(s.Addresses(), p.IPAddress) || s.Spec.LoadBalancerIP == p.IPAddress && p.IPAddress != "" ||
		slices.ContainsFunc(s.Frontends, func(f Frontend) bool { return f.PublicIP == p })
}

// OwnLoadBalancer reports whether the load balancer carries this cluster's name.
func (g *Graph) OwnLoadBalancer(lb *snapshot.LoadBalancer) bool {
	base, _ := strings.CutSuffix(strings.ToLower(lb.Name), "-internal")
	if strings.EqualFold(base, g.ClusterName) {
		return true
	}
	c := g.Snapshot.Config
	if c == nil {
		return false
	}
	if strings.EqualFold(base, c.LoadBalancerName) {
		return true
	}
	return slices.ContainsFunc(c.MultipleLoadBalancers, func(m snapshot.BalancerConfig) bool {
		return strings.EqualFold(m.Name, base)
	})
}

func (g *Graph) livingPrefix(prefix string) bool {
	for i := range g.Snapshot.Services {
		if u := g.Snapshot.Services[i].UID; u != "" && azname.Prefix(string(u)) == prefix {
			return true
		}
	}
	return false
}

// shared reports whether a rule of a living Service stands on the frontend, or a
// living Service has its address.
func (g *Graph) shared(lb *snapshot.LoadBalancer, f *az.Frontend) bool {
	for _, r := range lb.Rules {
		if p, ok := azname.ParsePrefix(r.Name); ok && refers(r.Frontend, f.ID) && g.livingPrefix(p) {
			return true
		}
	}
	return slices.ContainsFunc(g.Services, func(s *Service) bool {
		return slices.ContainsFunc(s.Frontends, func(x Frontend) bool { return x.Frontend == f })
	})
}
