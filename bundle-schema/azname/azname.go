// Package azname knows the names and tags that the Azure cloud provider of
// Kubernetes derives for a Service, by version of the provider.
//
// The facts are those of cloud-provider-azure (getRulePrefix,
// getDefaultFrontendIPConfigName, getLoadBalancerRuleName, getPublicIPName,
// getSecurityRuleName and pkg/provider/securitygroup) and of the provider that
// was part of Kubernetes until 1.29. A name that depends on the version takes it
// as its first argument. Azure compares names without regard to case; the names
// made here have the provider's casing, the parsers accept any.
package azname

import (
	"math"
	"strings"
	"unicode"
)

// SharedProbe is the one probe of a load balancer in shared probe mode.
const SharedProbe = "cluster-service-shared-health-probe"

const (
	internalSuffix = "-internal"
	ipv6Suffix     = "-IPv6"
)

var (
	// dualStack adds the family to frontends, rules and security rules.
	dualStack = Since("1.27.8/1.28")
	// dualStackPublicIP adds the family to public IP addresses.
	dualStackPublicIP = Since("1.27")
	// cutTo80 keeps a frontend name within Azure's limit, cutTo75 leaves room for the family.
	cutTo80 = Since("all").InTree("1.17")
	cutTo75 = Since("1.27")
	// underscoreEnd replaces the last character of a cut frontend name.
	underscoreEnd   = Since("0.7.19/1.0.16/1.1.12/1.23.9/1.24")
	publicIPCutTo75 = Since("1.25.24/1.26.19/1.27.13/1.28.5/1.29")
	publicIPPrefix  = Since("1.0.21/1.1.17/1.23.14/1.24.2")
	subnetInName    = Since("all").InTree("1.10")
)

// SingleLocalProbe is when a Service with externalTrafficPolicy Local got one
// probe for all its rules (LocalProbe). Before, and always in-tree, each rule has
// a probe with the rule's own name.
var SingleLocalProbe = Since("0.7.14/1.0.11/1.1.7/1.23.4")

// LoadBalancer is the name of the load balancer that a Service of the cluster
// gets with the Standard SKU and one load balancer per kind. cluster is the
// provider's --cluster-name, or loadBalancerName of its configuration where that
// is set.
func LoadBalancer(cluster string, internal bool) string {
	if internal {
		return cluster + internalSuffix
	}
	return cluster
}

// IsInternalName says whether the name is one of an internal load balancer.
// Providers before 1.25.24/1.26.19/1.27.13/1.28.5/1.29 missed other casings.
func IsInternalName(name string) bool {
	return len(name) >= len(internalSuffix) && strings.EqualFold(name[len(name)-len(internalSuffix):], internalSuffix)
}

// Frontend is the name of a Service's frontend IP configuration. subnet is the
// value of the internal subnet annotation as it stands, empty for external
// Services. dualStackIPv6 marks the IPv6 side of a Service with two families.
func Frontend(v Version, prefix, subnet string, dualStackIPv6 bool) string {
	name := prefix
	if named(v, subnet) {
		name = cutFrontend(v, prefix+"-"+subnet)
	}
	return family(v, dualStack, name, dualStackIPv6)
}

func cutFrontend(v Version, name string) string {
	limit := nameLimit(v)
	if len(name) <= limit {
		return name
	}
	name = name[:limit]
	if v.AtLeast(underscoreEnd) && !unicode.IsLetter(rune(name[limit-1])) {
		name = name[:limit-1] + "_"
	}
	return name
}

// PublicIP is the name of the public IP address that the provider creates.
// prefixID is the ARM id of the public IP prefix named by annotation, or empty.
// Versions 1.27.0 and 1.27.1 treat every IPv6 address as if it were of two families.
func PublicIP(v Version, cluster, prefix, prefixID string, dualStackIPv6 bool) string {
	name := cluster + "-" + prefix
	if last := prefixID[strings.LastIndex(prefixID, "/")+1:]; last != "" && v.AtLeast(publicIPPrefix) {
		name += "-" + last
	}
	if v.AtLeast(publicIPCutTo75) && len(name) > 75 {
		name = name[:75]
	}
	return family(v, dualStackPublicIP, name, dualStackIPv6)
}

// Pool is the name of the cluster's backend pool for one IP family. cluster is the
// provider's --cluster-name, never loadBalancerName of its configuration.
func Pool(cluster string, ipv6 bool) string {
	if ipv6 {
		return cluster + ipv6Suffix
	}
	return cluster
}

// LocalPool is the backend pool that a Service "ns/name" with externalTrafficPolicy
// Local has of its own where there are several Standard load balancers
// (getLocalServiceBackendPoolName).
func LocalPool(service string, ipv6 bool) string {
	name := strings.ToLower(strings.ReplaceAll(service, "/", "-"))
	if ipv6 {
		name += "-ipv6"
	}
	return name
}

// named says whether the subnet becomes part of frontend and rule names.
func named(v Version, subnet string) bool {
	return strings.TrimSpace(subnet) != "" && v.AtLeast(subnetInName)
}

// nameLimit is the length to which frontend and rule names are cut.
func nameLimit(v Version) int {
	switch {
	case v.AtLeast(cutTo75):
		return 75
	case v.AtLeast(cutTo80):
		return 80
	}
	return math.MaxInt
}

func family(v Version, since Releases, name string, dualStackIPv6 bool) string {
	if dualStackIPv6 && v.AtLeast(since) {
		return name + ipv6Suffix
	}
	return name
}
