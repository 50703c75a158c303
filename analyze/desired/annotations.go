package desired

import (
	"strconv"
	"strings"

	"azlb/analyze/topology"
)

// The annotations that this package reads, without their prefix
// (cloud-provider-azure, pkg/consts/consts.go).
const (
	annotationPrefix    = "service.beta.kubernetes.io/"
	internal            = "azure-load-balancer-internal"
	internalSubnet      = "azure-load-balancer-internal-subnet"
	loadBalancerMode    = "azure-load-balancer-mode"
	resourceGroup       = "azure-load-balancer-resource-group"
	pipName             = "azure-pip-name"
	pipNameV6           = "azure-pip-name-ipv6"
	pipPrefix           = "azure-pip-prefix-id"
	pipPrefixV6         = "azure-pip-prefix-id-ipv6"
	pipTags             = "azure-pip-tags"
	pipIPTags           = "azure-pip-ip-tags"
	mixedProtocols      = "azure-load-balancer-mixed-protocols"
	configurations      = "azure-load-balancer-configurations"
	dnsLabel            = "azure-dns-label-name"
	ipv4Address         = "azure-load-balancer-ipv4"
	ipv6Address         = "azure-load-balancer-ipv6"
	additionalIPs       = "azure-additional-public-ips"
	allowedRanges       = "azure-allowed-ip-ranges"
	allowedTags         = "azure-allowed-service-tags"
	coreRanges          = "load-balancer-source-ranges"
	denyAllOthers       = "azure-deny-all-except-load-balancer-source-ranges"
	sharedSecurityRule  = "azure-shared-securityrule"
	disableNSGRule      = "azure-disable-load-balancer-nsg-rule"
	disableFloatingIP   = "azure-disable-load-balancer-floating-ip"
	disableTCPReset     = "azure-load-balancer-disable-tcp-reset"
	tcpIdleTimeout      = "azure-load-balancer-tcp-idle-timeout"
	highlyAvailable     = "azure-load-balancer-enable-high-availability-ports"
	probeProtocol       = "azure-load-balancer-health-probe-protocol"
	probePath           = "azure-load-balancer-health-probe-request-path"
	probeInterval       = "azure-load-balancer-health-probe-interval"
	probeCount          = "azure-load-balancer-health-probe-num-of-probe"
	portPrefix          = "port_"
	portNoRule          = "_no_lb_rule"
	portNoProbe         = "_no_probe_rule"
	portProbePort       = "_health-probe_port"
	portProbeProtocol   = "_health-probe_protocol"
	portProbePath       = "_health-probe_request-path"
	portProbeInterval   = "_health-probe_interval"
	portProbeCount      = "_health-probe_num-of-probe"
	linkCreate          = "azure-pls-create"
	linkName            = "azure-pls-name"
	linkSubnet          = "azure-pls-ip-configuration-subnet"
	linkGroup           = "azure-pls-resource-group"
	linkCount           = "azure-pls-ip-configuration-ip-address-count"
	linkStatic          = "azure-pls-ip-configuration-ip-address"
	linkVisibility      = "azure-pls-visibility"
	linkAutoApproval    = "azure-pls-auto-approval"
	linkFQDNs           = "azure-pls-fqdns"
	proxyProtocolOnLink = "azure-pls-proxy-protocol"
)

// annotations reads the annotations of one Service.
type annotations struct{ service *topology.Service }

// text is an annotation's value, trimmed; empty where it is not set.
func (a annotations) text(key string) Value[string] {
	if v := a.raw(key); v != nil {
		v.V = strings.TrimSpace(v.V)
		return *v
	}
	return Value[string]{}
}

// raw is an annotation's value as it stands, nil where it is not set.
func (a annotations) raw(key string) *Value[string] {
	full := annotationPrefix + key
	v, ok := a.service.Annotations[full]
	if !ok {
		return nil
	}
	return &Value[string]{V: v, Because: "annotation " + full, Pointer: "/metadata/annotations/" + strings.ReplaceAll(full, "/", "~1")}
}

// ofPort is the annotation for one port of the Service, by its number.
func (a annotations) ofPort(port int32, suffix string) Value[string] {
	return a.text(portPrefix + strconv.Itoa(int(port)) + suffix)
}

// isTrue is how the provider reads most switches: "true" in any case.
func isTrue(v string) bool { return strings.EqualFold(v, "true") }

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

func lower(s string) string { return strings.ToLower(s) }
