package desired

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
)

// because is the reason for the address as a whole.
func (p *PublicIP) because() string {
	if p.Address.V != "" {
		return p.Address.Because
	}
	if p.Made {
		return "the public IP that the provider makes for the Service"
	}
	return p.Name.Because
}

// findPublicIP is the public IP that a lane asks for; absent says that its evidence
// is whole and it is not there.
func (x *comparer) findPublicIP(want *PublicIP) (pip *snapshot.PublicIP, absent bool) {
	if want == nil || want.Name.Unknown != "" {
		return nil, false
	}
	for i := range x.Graph.Snapshot.PublicIPs {
		p := &x.Graph.Snapshot.PublicIPs[i]
		match := want.Name.V != "" && strings.EqualFold(p.Name, want.Name.V) || want.Name.V == "" && want.Address.V != "" && p.IPAddress == want.Address.V
		if match && x.inGroup(p.ID, want.Group) {
			return p, false
		}
	}
	return nil, want.Group.V != "" && x.Graph.Snapshot.Complete(&bundle.PublicIPs, want.Group.V) && !x.referred(want)
}

// referred reports whether some frontend refers to a public IP of that name: Azure
// deletes none that is referred to, so that it is only missing in the evidence.
func (x *comparer) referred(want *PublicIP) bool {
	return slices.ContainsFunc(x.Graph.Snapshot.Loads, func(lb snapshot.LoadBalancer) bool {
		return slices.ContainsFunc(lb.Frontends, func(f az.Frontend) bool {
			return f.PublicIP != nil && x.Graph.PublicIP(f.PublicIP) == nil && (want.Name.V == "" || strings.EqualFold(az.LastName(f.PublicIP.ID), want.Name.V))
		})
	})
}

// publicIP compares the public IP of a lane and returns it; nil: internal, not
// there, or not in the evidence.
func (x *comparer) publicIP(s *topology.Service, want *Service, lane *Lane, lb *snapshot.LoadBalancer) *snapshot.PublicIP {
	w := lane.PublicIP
	pip, absent := x.findPublicIP(w)
	if w == nil || pip == nil && !absent {
		return nil
	}
	sub := subject{x: x, service: s.Key(), hop: HopPublicIP, object: firstText(w.Name.V, w.Address.V), slot: string(lane.Family), heals: w.Made, want: s.Doc}
	if !w.Made {
		sub.why = "the provider makes no address that the Service names itself"
	}
	if pip == nil {
		var near []place
		if lb != nil {
			near = append(near, place{lb.Doc, lb.At + "/frontendIPConfigurations"})
		}
		sub.missing(fmt.Sprintf("public IP %s in resource group %s", firstText(w.Name.V, w.Address.V), w.Group.V), w.because(), firstText(w.Name.Pointer, w.Address.Pointer, "/status/loadBalancer/ingress/0/ip"), near...)
		return nil
	}
	sub.object, sub.got, sub.at, sub.heals, sub.why = pip.Name, pip.Doc, pip.At, true, ""
	sub.exists(w.because())
	named(sub, "publicIPAddressVersion", w.Version, firstText(pip.Version, "IPv4"), "/publicIPAddressVersion")
	named(sub, "sku", w.SKU, firstText(pip.SKU.Name, "Basic"), "/sku/name")
	x.publicIPAddress(s, sub, lane, pip)
	x.publicIPUser(sub, want, lane, pip, lb)
	fixed := sub
	fixed.heals, fixed.why = false, "the provider decides it when it makes the address, and not again"
	if w.Made {
		named(fixed, "publicIPAllocationMethod", w.Allocation, pip.AllocationMethod, "/publicIPAllocationMethod")
		prefix := w.Prefix
		if prefix.V != "" {
			got := ""
			if pip.PublicIPPrefix != nil {
				got = az.LastName(pip.PublicIPPrefix.ID)
			}
			named(fixed, "publicIPPrefix", from(prefix, az.LastName(prefix.V)), got, "/publicIPPrefix/id")
		}
	}
	if w.DNSLabel != nil {
		got := ""
		if pip.DNS != nil {
			got = pip.DNS.DomainNameLabel
		}
		named(sub, "dnsSettings.domainNameLabel", *w.DNSLabel, got, "/dnsSettings/domainNameLabel")
	}
	for _, t := range w.Tags {
		x.tag(sub, t, pip.Tags)
	}
	return pip
}

// publicIPAddress tells of a public IP that lost its address. Whether it is the one
// that the Service shows is a matter of the status.
func (x *comparer) publicIPAddress(s *topology.Service, sub subject, lane *Lane, pip *snapshot.PublicIP) {
	shown := onlyFamily(slices.Clone(s.Addresses()), lane.Family)
	if len(shown) == 0 {
		return
	}
	v := Value[string]{V: shown[0], Because: "the address in the Service's status", Pointer: "/status/loadBalancer/ingress/0/ip"}
	if pip.IPAddress != "" {
		v.V = pip.IPAddress
	}
	named(sub, "ipAddress", v, pip.IPAddress, "/ipAddress")
}

// publicIPUser compares who uses the address with the Service's frontend.
func (x *comparer) publicIPUser(sub subject, want *Service, lane *Lane, pip *snapshot.PublicIP, lb *snapshot.LoadBalancer) {
	if lb == nil {
		return
	}
	f := x.frontendOf(lane, lb)
	if f == nil || f.PublicIP == nil || !az.SameID(f.PublicIP.ID, pip.ID) {
		return // told of the frontend
	}
	mine, got := lb.Name+"/"+f.Name, ""
	if pip.IPConfiguration != nil {
		if got = pip.IPConfiguration.ID; az.SameID(got, f.ID) {
			got = mine
		}
	}
	sub.heals, sub.why = false, "Azure writes it, not the provider"
	named(sub, "ipConfiguration", known(mine, "the frontend refers to this address"), got, "/ipConfiguration/id")
}

// tag compares one tag; the provider keeps all others.
func (x *comparer) tag(sub subject, want Tag, tags map[string]string) {
	got, key := "", want.Keys[0]
	for _, k := range want.Keys {
		for have, v := range tags {
			if strings.EqualFold(have, k) && got == "" {
				got, key = v, have
			}
		}
	}
	v := want.Value
	if want.Part && slices.ContainsFunc(strings.Split(got, ","), func(s string) bool { return strings.EqualFold(strings.TrimSpace(s), v.V) }) {
		v.V = got
	}
	named(sub, "tags."+key, v, got, "/tags/"+strings.ReplaceAll(key, "/", "~1"))
}
