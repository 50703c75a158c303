package desired

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/bundle-schema/azname"
)

// link compares the private link service of a Service
// (reconcilePrivateLinkService). f is the frontend that it stands on.
func (x *comparer) link(s *topology.Service, want *Service, lb *snapshot.LoadBalancer, f *az.Frontend) {
	l := want.Link
	if l == nil || !x.has(privateLink) || !want.Internal.V && !want.Direct() {
		return
	}
	if f == nil || len(l.Static) > l.Count.V || strings.EqualFold(f.PrivateIPAddressVersion, "IPv6") {
		return // the provider refuses, or has nothing to put it on
	}
	name := l.Name
	if name.V == "" {
		name.V = "pls-" + f.Name
	}
	group := x.linkGroup(l)
	sub := subject{x: x, service: s.Key(), hop: HopLink, object: name.V, slot: "it", heals: true, want: s.Doc}
	pls, stands := x.findLink(name.V, group, f)
	if pls == nil {
		if group.V != "" && x.Graph.Snapshot.Complete(&bundle.PrivateLinkServices, group.V) {
			sub.missing("private link service "+name.V+" in resource group "+group.V, l.Create.Because, l.Create.Pointer, place{lb.Doc, f.At})
		}
		return
	}
	sub.object, sub.got, sub.at = pls.Name, pls.Doc, pls.At
	sub.exists(l.Create.Because)
	if stands && (!x.inGroup(pls.ID, group) || x.sharesLink(s, pls, f)) {
		return
	}
	if _, cluster := tagged(Tag{Keys: []string{azname.ClusterTag}}, pls.Tags); stands {
		switch {
		case !strings.EqualFold(cluster, x.Settings.ClusterName.V):
			sub.heals, sub.why = false, "the provider refuses a private link service without the name of its cluster, and the sync fails"
		case !strings.EqualFold(ownerOf(pls), s.Key()):
			sub.heals, sub.why = false, "the provider takes the private link service for that of another Service"
		case l.Name.Pointer != "" && !strings.EqualFold(l.Name.V, pls.Name):
			sub.heals, sub.why = false, "the provider refuses another name for a private link service, and the sync fails"
			named(sub, "name", l.Name, pls.Name, "/name")
		}
	}
	x.linkFields(s, sub, l, pls, f)
}

// sharesLink reports whether a link on the frontend is that of another Service with
// the same frontend: the provider shares it without a word.
func (x *comparer) sharesLink(s *topology.Service, pls *snapshot.PrivateLinkService, f *az.Frontend) bool {
	owner := x.Graph.Service(ownerOf(pls))
	return owner != nil && owner.Key() != s.Key() && slices.ContainsFunc(owner.Frontends, func(o topology.Frontend) bool { return o.Frontend == f || az.SameID(o.ID, f.ID) })
}

// linkGroup is the resource group of a private link service.
func (x *comparer) linkGroup(l *Link) Value[string] {
	if l.Group.V != "" && x.has(privateLinkGroup) {
		return l.Group
	}
	c := x.Graph.Snapshot.Config
	if c == nil || c.Invalid != "" {
		return unknown[string]("azure.json is not in the bundle")
	}
	return known(cmp.Or(c.PrivateLinkResourceGroup, c.ResourceGroup), "azure.json")
}

// ownerOf is the Service that a link names in its tags (getPrivateLinkServiceOwner).
func ownerOf(pls *snapshot.PrivateLinkService) string {
	_, owner := tagged(Tag{Keys: []string{azname.OwnerServiceTag}}, pls.Tags)
	return owner
}

// findLink is the link that stands on the frontend, which the provider takes whatever
// its name, else the one of that name, else one on the frontend that the provider does
// not see: Azure allows no second one.
func (x *comparer) findLink(name string, group Value[string], f *az.Frontend) (pls *snapshot.PrivateLinkService, stands bool) {
	on := func(p snapshot.PrivateLinkService) bool {
		return slices.ContainsFunc(p.Frontends, func(r az.Ref) bool { return az.SameID(r.ID, f.ID) })
	}
	links := x.Graph.Snapshot.Links
	if i := slices.IndexFunc(links, func(p snapshot.PrivateLinkService) bool { return x.inGroup(p.ID, group) && on(p) }); i >= 0 {
		return &links[i], true
	}
	if i := slices.IndexFunc(links, func(p snapshot.PrivateLinkService) bool {
		return x.inGroup(p.ID, group) && strings.EqualFold(p.Name, name)
	}); i >= 0 {
		return &links[i], false
	}
	if i := slices.IndexFunc(links, on); i >= 0 {
		return &links[i], true
	}
	return nil, false
}

func (x *comparer) linkFields(s *topology.Service, sub subject, l *Link, pls *snapshot.PrivateLinkService, f *az.Frontend) {
	front := ""
	for _, r := range pls.Frontends {
		if front = az.LastName(r.ID); az.SameID(r.ID, f.ID) {
			break
		}
	}
	named(sub, "loadBalancerFrontendIpConfigurations", known(f.Name, "the Service's frontend"), front, "/loadBalancerFrontendIpConfigurations")
	subnet := l.Subnet
	if subnet.V == "" {
		subnet = x.Settings.Subnet
	}
	for i := range pls.IPConfigurations {
		got := ""
		if r := pls.IPConfigurations[i].Subnet; r != nil {
			got = az.LastName(r.ID)
		}
		if subnet.V != "" {
			named(sub, "ipConfigurations/"+strconv.Itoa(i)+"/subnet", subnet, got, "/ipConfigurations/"+strconv.Itoa(i))
		}
	}
	field(sub, "ipConfigurations", l.Count, len(pls.IPConfigurations), "/ipConfigurations")
	var static []string
	for _, c := range pls.IPConfigurations {
		if strings.EqualFold(c.Allocation, "Static") {
			static = append(static, c.PrivateIPAddress)
		}
	}
	words := func(name, key string, want, got []string) {
		v := Value[string]{V: sortedList(want), Because: "annotation " + annotationPrefix + key, Pointer: "/metadata/annotations"}
		named(sub, name, v, sortedList(got), "/"+name)
	}
	words("staticAddresses", linkStatic, l.Static, static)
	words("visibility", linkVisibility, l.Visibility, pls.Visibility.Subscriptions)
	words("autoApproval", linkAutoApproval, l.AutoApproval, pls.AutoApproval.Subscriptions)
	words("fqdns", linkFQDNs, l.FQDNs, pls.FQDNs)
	field(sub, "enableProxyProtocol", l.Proxy, pls.EnableProxyProtocol, "/enableProxyProtocol")
	x.tag(sub, Tag{Keys: []string{azname.OwnerServiceTag}, Value: known(s.Key(), "the tag that names the Service which owns it")}, pls.Tags)
	x.tag(sub, Tag{Keys: []string{azname.ClusterTag}, Value: x.Settings.ClusterName}, pls.Tags)
	x.linkPolicy(sub, pls)
}

// linkPolicy compares the subnet's policy, which the provider turns off
// (disablePLSNetworkPolicy).
func (x *comparer) linkPolicy(sub subject, pls *snapshot.PrivateLinkService) {
	for _, c := range pls.IPConfigurations {
		vnet, subnet := x.Graph.Subnet(c.Subnet)
		if subnet == nil || subnet.PLSPolicies == "" {
			continue
		}
		s := sub
		s.object, s.got, s.at = "subnet "+subnet.Name, vnet.Doc, subnet.At
		s.heals, s.why = false, "the provider turns it off only when it makes or changes the private link service"
		named(s, "privateLinkServiceNetworkPolicies", known("Disabled", "a subnet of a private link service must have it off"), subnet.PLSPolicies, "/privateLinkServiceNetworkPolicies")
		return
	}
}

func sortedList(list []string) string {
	list = slices.Clone(list)
	slices.Sort(list)
	return strings.ToLower(strings.Join(list, ", "))
}
