package desired

import (
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/topology"
)

// Port is what the provider makes of one port of a Service.
type Port struct {
	Port       int
	Protocol   string // Tcp, Udp or All
	NoRule     bool   // an annotation keeps the port out of the load balancer
	FloatingIP bool
	// BackendPort is the port at which the packet reaches the node: the Service's port
	// with floating IP, the node port without.
	BackendPort int
	Probe       *Probe // nil: no probe
	Because     string
}

// Probe is the health probe of a port.
type Probe struct {
	Protocol string // Tcp, Http or Https
	Port     int
	Path     string // empty for Tcp
	Because  string
}

// sharedProbePort is where kube-proxy answers in the shared probe mode, unless
// the configuration names another port.
const sharedProbePort = 10256

// port follows getExpectedLBRules of cloud-provider-azure.
func port(g *topology.Graph, a annotations, want *Service, i int) Port {
	sp := a.service.Spec.Ports[i]
	out := Port{Port: int(sp.Port), Protocol: "Tcp", FloatingIP: true, BackendPort: int(sp.Port), Because: "floating IP is the provider's default"}
	switch sp.Protocol {
	case corev1.ProtocolUDP:
		out.Protocol = "Udp"
	case corev1.ProtocolSCTP:
		out.Protocol = "All"
	}
	key := func(suffix string) string { return portPrefix + strconv.Itoa(int(sp.Port)) + suffix }
	out.NoRule = a.flag(key(portNoRule))
	if a.flag(disableFloatingIP) {
		out.FloatingIP, out.BackendPort, out.Because = false, int(sp.NodePort), a.text(disableFloatingIP).Because
	}
	if a.flag(highlyAvailable) && want.Internal.V {
		out.Because = a.text(highlyAvailable).Because
	}
	out.Probe = probe(g, a, sp, key)
	return out
}

// probe follows buildHealthProbeRulesForPort and its callers.
func probe(g *topology.Graph, a annotations, sp corev1.ServicePort, key func(string) string) *Probe {
	s := a.service
	c := g.Snapshot.Config
	own := a.text(key(portProbePort)).V != ""
	if s.Local() && s.Spec.HealthCheckNodePort != 0 && !own && !a.flag(proxyProtocolOnLink) {
		return &Probe{Protocol: "Http", Port: int(s.Spec.HealthCheckNodePort), Path: "/healthz", Because: "externalTrafficPolicy Local: kube-proxy answers on healthCheckNodePort"}
	}
	if a.flag(key(portNoProbe)) {
		return nil
	}
	if c != nil && strings.EqualFold(c.ProbeMode, "shared") && !s.Local() {
		return &Probe{Protocol: "Http", Port: sharedProbePort, Path: "/healthz", Because: "clusterServiceLoadBalancerHealthProbeMode shared in azure.json"}
	}
	if sp.Protocol == corev1.ProtocolUDP || sp.Protocol == corev1.ProtocolSCTP {
		return nil
	}
	out := &Probe{Protocol: "Tcp", Port: int(sp.NodePort), Because: "the node port of the Service's port"}
	if own {
		out.Port = probePort(s, a.text(key(portProbePort)).V, out.Port)
		out.Because = a.text(key(portProbePort)).Because
	}
	protocol := a.text(key(portProbeProtocol)).V
	if protocol == "" && sp.AppProtocol != nil {
		protocol = *sp.AppProtocol
	}
	if protocol == "" {
		protocol = a.text(probeProtocol).V
	}
	switch strings.ToLower(protocol) {
	case "http":
		out.Protocol = "Http"
	case "https":
		out.Protocol = "Https"
	}
	if out.Protocol != "Tcp" {
		out.Path = "/"
		for _, k := range []string{key(portProbePath), probePath} {
			if v := a.text(k).V; v != "" {
				out.Path = v
				break
			}
		}
	}
	return out
}

// probePort resolves a port annotation: a Service port by name or number stands
// for its node port, any other number for itself.
func probePort(s *topology.Service, v string, fallback int) int {
	n, err := strconv.Atoi(v)
	for _, p := range s.Spec.Ports {
		if p.Name == v || err == nil && int(p.Port) == n {
			return int(p.NodePort)
		}
	}
	if err != nil {
		return fallback
	}
	return n
}
