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
	{name: internal, since: since("all").InTree("1.8"), weighs: true}, // values: (*inspection).internal
	{name: internalSubnet, since: since("all").InTree("1.10"), idle: []idleness{onPublic}, weighs: true},
	{name: loadBalancerMode, since: balancerPerVMSet}, // values: (*inspection).mode
	{name: dnsLabel, since: since("all").InTree("1.10"), idle: []idleness{onInternal}, weighs: true},
	{name: resourceGroup, since: since("all").InTree("1.10"), reads: readGroup, idle: []idleness{onInternal}, weighs: true},
	{name: pipName, since: publicIPName, idle: []idleness{onInternal}, weighs: true},
	{name: pipNameV6, since: publicIPNameV6, idle: []idleness{onInternal, withoutIPv6}, weighs: true},
	{name: pipPrefix, since: publicIPPrefix, reads: readPrefixID, idle: []idleness{onInternal}, weighs: true},
	{name: pipPrefixV6, since: publicIPNameV6, reads: readPrefixID, idle: []idleness{onInternal, withoutIPv6}, weighs: true},
	{name: pipIPTags, since: since("all").InTree("1.20"), reads: readPairs, idle: []idleness{onInternal}},
	{name: pipTags, since: since("all").InTree("1.20"), reads: readPairs, idle: []idleness{onInternal}},
	{name: ipv4Address, since: addressAnnotations, reads: readIPv4, idle: []idleness{withoutIPv4}, weighs: true},
	{name: ipv6Address, since: addressAnnotations, reads: readIPv6, idle: []idleness{withoutIPv6}, weighs: true},
	{name: additionalIPs, since: additionalAddresses, reads: readAddresses, weighs: true},
	{name: allowedTags, since: serviceTags, reads: readServiceTags, weighs: true},
	{name: allowedRanges, since: accessControl, weighs: true},                                               // values: (*inspection).ranges
	{name: coreRanges, since: since("all").InTree("all"), idle: []idleness{behindSpecRanges}, weighs: true}, // values: (*inspection).ranges
	{name: denyAllOthers, since: denyAllAnnotation, toggle: exact, idle: []idleness{withoutRanges}, weighs: true},
	{name: sharedSecurityRule, since: since("all").InTree("1.10"), until: azname.HashedSecurityRules, toggle: exact},
	{name: mixedProtocols, since: onlyInTree("1.12"), until: onlyInTree("1.21"), toggle: exact},
	{name: tcpIdleTimeout, since: idleTimeout, reads: readMinutes, fits: "30", subject: AboutIdleTimeout, weighs: true},
	{name: highlyAvailable, since: haPorts, toggle: exact, subject: AboutAllPorts, weighs: true},
	{name: disableTCPReset, since: tcpResetAnnotation.InTree("1.16"), until: onlyInTree("1.20"), toggle: exact},
	{name: disableFloatingIP, since: floatingIPOff, toggle: exact, idle: []idleness{onAllPorts}, weighs: true},
	{name: disableNSGRule, since: noSecurityRule, toggle: exact, weighs: true},
	{name: probeProtocol, since: probeAnnotations, reads: readProtocol, fits: "tcp", subject: AboutProbe, idle: []idleness{besideSharedProbe, besideLocalProbe, withoutProbe, behindAppProtocol}, weighs: true},
	{name: probePath, since: probeAnnotations, reads: readPath, subject: AboutProbe, idle: []idleness{besideSharedProbe, besideLocalProbe, withoutProbe, withoutHTTP}, weighs: true},
	{name: probeInterval, since: probeTiming, reads: readSeconds, fits: "5", subject: AboutProbe, idle: []idleness{besideSharedProbe, besideOldLocalProbe, withoutProbe}},
	{name: probeCount, since: probeTiming, reads: readTimes, fits: "2", subject: AboutProbe, idle: []idleness{besideSharedProbe, besideOldLocalProbe, withoutProbe}},
	{name: portNoRule, ofPort: true, since: ownProbeAnnotations, toggle: exact, idle: []idleness{onAllPorts}, weighs: true},
	{name: portNoProbe, ofPort: true, since: ownProbeAnnotations, toggle: exact, idle: []idleness{withoutProbe}, weighs: true},
	{name: portProbeProtocol, ofPort: true, since: ownProbeAnnotations, reads: readProtocol, fits: "tcp", subject: AboutProbe, idle: []idleness{besideSharedProbe, withoutProbe, behindLocalProbe}, weighs: true},
	{name: portProbePort, ofPort: true, since: ownProbeAnnotations, reads: readProbePort, subject: AboutProbe, idle: []idleness{besideSharedProbe, withoutProbe, besideOldPortProbe}, weighs: true},
	{name: portProbePath, ofPort: true, since: probeTiming, reads: readPath, subject: AboutProbe, idle: []idleness{besideSharedProbe, withoutProbe, behindLocalProbe, withoutHTTP}, weighs: true},
	{name: portProbeInterval, ofPort: true, since: probeTiming, reads: readSeconds, fits: "5", subject: AboutProbe, idle: []idleness{besideSharedProbe, withoutProbe, behindLocalProbe}},
	{name: portProbeCount, ofPort: true, since: probeTiming, reads: readTimes, fits: "2", subject: AboutProbe, idle: []idleness{besideSharedProbe, withoutProbe, behindLocalProbe}},
	{name: configurations, since: manyBalancers, reads: readConfigurations, subject: AboutBalancers, idle: []idleness{withoutConfigurations}},
	{name: linkCreate, since: privateLink, toggle: trimmed, weighs: true}, // where it may stand: (*inspection).link
	{name: linkName, since: privateLink, idle: []idleness{withoutLink}},
	{name: linkGroup, since: privateLinkGroup, idle: []idleness{withoutLink}},
	{name: linkSubnet, since: privateLink, idle: []idleness{withoutLink}, weighs: true},
	{name: linkCount, since: privateLink, reads: readLinkCount, fits: "1", subject: AboutLink, idle: []idleness{withoutLink}},
	{name: linkStatic, since: privateLink, reads: readLinkAddresses, subject: AboutLink, idle: []idleness{withoutLink}, weighs: true},
	{name: linkFQDNs, since: privateLink, reads: readSpaced, idle: []idleness{withoutLink}},
	{name: proxyProtocolOnLink, since: privateLink, toggle: trimmed, idle: []idleness{withoutLink}, weighs: true},
	{name: linkVisibility, since: privateLink, reads: readSpaced, idle: []idleness{withoutLink}, weighs: true},
	{name: linkAutoApproval, since: privateLink, reads: readSpaced, idle: []idleness{withoutLink}, weighs: true},
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
	if strings.EqualFold(name, configurations) { // the one key that is compared without case
		return keyOf(strings.ToLower(name))
	}
	return nil, ""
}
