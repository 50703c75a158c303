package walk

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"azlb/analyze/nsg"
	"azlb/analyze/topology"
	"azlb/report"
)

// proxyCites prove what kube-proxy does with the Service's address.
func (w *Walk) proxyCites() []report.Cite {
	cites := []report.Cite{w.Path.Service.Doc.Cite("/status/loadBalancer")}
	if w.caller.Node != nil {
		if c, ok := w.graph.Proxy(w.caller.Node).Cite(); ok {
			cites = append(cites, c)
		}
	}
	return cites
}

// inCluster is the way of a packet that the caller's own node hands to a pod.
func (w *Walk) inCluster(sure bool, why string) {
	if sure {
		w.add(KubeProxy, "", report.HopFound, report.Passes, why, w.proxyCites())
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
	spec := w.proxyRanges()
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

// proxyRanges are the ranges of the spec that kube-proxy enforces in the path's IP
// family: it takes none of the other family, and where that leaves none restricts nobody
// (newBaseServiceInfo of k8s.io/kubernetes/pkg/proxy).
func (w *Walk) proxyRanges() []string {
	var out []string
	for _, text := range w.Path.Service.Spec.LoadBalancerSourceRanges {
		if p, err := netip.ParsePrefix(strings.TrimSpace(text)); err == nil && of(w.Path.Family, p.Addr()) {
			out = append(out, text)
		}
	}
	return out
}

// localCaller corrects the hop of the endpoints for a caller in the cluster of a Service
// with externalTrafficPolicy Local: a pod on its own node serves it, and where there is
// none it depends on kube-proxy's mode whether pods of other nodes do.
func (w *Walk) localCaller() {
	h := w.Hop(Endpoint)
	up := slices.DeleteFunc(w.Path.ReadyEndpoints(), func(e topology.Endpoint) bool { return e.Node != nil && Down(e.Node) != "" })
	if !w.Path.Service.Local() || len(up) == 0 || w.caller.Node == nil {
		return
	}
	n := w.caller.Node.Name
	h.State, h.Verdict = report.HopFound, report.Passes
	mode := w.graph.Proxy(w.caller.Node).Mode
	switch local := slices.ContainsFunc(up, func(e topology.Endpoint) bool { return e.NodeName == n }); {
	case local:
		h.Say = "a ready pod is on the caller's node (externalTrafficPolicy Local)"
	case mode == "iptables" || mode == "nftables":
		h.Say = fmt.Sprintf("no ready pod is on node %s; for callers on the node itself kube-proxy in mode %s takes any pod in spite of externalTrafficPolicy Local", n, mode)
	default:
		h.Verdict = report.VerdictUnknown
		h.Say = fmt.Sprintf("externalTrafficPolicy is Local and no ready pod is on node %s: in mode iptables or nftables kube-proxy takes any pod for callers on the node itself, in mode ipvs of older releases it drops the packet; the mode is not in the bundle", n)
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
