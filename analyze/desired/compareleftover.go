package desired

import (
	"cmp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/azname"
)

// leftovers tells what nobody wants: of Services that are gone or of another type
// now, and of living ones what their wishes of today do not explain. Whose a thing
// is the prefix in its name says; it needs every Service of the cluster.
func (x *comparer) leftovers() {
	if !x.Graph.Snapshot.Complete(&bundle.Services, "") || slices.ContainsFunc(x.Graph.Services, func(s *topology.Service) bool { return s.UID == "" }) || x.Settings.Other != "" {
		return
	}
	owners := map[string]*corev1.Service{}
	for i := range x.Graph.Snapshot.Services {
		s := &x.Graph.Snapshot.Services[i].Service
		owners[azname.Prefix(string(s.UID))] = s
	}
	for i := range x.Graph.Snapshot.Loads {
		lb := &x.Graph.Snapshot.Loads[i]
		if !x.Graph.OwnLoadBalancer(lb) || !x.inGroup(lb.ID, x.Settings.Group) {
			continue
		}
		for _, f := range lb.Frontends {
			x.leftover(owners, lb, HopFrontend, f.Name, f.At)
		}
		for _, r := range lb.Rules {
			x.leftover(owners, lb, HopRule, r.Name, r.At)
		}
		for _, p := range lb.Probes {
			x.leftover(owners, lb, HopProbe, p.Name, p.At)
		}
	}
	for _, l := range x.Graph.Leftovers {
		if p := l.PublicIP; p != nil {
			x.dead(l.Service, HopPublicIP, p.Name, p.IPAddress, place{p.Doc, p.At})
		}
	}
	x.turned(owners)
}

// leftover judges one object of a load balancer.
func (x *comparer) leftover(owners map[string]*corev1.Service, lb *snapshot.LoadBalancer, hop, name, at string) {
	prefix, ok := azname.ParsePrefix(name)
	if !ok {
		return
	}
	owner := owners[prefix]
	switch {
	case owner == nil && !x.Graph.NameSure():
	case owner == nil:
		service, told := "", false
		for _, l := range x.Graph.Leftovers {
			if l.Prefix == prefix {
				service = l.Service
				told = told || l.Frontend != nil && l.Frontend.LB == lb && strings.EqualFold(l.Frontend.Name, name)
			}
		}
		if hop == HopFrontend && !told {
			return // living Services share it
		}
		x.dead(service, hop, lb.Name+"/"+name, "present", place{lb.Doc, at})
	case owner.Spec.Type != corev1.ServiceTypeLoadBalancer:
		x.was(owner, hop, lb.Name+"/"+name, place{lb.Doc, at})
	default:
		key := owner.Namespace + "/" + owner.Name
		want := x.wants[key]
		if want == nil || want.asksFor(lb, hop, name) || hop == HopFrontend && x.lent(lb, name) {
			return
		}
		x.add(Check{Services: []string{key}, Kind: Leftover, Hop: hop, Object: lb.Name + "/" + name, Field: Existence, Want: "absent", Got: "present",
			Because: "it bears the Service's name, but nothing in the Service asks for it", Heals: true}, lb.Name+"/"+name, place{x.Graph.Service(key).Doc, "/spec/ports"}, place{lb.Doc, at})
	}
}

// asksFor reports whether the Service wants the object of that name on the load balancer.
func (s *Service) asksFor(lb *snapshot.LoadBalancer, hop, name string) bool {
	if s.Balancer.Unknown == "" && !strings.EqualFold(s.Balancer.V, lb.Name) {
		return false
	}
	for _, l := range s.Lanes {
		switch hop {
		case HopFrontend:
			if strings.EqualFold(l.Frontend.Name.V, name) {
				return true
			}
		case HopRule:
			if slices.ContainsFunc(l.Rules, func(r Rule) bool { return strings.EqualFold(r.Name, name) }) {
				return true
			}
		case HopProbe:
			if slices.ContainsFunc(l.Probes, func(p Probe) bool { return strings.EqualFold(p.Name, name) }) {
				return true
			}
		}
	}
	return false
}

// lent reports whether another Service's rule stands on the frontend.
func (x *comparer) lent(lb *snapshot.LoadBalancer, name string) bool {
	own, _ := azname.ParsePrefix(name)
	for _, r := range lb.Rules {
		if p, ok := azname.ParsePrefix(r.Name); ok && p != own && r.Frontend != nil && strings.HasSuffix(strings.ToLower(r.Frontend.ID), "/"+strings.ToLower(name)) {
			return true
		}
	}
	return false
}

// dead tells what a Service left that no longer exists.
func (x *comparer) dead(service, hop, object, got string, at place) {
	c := Check{Kind: Leftover, Hop: hop, Object: object, Field: Existence, Want: "absent", Got: cmp.Or(got, "present"),
		Because: "the Service that its name is derived from no longer exists", Why: "no sync looks for objects of a Service that is gone"}
	if service != "" {
		c.Services = []string{service}
	}
	x.add(c, object, at)
}

// was tells what a Service left that is of another type now.
func (x *comparer) was(owner *corev1.Service, hop, object string, at place) {
	if owner.DeletionTimestamp != nil {
		return
	}
	key := owner.Namespace + "/" + owner.Name
	c := Check{Services: []string{key}, Kind: Leftover, Hop: hop, Object: object, Field: Existence, Want: "absent", Got: "present",
		Because: "Service " + key + " is of type " + string(owner.Spec.Type) + " now"}
	switch c.Heals = slices.Contains(owner.Finalizers, topology.Cleanup); { // needsCleanup
	case !c.Heals:
		c.Why = "the controller no longer looks at a Service of another type without its finalizer"
	case owner.Spec.Type == corev1.ServiceTypeExternalName && !x.has(externalNameCleaned):
		c.Heals, c.Why = false, "the provider of this release does not clean up after a Service that became an ExternalName"
	}
	x.add(c, object, at)
}

// turned tells of public IPs of living Services that are internal now or of another type.
func (x *comparer) turned(owners map[string]*corev1.Service) {
	if !x.Graph.NameSure() {
		return
	}
	base := strings.ToLower(x.Settings.ClusterName.V) + "-"
	for i := range x.Graph.Snapshot.PublicIPs {
		p := &x.Graph.Snapshot.PublicIPs[i]
		if c := azname.ClusterOfTags(p.Tags); c != "" && !strings.EqualFold(c, x.Settings.ClusterName.V) {
			continue
		}
		rest, ok := strings.CutPrefix(strings.ToLower(p.Name), base)
		prefix, derived := azname.ParsePrefix(rest)
		owner := owners[prefix]
		if !ok || !derived || owner == nil || x.tagged(p) {
			continue
		}
		if owner.Spec.Type != corev1.ServiceTypeLoadBalancer {
			x.was(owner, HopPublicIP, p.Name, place{p.Doc, p.At})
			continue
		}
		key := owner.Namespace + "/" + owner.Name
		want := x.wants[key]
		if want == nil || slices.ContainsFunc(want.Lanes, func(l Lane) bool {
			return l.PublicIP != nil && (strings.EqualFold(l.PublicIP.Name.V, p.Name) || l.PublicIP.Address.V == p.IPAddress && p.IPAddress != "")
		}) {
			continue
		}
		x.add(Check{Services: []string{key}, Kind: Leftover, Hop: HopPublicIP, Object: p.Name, Field: Existence, Want: "absent", Got: cmp.Or(p.IPAddress, "present"),
			Because: "it was made for the Service, but the Service does not ask for it any more", Heals: true}, p.Name, place{x.Graph.Service(key).Doc, "/metadata/annotations"}, place{p.Doc, p.At})
	}
}

// tagged reports whether the address is in use by another Service that pins it.
func (x *comparer) tagged(p *snapshot.PublicIP) bool {
	return slices.ContainsFunc(x.Graph.Services, func(s *topology.Service) bool {
		want := x.wants[s.Key()]
		return want != nil && slices.ContainsFunc(want.Lanes, func(l Lane) bool {
			return l.PublicIP != nil && !l.PublicIP.Made && (strings.EqualFold(l.PublicIP.Name.V, p.Name) || l.PublicIP.Address.V == p.IPAddress && p.IPAddress != "")
		})
	})
}
