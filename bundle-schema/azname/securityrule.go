package azname

import (
	"crypto/md5" // the provider's choice for a name, nothing secret
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
)

// HashedSecurityRules is when security rules got names made of a hash of their
// content (AllowRule, DenyRule) instead of one name per Service, port and source.
var HashedSecurityRules = Since("1.29")

// dottedSource writes ":" of IPv6 sources as "."; before, such names were refused by Azure.
var dottedSource = Since("1.23.29/1.24.16/1.25.10/1.26.6/1.27")

const (
	// SharedRulePrefix stands for a Service's prefix in the names of rules that
	// several Services share (annotation azure-shared-securityrule), old scheme.
	SharedRulePrefix = "shared"
	// DenyAllSource stands for the source in the name of a deny rule, old scheme.
	DenyAllSource = "deny_all"

	managedRulePrefix = "k8s-azure-lb"
)

// OldSecurityRule is the name of a security rule up to CCM 1.28 and in-tree: one
// rule per port and source. proto is the Service's spelling; source is a CIDR, a
// service tag or DenyAllSource.
func OldSecurityRule(v Version, prefix, proto string, port int, source string, dualStackIPv6 bool) string {
	source = strings.ReplaceAll(source, "/", "_")
	if v.AtLeast(dottedSource) {
		source = strings.ReplaceAll(source, ":", ".")
	}
	name := prefix + "-" + proto + "-" + strconv.Itoa(port) + "-" + source
	return family(v, dualStack, name, dualStackIPv6)
}

// SecurityRuleHash is the md5, in hexadecimal, by which a security rule is named
// since CCM 1.29. protocol is "Tcp", "Udp" or "*"; sources are one service tag or
// all CIDRs of one family; ports are decimal and sorted as text, "443" before "80".
// The caller aggregates CIDRs where the version does.
func SecurityRuleHash(protocol string, sources, ports []string) string {
	text := protocol + "_" + sorted(sources) + "_" + sorted(ports)
	sum := md5.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

func sorted(list []string) string {
	list = slices.Clone(list)
	slices.Sort(list)
	return strings.Join(list, ",")
}

// AllowRule is the name of an allow rule since CCM 1.29; family is "IPv4" or "IPv6".
func AllowRule(family, protocol string, sources, ports []string) string {
	return managedRulePrefix + "_allow_" + family + "_" + SecurityRuleHash(protocol, sources, ports)
}

// DenyRule is the name of the rule that denies all other sources since CCM 1.29;
// family is "IPv4" or "IPv6".
func DenyRule(family string) string { return managedRulePrefix + "_deny-all_" + family }

// IsManagedSecurityRule says whether a rule bears a name of the new scheme. The
// provider also asks for a priority of 500 to 4096 (1.31.9/1.32.8/1.33.3/1.34.1/1.35).
func IsManagedSecurityRule(name string) bool {
	return len(name) >= len(managedRulePrefix) && strings.EqualFold(name[:len(managedRulePrefix)], managedRulePrefix)
}
