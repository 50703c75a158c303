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

// securityGroup compares the provider's rules in the group that it writes to.
func (x *comparer) securityGroup() {
	name := x.Settings.SecurityGroup
	if name.Unknown != "" || name.V == "" {
		return
	}
	var wanting []string // Services that want a rule
	for _, s := range x.Graph.Services {
		if want := x.wants[s.Key()]; want != nil && slices.ContainsFunc(want.Lanes, func(l Lane) bool { return len(l.Security) > 0 }) {
			wanting = append(wanting, s.Key())
		}
	}
	if len(wanting) == 0 {
		return
	}
	group, absent := x.findSecurityGroup()
	if group == nil {
		if absent {
			x.add(Check{Services: wanting, Kind: Missing, Hop: HopNSG, Object: name.V, Field: Existence, Want: "network security group " + name.V, Got: "absent", Because: name.Because,
				Why: "the provider does not make the group"}, "group", place{x.Graph.Snapshot.Config.Doc, "/securityGroupName"})
		}
		return
	}
	x.add(Check{Services: wanting, Hop: HopNSG, Object: name.V, Field: Existence, Want: "present", Got: "present", Because: name.Because}, "group", place{group.Doc, group.At})
	for _, s := range x.Graph.Services {
		if want := x.wants[s.Key()]; want != nil {
			for i := range want.Lanes {
				if x.gone[&want.Lanes[i]] && s.Key() != x.always {
					continue
				}
				for _, r := range want.Lanes[i].Security {
					x.securityRule(s, &want.Lanes[i], r, group)
				}
			}
		}
	}
	x.unwanted(group)
	x.association(wanting, group)
}

// findSecurityGroup is the provider's group; absent says that it is known not to exist.
func (x *comparer) findSecurityGroup() (group *snapshot.NSG, absent bool) {
	where := Value[string]{}
	if c := x.Graph.Snapshot.Config; c != nil && c.Invalid == "" {
		where = known(cmp.Or(c.SecurityGroupResourceGroup, c.ResourceGroup), "azure.json")
	}
	for i := range x.Graph.Snapshot.NSGs {
		n := &x.Graph.Snapshot.NSGs[i]
		if strings.EqualFold(n.Name, x.Settings.SecurityGroup.V) && x.inGroup(n.ID, where) {
			return n, false
		}
	}
	return nil, where.V != "" && x.Graph.Snapshot.Complete(&bundle.NSGs, where.V)
}

// securityRule compares one rule as far as it is one Service's.
func (x *comparer) securityRule(s *topology.Service, lane *Lane, want SecurityRule, group *snapshot.NSG) {
	slot := fmt.Sprintf("%s/%v/%s", lane.Family, want.Allow, want.Protocol)
	sub := subject{x: x, service: s.Key(), hop: HopNSG, object: group.Name + "/" + want.Name, slot: slot, heals: true, want: s.Doc, got: group.Doc}
	i := slices.IndexFunc(group.SecurityRules, func(r az.SecurityRule) bool { return strings.EqualFold(r.Name, want.Name) })
	if i < 0 {
		sub.missing(want.String(), want.Because, cmp.Or(want.Pointer, "/status/loadBalancer/ingress/0/ip"), place{group.Doc, group.At})
		return
	}
	r := &group.SecurityRules[i]
	sub.at = r.At
	sub.exists(want.Because)
	why := func(v string) Value[string] { return Value[string]{V: v, Because: want.Because, Pointer: want.Pointer} }
	access := "Deny"
	if want.Allow {
		access = "Allow"
	}
	named(sub, "access", why(access), r.Access, "/access")
	named(sub, "direction", known("Inbound", "the provider's rules are for what comes in"), r.Direction, "/direction")
	named(sub, "protocol", why(want.Protocol), r.Protocol, "/protocol")
	named(sub, "sourcePortRange", known("*", "clients may use any port"), list(r.SourcePortRange, r.SourcePortRanges), "/sourcePortRange")
	named(sub, "sourceAddressPrefixes", why(strings.Join(want.Sources, ", ")), list(r.SourceAddressPrefix, r.SourceAddressPrefixes), "/sourceAddressPrefix")
	named(sub, "destinationPortRanges", known(strings.Join(want.Ports, ", "), "the Service's ports of the protocol"), list(r.DestinationPortRange, r.DestinationPortRanges), "/destinationPortRanges")
	x.destinations(sub, want, r)
}

// destinations compares which of the Service's addresses the rule lists; others in it
// are other Services'.
func (x *comparer) destinations(sub subject, want SecurityRule, r *az.SecurityRule) {
	if want.Destinations.Unknown != "" {
		return
	}
	have := append([]string{r.DestinationAddressPrefix}, r.DestinationAddressPrefixes...)
	var got []string
	for _, d := range want.Destinations.V {
		if slices.ContainsFunc(have, func(h string) bool { return strings.EqualFold(strings.TrimSuffix(h, "/32"), d) }) {
			got = append(got, d)
		}
	}
	if len(got) < len(want.Destinations.V) && !want.Shared {
		got = strings.Split(list(r.DestinationAddressPrefix, r.DestinationAddressPrefixes), ", ")
	}
	named(sub, "destinationAddressPrefixes", from(want.Destinations, strings.Join(want.Destinations.V, ", ")), strings.Join(got, ", "), "/destinationAddressPrefix")
}

// list joins the singular and the plural form of a field, sorted, each value once.
func list(one string, more []string) string {
	all := slices.Clone(more)
	if one != "" {
		all = append(all, one)
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), ", ")
}

// String is the rule in short.
func (r SecurityRule) String() string {
	access := "Deny"
	if r.Allow {
		access = "Allow"
	}
	to := cmp.Or(strings.Join(r.Destinations.V, ", "), "the Service's address")
	return fmt.Sprintf("%s %s from %s to %s port %s", access, r.Protocol, strings.Join(r.Sources, ", "), to, strings.Join(r.Ports, ", "))
}

// unwanted compares the provider's rules with those that Services want: a rule that
// still lists an address whose Services do not want it.
func (x *comparer) unwanted(group *snapshot.NSG) {
	owners := map[string][]string{} // address → Services
	wanted := map[string]bool{}     // rule and Service
	for _, s := range x.Graph.Services {
		for _, a := range s.Addresses() {
			owners[a] = append(owners[a], s.Key())
		}
		if want := x.wants[s.Key()]; want != nil {
			for _, l := range want.Lanes {
				for _, r := range l.Security {
					wanted[strings.ToLower(r.Name)+"|"+s.Key()] = true
				}
			}
		}
	}
	for i := range group.SecurityRules {
		r := &group.SecurityRules[i]
		if !azname.IsManagedSecurityRule(r.Name) {
			x.outlived(group, r, wanted)
			continue
		}
		for _, d := range append([]string{r.DestinationAddressPrefix}, r.DestinationAddressPrefixes...) {
			services := owners[d]
			if len(services) == 0 || slices.ContainsFunc(services, func(key string) bool { return x.wants[key] == nil || wanted[strings.ToLower(r.Name)+"|"+key] }) {
				continue
			}
			x.add(Check{Services: services, Kind: Leftover, Hop: HopNSG, Object: group.Name + "/" + r.Name, Field: "destinationAddressPrefixes", Want: "absent", Got: d,
				Because: "no Service with this address asks for the rule", Heals: true}, r.Name+"/"+d, place{group.Doc, r.At})
		}
	}
}

// outlived compares a rule of the scheme up to 1.28, which bears the prefix of its one
// Service (serviceOwnsRule). Later releases leave such rules alone.
func (x *comparer) outlived(group *snapshot.NSG, r *az.SecurityRule, wanted map[string]bool) {
	if x.has(azname.HashedSecurityRules) {
		return
	}
	name := strings.ToLower(r.Name)
	for _, s := range x.Graph.Services {
		if x.wants[s.Key()] != nil && s.Prefix != "" && strings.HasPrefix(name, strings.ToLower(s.Prefix)+"-") && !wanted[name+"|"+s.Key()] {
			x.add(Check{Services: []string{s.Key()}, Kind: Leftover, Hop: HopNSG, Object: group.Name + "/" + r.Name, Field: Existence, Want: "absent", Got: "present",
				Because: "the Service does not ask for the rule", Heals: true}, r.Name, place{group.Doc, r.At})
		}
	}
}

// association compares the group at the nodes' subnets and interfaces with the one
// that the provider writes to.
func (x *comparer) association(wanting []string, group *snapshot.NSG) {
	seen := map[string]bool{}
	for _, n := range x.Graph.Nodes {
		if x.place(n, "Standard").Answer != Yes {
			continue
		}
		for _, nic := range n.NICs {
			for j := range nic.IPConfigurations {
				vnet, subnet := x.Graph.Subnet(nic.IPConfigurations[j].Subnet)
				if subnet == nil || !nic.Primary && len(n.NICs) > 1 {
					continue
				}
				key := subnet.ID
				if nic.NSG != nil {
					key += "|" + nic.NSG.ID
				}
				if seen[key] {
					continue
				}
				seen[key] = true
				x.associated(wanting, group, vnet, subnet, nic)
			}
		}
	}
}

func (x *comparer) associated(wanting []string, group *snapshot.NSG, vnet *snapshot.VNet, subnet *az.Subnet, nic *snapshot.NIC) {
	c := Check{Services: wanting, Hop: HopNSG, Object: "subnet " + subnet.Name, Field: "networkSecurityGroup", Want: group.Name, Got: group.Name,
		Because: "the group that the provider writes to: " + x.Settings.SecurityGroup.Because, Why: "the provider associates no group with a subnet"}
	at := func(r *az.Ref) bool { return r != nil && az.SameID(r.ID, group.ID) }
	if !at(subnet.NSG) && !at(nic.NSG) {
		c.Kind, c.Got = Different, "none"
		for _, r := range []*az.Ref{subnet.NSG, nic.NSG} {
			if r != nil {
				c.Got = az.LastName(r.ID)
				break
			}
		}
		if c.Got == "none" && !x.closed(wanting) {
			return // without any group a Basic frontend is open
		}
	}
	var config *snapshot.Doc
	if x.Graph.Snapshot.Config != nil {
		config = x.Graph.Snapshot.Config.Doc
	}
	x.add(c, "subnet/"+subnet.ID, place{config, "/securityGroupName"}, place{vnet.Doc, subnet.At + "/networkSecurityGroup/id"})
}

// closed reports whether a Service has a Standard load balancer, which lets nothing
// in without a group.
func (x *comparer) closed(services []string) bool {
	return slices.ContainsFunc(services, func(key string) bool { return x.wants[key].SKU.V == "Standard" })
}
