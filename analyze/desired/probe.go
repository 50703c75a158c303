package desired

import (
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/topology"
	"azlb/bundle-schema/azname"
)

// Probe is the health probe of a rule.
type Probe struct {
	Name string
	// Own says that it bears the name of its rule: no other rule may have it.
	Own      bool
	Protocol Value[string] // Tcp, Http or Https
	Port     Value[int]
	Path     Value[string] // empty for Tcp
	Interval Value[int]    // in seconds
	Count    Value[int]    // of failures that take a backend out
	// Threshold says which of Azure's two fields holds the count.
	Threshold bool
}

const (
	healthz = "/healthz"
	// sharedProbePort is where kube-proxy answers in the shared probe mode, unless
	// the configuration names another port.
	sharedProbePort = 10256
)

// probe follows buildHealthProbeRulesForPort and its callers.
func probe(c *Cluster, a annotations, want *Service, i int, n namer) *Probe {
	s, sp := a.service, a.service.Spec.Ports[i]
	ownPort := a.ofPort(sp.Port, portProbePort)
	if !c.has(ownProbeAnnotations) {
		ownPort = Value[string]{}
	}
	protocol := protocolOf(sp)
	switch local := localProbe(c, a, n.rule(sp), n); {
	case local != nil && (protocol != corev1.ProtocolUDP || c.has(localForUDP)):
		if ownPort.V == "" || !c.has(localOwnPort) || protocol != corev1.ProtocolTCP {
			return local
		}
	case local != nil:
		return nil
	case c.Settings.SharedProbe.V && !s.Local() && c.has(sharedProbe):
		return shared(c)
	}
	if protocol != corev1.ProtocolTCP {
		return nil
	}
	at := "/spec/ports/" + strconv.Itoa(i)
	out := &Probe{
		Name: n.rule(sp), Own: true, Threshold: c.has(probeThreshold),
		Port:     Value[int]{V: int(sp.NodePort), Because: "the node port of the Service's port", Pointer: at + "/nodePort"},
		Protocol: known("Tcp", "the provider's default"),
		Interval: a.timing(c, sp.Port, portProbeInterval, probeInterval, 5),
		Count:    a.timing(c, sp.Port, portProbeCount, probeCount, 2),
	}
	if ownPort.V != "" {
		if port, ok := probePort(c, s, ownPort.V); ok {
			out.Port = from(ownPort, port)
		}
	}
	out.Protocol = probeProtocolOf(c, a, want, sp, at)
	if out.Protocol.V != "Tcp" {
		out.Path = probePathOf(c, a, sp)
	}
	return out
}

// localProbe is kube-proxy's answer for externalTrafficPolicy Local, nil where the
// Service has none or its private link service speaks a protocol that kube-proxy
// does not.
func localProbe(c *Cluster, a annotations, rule string, n namer) *Probe {
	s := a.service
	port := int(s.Spec.HealthCheckNodePort)
	behindLink := isTrue(a.text(linkCreate).V) && isTrue(a.text(proxyProtocolOnLink).V) && c.has(localBehindLink)
	if !s.Local() || port == 0 || behindLink {
		return nil
	}
	why := Value[int]{V: port, Because: "externalTrafficPolicy Local: kube-proxy answers on healthCheckNodePort", Pointer: "/spec/healthCheckNodePort"}
	out := &Probe{Name: rule, Own: true, Threshold: c.has(probeThreshold), Port: why, Protocol: from(why, "Http"), Path: from(why, healthz),
		Interval: known(5, "the provider's default"), Count: known(2, "the provider's default")}
	if c.has(azname.SingleLocalProbe) {
		out.Name, out.Own = n.local(port), false
	} else if c.has(probeAnnotations) {
		overrideLocal(a, out)
	}
	if c.has(localTiming) {
		out.Interval = a.timing(c, int32(port), portProbeInterval, probeInterval, 5)
		out.Count = a.timing(c, int32(port), portProbeCount, probeCount, 2)
	}
	return out
}

// overrideLocal is what the annotations for all ports did to the probe of Local
// before 0.7.14/1.0.11/1.1.7/1.23.4 and in-tree.
func overrideLocal(a annotations, p *Probe) {
	if v := a.text(probeProtocol); v.V != "" {
		p.Protocol = from(v, azureProtocol(v.V, true))
		if p.Protocol.V == "Tcp" {
			p.Path = from(v, "")
			return
		}
	}
	if v := a.text(probePath); v.V != "" {
		p.Path = v
	}
}

// shared is the one probe of all Services whose policy is Cluster.
func shared(c *Cluster) *Probe {
	s := c.Settings
	return &Probe{Name: azname.SharedProbe, Threshold: true, Protocol: from(s.SharedProbe, "Http"), Port: s.SharedProbePort, Path: s.SharedProbePath,
		Interval: known(5, "the shared probe mode"), Count: known(2, "the shared probe mode")}
}

// probeProtocolOf chooses between the port's annotation, appProtocol and the annotation
// for all ports; which of them counts depends on the release.
func probeProtocolOf(c *Cluster, a annotations, want *Service, sp corev1.ServicePort, at string) Value[string] {
	standard := want.SKU.V != "Basic"
	if v := a.ofPort(sp.Port, portProbeProtocol); v.V != "" && c.has(ownProbeAnnotations) {
		return from(v, azureProtocol(v.V, standard))
	}
	global := a.text(probeProtocol)
	if !c.has(probeAnnotations) {
		global = Value[string]{}
	}
	if sp.AppProtocol != nil {
		app := Value[string]{V: *sp.AppProtocol, Because: "appProtocol of the Service's port", Pointer: at + "/appProtocol"}
		path := a.text(probePath).V != "" || a.ofPort(sp.Port, portProbePath).V != ""
		switch {
		case c.has(appProtocolAlways), c.has(appProtocolBegins) && (!c.has(appProtocolNeedsPath) || path):
			return from(app, azureProtocol(app.V, standard))
		}
	}
	if global.V != "" {
		return from(global, azureProtocol(global.V, standard))
	}
	return known("Tcp", "the provider's default")
}

// azureProtocol is Azure's word for a probe's protocol; what the provider does not
// know is Tcp, and so is https on a Basic load balancer.
func azureProtocol(v string, standard bool) string {
	switch {
	case strings.EqualFold(strings.TrimSpace(v), "http"):
		return "Http"
	case strings.EqualFold(strings.TrimSpace(v), "https") && standard:
		return "Https"
	}
	return "Tcp"
}

// probePathOf is the path of an HTTP probe.
func probePathOf(c *Cluster, a annotations, sp corev1.ServicePort) Value[string] {
	if v := a.ofPort(sp.Port, portProbePath); v.V != "" && c.has(probeTiming) {
		return v
	}
	if v := a.text(probePath); v.V != "" {
		return v
	}
	if c.has(rootPath) {
		return known("/", "the provider's default path")
	}
	return known(healthz, "the in-tree provider's default path")
}

// probePort resolves a port annotation: a Service port by name or number stands
// for its node port, any other number for itself in later releases.
func probePort(c *Cluster, s *topology.Service, v string) (int, bool) {
	n, err := strconv.Atoi(v)
	for _, p := range s.Spec.Ports {
		if strings.EqualFold(p.Name, v) && p.Name != "" || err == nil && int(p.Port) == n {
			return int(p.NodePort), true
		}
	}
	return n, err == nil && c.has(anyProbePort)
}

// timing is a number of the probe: the port's annotation, that for all ports, the
// default (getHealthProbeConfigProbeInterval, getHealthProbeConfigNumOfProbe).
func (a annotations) timing(c *Cluster, port int32, own, global string, fallback int) Value[int] {
	if c.has(probeTiming) {
		for _, v := range []Value[string]{a.ofPort(port, own), a.text(global)} {
			if n, err := strconv.Atoi(v.V); err == nil {
				return from(v, n)
			}
		}
	}
	return known(fallback, "the provider's default")
}

// distinctProbes are the probes of some rules, each once.
func distinctProbes(rules []Rule) []Probe {
	var out []Probe
	seen := map[string]bool{}
	for _, r := range rules {
		if r.Probe != nil && !seen[r.Probe.Name] {
			seen[r.Probe.Name] = true
			out = append(out, *r.Probe)
		}
	}
	return out
}

// String is the probe in short: "Http 31999/healthz every 5 s, 2 failures".
func (p Probe) String() string {
	return fmt.Sprintf("%s %d%s every %d s, %d failures", p.Protocol.V, p.Port.V, p.Path.V, p.Interval.V, p.Count.V)
}
