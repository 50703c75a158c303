package desired

import (
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"azlb/bundle-schema/azname"
)

// idleness is why an annotation does nothing where it stands, or empty. port is that
// of a port's annotation.
type idleness func(i *inspection, v azname.Version, port string) string

func onPublic(i *inspection, _ azname.Version, _ string) string {
	if i.isInternal() {
		return ""
	}
	return "the Service is public, and only internal ones have a subnet of their own"
}

func onInternal(i *inspection, _ azname.Version, _ string) string {
	if !i.isInternal() {
		return ""
	}
	return "the Service is internal and has no public IP"
}

// family reports whether the Service has addresses of the family, and whether that
// is known.
func (i *inspection) family(f corev1.IPFamily) (has, known bool) {
	for _, x := range i.s.Spec.IPFamilies {
		has = has || x == f
	}
	return has, len(i.s.Spec.IPFamilies) > 0
}

func withoutIPv4(i *inspection, _ azname.Version, _ string) string {
	if has, known := i.family(corev1.IPv4Protocol); has || !known {
		return ""
	}
	return "the Service has no IPv4 address (spec.ipFamilies)"
}

func withoutIPv6(i *inspection, _ azname.Version, _ string) string {
	if has, known := i.family(corev1.IPv6Protocol); has || !known {
		return ""
	}
	return "the Service has no IPv6 address (spec.ipFamilies)"
}

// behindSpecRanges is GetLoadBalancerSourceRanges of Kubernetes, by which the
// annotation counted only without the field.
func behindSpecRanges(i *inspection, v azname.Version, _ string) string {
	if len(i.s.Spec.LoadBalancerSourceRanges) == 0 || v.AtLeast(coreRangesAllowed) {
		return ""
	}
	return "spec.loadBalancerSourceRanges counts instead"
}

// withoutRanges is DenyAllExceptSourceRanges.
func withoutRanges(i *inspection, _ azname.Version, _ string) string {
	for _, name := range []string{allowedRanges, coreRanges} {
		if _, ok := i.value(name); ok {
			return ""
		}
	}
	if len(i.s.Spec.LoadBalancerSourceRanges) > 0 {
		return ""
	}
	return "the Service names no source ranges that could be the exception, so nobody is denied"
}

// haPorts reports whether the provider makes one rule for all ports.
func (i *inspection) haPorts() bool {
	return i.isInternal() && i.std && i.on(highlyAvailable)
}

func onAllPorts(i *inspection, v azname.Version, _ string) string {
	if !i.haPorts() || !v.AtLeast(haPorts) {
		return ""
	}
	return "the Service has one rule for all ports (" + highlyAvailable + "), which does not look at it"
}

// besideSharedProbe is the shared probe mode of azure.json.
func besideSharedProbe(i *inspection, v azname.Version, _ string) string {
	c := i.g.Snapshot.Config
	if c == nil || !strings.EqualFold(c.ProbeMode, "shared") || i.s.Local() || !v.AtLeast(sharedProbe) {
		return ""
	}
	return "azure.json gives all Services with externalTrafficPolicy Cluster one shared probe (clusterServiceLoadBalancerHealthProbeMode)"
}

// local reports whether the health check of kube-proxy is the Service's probe.
func (i *inspection) local(v azname.Version) bool {
	linked := i.on(linkCreate) && i.on(proxyProtocolOnLink) && v.AtLeast(localBehindLink)
	return i.s.Local() && !linked
}

// ownPort reports whether some port has a probe port of its own, or the one has.
func (i *inspection) ownPort(v azname.Version, port string) bool {
	if !v.AtLeast(localOwnPort) {
		return false
	}
	for _, p := range i.s.Spec.Ports {
		n := strconv.Itoa(int(p.Port))
		if _, ok := i.value(portPrefix + n + portProbePort); ok && (port == "" || port == n) {
			return true
		}
	}
	return false
}

const kubeProxyProbe = "with externalTrafficPolicy Local the probe is kube-proxy's health check (HTTP, /healthz on healthCheckNodePort)"

// besideLocalProbe is for all ports' protocol and path; older releases let them
// override the Local probe, see (*inspection).probes.
func besideLocalProbe(i *inspection, v azname.Version, _ string) string {
	if !i.local(v) || i.ownPort(v, "") || !v.AtLeast(azname.SingleLocalProbe) {
		return ""
	}
	return kubeProxyProbe
}

// besideOldLocalProbe is for all ports' timing, which the Local probe takes since
// 1.25.16.
func besideOldLocalProbe(i *inspection, v azname.Version, _ string) string {
	if !i.local(v) || i.ownPort(v, "") || v.AtLeast(localTiming) {
		return ""
	}
	return kubeProxyProbe
}

// behindLocalProbe is for one port's probe, which needs a port of its own.
func behindLocalProbe(i *inspection, v azname.Version, port string) string {
	if !i.local(v) || i.ownPort(v, port) || port == strconv.Itoa(int(i.s.Spec.HealthCheckNodePort)) {
		return ""
	}
	return kubeProxyProbe + ", unless the port has a probe port of its own"
}

// besideOldPortProbe is for the probe port itself.
func besideOldPortProbe(i *inspection, v azname.Version, _ string) string {
	if !i.local(v) || v.AtLeast(localOwnPort) {
		return ""
	}
	return kubeProxyProbe
}

// withoutProbe is a port whose protocol Azure does not probe, or all of them.
func withoutProbe(i *inspection, v azname.Version, port string) string {
	if i.local(v) {
		return ""
	}
	for _, p := range i.s.Spec.Ports {
		if (port == "" || port == strconv.Itoa(int(p.Port))) && p.Protocol != corev1.ProtocolUDP && p.Protocol != corev1.ProtocolSCTP {
			return ""
		}
	}
	if port == "" {
		return "the Service has no TCP port, and Azure probes no other"
	}
	return "port " + port + " is not TCP, and Azure probes no other"
}

// wantsHTTP reports whether the probe of the port, or of some port, may be HTTP.
func (i *inspection) wantsHTTP(v azname.Version, port string) bool {
	http := func(s string) bool { return strings.HasPrefix(strings.ToLower(strings.TrimSpace(s)), "http") }
	for _, p := range i.s.Spec.Ports {
		n := strconv.Itoa(int(p.Port))
		if port != "" && port != n {
			continue
		}
		if own, ok := i.value(portPrefix + n + portProbeProtocol); ok && v.AtLeast(ownProbeAnnotations) && own != "" {
			if http(own) {
				return true
			}
			continue
		}
		if p.AppProtocol != nil && http(*p.AppProtocol) && v.AtLeast(appProtocolBegins) {
			return true
		}
		if global, _ := i.value(probeProtocol); http(global) {
			return true
		}
	}
	return false
}

// withoutHTTP is a path for probes that have none.
func withoutHTTP(i *inspection, v azname.Version, port string) string {
	if i.wantsHTTP(v, port) || i.local(v) {
		return ""
	}
	return "a tcp probe has no path; set the probe's protocol to http or https too"
}

// behindAppProtocol is the protocol for all ports where each port's appProtocol says
// another one, which counts.
func behindAppProtocol(i *inspection, v azname.Version, _ string) string {
	if !v.AtLeast(appProtocolAlways) || i.local(v) {
		return ""
	}
	asked, _ := i.value(probeProtocol)
	says := ""
	for _, p := range i.s.Spec.Ports {
		if p.Protocol == corev1.ProtocolUDP || p.Protocol == corev1.ProtocolSCTP {
			continue
		}
		_, own := i.value(portPrefix + strconv.Itoa(int(p.Port)) + portProbeProtocol)
		if p.AppProtocol == nil || own || probeOf(*p.AppProtocol) == probeOf(asked) {
			return ""
		}
		says = *p.AppProtocol
	}
	return "appProtocol " + says + " of the port counts before it; only " + portPrefix + "<port>" + portProbeProtocol + " counts before that"
}

// probeOf is the probe that a protocol gives.
func probeOf(protocol string) string {
	if p := strings.ToLower(strings.TrimSpace(protocol)); p == "http" || p == "https" {
		return p
	}
	return "tcp"
}

func withoutConfigurations(i *inspection, _ azname.Version, _ string) string {
	c := i.g.Snapshot.Config
	if c == nil || c.Invalid != "" || len(c.MultipleLoadBalancers) > 0 {
		return ""
	}
	return "azure.json has no multipleStandardLoadBalancerConfigurations, so there is one load balancer to choose"
}

func withoutLink(i *inspection, _ azname.Version, _ string) string {
	if v, _ := i.value(linkCreate); strings.EqualFold(strings.TrimSpace(v), "true") {
		return ""
	}
	return "the Service asks for no private link service (azure-pls-create)"
}
