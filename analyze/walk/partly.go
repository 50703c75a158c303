package walk

import (
	"net/netip"
	"slices"

	"azlb/analyze/nsg"
	"azlb/analyze/topology"
	"azlb/report"
)

// Partly are the clients' packets that get through to some nodes only, though the
// load balancer hands them to the others as well: a check for each sender and each set
// of nodes that drops them, with the nodes that take traffic as its members. The hop
// nsg passes then, as most connections do.
func (w *Walk) Partly() []*Check {
	if w.Answer(ForClient) != nsg.Allowed || w.Blocked() != nil {
		return nil
	}
	var out []*Check
	for _, c := range w.Checks {
		if c.Purpose != ForClient || c.Decision.Answer != nsg.Denied || !w.probed(&c) || narrower(c.Decision, w.kind() == nsg.Internal) != nil {
			continue
		}
		if c.Decision.Deciding == nil && w.kind() == nsg.Internal {
			continue // without any group, by where the client is and not by the node
		}
		if c.Members = w.Takes(c.Members); len(c.Members) > 0 {
			out = append(out, &c)
		}
	}
	return out
}

// Takes are those of the members to which the load balancer hands packets, as far as
// their nodes tell: nodes that are up, and with externalTrafficPolicy Local have a pod.
func (w *Walk) Takes(members []*topology.Member) []*topology.Member {
	var out []*topology.Member
	for _, m := range members {
		if m.Node == nil || Down(m.Node) != "" {
			continue
		}
		pod := slices.ContainsFunc(w.Path.ReadyEndpoints(), func(e topology.Endpoint) bool { return e.NodeName == m.Node.Name })
		if pod || !w.Path.Service.Local() {
			out = append(out, m)
		}
	}
	return out
}

// probed reports whether the groups let the probe in at the nodes of a client's check:
// else the load balancer takes them for dead. A rule without a probe asks nobody.
func (w *Walk) probed(client *Check) bool {
	if w.Path.Probe.To == nil {
		return true
	}
	return slices.ContainsFunc(w.Checks, func(c Check) bool {
		return c.Purpose == ForProbe && c.Decision.Answer == nsg.Allowed && c.Members[0] == client.Members[0]
	})
}

// AsAsked is what the security groups say to a client's packet with the destination
// that it would carry if floating IP were as the Service asks for it. It is not ok where
// it is, or where the packet gets through, or would not either way.
func (w *Walk) AsAsked(c *Check) (nsg.Decision, nsg.Flow, bool) {
	want, hop := w.Want.Rule, w.Hop(NSG)
	if want == nil || want.FloatingIP.Unknown != "" || want.FloatingIP.V == w.Path.Rule.To.EnableFloatingIP || hop == nil || hop.Verdict != report.Blocks {
		return nsg.Decision{}, nsg.Flow{}, false
	}
	f := c.Flow
	f.DstPort = want.BackendPort.V
	if f.DstPort == 0 {
		f.DstPort = int(w.Path.Port.Port)
	}
	at := c.Members[0].IP.PrivateIPAddress
	if want.FloatingIP.V {
		at = w.Path.Address
	}
	dst, err := netip.ParseAddr(at)
	if err != nil {
		return nsg.Decision{}, f, false
	}
	f.Dst = dst
	d := nsg.Evaluate(f, c.subnet, c.nic, c.Facts)
	return d, f, d.Answer == nsg.Allowed && d.Deciding != nil
}
