package topology

import (
	"net/netip"
	"slices"
	"strings"

	"azlb/analyze/snapshot"
	"azlb/bundle-schema/az"
)

// The types of next hops that Azure knows (learn.microsoft.com, udr-overview).
const (
	ToVNet      = "VnetLocal"
	ToPeer      = "VNetPeering"
	ToInternet  = "Internet"
	ToAppliance = "VirtualAppliance"
	ToGateway   = "VirtualNetworkGateway"
	ToNothing   = "None"
)

// Way is where a subnet sends packets for an address.
type Way struct {
	// NextHop is one of the types above.
	NextHop string
	// Route is the user's route that decides, nil where a system route does. Table is
	// the subnet's route table, nil where it has none.
	Route *az.Route
	Table *snapshot.RouteTable
	// May are the user's routes that may be narrower and decide instead: their prefix is
	// a service tag, of which the bundle does not have the addresses, or not readable.
	May []*az.Route
	// Gateway says that a gateway may add routes by BGP, which are in no table.
	Gateway bool
}

// Route says where packets that leave the subnet for an address go: by the longest
// prefix, and of equal ones by the user's route before the system's. The address space
// of the virtual network and of its peers are system routes, which a user's 0.0.0.0/0
// does not catch. Routes that a gateway learns are not in the evidence. It is not known
// where the subnet's table is not in the bundle, and for private addresses outside the
// network that no narrow route has: a gateway may.
func (g *Graph) Route(v *snapshot.VNet, subnet *az.Subnet, to netip.Addr) (way Way, known bool) {
	if v == nil || subnet == nil || !to.IsValid() {
		return Way{}, false
	}
	way.NextHop, way.Gateway = ToInternet, HasGateway(v)
	best := 0
	system := func(list []string, hop string) {
		for _, p := range list {
			if n, ok := covers(p, to); ok && n >= best {
				best, way.NextHop = n, hop
			}
		}
	}
	for _, p := range v.Peerings {
		if strings.EqualFold(p.PeeringState, "Connected") {
			system(p.RemotePrefixes(), ToPeer)
		}
	}
	system(v.AddressSpace.AddressPrefixes, ToVNet)
	inside := way.NextHop != ToInternet
	if subnet.RouteTable != nil {
		if way.Table = g.RouteTable(subnet.RouteTable); way.Table == nil {
			return way, false
		}
		way.Gateway = way.Gateway && !way.Table.DisableBGPRoutePropagation
		for i := range way.Table.Routes {
			r := &way.Table.Routes[i]
			if _, err := netip.ParsePrefix(r.AddressPrefix); err != nil {
				way.May = append(way.May, r)
			} else if n, ok := covers(r.AddressPrefix, to); ok && (n > best || n == best && way.Route == nil) {
				best, way.NextHop, way.Route = n, nextHop(r), r
			}
		}
	}
	if best == to.BitLen() || inside {
		way.May = nil // no tag is narrower than that, or holds a private network
	}
	return way, inside || best > 0 || !Private(to)
}

// Straight are the user's routes that send public addresses to the Internet past one of
// all addresses: the sign of somebody who knows that answers to these must not go by the
// appliance. Where nothing else is known a service tag counts as public addresses.
func (w Way) Straight() []*az.Route {
	if w.Table == nil {
		return nil
	}
	var out []*az.Route
	for i := range w.Table.Routes {
		r := &w.Table.Routes[i]
		p, err := netip.ParsePrefix(r.AddressPrefix)
		if strings.EqualFold(r.NextHopType, ToInternet) && (err != nil || p.Bits() > 0 && !Private(p.Addr())) {
			out = append(out, r)
		}
	}
	return out
}

// Private reports an address that nobody has in the Internet.
func Private(a netip.Addr) bool {
	return a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsLoopback() || sharedSpace.Contains(a)
}

// sharedSpace is that of carriers (RFC 6598), which Azure takes for private.
var sharedSpace = netip.MustParsePrefix("100.64.0.0/10")

// covers reports whether a prefix holds the address, and its length.
func covers(prefix string, a netip.Addr) (int, bool) {
	p, err := netip.ParsePrefix(prefix)
	return p.Bits(), err == nil && p.Contains(a)
}

// nextHop is the type of a route's next hop in this package's spelling.
func nextHop(r *az.Route) string {
	for _, hop := range []string{ToVNet, ToInternet, ToAppliance, ToGateway, ToNothing} {
		if strings.EqualFold(r.NextHopType, hop) {
			return hop
		}
	}
	return r.NextHopType
}

// HasGateway reports whether a gateway, of the network or of a peer, may connect it with
// more than its peers and tell its subnets of routes.
func HasGateway(v *snapshot.VNet) bool {
	return ownGateway(v) || slices.ContainsFunc(v.Peerings, func(p az.Peering) bool { return p.UseRemoteGateways || p.AllowGatewayTransit })
}

// ownGateway reports whether the network has a subnet for a gateway or a route server.
func ownGateway(v *snapshot.VNet) bool {
	return slices.ContainsFunc(v.Subnets, func(s az.Subnet) bool {
		return strings.EqualFold(s.Name, "GatewaySubnet") || strings.EqualFold(s.Name, "RouteServerSubnet")
	})
}
