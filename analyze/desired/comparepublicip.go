package desired

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/bundle-schema/azname"
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
	sub := subject{x: x, service: s.Key(), hop: HopPublicIP, object: cmp.Or(w.Name.V, w.Address.V), slot: string(lane.Family), heals: w.Made, want: s.Doc}
	if !w.Made {
		sub.why = "the provider makes no address that the Service names itself"
	}
	if pip == nil {
		var near []place
		if lb != nil {
			near = append(near, place{lb.Doc, lb.At + "/frontendIPConfigurations"})
		}
		sub.missing(fmt.Sprintf("public IP %s in resource group %s", cmp.Or(w.Name.V, w.Address.V), w.Group.V), w.because(), cmp.Or(w.Name.Pointer, w.Address.Pointer, "/status/loadBalancer/ingress/0/ip"), near...)
		return nil
	}
	sub.object, sub.got, sub.at, sub.heals, sub.why = pip.Name, pip.Doc, pip.At, true, ""
	sub.exists(w.because())
	if x.lists(pip, func(p *az.PublicIP) bool { return p.Version != "" }) {
		named(sub, "publicIPAddressVersion", w.Version, cmp.Or(pip.Version, "IPv4"), "/publicIPAddressVersion")
	}
	if x.lists(pip, func(p *az.PublicIP) bool { return p.SKU.Name != "" }) {
		named(sub, "sku", w.SKU, cmp.Or(pip.SKU.Name, "Basic"), "/sku/name")
	}
	if x.lists(pip, func(p *az.PublicIP) bool { return p.IPAddress != "" }) {
		x.publicIPAddress(s, sub, lane, pip)
	}
	if x.lists(pip, func(p *az.PublicIP) bool { return p.IPConfiguration != nil }) {
		x.publicIPUser(sub, want, lane, pip, lb)
	}
	x.publicIPOrigin(sub, w, pip)
	if w.DNSLabel != nil && x.lists(pip, func(p *az.PublicIP) bool { return p.DNS != nil }) {
		got := ""
		if pip.DNS != nil {
			got = pip.DNS.DomainNameLabel
		}
		named(sub, "dnsSettings.domainNameLabel", *w.DNSLabel, got, "/dnsSettings/domainNameLabel")
	}
	x.publicIPTags(sub, w, pip)
	return pip
}

// lists reports whether the list that a public IP stands in has a field at all: it is
// whole, with the type that a query for some fields hardly asks for, or some address
// in it has a value.
func (x *comparer) lists(pip *snapshot.PublicIP, has func(*az.PublicIP) bool) bool {
	file := func(p *snapshot.PublicIP) string {
		if p.Doc == nil {
			return ""
		}
		return p.Doc.File
	}
	return slices.ContainsFunc(x.Graph.Snapshot.PublicIPs, func(p snapshot.PublicIP) bool {
		return file(&p) == file(pip) && (p.Type != "" || has(&p.PublicIP))
	})
}

// publicIPOrigin compares what the provider decides when it makes an address.
func (x *comparer) publicIPOrigin(sub subject, w *PublicIP, pip *snapshot.PublicIP) {
	if !w.Made {
		return
	}
	sub.heals, sub.why = false, "the provider decides it when it makes the address, and not again"
	if x.lists(pip, func(p *az.PublicIP) bool { return p.AllocationMethod != "" }) {
		named(sub, "publicIPAllocationMethod", w.Allocation, pip.AllocationMethod, "/publicIPAllocationMethod")
	}
	if w.Prefix.V != "" && x.lists(pip, func(p *az.PublicIP) bool { return p.PublicIPPrefix != nil }) {
		got := ""
		if pip.PublicIPPrefix != nil {
			got = az.LastName(pip.PublicIPPrefix.ID)
		}
		named(sub, "publicIPPrefix", from(w.Prefix, az.LastName(w.Prefix.V)), got, "/publicIPPrefix/id")
	}
}

// publicIPTags compares the tags of the object and those of the address.
func (x *comparer) publicIPTags(sub subject, w *PublicIP, pip *snapshot.PublicIP) {
	if !x.lists(pip, func(p *az.PublicIP) bool { return p.Tags != nil }) {
		return
	}
	owners := azname.ServicesOfTag(pip.Tags)
	for _, t := range w.Tags {
		_, got := tagged(t, pip.Tags)
		if t.Managed && len(owners) == 0 || t.Optional && got == "" {
			continue
		}
		s := sub
		if s.why = t.Other; got == "" {
			s.why = t.Gone
		}
		s.heals = s.why == ""
		x.tag(s, t, pip.Tags)
	}
	cluster := azname.ClusterOfTags(pip.Tags)
	mine := slices.ContainsFunc(owners, func(o string) bool { return strings.EqualFold(o, sub.service) }) && (cluster == "" || strings.EqualFold(cluster, x.Settings.ClusterName.V))
	if w.IPTags == nil || !mine || !x.lists(pip, func(p *az.PublicIP) bool { return p.IPTags != nil }) {
		return // not asked for, or not the provider's to replace (shouldReleaseExistingOwnedPublicIP)
	}
	var got []string
	for _, t := range pip.IPTags {
		got = append(got, t.Type+"="+t.Tag)
	}
	slices.Sort(got)
	sub.heals, sub.why = true, "the next sync replaces the address, so that it changes, unless enableIPTagMutationForExistingPublicIP is set"
	if len(owners) > 1 {
		sub.heals, sub.why = false, "the provider does not replace an address that several Services share"
	}
	fieldAs(sub, "ipTags", *w.IPTags, w.IPTags.V, strings.Join(got, ", "), "/ipTags", func(a, b string) bool { return a == b })
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

// tagged is a tag as it stands there; the value is empty where there is none.
func tagged(want Tag, tags map[string]string) (key, got string) {
	key = want.Keys[0]
	for _, k := range want.Keys {
		for have, v := range tags {
			if strings.EqualFold(have, k) && got == "" {
				got, key = v, have
			}
		}
	}
	return key, got
}

// tag compares one tag; the provider keeps all others.
func (x *comparer) tag(sub subject, want Tag, tags map[string]string) {
	key, got := tagged(want, tags)
	v := want.Value
	if want.Part && slices.ContainsFunc(strings.Split(got, ","), func(s string) bool { return strings.EqualFold(strings.TrimSpace(s), v.V) }) {
		v.V = got
	}
	named(sub, "tags."+key, v, got, "/tags/"+strings.ReplaceAll(key, "/", "~1"))
}
