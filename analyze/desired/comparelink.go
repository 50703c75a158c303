package desired

import (
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
	pls, shared := x.findLink(name.V, group, f)
	if pls == nil {
		if group.V != "" && x.Graph.Snapshot.Complete(&bundle.PrivateLinkServices, group.V) {
			sub.missing("private link service "+name.V+" in resource group "+group.V, l.Create.Because, l.Create.Pointer, place{lb.Doc, f.At})
		}
		return
	}
	sub.object, sub.got, sub.at = pls.Name, pls.Doc, pls.At
	sub.exists(l.Create.Because)
	if shared {
		return // another Service's, which this one shares
	}
	x.linkFields(s, sub, l, pls, f)
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
	return known(firstText(c.PrivateLinkResourceGroup, c.ResourceGroup), "azure.json")
}

// findLink is the service of that name, or one that stands on the frontend already;
// shared says that it is another Service's.
func (x *comparer) findLink(name string, group Value[string], f *az.Frontend) (pls *snapshot.PrivateLinkService, shared bool) {
	for i := range x.Graph.Snapshot.Links {
		p := &x.Graph.Snapshot.Links[i]
		if strings.EqualFold(p.Name, name) && x.inGroup(p.ID, group) {
			return p, false
		}
	}
	for i := range x.Graph.Snapshot.Links {
		p := &x.Graph.Snapshot.Links[i]
		if slices.ContainsFunc(p.Frontends, func(r az.Ref) bool { return az.SameID(r.ID, f.ID) }) {
			return p, true
		}
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
		named(s, "privateLinkServiceNetworkPolicies", known("Disabled", "a subnet of a private link service must have it off"), subnet.PLSPolicies, "/privateLinkServiceNetworkPolicies")
		return
	}
}

func sortedList(list []string) string {
	list = slices.Clone(list)
	slices.Sort(list)
	return strings.ToLower(strings.Join(list, ", "))
}
