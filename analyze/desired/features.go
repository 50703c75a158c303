package desired

import (
	"strings"

	"azlb/bundle-schema/azname"
)

// since and inTree shorten the table of features.
var since = azname.Since

// The releases from which the provider behaves in a way that shows in Azure
// (cloud-provider-azure's release notes and history, and the in-tree provider of
// Kubernetes up to 1.29). A feature that ended has a second list.
var (
	standardSKU          = since("all").InTree("1.11")
	balancerPerVMSet     = since("all").InTree("1.10")
	ruleFieldsCompared   = since("all").InTree("1.10.4/1.11")
	securityDestination  = since("all").InTree("1.10")
	newTagKeys           = since("1.23")
	clusterTag           = since("all").InTree("1.16")
	userAddressUntagged  = since("1.23.30/1.24.17/1.25.11/1.26.7/1.27")
	userDNSUntagged      = since("1.24.19/1.25.13/1.26.9/1.27.3/1.28")
	dnsLabels            = since("all").InTree("1.10")
	dnsTag               = since("all").InTree("1.20")
	addressTags          = since("all").InTree("1.20") // both kinds: of the object, and of the address
	bindsOwnOnly         = since("0.7.3/1.0").InTree("1.20.6/1.21.1/1.22")
	ruleTimeoutExplicit  = since("0.7.14/1.0.11/1.1.7/1.23.4")
	idleTimeout          = since("all").InTree("1.12")
	tcpResetAnnotation   = since("1.25.19/1.26.15/1.27.9/1.28.1/1.29")
	tcpResetBegins       = since("all").InTree("1.16")
	tcpResetOldEnds      = since("all").InTree("1.20")
	outboundSNAT         = since("all").InTree("1.12.7/1.13.5/1.14")
	haPorts              = since("all").InTree("1.20")
	floatingIPOff        = since("1.0.22/1.1.18/1.23.15/1.24.3")
	floatingIPOffV6      = since("1.0.19/1.1.15/1.23.12/1.24.1")
	ownProbeAnnotations  = since("1.24.12/1.25.6/1.26")
	anyProbePort         = since("1.25.17/1.26.13/1.27.7/1.28")
	probeAnnotations     = since("all").InTree("1.20")
	probeTiming          = since("0.7.14/1.0.11/1.1.7/1.23.4")
	appProtocolBegins    = since("0.7.14/1.0.11/1.1.7/1.23.4")
	appProtocolNeedsPath = since("0.7.21/1.0.18/1.1.14/1.23.11")
	appProtocolAlways    = since("1.24")
	localTiming          = since("1.25.16/1.26.12/1.27.6/1.28")
	localOwnPort         = since("1.25.19/1.26.15/1.27.9/1.28.1")
	localForUDP          = since("all").InTree("1.15.7/1.16.4/1.17")
	localBehindLink      = since("1.24.20/1.25.14/1.26.10/1.27.4/1.28")
	sharedProbe          = since("1.28.5/1.29")
	probeFieldsCompared  = since("0.7.21/1.0.18/1.1.14/1.23.11/1.24")
	probeThreshold       = since("1.24.18/1.25.12/1.26.8/1.27")
	rootPath             = since("all")
	poolPerFamily        = since("1.27")
	dualStack            = since("1.27.8/1.28")
	addressAnnotations   = since("1.1.25/1.23.22/1.24.9/1.25.3/1.26")
	publicIPName         = since("all").InTree("1.16")
	publicIPNameV6       = since("1.27")
	publicIPPrefix       = since("1.0.21/1.1.17/1.23.14/1.24.2")
	accessControl        = since("1.25.24/1.26.19/1.27.13/1.28.5/1.29")
	invalidRangeDenies   = since("1.26.22/1.27.16/1.28.8/1.29.3/1.30")
	coreRangesAllowed    = since("1.27.17/1.28.9/1.29.4/1.30")
	internalAllowAll     = since("0.7.14/1.0.11/1.1.7/1.23.4")
	rangesMerged         = since("1.29.11/1.30.7/1.31.1/1.32")
	allRangesOnly        = since("1.30.14/1.31.8/1.32.7/1.33.2/1.34")
	staleSourcesRemoved  = since("1.31.9/1.32.8/1.33.3/1.34.1/1.35")
	noSecurityRule       = since("1.35.6/1.36.2")
	serviceTags          = since("all").InTree("1.12")
	tagsReplaceAll       = since("all").InTree("1.17")
	denyAllAnnotation    = since("0.7.1/1.0")
	additionalAddresses  = since("0.7.5/1.0.2/1.1")
	nodeAddressSources   = since("1.29.8/1.30.4/1.31")
	privateLink          = since("1.0.19/1.1.15/1.23.12/1.24")
	privateLinkGroup     = since("1.25.19/1.26.15/1.27.9/1.28.1")
	manyBalancers        = since("1.28")
	stableNodes          = since("1.27")
	notReadyRemovedBegin = since("1.0.16/1.1.12/1.23.9")
	notReadyRemovedEnds  = since("1.24.22/1.25.16/1.26.12/1.27.6/1.28")
	excludeLabel         = since("all").InTree("1.19")
	unmanagedLabel       = since("all").InTree("1.16.14/1.17.10/1.18.7/1.19")
	keepsLastMember      = since("1.23.27/1.24.14/1.25.8/1.26.4/1.27")
	inactiveSkipped      = since("1.26.20/1.27.14/1.28.6/1.29.1/1.30")
	cordonCounts         = since("all").InTree("1.19") // from here on cordoned nodes stay in
	scaleSetModel        = since("all").InTree("1.14.7/1.15.4/1.16")
	nodeIPPools          = since("1.23")
	externalNameCleaned  = since("1.28.14/1.29.12/1.30.8/1.31.2/1.32")
)

var behaviours = []azname.Releases{
	standardSKU, balancerPerVMSet, ruleFieldsCompared, securityDestination, newTagKeys, clusterTag, userAddressUntagged, ruleTimeoutExplicit,
	userDNSUntagged, dnsLabels, dnsTag, addressTags, bindsOwnOnly,
	idleTimeout, tcpResetAnnotation, tcpResetBegins, tcpResetOldEnds, outboundSNAT, haPorts, floatingIPOff, floatingIPOffV6, ownProbeAnnotations,
	anyProbePort, probeAnnotations, probeTiming, appProtocolBegins, appProtocolNeedsPath, appProtocolAlways, localTiming, localOwnPort, localForUDP,
	localBehindLink, sharedProbe, probeFieldsCompared, probeThreshold, rootPath, poolPerFamily, dualStack, addressAnnotations, publicIPName,
	publicIPNameV6, publicIPPrefix, accessControl, invalidRangeDenies, coreRangesAllowed, internalAllowAll, rangesMerged, allRangesOnly,
	staleSourcesRemoved, noSecurityRule, serviceTags, tagsReplaceAll, denyAllAnnotation, additionalAddresses, nodeAddressSources, privateLink,
	privateLinkGroup, manyBalancers, stableNodes, notReadyRemovedBegin, notReadyRemovedEnds, excludeLabel, unmanagedLabel, keepsLastMember, inactiveSkipped,
	cordonCounts, scaleSetModel, nodeIPPools, unknownProbeIsTCP, longIdleTimeout, emptyGroup, anyServiceTag, externalNameCleaned,
	azname.SingleLocalProbe, azname.HashedSecurityRules,
}

// features is what tells releases apart: two that are equal here build the same.
type features struct {
	has   [2]uint64 // of behaviours
	names [4]string // that the release derives for a long and for a two-family Service
}

func featuresOf(v azname.Version) features {
	var f features
	for i, r := range behaviours {
		if v.AtLeast(r) {
			f.has[i/64] |= 1 << (i % 64)
		}
	}
	prefix, long := azname.Prefix("00000000-0000-0000-0000-000000000000"), strings.Repeat("s", 60)+"7"
	f.names = [4]string{
		azname.Frontend(v, prefix, long, true),
		azname.Rule(v, prefix, long, "TCP", 80, true),
		azname.PublicIP(v, long, prefix, long, true),
		azname.OldSecurityRule(v, prefix, "TCP", 80, "::/0", true),
	}
	return f
}
