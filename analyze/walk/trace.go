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
		yes, sure, why := w.proxied(w.caller.Node)
		if yes {
			w.add(Client, "", report.HopFound, report.Passes, w.caller.Say+prefix(" with address ", w.address()), w.callerCites())
			w.inCluster(sure, why)
			return
		}
		w.departs()
		w.add(KubeProxy, "", report.HopFound, report.Passes, why+": the packet leaves for the load balancer", w.proxyCites())
	default:
		w.client()
	}
	w.lets(want.Sources)
	w.walk(w.graph, want)
	w.hairpin()
}

func (w *Walk) address() string {
	if a := w.caller.Address.String(); w.named() && !strings.HasPrefix(w.caller.Say, a+",") {
		return a
	}
	return ""
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
	case w.caller.Node != nil && !w.caller.Host:
		return []report.Cite{w.caller.Node.Doc.Cite("/spec/podCIDR")}
	case w.caller.Node != nil:
		return []report.Cite{w.caller.Node.Doc.Cite("/metadata/name")}
	}
	return nil
}

func (w *Walk) isIn(cidr string) bool {
	p, err := netip.ParsePrefix(strings.TrimSpace(cidr))
	return err == nil && p.Contains(w.caller.Address)
}

// client says where a caller outside of the cluster is, and whether its own side lets it
// send.
func (w *Walk) client() {
	a, v := w.caller.Address, w.network()
	add := func(state report.HopState, verdict report.HopVerdict, format string, args ...any) {
		w.add(Client, "", state, verdict, a.String()+" "+fmt.Sprintf(format, args...), nil)
	}
	f := w.caller.Frontend
	switch internal := w.toInternal(); {
	case w.byProbe():
		add(report.HopFound, report.Passes, "is the source of the health probes, which ask the nodes and not the frontend: see the hop of the probe")
	case f != nil && f.Frontend.PublicIP == nil:
		add(report.HopFound, report.VerdictUnknown, "is the address of frontend %s of load balancer %s, which opens no connections: give the caller's own with --from", f.Name, f.LB.Name)
	case internal && v == nil:
		add(report.HopUnknown, report.VerdictUnknown, "may or may not have a way to the internal frontend: the frontend's virtual network is not in the bundle")
	case internal:
		w.places(v, add)
	case !topology.Private(a) && f != nil:
		add(report.HopFound, report.Passes, "is an address in the Internet, that of frontend %s of load balancer %s", f.Name, f.LB.Name)
	case !topology.Private(a):
		add(report.HopFound, report.Passes, "is an address in the Internet")
	case v == nil:
		add(report.HopUnknown, report.VerdictUnknown, "is a private address, and the frontend's virtual network is not in the bundle")
	default:
		add(report.HopFound, report.VerdictUnknown, "is a private address: it reaches a public frontend with the public address that it leaves its network with, so give that one with --from")
	}
}

// byProbe reports the source of the health probes as the caller.
func (w *Walk) byProbe() bool { return w.caller.Address == probe4 || w.caller.Address == probe6 }

// toInternal reports an internal frontend, or a Service that asks for one and has none.
func (w *Walk) toInternal() bool {
	if w.Path.Frontend.To == nil {
		return w.Internal
	}
	return w.kind() == nsg.Internal
}

// places says where the caller of an internal frontend is: in the frontend's own network,
// in a peer, or behind a gateway. Networks may have public addresses as well.
func (w *Walk) places(v *snapshot.VNet, add func(report.HopState, report.HopVerdict, string, ...any)) {
	a := w.caller.Address
	if slices.ContainsFunc(v.AddressSpace.AddressPrefixes, w.isIn) {
		verdict, where := w.leavesSubnet(v, a)
		add(report.HopFound, verdict, "%s", where)
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
		case w.kindKnown() == nsg.Internal && strings.EqualFold(w.Path.Frontend.To.LB.SKU.Name, "Basic"):
			add(report.HopFound, report.VerdictUnknown, "is in the network of peering %s; a Basic internal frontend is reached from a peer of the same region only, and the peer's region is not in the bundle", p.Name)
		default:
			add(report.HopFound, report.Passes, "is in the network of peering %s, which is connected", p.Name)
		}
		return
	}
	switch gateway := topology.HasGateway(v); {
	case !topology.Private(a) && gateway:
		add(report.HopFound, report.VerdictUnknown, "is a public address: from the Internet it does not reach an internal frontend, by design; only a site behind the gateway that uses such addresses may")
	case !topology.Private(a):
		add(report.HopFound, report.Blocks, "is a public address, and an internal frontend is reached only from its virtual network, its peers and by a gateway: works as designed")
	case gateway:
		add(report.HopUnknown, report.VerdictUnknown, "is a private address outside of the virtual network and its peers: it has a way only by the gateway, whose routes are not in the bundle")
	default:
		add(report.HopFound, report.Blocks, "is in no network that the bundle shows to be connected to %s: it is neither of its address space nor of a peering, and there is no gateway (is %s its own address?)", v.Name, a)
	}
}

// lets says whether the Service lets the caller in, before any security group is asked.
func (w *Walk) lets(from desired.Sources) {
	cites := []report.Cite{}
	if from.Pointer != "" {
		cites = append(cites, w.Path.Service.Doc.Cite(from.Pointer))
	}
	leaves, why := w.leaves()
	spec := w.proxyRanges()
	switch {
	case w.byProbe():
		w.add(Sources, "", report.HopFound, report.Passes, "no range of the Service is asked for the health probes", nil)
		return
	case len(from.Ranges)+len(from.Tags)+len(from.Invalid)+len(spec) == 0 && !from.Unmanaged:
		w.add(Sources, "", report.HopFound, report.Passes, "the Service restricts nobody", nil)
		return
	case len(leaves) == 0:
		w.add(Sources, "", report.HopUnknown, report.VerdictUnknown, why+", and the Service lets in only some", cites)
		return
	}
	verdict, say := w.admits(from, leaves[0])
	for _, a := range leaves[1:] {
		if v, other := w.admits(from, a); v != verdict {
			verdict, say = report.VerdictUnknown, fmt.Sprintf("%s; but %s, and with which of them it comes is not known", say, other)
			break
		}
	}
	state := report.HopFound
	if verdict == report.VerdictUnknown {
		state = report.HopUnknown
	}
	if strings.Contains(say, kubeProxyKeeps) {
		cites = []report.Cite{w.Path.Service.Doc.Cite("/spec/loadBalancerSourceRanges")}
	}
	w.add(Sources, "", state, verdict, say, cites)
}

// kubeProxyKeeps says who keeps out those whom Azure lets in.
const kubeProxyKeeps = "kube-proxy on the nodes lets in only spec.loadBalancerSourceRanges"

// admits says whether the Service lets an address in: by what it asks the provider for,
// and by the ranges of its spec, which kube-proxy enforces for packets that still have
// the frontend's address (floating IP), whatever the security groups let through.
func (w *Walk) admits(from desired.Sources, a netip.Addr) (report.HopVerdict, string) {
	verdict, say := w.asked(from, a)
	spec := w.proxyRanges()
	if r := w.Path.Rule.To; verdict == report.Blocks || r == nil || !r.EnableFloatingIP || len(spec) == 0 {
		return verdict, say
	}
	if slices.ContainsFunc(spec, func(s string) bool {
		p, err := netip.ParsePrefix(strings.TrimSpace(s))
		return err == nil && p.Contains(a)
	}) {
		return verdict, say
	}
	return report.Blocks, fmt.Sprintf("%s, but %s (%s): works as designed", say, kubeProxyKeeps, strings.Join(spec, ", "))
}

// asked says whether an address is among those that the Service asks the provider to
// let in.
func (w *Walk) asked(from desired.Sources, a netip.Addr) (report.HopVerdict, string) {
	if from.Unmanaged {
		return report.Passes, "an annotation asks the provider for no security rule: whoever made the rules decides"
	}
	if len(from.Ranges)+len(from.Tags)+len(from.Invalid) == 0 {
		return report.Passes, "the Service restricts nobody"
	}
	for _, r := range from.Ranges {
		if r.Contains(a) {
			return report.Passes, fmt.Sprintf("%s is in %s", a, from.Because)
		}
	}
	network := nsg.Facts{}
	if len(w.Path.Members) > 0 {
		v, subnet := w.graph.Subnet(subnetOf(w.Path.Members[0]))
		network = facts(w.graph, v, subnet)
	}
	tags := from.Tags
	if from.Internet {
		tags = append([]string{"Internet"}, tags...)
	}
	var open []string
	for _, t := range tags {
		switch nsg.In(a, t, network) {
		case nsg.Yes:
			return report.Passes, fmt.Sprintf("%s is in service tag %s", a, t)
		case nsg.Maybe:
			open = append(open, t)
		}
	}
	for _, text := range from.Invalid {
		switch p, err := netip.ParsePrefix(text); {
		case err != nil:
			return report.VerdictUnknown, fmt.Sprintf("%s is no range, so whom it means is not known, and the provider does not use it", text)
		case p.Contains(a):
			return report.VerdictUnknown, fmt.Sprintf("%s is in %s, a range with host bits that the provider does not understand: its security rules do not let it in", a, text)
		}
	}
	switch {
	case len(open) > 0:
		return report.VerdictUnknown, fmt.Sprintf("whether %s belongs to the service tags %s is not in the bundle", a, strings.Join(open, ", "))
	case from.Refused != "":
		return report.VerdictUnknown, fmt.Sprintf("%s is not in %s; but the provider refuses the Service (%s), so that older security rules may still be there", a, from.Because, from.Refused)
	}
	return report.Blocks, fmt.Sprintf("%s is not in %s: works as designed, the Service lets in only others", a, from.Because)
}

// kindKnown is the kind of the frontend, none where there is no frontend.
func (w *Walk) kindKnown() nsg.FrontendKind {
	if w.Path.Frontend.To == nil {
		return nsg.NoFrontend
	}
	return w.kind()
}
