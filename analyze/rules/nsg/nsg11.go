package nsg

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/desired"
	"azlb/analyze/nsg"
	"azlb/analyze/rule"
	"azlb/analyze/topology"
	"azlb/analyze/walk"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// NSG11 is a public Service that lets certain clients in only.
var NSG11 = &rule.Rule{
	ID:         "AZLB-NSG11",
	Severity:   report.Info,
	AsDesigned: true,
	Doc: report.Doc{
		Title:   "only certain clients reach the public Service, as it asks for",
		Symptom: "Some clients reach a public Service, others time out, without any warning; or pods of the cluster itself time out at its external address.",
		Cause: "spec.loadBalancerSourceRanges, or the annotations azure-allowed-ip-ranges and azure-allowed-service-tags, name who may reach the Service; everybody else is dropped without an answer. " +
			"The provider writes them to the security group. spec.loadBalancerSourceRanges is enforced by kube-proxy too, on every node, and that also for callers inside the cluster who use the external address: their addresses must be in the ranges. What the annotations say, kube-proxy does not know.",
		Fix: []report.Step{
			{Say: "Find out with which address the client arrives: behind NAT it is that of the NAT.", Run: "curl -s https://ifconfig.me"},
			{Say: "If it should get in, add its range.", Run: "kubectl edit service -n NAMESPACE SERVICE", Changes: true},
			{Say: "Let callers inside the cluster use the Service's name or cluster IP."},
		},
		References: []string{"https://kubernetes.io/docs/concepts/services-networking/service/#loadbalancer", "https://cloud-provider-azure.sigs.k8s.io/topics/loadbalancer/", "Azure/AKS#1813"},
		Healthy:    "Ranges that cover the Internet restrict nobody, and an internal Service is told of nowhere. Ranges of which the provider makes nothing, ranges together with tags, and ranges to which a security group does not keep are faults of other rules (AZLB-NSG08, AZLB-NSG10, AZLB-NSG03, AZLB-NSG01).",
	},
	Needs: rule.Needs{
		Any: groups,
		All: []*bundle.Evidence{&bundle.Services, &bundle.LoadBalancers, &bundle.PublicIPs, &bundle.VNets},
	},
	Check: checkNSG11,
}

func checkNSG11(p *rule.Pass) {
	for _, s := range p.Graph.Served() {
		want := p.Wants.Of(s.Key())
		if want.Internal.V || !restricts(s, want.Sources) {
			continue
		}
		if w := keeps(p, s, want.Sources); w != nil {
			p.Find(restricted(s, w, want.Sources))
		}
	}
}

// restricts reports whether the Service names its clients in a way that the provider
// takes as it is meant, and that lets some of the Internet in and some not.
func restricts(s *topology.Service, from desired.Sources) bool {
	spec := len(s.Spec.LoadBalancerSourceRanges) > 0
	switch {
	case len(from.Ranges)+len(from.Tags) == 0, len(from.Invalid) > 0, from.Refused != "", from.Internet,
		spec && len(from.Tags) > 0, !spec && from.Unmanaged,
		slices.ContainsFunc(from.Tags, func(t string) bool { return t == "" || strings.EqualFold(t, "Internet") }):
		return false
	case len(from.Tags) > 0:
		return true
	}
	return !covers(from.Ranges, netip.PrefixFrom(netip.IPv4Unspecified(), 0)) &&
		slices.ContainsFunc(from.Ranges, func(r netip.Prefix) bool { return r.Addr().Is4() && !r.Addr().IsPrivate() })
}

// covers reports whether ranges together hold all of another.
func covers(ranges []netip.Prefix, all netip.Prefix) bool {
	inside := false
	for _, r := range ranges {
		if r.Bits() <= all.Bits() && r.Contains(all.Addr()) {
			return true
		}
		inside = inside || all.Contains(r.Addr())
	}
	if !inside || all.Bits() == all.Addr().BitLen() {
		return false
	}
	low := netip.PrefixFrom(all.Addr(), all.Bits()+1)
	high := all.Addr().As4()
	high[all.Bits()/8] |= 0x80 >> (all.Bits() % 8)
	return covers(ranges, low) && covers(ranges, netip.PrefixFrom(netip.AddrFrom4(high), all.Bits()+1))
}

// keeps is a way on which the security groups let the Service's clients in, and, where
// they alone enforce it, others not; nil: on some way they do not, or nobody knows.
func keeps(p *rule.Pass, s *topology.Service, from desired.Sources) *walk.Walk {
	var first *walk.Walk
	for _, w := range p.Walks.Of(s.Key()) {
		if w.Path.Family != corev1.IPv4Protocol || w.Want.NoRule {
			continue
		}
		h := w.Hop(walk.NSG)
		if h == nil || w.Path.Address == "" || h.Verdict == report.Blocks || len(from.Ranges) > 0 && h.Verdict != report.Passes {
			return nil
		}
		if len(s.Spec.LoadBalancerSourceRanges) == 0 && len(from.Ranges) > 0 && !shuts(w, from.Ranges) {
			return nil
		}
		if first == nil {
			first = w
		}
	}
	return first
}

// strangers are addresses that nobody has (RFC 5737).
var strangers = []netip.Addr{netip.MustParseAddr("198.51.100.7"), netip.MustParseAddr("203.0.113.7"), netip.MustParseAddr("192.0.2.7")}

// shuts reports whether somebody outside the ranges is denied at every node.
func shuts(w *walk.Walk, ranges []netip.Prefix) bool {
	i := slices.IndexFunc(strangers, func(a netip.Addr) bool {
		return !slices.ContainsFunc(ranges, func(r netip.Prefix) bool { return r.Contains(a) })
	})
	if i < 0 {
		return false
	}
	for k := range w.Checks {
		c := w.Checks[k]
		if c.Purpose != walk.ForClient {
			continue
		}
		c.Flow.Src = strangers[i]
		denied := false
		if c.Subnet != nil {
			denied = without(c.Subnet, "", &c).Answer == nsg.Denied
		}
		if c.NIC != nil {
			denied = denied || without(c.NIC, "", &c).Answer == nsg.Denied
		}
		if !denied {
			return false
		}
	}
	return true
}

func restricted(s *topology.Service, w *walk.Walk, from desired.Sources) rule.Finding {
	var who, tags []string
	for _, r := range from.Ranges {
		who = append(who, r.String())
	}
	for _, t := range from.Tags {
		tags = append(tags, "service tag "+t)
	}
	name, tail := from.Because, "The security group alone enforces this, which callers inside the cluster do not meet."
	if len(s.Spec.LoadBalancerSourceRanges) > 0 {
		tail = "kube-proxy enforces these ranges on every node as well, also for callers inside the cluster who use that address."
	}
	f := rule.Finding{
		Subject: rule.Subject(s.Key()),
		Message: fmt.Sprintf("Only clients from %s reach %s at %s (%s); others time out. %s", rule.List(append(who, tags...)), s.Key(), w.Path.Address, name, tail),
		Cites:   []report.Cite{s.Doc.Cite(from.Pointer)},
		Fix: []report.Step{
			{Say: "Find out with which address the client arrives: behind NAT it is that of the NAT.", Run: "curl -s https://ifconfig.me"},
			{Say: "If it should get in, add its range.", Run: rule.Kubectl("edit", s.Key(), ""), Changes: true},
			{Say: "Let callers inside the cluster use the Service's name or cluster IP."},
		},
	}
	if d := w.Decided(walk.ForClient); d != nil {
		f.Cites = append(f.Cites, d.Cites()...)
	}
	return f
}
