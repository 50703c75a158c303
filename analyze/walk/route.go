package walk

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"azlb/analyze/desired"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// Reply is where the answers of the backends in one subnet to one client go. The load
// balancer is not on their way: a node sends them by the routes of its own subnet.
type Reply struct {
	Client  string       // who gets them, in words
	In      netip.Prefix // the range of these clients; not valid: all of the Internet
	Members []*topology.Member
	VNet    *snapshot.VNet
	Subnet  *az.Subnet // nil: not in the bundle
	Way     topology.Way
	// Straight are routes by which the answers to some of these clients may go after all.
	Straight []*az.Route
	Verdict  report.HopVerdict
	Say      string
}

// Replies are the ways of the answers to clients of a public frontend, one for each
// client and subnet of the backends that take traffic. There are none for an internal
// frontend: its clients come from the virtual network, its peers, or by a gateway or an
// appliance which may see both directions.
func (w *Walk) Replies(g *topology.Graph, from desired.Sources) []Reply {
	f := w.Path.Frontend.To
	if f == nil || f.Frontend.PublicIP == nil || w.Path.Rule.To == nil {
		return nil
	}
	members := w.Takes(w.Path.Members)
	if len(members) == 0 {
		members = w.Path.Members
	}
	var out []Reply
	for _, c := range w.receivers(from) {
		first := len(out)
		for _, m := range members {
			v, subnet := g.Subnet(subnetOf(m))
			if i := slices.IndexFunc(out[first:], func(r Reply) bool { return r.Subnet == subnet }); i >= 0 {
				out[first+i].Members = append(out[first+i].Members, m)
				continue
			}
			out = append(out, reply(g, v, subnet, c, m))
		}
	}
	return out
}

// route adds the way of the answers. An internal frontend's needs none: its clients come
// from the network itself, or by something that sees both directions.
func (w *Walk) route(g *topology.Graph, want *desired.Service) {
	f := w.Path.Frontend.To
	if h, ok := ReplyHop(w.Replies(g, want.Sources)); ok {
		w.Hops = append(w.Hops, h)
	} else if f == nil && !w.Internal || f != nil && f.Frontend.PublicIP != nil && w.Path.Rule.To == nil {
		w.behind(Route, w.Path.Rule.State, "no packet gets to a node, so none is answered")
	} else if f != nil && f.Frontend.PublicIP != nil && len(w.Path.Members) == 0 {
		w.behind(Route, stateOf(w.Path), "no packet gets to a node, so none is answered")
	}
}

// receiver is a client that waits for answers, or all clients of a range.
type receiver struct {
	who  string
	addr netip.Addr
	in   netip.Prefix // not valid: all clients
}

// receivers are the public clients that the Service lets in.
func (w *Walk) receivers(from desired.Sources) []receiver {
	if w.named() || w.caller.inside() {
		var out []receiver
		list, _ := w.leaves()
		for _, a := range list {
			out = append(out, receiver{who: a.String(), addr: a})
		}
		return out
	}
	everybody := []receiver{{who: "clients in the Internet", addr: internetClient(w.Path.Family)}}
	var out []receiver
	for _, r := range from.Ranges {
		switch {
		case r.Bits() == 0 && of(w.Path.Family, r.Addr()):
			return everybody
		case of(w.Path.Family, r.Addr()) && !topology.Private(r.Addr()):
			out = append(out, receiver{"clients in " + r.String(), inside(r), r})
		}
	}
	if len(out) == 0 && len(from.Ranges) == 0 {
		return everybody
	}
	return out
}

// subnetOf is the subnet that a backend's answers leave by.
func subnetOf(m *topology.Member) *az.Ref {
	if m.IP != nil && m.IP.Subnet != nil {
		return m.IP.Subnet
	}
	if m.Node == nil {
		return nil
	}
	for _, nic := range m.Node.NICs {
		for i := range nic.IPConfigurations {
			if ip := &nic.IPConfigurations[i]; ip.PrivateIPAddress == m.Address {
				return ip.Subnet
			}
		}
	}
	return nil
}

func reply(g *topology.Graph, v *snapshot.VNet, subnet *az.Subnet, to receiver, m *topology.Member) Reply {
	r := Reply{Client: to.who, In: to.in, Members: []*topology.Member{m}, VNet: v, Subnet: subnet, Verdict: report.VerdictUnknown}
	if subnet == nil {
		r.Say = "the nodes' subnet is not in the bundle"
		return r
	}
	way, known := g.Route(v, subnet, to.addr)
	r.Way = way
	if !known && subnet.RouteTable != nil && way.Table == nil {
		r.Say = fmt.Sprintf("route table %s of subnet %s is not in the bundle", az.LastName(subnet.RouteTable.ID), subnet.Name)
		return r
	}
	if !known {
		r.Say = "where subnet " + subnet.Name + " sends answers to " + to.who + " is not in the bundle"
		return r
	}
	by := "subnet " + subnet.Name + " has no route of its own for them"
	if way.Route != nil {
		by = fmt.Sprintf("route %s (%s) of %s sends them to %s", way.Route.Name, way.Route.AddressPrefix, way.Table.Name, hopInWords(way))
	}
	switch {
	case way.NextHop != topology.ToAppliance && way.NextHop != topology.ToGateway && way.NextHop != topology.ToNothing:
		r.Verdict, r.Say = report.Passes, fmt.Sprintf("answers to %s go back: %s", to.who, by)
		if way.Gateway && way.Route == nil && way.NextHop == topology.ToInternet {
			r.Say += ", unless a gateway announces one, which no table shows"
		}
		return r
	}
	for _, s := range way.Straight() {
		p, err := netip.ParsePrefix(s.AddressPrefix)
		if err != nil || p.Addr().Is6() == to.addr.Is6() && (!to.in.IsValid() || to.in.Overlaps(p)) {
			r.Straight = append(r.Straight, s)
		}
	}
	if len(r.Straight) > 0 {
		r.Say = fmt.Sprintf("of the answers to %s only those to %s go straight to the Internet; else %s", to.who, r.Straight[0].AddressPrefix, by)
		return r
	}
	r.Verdict, r.Say = report.Blocks, fmt.Sprintf("answers to %s do not go back: %s", to.who, by)
	if way.NextHop != topology.ToNothing {
		r.Say += ", which never saw the request"
	}
	return r
}

// hopInWords names the next hop of a user's route.
func hopInWords(w topology.Way) string {
	switch w.NextHop {
	case topology.ToAppliance:
		return strings.TrimRight("the appliance "+w.Route.NextHopIPAddress, " ")
	case topology.ToGateway:
		return "the virtual network gateway"
	case topology.ToNothing:
		return "nowhere (next hop None)"
	}
	return w.NextHop
}

// Cites proves the way with the route that decides and the subnet whose table it is in.
func (r Reply) Cites() []report.Cite {
	if r.Way.Route == nil {
		return nil
	}
	return []report.Cite{r.Way.Table.Doc.Cite(r.Way.Route.At + "/nextHopType"), r.VNet.Doc.Cite(r.Subnet.RouteTable.At + "/id")}
}

// ReplyHop sums the replies up as a hop: it blocks where no backend's answers reach some
// client, and is unknown where those of some do not. Not ok where there are none.
func ReplyHop(replies []Reply) (hop report.Hop, ok bool) {
	if len(replies) == 0 {
		return report.Hop{}, false
	}
	verdicts := map[string][]report.HopVerdict{}
	for _, r := range replies {
		verdicts[r.Client] = append(verdicts[r.Client], r.Verdict)
	}
	sum := report.Passes
	for _, list := range verdicts {
		switch {
		case !slices.ContainsFunc(list, func(v report.HopVerdict) bool { return v != report.Blocks }):
			sum = report.Blocks
		case sum == report.Passes && slices.ContainsFunc(list, func(v report.HopVerdict) bool { return v != report.Passes }):
			sum = report.VerdictUnknown
		}
	}
	told := slices.IndexFunc(replies, func(r Reply) bool { return r.Verdict == report.Blocks }) // says the most of an unknown sum too
	if told < 0 {
		told = slices.IndexFunc(replies, func(r Reply) bool { return r.Verdict == sum })
	}
	r := replies[told]
	hop = report.Hop{Kind: Route, State: report.HopFound, Verdict: sum, Say: r.Say, Cites: r.Cites()}
	if r.Way.Table != nil {
		hop.Name = r.Way.Table.Name
	}
	if r.Verdict == report.VerdictUnknown && len(r.Straight) == 0 {
		hop.State = report.HopUnknown
	}
	if sum == report.VerdictUnknown && r.Verdict == report.Blocks {
		hop.Say += fmt.Sprintf("; that is so for the nodes of subnet %s, not for all", r.Subnet.Name)
	}
	return hop, true
}
