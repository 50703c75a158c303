// Package desired says what cloud-provider-azure would have built for a Service,
// as pure functions with a reason for every value, and compares it with what is
// there. After this package nobody knows an annotation key.
package desired

import (
	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/topology"
	"azlb/bundle-schema/azname"
)

// Wants is what every Service of a graph asks for, by "ns/name", as the newest
// release that may be the provider would build it.
type Wants struct {
	Provider *Provider
	Settings *Settings

	graph    *topology.Graph
	services map[string]*Service
}

// Of returns what the Service "ns/name" asks for, or nil.
func (w *Wants) Of(key string) *Service { return w.services[key] }

// Cluster is what the wants of a Service depend on beside the Service itself.
type Cluster struct {
	Graph    *topology.Graph
	Settings *Settings
	Version  azname.Version // of the provider
}

// has says whether the provider has what came with r.
func (c *Cluster) has(r azname.Releases) bool { return c.Version.AtLeast(r) }

// Service is what one Service asks for.
type Service struct {
	Internal Value[bool]
	// SKU of the load balancer the provider would make or has made: Standard, Basic,
	// or empty where nothing tells.
	SKU Value[string]
	// Balancer is the name of the load balancer.
	Balancer Value[string]
	// Address is the one that the Service asks for, empty where it asks for none.
	Address Value[string]
	// PublicIPName names an existing public IP; PublicIPGroup is the resource group
	// in which the provider looks for addresses (lower-cased; empty: not known).
	PublicIPName  Value[string]
	PublicIPGroup Value[string]
	Subnet        Value[string] // of an internal frontend, as the Service says; empty: the cluster's
	Sources       Sources
	Lanes         []Lane // one per IP family, in the order of the Service's families
	Link          *Link  // the private link service; nil: none
	// Problems is what the provider does not take as the Service means it.
	Problems []Problem
}

// Lane is what a Service asks for in one IP family.
type Lane struct {
	Family   corev1.IPFamily
	Frontend Frontend
	PublicIP *PublicIP // nil: an internal Service has none
	Ports    []Port    // in the order of the Service's ports
	Rules    []Rule
	Probes   []Probe // each once
	Pool     Value[string]
	// Security are the rules of the provider's security group.
	Security []SecurityRule
}

// Lane returns the lane of the family, or the first.
func (s *Service) Lane(family corev1.IPFamily) *Lane {
	for i := range s.Lanes {
		if s.Lanes[i].Family == family {
			return &s.Lanes[i]
		}
	}
	return &s.Lanes[0]
}

// Direct reports whether packets reach the nodes at their own addresses and node
// ports, with floating IP off.
func (s *Service) Direct() bool {
	for _, l := range s.Lanes {
		for _, r := range l.Rules {
			if !r.FloatingIP.V {
				return true
			}
		}
	}
	return false
}

// All computes the wants of every Service.
func All(g *topology.Graph) *Wants {
	w := &Wants{Provider: providerOf(g), Settings: settingsOf(g), graph: g, services: map[string]*Service{}}
	c := &Cluster{Graph: g, Settings: w.Settings, Version: w.Provider.Candidates[0]}
	for _, s := range g.Services {
		want := Of(s, c)
		want.Problems = Problems(g, s, w.Provider)
		w.services[s.Key()] = want
	}
	return w
}

// Of is what the provider would build for the Service in the cluster.
func Of(s *topology.Service, c *Cluster) *Service {
	a := annotations{service: s}
	want := &Service{
		Internal:      a.internal(),
		Address:       a.address(),
		PublicIPName:  a.publicIPName(c, false),
		PublicIPGroup: publicIPGroup(c.Graph, a),
		Sources:       a.sources(c),
		Link:          LinkOf(s),
	}
	want.SKU = sku(c, s)
	want.Balancer = balancer(c, a, want)
	if want.Internal.V {
		want.Subnet = a.text(internalSubnet)
	}
	families := families(c, s)
	for _, f := range families {
		want.Lanes = append(want.Lanes, lane(c, a, want, f, len(families) > 1 && f == corev1.IPv6Protocol))
	}
	return want
}

// families are those that the provider serves: all of the spec since it knows
// Services of two families, before only that of the cluster IP (getIPFamiliesEnabled).
func families(c *Cluster, s *topology.Service) []corev1.IPFamily {
	all := s.Families()
	if len(all) > 1 && !c.has(dualStack) {
		return all[:1]
	}
	return all
}

// poolOf is the pool of all nodes, or the Service's own with policy Local and several
// Standard load balancers (getBackendPoolNameForService).
func poolOf(c *Cluster, s *topology.Service, family corev1.IPFamily) Value[string] {
	ipv6 := family == corev1.IPv6Protocol
	if len(c.Settings.Many) > 0 && s.Local() {
		return known(azname.LocalPool(s.Key(), ipv6), "externalTrafficPolicy Local with several Standard load balancers: the Service has a pool of its own")
	}
	return from(c.Settings.ClusterName, azname.Pool(c.Settings.ClusterName.V, ipv6))
}

// lane puts the objects of one family together. second marks the IPv6 side of a
// Service with two families, whose names have a suffix.
func lane(c *Cluster, a annotations, want *Service, family corev1.IPFamily, second bool) Lane {
	l := Lane{Family: family}
	l.Frontend = frontend(c, a, want, family, second)
	if !want.Internal.V {
		l.PublicIP = publicIP(c, a, want, family, second)
	}
	l.Pool = poolOf(c, a.service, family)
	n := namer{c: c, prefix: a.service.Prefix, subnet: want.Subnet.V, second: second}
	for i := range a.service.Spec.Ports {
		l.Ports = append(l.Ports, port(c, a, want, family, n, i))
	}
	if highlyAvailablePorts(c, a, want) {
		l.Rules = []Rule{haRule(c, a, want, family, n)}
		for i := range l.Ports {
			l.Ports[i].Rule = &l.Rules[0]
		}
	} else {
		for _, p := range l.Ports {
			if p.Rule != nil {
				l.Rules = append(l.Rules, *p.Rule)
			}
		}
	}
	l.Probes = distinctProbes(l.Rules)
	l.Security = securityRules(c, a, want, family, second)
	return l
}
