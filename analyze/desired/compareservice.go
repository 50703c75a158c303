package desired

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/bundle-schema/azname"
)

// skip says why a Service is not compared; empty: it is.
func (x *comparer) skip(s *topology.Service, want *Service) string {
	switch {
	case s.Foreign():
		return "another controller serves it"
	case s.Deleting():
		return "it is being deleted"
	case x.Settings.Other != "":
		return x.Settings.Other
	case s.Prefix == "":
		return "it has no uid in the evidence, so the names of its objects are not known"
	case len(s.Addresses()) == 0:
		return "it has no address yet: its first sync has not ended"
	case x.Graph.Snapshot.Apart != "":
		return x.Graph.Snapshot.Apart
	case !x.Graph.Snapshot.Have(&bundle.LoadBalancers):
		return "the load balancers are not in the bundle"
	}
	for _, p := range want.Problems {
		if p.Effect == SyncFails && !slices.Contains([]Subject{AboutRanges, AboutRangeConflict, AboutLink}, p.Subject) {
			return "the provider refuses " + p.Key + " of it, so no sync brings what it asks for" // the others fail when the load balancer is done
		}
	}
	return ""
}

// service compares what is one Service's own.
func (x *comparer) service(s *topology.Service, want *Service) {
	lb, ok := x.balancerOf(s, want)
	if !ok {
		return
	}
	x.on[s.Key()] = lb
	for i := range want.Lanes {
		lane := &want.Lanes[i]
		pip := x.publicIP(s, want, lane, lb)
		x.gone[lane] = lb == nil || !x.lane(s, want, lane, lb, pip)
	}
	if lb != nil {
		x.status(s, want, lb)
		x.link(s, want, lb, x.linked(want, lb))
	}
}

// balancerOf finds the Service's load balancer and records whether it is there. It
// is not ok where the evidence cannot tell.
func (x *comparer) balancerOf(s *topology.Service, want *Service) (*snapshot.LoadBalancer, bool) {
	if want.Balancer.Unknown != "" { // one of several: that which carries the Service
		for _, f := range s.Frontends {
			if f.Own && azname.IsInternalName(f.LB.Name) == want.Internal.V {
				return f.LB, true
			}
		}
		return nil, false
	}
	lb, several := x.loadBalancer(s, want.Balancer.V)
	sub := subject{x: x, service: s.Key(), hop: HopBalancer, object: want.Balancer.V, slot: "it", heals: true, want: s.Doc}
	if lb != nil {
		sub.got, sub.at = lb.Doc, lb.At
		sub.exists(want.Balancer.Because)
		return lb, true
	}
	g := x.Settings.Group
	if several || want.Balancer.Inferred || !x.lost(s, want) || g.Unknown != "" || g.Inferred || g.V == "" || !x.Graph.Snapshot.Complete(&bundle.LoadBalancers, g.V) {
		return nil, false
	}
	sub.missing("load balancer "+want.Balancer.V, want.Balancer.Because, cmp.Or(want.Balancer.Pointer, "/metadata/name"))
	return nil, true
}

// loadBalancer is the load balancer of that name in the provider's resource group.
// Where the group is not known and several have the name, it is the one that carries
// the Service; several says that none of them does.
func (x *comparer) loadBalancer(s *topology.Service, name string) (lb *snapshot.LoadBalancer, several bool) {
	for i := range x.Graph.Snapshot.Loads {
		switch one := &x.Graph.Snapshot.Loads[i]; {
		case !strings.EqualFold(one.Name, name) || !x.inGroup(one.ID, x.Settings.Group):
		case slices.ContainsFunc(s.Frontends, func(f topology.Frontend) bool { return f.Own && f.LB == one }):
			return one, false
		case lb == nil:
			lb = one
		default:
			several = true
		}
	}
	if several {
		return nil, true
	}
	return lb, false
}

// lost reports whether a load balancer that is not in the evidence may be called
// missing: a list that was given by hand may hold only some, so that there the
// Service must stand on another one, or its public IP say that nothing uses it any more.
func (x *comparer) lost(s *topology.Service, want *Service) bool {
	if x.Graph.Snapshot.Manifest != nil || slices.ContainsFunc(s.Frontends, func(f topology.Frontend) bool { return f.Own && (f.Frontend.PublicIP == nil) == want.Internal.V }) {
		return true
	}
	return slices.ContainsFunc(want.Lanes, func(l Lane) bool {
		pip, _ := x.findPublicIP(l.PublicIP)
		return pip != nil && pip.IPConfiguration == nil && pip.ProvisioningState != ""
	})
}

// inGroup reports whether an id may lie in the resource group.
func (x *comparer) inGroup(id string, group Value[string]) bool {
	g := az.GroupOf(id)
	return group.Unknown != "" || group.V == "" || g == "" || az.Masked(g) || strings.EqualFold(g, group.V)
}

// lane compares frontend, rules and probes of one IP family, and reports whether the
// frontend is there: what hangs on it goes and comes with it.
func (x *comparer) lane(s *topology.Service, want *Service, lane *Lane, lb *snapshot.LoadBalancer, pip *snapshot.PublicIP) bool {
	f := x.frontend(s, want, lane, lb, pip)
	if f == nil && s.Key() != x.always {
		return false
	}
	for i := range lane.Rules {
		x.rule(s, lane, &lane.Rules[i], lb, f)
	}
	for i := range lane.Probes {
		x.probe(s, lane, &lane.Probes[i], lb)
	}
	return f != nil
}

// frontend compares the frontend of a lane and returns it, nil where it is not there.
func (x *comparer) frontend(s *topology.Service, want *Service, lane *Lane, lb *snapshot.LoadBalancer, pip *snapshot.PublicIP) *az.Frontend {
	name := lane.Frontend.Name
	f := findFrontend(lb, name.V)
	own := f != nil
	if f == nil && lane.Frontend.Shared {
		if f = x.sharedFrontend(lane, lb, pip); f == nil && pip == nil && !want.Internal.V && s.Key() != x.always {
			return nil // without the address nothing tells which frontend it would be
		}
	}
	sub := subject{x: x, service: s.Key(), hop: HopFrontend, object: lb.Name + "/" + name.V, slot: string(lane.Family), heals: true, want: s.Doc}
	if f == nil {
		say := "frontend " + name.V
		if pip != nil {
			say += " with public IP " + pip.Name
		}
		sub.missing(say, "the Service is of type LoadBalancer; "+name.Because, "/spec/type", place{lb.Doc, lb.At})
		return nil
	}
	sub.object, sub.got, sub.at = lb.Name+"/"+f.Name, lb.Doc, f.At
	because := name.Because
	if !own {
		because = "the Service pins an address that another Service brought"
	}
	sub.exists(because)
	x.frontendFields(sub, want, lane, f, pip)
	return f
}

func (x *comparer) frontendFields(sub subject, want *Service, lane *Lane, f *az.Frontend, pip *snapshot.PublicIP) {
	if !want.Internal.V {
		id := ""
		if f.PublicIP != nil {
			id = az.LastName(f.PublicIP.ID)
		}
		switch {
		case pip != nil:
			if f.PublicIP != nil && az.Masked(f.PublicIP.ID) {
				if !strings.EqualFold(id, pip.Name) {
					return // masked ids tell only where they are the same
				}
			} else if f.PublicIP != nil && az.SameID(f.PublicIP.ID, pip.ID) {
				id = pip.Name
			} else if strings.EqualFold(id, pip.Name) {
				id = f.PublicIP.ID // the same name in another group
			}
			s := sub
			if f.PublicIP == nil {
				s.heals, s.why = false, "the provider does not look at a frontend that lost its public IP"
			}
			named(s, "publicIPAddress", known(pip.Name, lane.PublicIP.because()), id, "/publicIPAddress/id")
		case lane.PublicIP.Name.V != "" && lane.PublicIP.Name.Unknown == "":
			named(sub, "publicIPAddress", lane.PublicIP.Name, id, "/publicIPAddress/id")
		}
		return
	}
	id := ""
	if f.Subnet != nil {
		id = az.LastName(f.Subnet.ID)
	}
	s := sub
	if want.Subnet.V == "" {
		s.heals, s.why = false, "without the subnet annotation the provider does not compare the subnet"
	}
	if lane.Frontend.Subnet.V != "" {
		named(s, "subnet", lane.Frontend.Subnet, id, "/subnet/id")
	}
	if lane.Frontend.PrivateIP.V != "" {
		named(sub, "privateIPAddress", lane.Frontend.PrivateIP, f.PrivateIPAddress, "/privateIPAddress")
	}
	s = sub
	s.heals, s.why = false, "the provider does not compare the version of a frontend"
	named(s, "privateIPAddressVersion", lane.Frontend.Version, cmp.Or(f.PrivateIPAddressVersion, "IPv4"), "/privateIPAddressVersion")
}

// linked is the frontend of the Service's IPv4 lane, nil where it is not there.
func (x *comparer) linked(want *Service, lb *snapshot.LoadBalancer) *az.Frontend {
	for i := range want.Lanes {
		if lane := &want.Lanes[i]; lane.Family == corev1.IPv4Protocol {
			return x.frontendOf(lane, lb)
		}
	}
	return nil
}

// frontendOf is the frontend of a lane, its own or the one that it shares.
func (x *comparer) frontendOf(lane *Lane, lb *snapshot.LoadBalancer) *az.Frontend {
	f := findFrontend(lb, lane.Frontend.Name.V)
	if f == nil && lane.Frontend.Shared {
		pip, _ := x.findPublicIP(lane.PublicIP)
		f = x.sharedFrontend(lane, lb, pip)
	}
	return f
}

func findFrontend(lb *snapshot.LoadBalancer, name string) *az.Frontend {
	i := slices.IndexFunc(lb.Frontends, func(f az.Frontend) bool { return strings.EqualFold(f.Name, name) })
	if i < 0 {
		return nil
	}
	return &lb.Frontends[i]
}

// sharedFrontend is another Service's frontend with the address that this one pins.
func (x *comparer) sharedFrontend(lane *Lane, lb *snapshot.LoadBalancer, pip *snapshot.PublicIP) *az.Frontend {
	for i := range lb.Frontends {
		f := &lb.Frontends[i]
		switch {
		case pip != nil && f.PublicIP != nil && az.SameID(f.PublicIP.ID, pip.ID):
			return f
		case pip == nil && lane.Frontend.PrivateIP.V != "" && f.PrivateIPAddress == lane.Frontend.PrivateIP.V:
			return f
		}
	}
	return nil
}

// status compares the addresses that the Service shows with those of its frontends.
func (x *comparer) status(s *topology.Service, want *Service, lb *snapshot.LoadBalancer) {
	var addresses []string
	for i := range want.Lanes {
		lane := &want.Lanes[i]
		f := x.frontendOf(lane, lb)
		if f == nil {
			return // told already
		}
		a := f.PrivateIPAddress
		if pinned := lane.Frontend.PrivateIP.V; pinned != "" && pinned != a {
			return // told of the frontend
		}
		if f.PublicIP != nil {
			there := x.Graph.PublicIP(f.PublicIP)
			if there == nil {
				return
			}
			a = there.IPAddress
		}
		if a == "" && f.PublicIP != nil {
			return // told of the public IP
		}
		if a != "" {
			addresses = append(addresses, a)
		}
	}
	for _, ip := range (annotations{service: s}).additional(x.Cluster) {
		addresses = append(addresses, ip.String())
	}
	got := slices.Sorted(slices.Values(s.Addresses()))
	slices.Sort(addresses)
	sub := subject{x: x, service: s.Key(), hop: HopStatus, object: "Service " + s.Key(), slot: "it", heals: true, want: s.Doc, got: s.Doc}
	v := Value[string]{V: strings.Join(slices.Compact(addresses), ", "), Because: fmt.Sprintf("the addresses of its frontends in %s, and those it adds", lb.Name), Pointer: "/metadata/name"}
	named(sub, "ingress", v, strings.Join(slices.Compact(got), ", "), "/status/loadBalancer/ingress/0/ip")
}
