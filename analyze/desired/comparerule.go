package desired

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	"azlb/bundle-schema/az"
	"azlb/bundle-schema/azname"
)

// rule compares a load balancing rule with what equalLoadBalancingRulePropertiesFormat
// looks at.
func (x *comparer) rule(s *topology.Service, lane *Lane, want *Rule, lb *snapshot.LoadBalancer, f *az.Frontend) {
	sub := subject{x: x, service: s.Key(), hop: HopRule, object: lb.Name + "/" + want.Name, slot: fmt.Sprintf("%s/%d", lane.Family, want.Index), heals: true, want: s.Doc, got: lb.Doc}
	i := slices.IndexFunc(lb.Rules, func(r az.LBRule) bool { return strings.EqualFold(r.Name, want.Name) })
	if i < 0 {
		at := lb.At
		if f != nil {
			at = f.At
		}
		sub.missing(fmt.Sprintf("%s %d to %d on frontend %s", want.Protocol.V, want.FrontendPort.V, want.BackendPort.V, frontendName(f, lane)),
			"port of the Service", fmt.Sprintf("/spec/ports/%d/port", want.Index), place{lb.Doc, at})
		return
	}
	r := &lb.Rules[i]
	sub.at = r.At
	sub.exists("port of the Service")
	if !x.has(ruleFieldsCompared) {
		sub.heals, sub.why = false, "the provider of this release compares only the names of rules"
	}
	named(sub, "protocol", want.Protocol, r.Protocol, "/protocol")
	field(sub, "frontendPort", want.FrontendPort, r.FrontendPort, "/frontendPort")
	field(sub, "backendPort", want.BackendPort, r.BackendPort, "/backendPort")
	field(sub, "enableFloatingIP", want.FloatingIP, r.EnableFloatingIP, "/enableFloatingIP")
	idle := r.IdleTimeoutInMinutes
	if idle == 0 {
		idle = 4 // Azure's default, which the provider takes for equal
	}
	field(sub, "idleTimeoutInMinutes", want.IdleTimeout, idle, "/idleTimeoutInMinutes")
	named(sub, "loadDistribution", want.Distribution, cmp.Or(r.LoadDistribution, "Default"), "/loadDistribution")
	if strings.EqualFold(want.Protocol.V, "Tcp") && x.shows(func(r *az.LBRule) bool { return r.EnableTCPReset != nil }) {
		field(sub, "enableTcpReset", want.TCPReset, r.EnableTCPReset != nil && *r.EnableTCPReset, "/enableTcpReset")
	}
	if x.shows(func(r *az.LBRule) bool { return r.DisableOutboundSNAT != nil }) {
		field(sub, "disableOutboundSnat", want.DisableOutboundSNAT, r.DisableOutboundSNAT != nil && *r.DisableOutboundSNAT, "/disableOutboundSnat")
	}
	reference(sub, "frontendIPConfiguration", known(frontendName(f, lane), "the Service's frontend"), r.Frontend)
	reference(sub, "backendAddressPool", lane.Pool, pool(r))
	probe := known("", "the port has no probe")
	if want.Probe != nil {
		probe = from(want.Probe.Port, want.Probe.Name)
		probe.Unknown = ""
	}
	reference(sub, "probe", probe, r.Probe)
}

// frontendName is that of the frontend which is there, else of the wanted one.
func frontendName(f *az.Frontend, lane *Lane) string {
	if f != nil {
		return f.Name
	}
	return lane.Frontend.Name.V
}

// shows reports whether some rule has a value for a field: older versions of az do
// not know all of them.
func (x *comparer) shows(has func(*az.LBRule) bool) bool {
	for i := range x.Graph.Snapshot.Loads {
		for j := range x.Graph.Snapshot.Loads[i].Rules {
			if has(&x.Graph.Snapshot.Loads[i].Rules[j]) {
				return true
			}
		}
	}
	return false
}

// reference compares the name at the end of a reference inside one load balancer.
func reference(sub subject, name string, want Value[string], ref *az.Ref) {
	got := ""
	if ref != nil {
		if got = az.LastName(ref.ID); got == "" || az.Masked(ref.ID) {
			return
		}
	}
	named(sub, name, want, got, "/"+name)
}

func pool(r *az.LBRule) *az.Ref {
	if r.Pool != nil && r.Pool.ID != "" {
		return r.Pool
	}
	if len(r.Pools) > 0 {
		return &r.Pools[0]
	}
	return nil
}

// probe compares a health probe with what findProbe looks at.
func (x *comparer) probe(s *topology.Service, lane *Lane, want *Probe, lb *snapshot.LoadBalancer) {
	sub := subject{x: x, service: s.Key(), hop: HopProbe, object: lb.Name + "/" + want.Name, slot: x.probeSlot(lane, want), heals: true, want: s.Doc, got: lb.Doc}
	i := slices.IndexFunc(lb.Probes, func(p az.Probe) bool { return strings.EqualFold(p.Name, want.Name) })
	if i < 0 {
		sub.missing(want.String(), want.Port.Because, cmp.Or(want.Port.Pointer, "/spec/ports"), place{lb.Doc, lb.At})
		return
	}
	p := &lb.Probes[i]
	sub.at = p.At
	sub.exists(want.Port.Because)
	if want.Name == azname.SharedProbe {
		sub.heals, sub.why = false, "the provider takes only probes that bear the Service's name for outdated"
	}
	field(sub, "port", want.Port, p.Port, "/port")
	if !x.has(probeFieldsCompared) && sub.heals {
		sub.heals, sub.why = false, "the provider of this release compares only name and port of probes"
	}
	named(sub, "protocol", want.Protocol, p.Protocol, "/protocol")
	if !strings.EqualFold(want.Protocol.V, "Tcp") || p.RequestPath != "" {
		path := want.Path
		path.Because = cmp.Or(path.Because, "a Tcp probe asks for no path")
		named(sub, "requestPath", path, p.RequestPath, "/requestPath")
	}
	field(sub, "intervalInSeconds", want.Interval, p.IntervalInSeconds, "/intervalInSeconds")
	switch {
	case !want.Threshold:
		field(sub, "numberOfProbes", want.Count, p.NumberOfProbes, "/numberOfProbes")
	case x.showsThreshold():
		field(sub, "probeThreshold", want.Count, p.ProbeThreshold, "/probeThreshold")
	}
}

// probeSlot names a probe by the first rule that has it.
func (x *comparer) probeSlot(lane *Lane, want *Probe) string {
	for _, r := range lane.Rules {
		if r.Probe != nil && r.Probe.Name == want.Name {
			return string(lane.Family) + "/" + strconv.Itoa(r.Index)
		}
	}
	return string(lane.Family)
}

// showsThreshold reports whether az shows the newer of the two fields for the count.
func (x *comparer) showsThreshold() bool {
	for i := range x.Graph.Snapshot.Loads {
		if slices.ContainsFunc(x.Graph.Snapshot.Loads[i].Probes, func(p az.Probe) bool { return p.ProbeThreshold != 0 }) {
			return true
		}
	}
	return false
}
