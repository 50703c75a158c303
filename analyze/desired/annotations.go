package desired

import (
	"net/netip"
	"strings"

	"azlb/analyze/topology"
)

// The annotations that this package reads, without their prefix
// (cloud-provider-azure, pkg/consts/consts.go).
const (
	annotationPrefix    = "service.beta.kubernetes.io/"
	internal            = "azure-load-balancer-internal"
	internalSubnet      = "azure-load-balancer-internal-subnet"
	resourceGroup       = "azure-load-balancer-resource-group"
	pipName             = "azure-pip-name"
	ipv4Address         = "azure-load-balancer-ipv4"
	ipv6Address         = "azure-load-balancer-ipv6"
	allowedRanges       = "azure-allowed-ip-ranges"
	allowedTags         = "azure-allowed-service-tags"
	coreRanges          = "load-balancer-source-ranges"
	disableNSGRule      = "azure-disable-load-balancer-nsg-rule"
	disableFloatingIP   = "azure-disable-load-balancer-floating-ip"
	highlyAvailable     = "azure-load-balancer-enable-high-availability-ports"
	probeProtocol       = "azure-load-balancer-health-probe-protocol"
	probePath           = "azure-load-balancer-health-probe-request-path"
	portPrefix          = "port_"
	portNoRule          = "_no_lb_rule"
	portNoProbe         = "_no_probe_rule"
	portProbePort       = "_health-probe_port"
	portProbeProtocol   = "_health-probe_protocol"
	portProbePath       = "_health-probe_request-path"
	proxyProtocolOnLink = "azure-pls-proxy-protocol"
)

// annotations reads the annotations of one Service.
type annotations struct{ service *topology.Service }

// text is an annotation's value, trimmed; empty where it is not set.
func (a annotations) text(key string) Value[string] {
	full := annotationPrefix + key
	v, ok := a.service.Annotations[full]
	if !ok {
		return Value[string]{}
	}
	return Value[string]{V: strings.TrimSpace(v), Because: "annotation " + full, Pointer: "/metadata/annotations/" + strings.ReplaceAll(full, "/", "~1")}
}

// flag is true for "true" in any case, as the provider compares most annotations.
func (a annotations) flag(key string) bool { return strings.EqualFold(a.text(key).V, "true") }

// internal compares exactly: " true", "True" and "yes" give a public frontend
// (requiresInternalLoadBalancer).
func (a annotations) internal() Value[bool] {
	raw, ok := a.service.Annotations[annotationPrefix+internal]
	v := a.text(internal)
	switch {
	case raw == "true":
		return Value[bool]{V: true, Because: v.Because, Pointer: v.Pointer}
	case ok:
		return Value[bool]{Because: v.Because + " is not exactly true", Pointer: v.Pointer}
	}
	return Value[bool]{Because: "no annotation asks for an internal load balancer"}
}

// address is the one that the Service asks for: the annotations win over
// spec.loadBalancerIP.
func (a annotations) address() Value[string] {
	for _, key := range []string{ipv4Address, ipv6Address} {
		if v := a.text(key); v.V != "" {
			return v
		}
	}
	if ip := a.service.Spec.LoadBalancerIP; ip != "" {
		return Value[string]{V: ip, Because: "spec.loadBalancerIP", Pointer: "/spec/loadBalancerIP"}
	}
	return Value[string]{}
}

// Sources is who may reach the Service.
type Sources struct {
	Ranges []netip.Prefix // valid CIDRs; empty: everybody
	Tags   []string       // service tags
	// Invalid are ranges that the provider cannot use.
	Invalid []string
	// Unmanaged says that the Service asks the provider for no security rule.
	Unmanaged bool
	Because   string
}

// sources collects the ranges of the spec and of the annotations.
func (a annotations) sources() Sources {
	out := Sources{Unmanaged: a.flag(disableNSGRule), Because: "nothing restricts the sources"}
	add := func(list []string, because string) {
		for _, r := range list {
			if r = strings.TrimSpace(r); r == "" {
				continue
			}
			out.Because = because
			p, err := netip.ParsePrefix(r)
			if err != nil || p.Masked() != p {
				out.Invalid = append(out.Invalid, r)
				continue
			}
			out.Ranges = append(out.Ranges, p)
		}
	}
	add(a.service.Spec.LoadBalancerSourceRanges, "spec.loadBalancerSourceRanges")
	for _, key := range []string{allowedRanges, coreRanges} {
		if v := a.text(key); v.V != "" {
			add(strings.Split(v.V, ","), v.Because)
		}
	}
	if v := a.text(allowedTags); v.V != "" {
		for _, t := range strings.Split(v.V, ",") {
			out.Tags = append(out.Tags, strings.TrimSpace(t))
		}
		out.Because = v.Because
	}
	return out
}

func lower(s string) string { return strings.ToLower(s) }

// title spells a SKU as ARM does: Standard, Basic.
func title(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + strings.ToLower(s[1:])
}
