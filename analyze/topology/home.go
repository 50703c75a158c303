package topology

import (
	"net/netip"
	"strings"

	"azlb/analyze/snapshot"
	"azlb/bundle-schema/az"
)

// Home is the subnet of a node: the only one of the bundle that holds an address of it,
// and where the address spaces of networks overlap that of its interface. It is nil
// where neither tells.
func (g *Graph) Home(n *Node) (v *snapshot.VNet, subnet *az.Subnet) {
	several := false
	for _, text := range n.Addresses() {
		a, err := netip.ParseAddr(text)
		if err != nil {
			continue
		}
		for i := range g.Snapshot.VNets {
			for j := range g.Snapshot.VNets[i].Subnets {
				s := &g.Snapshot.VNets[i].Subnets[j]
				if !s.Holds(a) || s == subnet {
					continue
				}
				several = several || subnet != nil
				v, subnet = &g.Snapshot.VNets[i], s
			}
		}
	}
	if !several {
		return v, subnet
	}
	for _, nic := range n.NICs {
		for i := range nic.IPConfigurations {
			if v, subnet := g.Subnet(nic.IPConfigurations[i].Subnet); subnet != nil {
				return v, subnet
			}
		}
	}
	return nil, nil
}

// VNet is the virtual network of that name in a resource group, nil where the bundle has
// none; an empty group is any.
func (g *Graph) VNet(group, name string) *snapshot.VNet {
	for i := range g.Snapshot.VNets {
		v := &g.Snapshot.VNets[i]
		if strings.EqualFold(v.Name, name) && (group == "" || strings.EqualFold(az.GroupOf(v.ID), group)) {
			return v
		}
	}
	return nil
}
