package azname

import (
	"regexp"
	"strconv"
	"strings"
)

// Rule is the name of a load balancing rule, and of its own probe. proto is the
// spelling of the Service ("TCP", "UDP", "SCTP"), port the Service's port; with HA
// ports those of the Service's first port. The subnet is cut so that the name fits.
// Up to CCM 1.26 names are cut to 80 characters, later to 75.
func Rule(v Version, prefix, subnet, proto string, port int, dualStackIPv6 bool) string {
	tail := "-" + proto + "-" + strconv.Itoa(port)
	name := prefix + tail
	if named(v, subnet) {
		limit := 80 // in-tree too, long before it cut frontend names
		if v.AtLeast(cutTo75) {
			limit = 75
		}
		room := max(limit-len(name)-1, 0)
		name = prefix + "-" + subnet[:min(len(subnet), room)] + tail
	}
	return family(v, dualStack, name, dualStackIPv6)
}

// LocalProbe is the name of the one probe of a Service with externalTrafficPolicy
// Local, since SingleLocalProbe. healthPort is its healthCheckNodePort.
func LocalProbe(v Version, prefix, subnet string, healthPort int, dualStackIPv6 bool) string {
	return Rule(v, prefix, subnet, "TCP", healthPort, dualStackIPv6)
}

var ruleName = regexp.MustCompile(`(?i)^(a[0-9a-f]{31})(?:-(.+))?-(TCP|UDP|SCTP)-(\d{1,5})(-IPv6)?$`)

// ParseRule takes the name of a rule or probe apart: the Service's prefix in lower
// case, the subnet (perhaps cut, empty for none), the protocol in upper case, the
// port, and whether it is the IPv6 side of two families. It is not ok for names
// that the provider would not give.
func ParseRule(name string) (prefix, subnet, proto string, port int, ipv6, ok bool) {
	m := ruleName.FindStringSubmatch(name)
	if m == nil {
		return "", "", "", 0, false, false
	}
	port, err := strconv.Atoi(m[4])
	if err != nil || port > 65535 {
		return "", "", "", 0, false, false
	}
	return strings.ToLower(m[1]), m[2], strings.ToUpper(m[3]), port, m[5] != "", true
}
