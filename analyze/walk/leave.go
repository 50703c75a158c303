package walk

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"azlb/analyze/nsg"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// departs says whether a caller in the cluster whose packets kube-proxy leaves alone may
// send them, and with which address they get to the frontend.
func (w *Walk) departs() {
	verdict, say := report.Passes, w.caller.Say+prefix(" with address ", w.address())
	v, _ := w.homeOfCaller()
	if from := w.sender(); v != nil && from.IsValid() {
		var where string
		if verdict, where = w.leavesSubnet(v, from); verdict != report.Passes {
			say += ", " + where
		}
	}
	if !w.toInternal() {
		switch list, why := w.leaves(); {
		case len(list) > 0:
			say += "; it leaves with " + addresses(list)
		case verdict == report.Passes:
			verdict, say = report.VerdictUnknown, say+"; "+why
		}
	}
	w.add(Client, "", report.HopFound, verdict, say, w.callerCites())
}

// homeOfCaller is the subnet of the caller's node, nil where it is not known.
func (w *Walk) homeOfCaller() (*snapshot.VNet, *az.Subnet) {
	if w.caller.Node == nil {
		return nil, nil
	}
	return w.graph.Home(w.caller.Node)
}

// sender is the address that the caller's packets have at the node's interface; not valid
// where it may be the pod's or the node's.
func (w *Walk) sender() netip.Addr {
	if list := w.inside(); len(list) == 1 {
		return list[0]
	}
	return netip.Addr{}
}

// inside are the addresses one of which the caller's packets have in the virtual network.
// A pod whose address is not of the network is hidden behind its node's with an overlay,
// and mostly, but not always, with routes to the pods (kubenet).
func (w *Walk) inside() []netip.Addr {
	a, n := w.caller.Address, w.caller.Node
	v, _ := w.homeOfCaller()
	if w.caller.Host || n == nil || v != nil && topology.InSpace(v, a) {
		return []netip.Addr{a}
	}
	var out []netip.Addr
	for _, text := range n.Addresses() {
		if node, err := netip.ParseAddr(text); err == nil && of(w.Path.Family, node) {
			out = append(out, node)
		}
	}
	if overlay := n.Labels["kubernetes.azure.com/azure-cni-overlay"] == "true" || n.Labels["kubernetes.azure.com/podnetwork-type"] == "overlay"; !overlay {
		out = append(out, a)
	}
	return out
}

// leaves are the addresses one of which the caller's packets have when they reach the
// frontend: a private one is exchanged on the way to a public frontend. None with the
// reason where they are not known.
func (w *Walk) leaves() (list []netip.Addr, why string) {
	a := w.caller.Address
	switch {
	case !w.named():
		return nil, "the caller's address is not known"
	case w.byProbe():
		return []netip.Addr{a}, ""
	case w.toInternal() && w.caller.inside():
		return w.inside(), ""
	case w.toInternal(), !w.caller.inside() && !topology.Private(a):
		return []netip.Addr{a}, ""
	case w.caller.Node == nil || w.Path.Family != "IPv4":
		return nil, fmt.Sprintf("the public address with which %s leaves its network is not known", a)
	}
	list, why = w.exit()
	if why != "" {
		why = fmt.Sprintf("the public address with which %s leaves its network is not known: %s", a, why)
	}
	return list, why
}

// exit are the public addresses of the way out of the caller's node.
func (w *Walk) exit() (list []netip.Addr, why string) {
	v, subnet := w.homeOfCaller()
	if dst, err := netip.ParseAddr(w.Path.Address); err == nil {
		if way, known := w.graph.Route(v, subnet, dst); known && way.NextHop != topology.ToInternet {
			return nil, "it leaves by " + string(topology.ByRoute)
		}
	}
	return w.graph.LeavesWith(w.graph.WayOut(w.caller.Node), flowProtocol(w.Path))
}

func addresses(list []netip.Addr) string {
	var out []string
	for _, a := range list {
		out = append(out, a.String())
	}
	if len(out) > 3 {
		return fmt.Sprintf("one of %d addresses (%s, …)", len(out), strings.Join(out[:2], ", "))
	}
	return strings.Join(out, " or ")
}

// leavesSubnet says where in a virtual network an address is, and whether the security
// groups and routes on its side let its packets go to the frontend.
func (w *Walk) leavesSubnet(v *snapshot.VNet, a netip.Addr) (report.HopVerdict, string) {
	m := w.graph.MemberAt(v, a)
	text := w.Path.Address
	if w.Path.Frontend.To != nil && w.Path.Frontend.To.Address != "" {
		text = w.Path.Frontend.To.Address
	}
	dst, err := netip.ParseAddr(text)
	if m == nil || err != nil {
		return report.Passes, "is in the virtual network " + v.Name
	}
	s := newSite(w.graph, m)
	where := fmt.Sprintf("is in subnet %s of %s", az.LastName(m.IP.Subnet.ID), v.Name)
	if m.NIC.ID == "" {
		s.nic = nsg.Level{None: true}
		where += " (its interface is not in the bundle)"
	}
	d := nsg.Evaluate(nsg.Flow{Src: a, Dst: dst, DstPort: int(w.Path.Port.Port), Protocol: flowProtocol(w.Path)}, s.subnet, s.nic, s.facts)
	if d.Answer == nsg.Denied {
		return report.Blocks, where + " and may not send: " + d.Say
	}
	verdict, way := w.routed(v, m, dst)
	switch {
	case verdict == report.Blocks:
		return verdict, where + "; " + way
	case d.Answer == nsg.Unknown:
		return report.VerdictUnknown, where + "; whether it may send: " + d.Say
	case verdict == report.VerdictUnknown:
		return verdict, where + "; " + way
	}
	return report.Passes, where + " and may send"
}

// routed says where the caller's own subnet sends its packets.
func (w *Walk) routed(v *snapshot.VNet, m *topology.Member, dst netip.Addr) (report.HopVerdict, string) {
	_, subnet := w.graph.Subnet(m.IP.Subnet)
	way, known := w.graph.Route(v, subnet, dst)
	to := ""
	if way.Route != nil {
		to = fmt.Sprintf("route %s (%s) of %s sends its packets to %s", way.Route.Name, way.Route.AddressPrefix, way.Table.Name, hopInWords(way))
	}
	switch {
	case !known && subnet.RouteTable != nil && way.Table == nil:
		return report.VerdictUnknown, fmt.Sprintf("route table %s of its subnet is not in the bundle", az.LastName(subnet.RouteTable.ID))
	case !known:
		return report.VerdictUnknown, "where its subnet sends packets to " + dst.String() + " is not in the bundle"
	case way.NextHop == topology.ToNothing:
		return report.Blocks, to
	case way.NextHop == topology.ToAppliance, way.NextHop == topology.ToGateway:
		return report.VerdictUnknown, to + ", which must pass them on and let the answers back"
	case slices.ContainsFunc(way.May, func(r *az.Route) bool { return !strings.EqualFold(r.NextHopType, topology.ToInternet) }):
		return report.VerdictUnknown, fmt.Sprintf("whether route %s (%s) of %s has the address is not in the bundle", way.May[0].Name, way.May[0].AddressPrefix, way.Table.Name)
	}
	return report.Passes, ""
}
