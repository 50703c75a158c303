package topology_test

import (
	"net/netip"
	"testing"

	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	"azlb/bundle-schema/az"
)

const (
	routeTableID = "/subscriptions/s1/resourceGroups/rg/providers/Microsoft.Network/routeTables/rt"
	subnetID     = "/subscriptions/s1/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/vnet/subnets/nodes"
)

// network is a VNet 10.1.0.0/16 whose only subnet has the table with the routes, which
// are pairs of prefix and next hop; nil: no table.
func network(routes [][2]string) (*topology.Graph, *snapshot.VNet) {
	v := &snapshot.VNet{}
	v.AddressSpace.AddressPrefixes = []string{"10.1.0.0/16"}
	v.Subnets = []az.Subnet{{Resource: az.Resource{ID: subnetID}, AddressPrefix: "10.1.0.0/24"}}
	s := &snapshot.Snapshot{}
	if routes != nil {
		v.Subnets[0].RouteTable = &az.Ref{ID: routeTableID}
		t := snapshot.RouteTable{}
		t.ID = "/subscriptions/s1/resourcegroups/RG/providers/microsoft.network/routetables/rt"
		for _, r := range routes {
			t.Routes = append(t.Routes, az.Route{AddressPrefix: r[0], NextHopType: r[1]})
		}
		s.Routes = []snapshot.RouteTable{t}
	}
	return topology.Build(s), v
}

func TestRoute(t *testing.T) {
	catchAll := [][2]string{{"0.0.0.0/0", "VirtualAppliance"}}
	with := func(more ...[2]string) [][2]string { return append(catchAll[:1:1], more...) }
	for _, c := range []struct {
		name   string
		routes [][2]string
		peer   string
		to     string
		hop    string // empty: not known
		route  string // the prefix of the user's route; empty: a system route
		may    int
	}{
		{name: "no table", to: "198.51.100.7", hop: topology.ToInternet},
		{name: "a table without the address", routes: [][2]string{{"10.244.0.0/24", "VirtualAppliance"}}, to: "198.51.100.7", hop: topology.ToInternet},
		{name: "a route for all addresses", routes: catchAll, to: "198.51.100.7", hop: topology.ToAppliance, route: "0.0.0.0/0"},
		{name: "two halves", routes: [][2]string{{"0.0.0.0/1", "VirtualAppliance"}, {"128.0.0.0/1", "none"}}, to: "198.51.100.7", hop: topology.ToNothing, route: "128.0.0.0/1"},
		{name: "the longer prefix", routes: with([2]string{"198.51.100.7/32", "internet"}), to: "198.51.100.7", hop: topology.ToInternet, route: "198.51.100.7/32"},
		{name: "a route beside it", routes: with([2]string{"198.51.100.8/32", "Internet"}), to: "198.51.100.7", hop: topology.ToAppliance, route: "0.0.0.0/0"},
		{name: "the network itself", routes: catchAll, to: "10.1.9.9", hop: topology.ToVNet},
		{name: "the network itself, with a user's route of the same prefix", routes: with([2]string{"10.1.0.0/16", "VirtualAppliance"}), to: "10.1.9.9", hop: topology.ToAppliance, route: "10.1.0.0/16"},
		{name: "the network itself, with a user's wider route", routes: with([2]string{"10.0.0.0/8", "VirtualAppliance"}), to: "10.1.9.9", hop: topology.ToVNet},
		{name: "a peer", routes: catchAll, peer: "10.2.0.0/16", to: "10.2.0.4", hop: topology.ToPeer},
		{name: "a peer, with a user's route of the same prefix", routes: with([2]string{"10.2.0.0/16", "VirtualAppliance"}), peer: "10.2.0.0/16", to: "10.2.0.4", hop: topology.ToAppliance, route: "10.2.0.0/16"},
		{name: "private, elsewhere", routes: catchAll, to: "192.168.7.1"},
		{name: "private, elsewhere, with a route of its own", routes: with([2]string{"192.168.0.0/16", "VirtualNetworkGateway"}), to: "192.168.7.1", hop: topology.ToGateway, route: "192.168.0.0/16"},
		{name: "a service tag", routes: with([2]string{"AzureFrontDoor.Backend", "Internet"}), to: "198.51.100.7", hop: topology.ToAppliance, route: "0.0.0.0/0", may: 1},
		{name: "a service tag, and the very address", routes: with([2]string{"AzureCloud", "Internet"}, [2]string{"198.51.100.7/32", "None"}), to: "198.51.100.7", hop: topology.ToNothing, route: "198.51.100.7/32"},
		{name: "the other family", routes: catchAll, to: "2001:db8::7", hop: topology.ToInternet},
	} {
		g, v := network(c.routes)
		if c.peer != "" {
			v.Peerings = []az.Peering{{PeeringState: "Connected", RemoteAddressSpace: az.AddressSpace{AddressPrefixes: []string{c.peer}}}}
		}
		way, known := g.Route(v, &v.Subnets[0], netip.MustParseAddr(c.to))
		route := ""
		if way.Route != nil {
			route = way.Route.AddressPrefix
		}
		if known != (c.hop != "") || known && (way.NextHop != c.hop || route != c.route || len(way.May) != c.may) {
			t.Errorf("%s: %s by %q (%d may), known %v; want %q by %q (%d)", c.name, way.NextHop, route, len(way.May), known, c.hop, c.route, c.may)
		}
	}
}

func TestRouteUnknown(t *testing.T) {
	to := netip.MustParseAddr("198.51.100.7")
	g, v := network([][2]string{{"0.0.0.0/0", "VirtualAppliance"}})
	g.Snapshot.Routes = nil
	if _, known := g.Route(v, &v.Subnets[0], to); known {
		t.Error("known, though the table of the subnet is not in the bundle")
	}
	if _, known := g.Route(nil, nil, to); known {
		t.Error("known, though the subnet is not in the bundle")
	}
}

func TestRouteGateway(t *testing.T) {
	g, v := network([][2]string{{"0.0.0.0/0", "VirtualAppliance"}, {"20.1.2.3/32", "Internet"}, {"AzureFrontDoor.Backend", "Internet"}, {"10.9.0.0/16", "Internet"}, {"20.1.2.4/32", "None"}})
	v.Subnets = append(v.Subnets, az.Subnet{Resource: az.Resource{Name: "GatewaySubnet"}})
	way, _ := g.Route(v, &v.Subnets[0], netip.MustParseAddr("198.51.100.7"))
	if !way.Gateway {
		t.Error("no gateway, though its subnet is there")
	}
	if got := way.Straight(); len(got) != 2 || got[0].AddressPrefix != "20.1.2.3/32" || got[1].AddressPrefix != "AzureFrontDoor.Backend" {
		t.Errorf("straight to the Internet: %v", got)
	}
	g.Snapshot.Routes[0].DisableBGPRoutePropagation = true
	if way, _ = g.Route(v, &v.Subnets[0], netip.MustParseAddr("198.51.100.7")); way.Gateway {
		t.Error("a gateway's routes, though the table keeps them out")
	}
}
