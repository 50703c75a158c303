package walk

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"azlb/analyze/desired"
	"azlb/analyze/nsg"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// The kinds of hops that only the walk of a certain caller has.
const (
	Client    = "client"        // where the caller is, and whether it may send
	KubeProxy = "kube-proxy"    // of the caller's node, which may keep the packet there
	Sources   = "source-ranges" // whom the Service lets in
	Hairpin   = "hairpin"       // back to the node that sent the packet
)

// Trace walks to the ports of a Service as one caller, in the IP families that it has.
func Trace(g *topology.Graph, wants *desired.Wants, s *topology.Service, c Caller) []*Walk {
	want := wants.Of(s.Key())
	var out []*Walk
	for _, p := range s.Paths {
		caller, ok := c.in(p.Family)
		if !ok {
			continue
		}
		w := &Walk{Path: p, Want: want.Lane(p.Family).Ports[p.Index], Internal: want.Internal.V, graph: g, caller: &caller}
		w.trace(want)
		out = append(out, w)
	}
	return out
}

func (w *Walk) trace(want *desired.Service) {
	switch {
	case w.Want.NoRule, !w.named() && !w.caller.inside():
		w.walk(w.graph, want)
		return
	case w.caller.inside():
		w.add(Client, "", report.HopFound, report.Passes, w.caller.Say+prefix(" with address ", w.address()), w.callerCites())
		yes, sure, why := w.proxied(w.caller.Node)
		if yes {
			w.inCluster(sure, why)
			return
		}
		w.add(KubeProxy, "", report.HopFound, report.Passes, why+": the packet leaves for the load balancer", nil)
	default:
		w.client()
	}
	w.lets(want.Sources)
	w.walk(w.graph, want)
	w.hairpin()
}

func (w *Walk) address() string {
	if !w.named() {
		return ""
	}
	return w.caller.Address.String()
}

func prefix(what, s string) string {
	if s == "" {
		return ""
	}
	return what + s
}

func (w *Walk) callerCites() []report.Cite {
	switch {
	case w.caller.Pod != nil:
		return []report.Cite{w.caller.Pod.Doc.Cite("/status/podIP")}
	case w.caller.Node != nil:
		return []report.Cite{w.caller.Node.Doc.Cite("/metadata/name")}
	}
	return nil
}

// inCluster is the way of a packet that the caller's own node hands to a pod.
func (w *Walk) inCluster(sure bool, why string) {
	if sure {
		w.add(KubeProxy, "", report.HopFound, report.Passes, why, nil)
	} else {
		w.add(KubeProxy, "", report.HopUnknown, report.VerdictUnknown, why+"; if it works there, it hands the packet to a pod itself", nil)
	}
	w.proxySources()
	w.endpoint()
	w.localCaller()
	w.pod()
}

// proxySources is kube-proxy's own check of spec.loadBalancerSourceRanges, which it
// makes for callers in the cluster as well. It does not know the annotations.
func (w *Walk) proxySources() {
	spec := w.Path.Service.Spec.LoadBalancerSourceRanges
	cite := []report.Cite{w.Path.Service.Doc.Cite("/spec/loadBalancerSourceRanges")}
	switch {
	case len(spec) == 0:
		w.add(Sources, "", report.HopFound, report.Passes, "spec.loadBalancerSourceRanges restricts nobody", nil)
	case !w.named():
		w.add(Sources, "", report.HopUnknown, report.VerdictUnknown, "the caller's address is not known, and spec.loadBalancerSourceRanges lets in only "+strings.Join(spec, ", "), cite)
	case slices.ContainsFunc(spec, w.isIn):
		w.add(Sources, "", report.HopFound, report.Passes, fmt.Sprintf("%s is in spec.loadBalancerSourceRanges", w.caller.Address), cite)
	default:
		w.add(Sources, "", report.HopFound, report.Blocks, fmt.Sprintf("%s is not in spec.loadBalancerSourceRanges (%s), which kube-proxy enforces inside the cluster as well: works as designed", w.caller.Address, strings.Join(spec, ", ")), cite)
	}
}

func (w *Walk) isIn(cidr string) bool {
	p, err := netip.ParsePrefix(strings.TrimSpace(cidr))
	return err == nil && p.Contains(w.caller.Address)
}

// localCaller corrects the hop of the endpoints for a caller in the cluster of a Service
// with externalTrafficPolicy Local: a pod on its own node serves it, and where there is
// none it depends on kube-proxy's mode whether pods of other nodes do.
func (w *Walk) localCaller() {
	h := w.Hop(Endpoint)
	if !w.Path.Service.Local() || len(w.Path.ReadyEndpoints()) == 0 || w.caller.Node == nil {
		return
	}
	n := w.caller.Node.Name
	h.State, h.Verdict = report.HopFound, report.Passes
	mode := w.graph.Proxy(w.caller.Node).Mode
	switch local := slices.ContainsFunc(w.Path.ReadyEndpoints(), func(e topology.Endpoint) bool { return e.NodeName == n }); {
	case local:
		h.Say = "a ready pod is on the caller's node (externalTrafficPolicy Local)"
	case mode == "iptables" || mode == "nftables":
		h.Say = fmt.Sprintf("no ready pod is on node %s; for callers on the node itself kube-proxy in mode %s takes any pod in spite of externalTrafficPolicy Local", n, mode)
	default:
		h.Verdict = report.VerdictUnknown
		h.Say = fmt.Sprintf("externalTrafficPolicy is Local and no ready pod is on node %s: in mode iptables or nftables kube-proxy takes any pod for callers on the node itself, in mode ipvs of older releases it drops the packet; the mode is not in the bundle", n)
	}
}

// client says where a caller outside of the cluster is, and whether the security groups
// on its side let it send.
func (w *Walk) client() {
	a, v := w.caller.Address, w.network()
	add := func(state report.HopState, verdict report.HopVerdict, format string, args ...any) {
		w.add(Client, "", state, verdict, a.String()+" "+fmt.Sprintf(format, args...), nil)
	}
	internal := w.Path.Frontend.To != nil && w.Path.Frontend.To.Frontend.PublicIP == nil || w.Path.Frontend.To == nil && w.Internal
	switch {
	case a == probe4 || a == probe6:
		add(report.HopFound, report.Passes, "is the source of the health probes")
	case !topology.Private(a) && internal:
		add(report.HopFound, report.Blocks, "is a public address, and an internal frontend is reached only from its virtual network, its peers and by a gateway: works as designed")
	case !topology.Private(a):
		add(report.HopFound, report.Passes, "is an address in the Internet")
	case v == nil:
		add(report.HopUnknown, report.VerdictUnknown, "is a private address, and the frontend's virtual network is not in the bundle")
	case !internal:
		add(report.HopFound, report.VerdictUnknown, "is a private address: it reaches a public frontend with the public address that it leaves its network with, so give that one with --from")
	default:
		w.places(v, add)
	}
}

// places says where a private address: in the frontend's own network, in a peer, or behind a
// gateway.
func (w *Walk) places(v *snapshot.VNet, add func(report.HopState, report.HopVerdict, string, ...any)) {
	a := w.caller.Address
	if slices.ContainsFunc(v.AddressSpace.AddressPrefixes, w.isIn) {
		w.sends(v, add)
		return
	}
	for _, p := range v.Peerings {
		if !slices.ContainsFunc(p.RemotePrefixes(), w.isIn) {
			continue
		}
		switch {
		case !strings.EqualFold(p.PeeringState, "Connected"):
			add(report.HopFound, report.Blocks, "is in the network of peering %s, which is %s", p.Name, p.PeeringState)
		case p.AllowVirtualNetworkAccess != nil && !*p.AllowVirtualNetworkAccess:
			add(report.HopFound, report.Blocks, "is in the network of peering %s, which does not allow access between the networks", p.Name)
		case w.kind() == nsg.Internal && strings.EqualFold(w.Path.Frontend.To.LB.SKU.Name, "Basic"):
			add(report.HopFound, report.VerdictUnknown, "is in the network of peering %s; a Basic internal frontend is reached from a peer of the same region only, and the peer's region is not in the bundle", p.Name)
		default:
			add(report.HopFound, report.Passes, "is in the network of peering %s, which is connected", p.Name)
		}
		return
	}
	if topology.HasGateway(v) {
		add(report.HopUnknown, report.VerdictUnknown, "is a private address outside of the virtual network and its peers: it has a way only by the gateway, whose routes are not in the bundle")
		return
	}
	add(report.HopFound, report.Blocks, "is in no network that the bundle shows to be connected to %s: it is neither of its address space nor of a peering, and there is no gateway (is %s its own address?)", v.Name, a)
}

// sends evaluates the security groups on the side of a caller in the frontend's own
// network: they see the frontend as the destination.
func (w *Walk) sends(v *snapshot.VNet, add func(report.HopState, report.HopVerdict, string, ...any)) {
	m := w.graph.MemberAt(v, w.caller.Address)
	dst, err := netip.ParseAddr(w.Path.Frontend.To.Address)
	if m == nil || err != nil {
		add(report.HopFound, report.Passes, "is in the virtual network %s", v.Name)
		return
	}
	s := newSite(w.graph, m)
	alone := m.NIC.ID == ""
	if alone {
		s.nic = nsg.Level{None: true}
	}
	where := fmt.Sprintf("is in subnet %s of %s", az.LastName(m.IP.Subnet.ID), v.Name)
	if alone {
		where += " (its interface is not in the bundle)"
	}
	d := nsg.Evaluate(nsg.Flow{Src: w.caller.Address, Dst: dst, DstPort: int(w.Path.Port.Port), Protocol: flowProtocol(w.Path)}, s.subnet, s.nic, s.facts)
	switch d.Answer {
	case nsg.Denied:
		add(report.HopFound, report.Blocks, "%s and may not send: %s", where, d.Say)
	case nsg.Unknown:
		add(report.HopFound, report.VerdictUnknown, "%s; whether it may send: %s", where, d.Say)
	default:
		add(report.HopFound, report.Passes, "%s and may send", where)
	}
}

// lets says whether the Service lets the caller in, before any security group is asked.
func (w *Walk) lets(from desired.Sources) {
	cites := []report.Cite{}
	if from.Pointer != "" {
		cites = append(cites, w.Path.Service.Doc.Cite(from.Pointer))
	}
	leaves, why := w.leaves()
	in := func(p netip.Prefix) bool { return leaves.IsValid() && p.Contains(leaves) }
	switch {
	case from.Unmanaged:
		w.add(Sources, "", report.HopFound, report.Passes, "an annotation asks the provider for no security rule: whoever made the rules decides", cites)
	case len(from.Ranges)+len(from.Tags)+len(from.Invalid) == 0:
		w.add(Sources, "", report.HopFound, report.Passes, "the Service restricts nobody", nil)
	case slices.ContainsFunc(from.Ranges, in):
		w.add(Sources, "", report.HopFound, report.Passes, fmt.Sprintf("%s is in %s", leaves, from.Because), cites)
	case !leaves.IsValid():
		w.add(Sources, "", report.HopUnknown, report.VerdictUnknown, why+", and the Service lets in only some", cites)
	case len(from.Tags) > 0:
		w.add(Sources, "", report.HopUnknown, report.VerdictUnknown, fmt.Sprintf("whether %s belongs to the service tags %s is not in the bundle", leaves, strings.Join(from.Tags, ", ")), cites)
	default:
		w.add(Sources, "", report.HopFound, report.Blocks, fmt.Sprintf("%s is not in %s: works as designed, the Service lets in only others", leaves, from.Because), cites)
	}
}

// hairpin tells of a packet that a node of the backend pool sends to its own internal
// frontend: Azure drops it where it would go back to the node that sent it.
func (w *Walk) hairpin() {
	n, all := w.caller.Node, len(w.Path.Members)
	if n == nil || w.kindKnown() != nsg.Internal || !slices.ContainsFunc(w.Path.Members, func(m *topology.Member) bool { return m.Node == n }) {
		return
	}
	verdict := report.VerdictUnknown
	say := fmt.Sprintf("node %s is itself 1 of the %d members behind the internal frontend: connections that the load balancer hands back to it time out, about 1 in %d", n.Name, all, all)
	if all == 1 {
		verdict, say = report.Blocks, fmt.Sprintf("node %s is the only member behind the internal frontend: every connection would go back to it and times out", n.Name)
	}
	w.add(Hairpin, "", report.HopFound, verdict, say, w.callerCites())
}

// kindKnown is the kind of the frontend, none where there is no frontend.
func (w *Walk) kindKnown() nsg.FrontendKind {
	if w.Path.Frontend.To == nil {
		return nsg.NoFrontend
	}
	return w.kind()
}

// leaves is the address with which the caller's packets reach the frontend: a private
// one is exchanged on the way to a public frontend. Not valid with the reason where it
// is not known.
func (w *Walk) leaves() (a netip.Addr, why string) {
	switch {
	case !w.named():
		return a, "the caller's address is not known"
	case w.kindKnown() == nsg.Internal || !topology.Private(w.caller.Address):
		return w.caller.Address, ""
	}
	return a, fmt.Sprintf("the public address with which %s leaves its network is not known", w.caller.Address)
}
