// Package publicip holds the rules about the public addresses that Services ask for.
package publicip

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	"azlb/bundle-schema/az"
	"azlb/bundle-schema/azname"
	"azlb/report"
)

// Rules of this topic, in the order in which the controller meets them: it finds the
// address, looks whose it is, sets its DNS label, then writes the load balancer.
var Rules = []*rule.Rule{PIP03, PIP01, PIP02, PIP08, PIP06, PIP09, PIP07, PIP04, PIP10, PIP05}

// Annotations that only these rules read.
const (
	dnsLabel    = "service.beta.kubernetes.io/azure-dns-label-name"
	nameIPv6    = "service.beta.kubernetes.io/azure-pip-name-ipv6"
	addressIPv6 = "service.beta.kubernetes.io/azure-load-balancer-ipv6"
)

// pin is one public IP that a Service asks for.
type pin struct {
	what    string // its name or its address
	byName  bool
	pointer string             // where the Service says so
	pip     *snapshot.PublicIP // nil: not in the resource group where the provider looks
}

// pins lists the public IPs that a Service asks for: of each IP family the one that
// it names, else the one whose address it names.
func pins(p *rule.Pass, s *topology.Service) []pin {
	want := p.Wants.Of(s.Key())
	if want == nil || s.Foreign() || s.Deleting() || want.Internal.V {
		return nil
	}
	var out []pin
	add := func(what, pointer string, byName bool) {
		if what == "" || slices.ContainsFunc(out, func(x pin) bool { return x.what == what }) {
			return
		}
		x := pin{what: what, pointer: pointer, byName: byName}
		for i := range p.Snapshot.PublicIPs {
			if pip := &p.Snapshot.PublicIPs[i]; is(pip, what) && strings.EqualFold(az.GroupOf(pip.ID), want.PublicIPGroup.V) {
				x.pip = pip
			}
		}
		out = append(out, x)
	}
	if name := want.PublicIPName; name.V != "" {
		add(name.V, name.Pointer, true)
	} else {
		add(want.Address.V, want.Address.Pointer, false)
	}
	if len(s.Spec.IPFamilies) == 2 {
		if name := annotation(s, nameIPv6); name != "" {
			add(name, pointerTo(nameIPv6), true)
		} else {
			add(annotation(s, addressIPv6), pointerTo(addressIPv6), false)
		}
	}
	return out
}

func annotation(s *topology.Service, key string) string { return strings.TrimSpace(s.Annotations[key]) }

func pointerTo(key string) string {
	return "/metadata/annotations/" + strings.ReplaceAll(key, "/", "~1")
}

// public reports whether the provider gives the Service a public frontend.
func public(p *rule.Pass, s *topology.Service) bool {
	want := p.Wants.Of(s.Key())
	return want != nil && !s.Foreign() && !s.Deleting() && !want.Internal.V
}

// subject names a Service that asks for what it cannot get.
func subject(s *topology.Service) report.Object {
	return report.Object{Kind: "Service", Namespace: s.Namespace, Name: s.Name}
}

// held is a frontend of a load balancer that refers to a public IP.
type held struct {
	lb       *snapshot.LoadBalancer
	frontend *az.Frontend
}

// holder is the frontend that carries a public IP, nil where no load balancer of
// the bundle has one.
func holder(p *rule.Pass, pip *snapshot.PublicIP) *held {
	for i := range p.Snapshot.Loads {
		lb := &p.Snapshot.Loads[i]
		for j := range lb.Frontends {
			f := &lb.Frontends[j]
			if f.PublicIP != nil && az.SameID(f.PublicIP.ID, pip.ID) || pip.IPConfiguration != nil && az.SameID(pip.IPConfiguration.ID, f.ID) {
				return &held{lb, f}
			}
		}
	}
	return nil
}

// ours reports whether the load balancer is one that this cluster's provider writes:
// it has the cluster's name and resource group, or carries a living Service.
func ours(p *rule.Pass, lb *snapshot.LoadBalancer) bool {
	if slices.ContainsFunc(p.Graph.Services, func(s *topology.Service) bool {
		return slices.ContainsFunc(s.Frontends, func(f topology.Frontend) bool { return f.Own && f.LB == lb })
	}) {
		return true
	}
	groups := p.Graph.ProviderGroups()
	return p.Graph.OwnLoadBalancer(lb) && (len(groups) == 0 || slices.Contains(groups, strings.ToLower(az.GroupOf(lb.ID))))
}

// serves reports whether the Service has a frontend, or a rule on a frontend, with
// the public IP.
func serves(s *topology.Service, pip *snapshot.PublicIP) bool {
	return slices.ContainsFunc(s.Frontends, func(f topology.Frontend) bool {
		return f.PublicIP == pip && (f.Own || s.Prefix == "" || onFrontend(s, f))
	})
}

// onFrontend reports whether a rule of the Service stands on the frontend.
func onFrontend(s *topology.Service, f topology.Frontend) bool {
	return slices.ContainsFunc(f.LB.Rules, func(r az.LBRule) bool {
		return owns(s, r.Name) && r.Frontend != nil && az.SameID(r.Frontend.ID, f.ID)
	})
}

// onlyIPv6 reports whether the Service has IPv6 and nothing else.
func onlyIPv6(s *topology.Service) bool {
	return len(s.Spec.IPFamilies) == 1 && s.Spec.IPFamilies[0] == corev1.IPv6Protocol
}

// owns reports whether the name of a frontend or rule carries the Service's prefix.
func owns(s *topology.Service, name string) bool {
	prefix, ok := azname.ParsePrefix(name)
	return ok && prefix == s.Prefix
}

// named lists Services, or stands in for one that no error names.
func named(services []string) string {
	if len(services) == 0 {
		return "a Service that no error names"
	}
	return rule.List(services)
}
