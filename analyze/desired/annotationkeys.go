package desired

import (
	"regexp"
	"strings"

	"azlb/bundle-schema/azname"
)

// annotationKey is what is known of one annotation of a Service.
type annotationKey struct {
	// name stands after the prefix; of a port's annotation, after "port_<port>".
	name   string
	ofPort bool
	since  azname.Releases // that read it
	until  azname.Releases // from these on nobody reads it any more; zero: still read
	// reads is what the provider makes of a value; nil: any text is taken. A switch is
	// read by the way in which it is compared.
	reads  reader
	toggle toggle
	// fits is a value that does no harm, as an example; empty: that depends.
	fits string
	// subject is that of a value which the provider cannot read; 0: AboutValue.
	subject Subject
	// idle are the places where the annotation does nothing.
	idle []idleness
	// weighs says that traffic, or who may send it, is not as meant without it.
	weighs bool
}

// toggle is how the value of a switch is compared with "true", in any case.
type toggle int

const (
	exact   toggle = iota + 1 // as it stands
	trimmed                   // without blanks around it
)

// onlyInTree are releases of the in-tree provider alone.
func onlyInTree(list string) azname.Releases { return azname.Releases{}.InTree(list) }

// annotationKeys are all annotations of a Service that some release of the provider
// reads (cloud-provider-azure, pkg/consts/consts.go; Kubernetes' legacy provider).
var annotationKeys = []annotationKey{
	{name: "azure-load-balancer-internal", since: since("all").InTree("1.8"), weighs: true}, // values: (*inspection).internal
	{name: "azure-load-balancer-internal-subnet", since: since("all").InTree("1.10"), idle: []idleness{onPublic}, weighs: true},
	{name: "azure-load-balancer-mode", since: balancerPerVMSet}, // values: (*inspection).mode
	{name: "azure-dns-label-name", since: since("all").InTree("1.10"), idle: []idleness{onInternal}, weighs: true},
	{name: "azure-load-balancer-resource-group", since: since("all").InTree("1.10"), reads: readGroup, idle: []idleness{onInternal}, weighs: true},
	{name: "azure-pip-name", since: publicIPName, idle: []idleness{onInternal}, weighs: true},
	{name: "azure-pip-name-ipv6", since: publicIPNameV6, idle: []idleness{onInternal, withoutIPv6}, weighs: true},
	{name: "azure-pip-prefix-id", since: publicIPPrefix, reads: readPrefixID, idle: []idleness{onInternal}, weighs: true},
	{name: "azure-pip-prefix-id-ipv6", since: publicIPNameV6, reads: readPrefixID, idle: []idleness{onInternal, withoutIPv6}, weighs: true},
	{name: "azure-pip-ip-tags", since: since("all").InTree("1.20"), reads: readPairs, idle: []idleness{onInternal}},
	{name: "azure-pip-tags", since: since("all").InTree("1.20"), reads: readPairs, idle: []idleness{onInternal}},
	{name: "azure-load-balancer-ipv4", since: addressAnnotations, reads: readIPv4, idle: []idleness{withoutIPv4}, weighs: true},
	{name: "azure-load-balancer-ipv6", since: addressAnnotations, reads: readIPv6, idle: []idleness{withoutIPv6}, weighs: true},
	{name: "azure-additional-public-ips", since: additionalAddresses, reads: readAddresses, weighs: true},
	{name: "azure-allowed-service-tags", since: serviceTags, reads: readServiceTags, weighs: true},
	{name: "azure-allowed-ip-ranges", since: accessControl, weighs: true},                                                      // values: (*inspection).ranges
	{name: "load-balancer-source-ranges", since: since("all").InTree("all"), idle: []idleness{behindSpecRanges}, weighs: true}, // values: (*inspection).ranges
	{name: "azure-deny-all-except-load-balancer-source-ranges", since: denyAllAnnotation, toggle: exact, idle: []idleness{withoutRanges}, weighs: true},
	{name: "azure-shared-securityrule", since: since("all").InTree("1.10"), until: azname.HashedSecurityRules, toggle: exact},
	{name: "azure-load-balancer-mixed-protocols", since: onlyInTree("1.12"), until: onlyInTree("1.21"), toggle: exact},
	{name: "azure-load-balancer-tcp-idle-timeout", since: idleTimeout, reads: readMinutes, fits: "30", subject: AboutIdleTimeout, weighs: true},
	{name: "azure-load-balancer-enable-high-availability-ports", since: haPorts, toggle: exact, subject: AboutAllPorts, weighs: true},
	{name: "azure-load-balancer-disable-tcp-reset", since: tcpResetAnnotation.InTree("1.16"), until: onlyInTree("1.20"), toggle: exact},
	{name: "azure-disable-load-balancer-floating-ip", since: floatingIPOff, toggle: exact, idle: []idleness{onAllPorts}, weighs: true},
	{name: "azure-disable-load-balancer-nsg-rule", since: noSecurityRule, toggle: exact, weighs: true},
	{name: "azure-load-balancer-health-probe-protocol", since: probeAnnotations, reads: readProtocol, fits: "tcp", idle: []idleness{besideSharedProbe, besideLocalProbe, withoutProbe, behindAppProtocol}, weighs: true},
	{name: "azure-load-balancer-health-probe-request-path", since: probeAnnotations, reads: readPath, idle: []idleness{besideSharedProbe, besideLocalProbe, withoutProbe, withoutHTTP}, weighs: true},
	{name: "azure-load-balancer-health-probe-interval", since: probeTiming, reads: readSeconds, fits: "5", idle: []idleness{besideSharedProbe, besideOldLocalProbe, withoutProbe}},
	{name: "azure-load-balancer-health-probe-num-of-probe", since: probeTiming, reads: readTimes, fits: "2", idle: []idleness{besideSharedProbe, besideOldLocalProbe, withoutProbe}},
	{name: "_no_lb_rule", ofPort: true, since: ownProbeAnnotations, toggle: exact, idle: []idleness{onAllPorts}, weighs: true},
	{name: "_no_probe_rule", ofPort: true, since: ownProbeAnnotations, toggle: exact, idle: []idleness{withoutProbe}, weighs: true},
	{name: "_health-probe_protocol", ofPort: true, since: ownProbeAnnotations, reads: readProtocol, fits: "tcp", idle: []idleness{besideSharedProbe, withoutProbe, behindLocalProbe}, weighs: true},
	{name: "_health-probe_port", ofPort: true, since: ownProbeAnnotations, reads: readProbePort, idle: []idleness{besideSharedProbe, withoutProbe, besideOldPortProbe}, weighs: true},
	{name: "_health-probe_request-path", ofPort: true, since: probeTiming, reads: readPath, idle: []idleness{besideSharedProbe, withoutProbe, behindLocalProbe, withoutHTTP}, weighs: true},
	{name: "_health-probe_interval", ofPort: true, since: probeTiming, reads: readSeconds, fits: "5", idle: []idleness{besideSharedProbe, withoutProbe, behindLocalProbe}},
	{name: "_health-probe_num-of-probe", ofPort: true, since: probeTiming, reads: readTimes, fits: "2", idle: []idleness{besideSharedProbe, withoutProbe, behindLocalProbe}},
	{name: "azure-load-balancer-configurations", since: manyBalancers, reads: readConfigurations, subject: AboutBalancers, idle: []idleness{withoutConfigurations}},
	{name: "azure-pls-create", since: privateLink, toggle: trimmed, weighs: true}, // where it may stand: (*inspection).link
	{name: "azure-pls-name", since: privateLink, idle: []idleness{withoutLink}},
	{name: "azure-pls-resource-group", since: privateLinkGroup, idle: []idleness{withoutLink}},
	{name: "azure-pls-ip-configuration-subnet", since: privateLink, idle: []idleness{withoutLink}, weighs: true},
	{name: "azure-pls-ip-configuration-ip-address-count", since: privateLink, reads: readLinkCount, fits: "1", subject: AboutLink, idle: []idleness{withoutLink}},
	{name: "azure-pls-ip-configuration-ip-address", since: privateLink, reads: readLinkAddresses, subject: AboutLink, idle: []idleness{withoutLink}, weighs: true},
	{name: "azure-pls-fqdns", since: privateLink, reads: readSpaced, idle: []idleness{withoutLink}},
	{name: "azure-pls-proxy-protocol", since: privateLink, toggle: trimmed, idle: []idleness{withoutLink}, weighs: true},
	{name: "azure-pls-visibility", since: privateLink, reads: readSpaced, idle: []idleness{withoutLink}, weighs: true},
	{name: "azure-pls-auto-approval", since: privateLink, reads: readSpaced, idle: []idleness{withoutLink}, weighs: true},
}

// portKey is an annotation of one port: group 1 the port, group 2 what it sets.
var portKey = regexp.MustCompile(`^port_([^_]+)(_.+)$`)

// keyOf finds a name, without the prefix, in the table; port is that of a port's
// annotation as it is written.
func keyOf(name string) (k *annotationKey, port string) {
	if m := portKey.FindStringSubmatch(name); m != nil {
		for n := range annotationKeys {
			if k := &annotationKeys[n]; k.ofPort && k.name == m[2] {
				return k, m[1]
			}
		}
		return nil, m[1]
	}
	for n := range annotationKeys {
		if k := &annotationKeys[n]; !k.ofPort && k.name == name {
			return k, ""
		}
	}
	if strings.EqualFold(name, "azure-load-balancer-configurations") { // the one key that is compared without case
		return keyOf(strings.ToLower(name))
	}
	return nil, ""
}
