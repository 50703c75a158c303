package walk

import (
	"net/netip"
	"slices"
	"strings"

	"azlb/analyze/nsg"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	"azlb/bundle-schema/az"
)

// site is a set of backends behind the same pair of security groups.
type site struct {
	members           []*topology.Member
	address           netip.Addr // of the first backend
	subnet, nic       nsg.Level
	subnetNSG, nicNSG *snapshot.NSG
	facts             nsg.Facts
}

// sites groups a path's backends by subnet and security groups: one to three in practice.
func sites(g *topology.Graph, p *topology.Path) []site {
	var out []site
	index := map[string]int{}
	for _, m := range p.Members {
		if m.NIC == nil || m.IP == nil || m.IP.Subnet == nil {
			continue
		}
		key := strings.ToLower(m.IP.Subnet.ID) + "|" + asgs(m.IP)
		if m.NIC.NSG != nil {
			key += "|" + strings.ToLower(m.NIC.NSG.ID)
		}
		if i, ok := index[key]; ok {
			out[i].members = append(out[i].members, m)
			continue
		}
		index[key] = len(out)
		out = append(out, newSite(g, m))
	}
	return out
}

func asgs(ip *az.IPConfig) string {
	var ids []string
	for _, a := range ip.ASGs {
		ids = append(ids, strings.ToLower(a.ID))
	}
	slices.Sort(ids)
	return strings.Join(ids, ",")
}

func newSite(g *topology.Graph, m *topology.Member) site {
	s := site{members: []*topology.Member{m}}
	s.address, _ = netip.ParseAddr(m.IP.PrivateIPAddress)
	vnet, subnet := g.Subnet(m.IP.Subnet)
	switch {
	case subnet == nil:
	case subnet.NSG == nil:
		s.subnet.None = true
	default:
		s.subnetNSG = g.NSG(subnet.NSG)
		s.subnet.NSG = group(s.subnetNSG)
	}
	if m.NIC.NSG == nil {
		s.nic.None = true
	} else {
		s.nicNSG = g.NSG(m.NIC.NSG)
		s.nic.NSG = group(s.nicNSG)
	}
	s.facts = facts(g, vnet, subnet)
	s.facts.KnowDstASGs = true
	for _, a := range m.IP.ASGs {
		s.facts.DstASGs = append(s.facts.DstASGs, a.ID)
	}
	return s
}

func group(n *snapshot.NSG) *az.NSG {
	if n == nil {
		return nil
	}
	return &n.NSG
}

// facts collects what the evaluation needs to know about the backends' network.
func facts(g *topology.Graph, vnet *snapshot.VNet, subnet *az.Subnet) nsg.Facts {
	f := nsg.Facts{Tags: tags(g)}
	if vnet == nil {
		return f
	}
	f.VNetPrefixes = prefixes(vnet.AddressSpace.AddressPrefixes)
	for _, p := range vnet.Peerings {
		if strings.EqualFold(p.PeeringState, "Connected") && (p.AllowVirtualNetworkAccess == nil || *p.AllowVirtualNetworkAccess) {
			remote := p.RemoteVNetAddressSpace.AddressPrefixes
			if len(remote) == 0 {
				remote = p.RemoteAddressSpace.AddressPrefixes
			}
			f.PeerPrefixes = append(f.PeerPrefixes, prefixes(remote)...)
		}
	}
	f.Complete = !topology.HasGateway(vnet)
	if subnet.RouteTable != nil {
		table := g.RouteTable(subnet.RouteTable)
		if table == nil {
			f.Complete = false
			return f
		}
		for _, r := range table.Routes {
			f.UDRPrefixes = append(f.UDRPrefixes, prefixes([]string{r.AddressPrefix})...)
		}
	}
	for _, p := range f.UDRPrefixes {
		f.DefaultRoute = f.DefaultRoute || p.Bits() == 0
	}
	return f
}

// tags are the addresses of the service tags that were collected. One without any is not
// known: Azure has tags whose addresses it does not publish.
func tags(g *topology.Graph) map[string][]netip.Prefix {
	out := map[string][]netip.Prefix{}
	for _, list := range g.Snapshot.ServiceTags {
		for _, t := range list.Values {
			if p := prefixes(t.AddressPrefixes); len(p) > 0 && len(p) == len(t.AddressPrefixes) {
				out[strings.ToLower(t.Name)] = p
			}
		}
	}
	return out
}

func prefixes(list []string) []netip.Prefix {
	var out []netip.Prefix
	for _, s := range list {
		if p, err := netip.ParsePrefix(s); err == nil {
			out = append(out, p)
		}
	}
	return out
}
