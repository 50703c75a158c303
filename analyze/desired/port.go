package desired

import (
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"azlb/bundle-schema/azname"
)

// Port is what the provider makes of one port of a Service.
type Port struct {
	Index   int // of the port in the Service
	Port    int
	NoRule  bool   // an annotation keeps the port out of the load balancer
	Because string // why it has no rule
	Rule    *Rule  // nil: none
}

// Probe is the health probe of the port's rule, nil where it has none.
func (p Port) Probe() *Probe {
	if p.Rule == nil {
		return nil
	}
	return p.Rule.Probe
}

// Rule is a load balancing rule.
type Rule struct {
	Name         string
	Index        int           // of the Service's port that it is named after
	Protocol     Value[string] // Tcp, Udp or All
	FrontendPort Value[int]    // 0: every port
	// BackendPort is the port at which the packet reaches the node: the Service's port
	// with floating IP, the node port without.
	BackendPort Value[int]
	FloatingIP  Value[bool]
	// IdleTimeout is in minutes.
	IdleTimeout         Value[int]
	TCPReset            Value[bool]
	Distribution        Value[string] // Default or SourceIP
	DisableOutboundSNAT Value[bool]
	Probe               *Probe // nil: none
}

// namer derives the names of a Service's rules and probes in one family.
type namer struct {
	c              *Cluster
	prefix, subnet string
	second         bool
}

func (n namer) rule(p corev1.ServicePort) string {
	return azname.Rule(n.c.Version, n.prefix, n.subnet, string(protocolOf(p)), int(p.Port), n.second)
}

func (n namer) local(port int) string {
	return azname.LocalProbe(n.c.Version, n.prefix, n.subnet, port, n.second)
}

// protocolOf is TCP where the Service says nothing, as the API fills in.
func protocolOf(p corev1.ServicePort) corev1.Protocol {
	if p.Protocol == "" {
		return corev1.ProtocolTCP
	}
	return p.Protocol
}

// port follows getExpectedLBRules.
func port(c *Cluster, a annotations, want *Service, family corev1.IPFamily, n namer, i int) Port {
	sp := a.service.Spec.Ports[i]
	out := Port{Index: i, Port: int(sp.Port)}
	if v := a.ofPort(sp.Port, portNoRule); isTrue(v.V) && c.has(ownProbeAnnotations) {
		out.NoRule, out.Because = true, v.Because
		return out
	}
	at := "/spec/ports/" + strconv.Itoa(i)
	r := rule(c, a, want, family)
	r.Name, r.Index = n.rule(sp), i
	r.Protocol = Value[string]{V: transport(protocolOf(sp)), Because: "protocol of the Service's port", Pointer: at + "/protocol"}
	r.FrontendPort = Value[int]{V: int(sp.Port), Because: "the Service's port", Pointer: at + "/port"}
	r.BackendPort = Value[int]{V: int(sp.Port), Because: "with floating IP the packet keeps the Service's port", Pointer: at + "/port"}
	if !r.FloatingIP.V {
		r.BackendPort = Value[int]{V: int(sp.NodePort), Because: "without floating IP the packet goes to the node port", Pointer: at + "/nodePort"}
	}
	if r.Protocol.V != "Tcp" {
		r.TCPReset = known(false, "TCP reset is for TCP")
		if !c.has(ruleTimeoutExplicit) {
			r.IdleTimeout = known(4, "the default; the annotation is for TCP in this release")
		}
	}
	if v := a.ofPort(sp.Port, portNoProbe); !isTrue(v.V) || !c.has(ownProbeAnnotations) {
		r.Probe = probe(c, a, want, i, n)
	}
	out.Rule = &r
	return out
}

// transport is Azure's word for a protocol (getProtocolsFromKubernetesProtocol).
func transport(p corev1.Protocol) string {
	switch p {
	case corev1.ProtocolUDP:
		return "Udp"
	case corev1.ProtocolSCTP:
		return "All"
	}
	return "Tcp"
}

// rule has what all rules of a lane have in common
// (getExpectedLoadBalancingRulePropertiesForPort).
func rule(c *Cluster, a annotations, want *Service, family corev1.IPFamily) Rule {
	r := Rule{
		FloatingIP:          known(true, "the provider's default"),
		IdleTimeout:         known(4, "the default"),
		TCPReset:            known(false, "the provider's default with the Basic SKU and before it knew TCP reset"),
		Distribution:        Value[string]{V: "Default", Because: "spec.sessionAffinity None", Pointer: "/spec/sessionAffinity"},
		DisableOutboundSNAT: known(false, "the default of disableOutboundSNAT"),
	}
	switch v := a.text(disableFloatingIP); {
	case isTrue(v.V) && c.has(floatingIPOff):
		r.FloatingIP = from(v, false)
	case want.Internal.V && family == corev1.IPv6Protocol && c.has(floatingIPOffV6):
		r.FloatingIP = known(false, "Azure has no floating IP for internal IPv6 frontends")
	}
	if v := a.text(tcpIdleTimeout); v.V != "" && c.has(idleTimeout) {
		if n, err := strconv.Atoi(v.V); err == nil {
			r.IdleTimeout = from(v, n)
		}
	}
	if a.service.Spec.SessionAffinity == corev1.ServiceAffinityClientIP {
		r.Distribution = Value[string]{V: "SourceIP", Because: "spec.sessionAffinity ClientIP", Pointer: "/spec/sessionAffinity"}
	}
	if want.SKU.V == "Standard" {
		r.TCPReset = tcpReset(c, a)
		if c.has(outboundSNAT) {
			r.DisableOutboundSNAT = c.Settings.DisableOutboundSNAT
		}
	}
	return r
}

// tcpReset is on since 1.16; the annotation that turns it off was without effect
// for some releases.
func tcpReset(c *Cluster, a annotations) Value[bool] {
	v := a.text(disableTCPReset)
	honoured := c.has(tcpResetAnnotation) || c.Version.InTree && !c.has(tcpResetOldEnds)
	switch {
	case !c.has(tcpResetBegins):
		return known(false, "the provider does not know TCP reset yet")
	case isTrue(v.V) && honoured:
		return from(v, false)
	}
	return known(true, "the provider's default for TCP with the Standard SKU")
}

// highlyAvailablePorts reports whether one rule serves all ports: for internal
// Standard load balancers only.
func highlyAvailablePorts(c *Cluster, a annotations, want *Service) bool {
	return want.Internal.V && want.SKU.V == "Standard" && isTrue(a.text(highlyAvailable).V) && c.has(haPorts) && len(a.service.Spec.Ports) > 0
}

// haRule is the rule of all ports (getExpectedHAModeLoadBalancingRuleProperties).
// It bears the name of the first port's, and the first probe that a port gives.
func haRule(c *Cluster, a annotations, want *Service, family corev1.IPFamily, n namer) Rule {
	why := a.text(highlyAvailable)
	r := rule(c, a, want, family)
	r.Name = n.rule(a.service.Spec.Ports[0])
	r.Protocol = from(why, "All")
	r.FrontendPort, r.BackendPort = from(why, 0), from(why, 0)
	if family != corev1.IPv6Protocol || !c.has(floatingIPOffV6) {
		r.FloatingIP = known(true, "a rule for all ports keeps floating IP on")
	}
	r.TCPReset = tcpReset(c, a)
	if r.Probe = localProbe(c, a, r.Name, n); r.Probe != nil {
		return r // the ports' annotations are not read then
	}
	for i := range a.service.Spec.Ports {
		if r.Probe = probe(c, a, want, i, n); r.Probe != nil {
			if r.Probe.Own {
				r.Probe.Name = r.Name
			}
			break
		}
	}
	return r
}
