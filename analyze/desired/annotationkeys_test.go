package desired

import (
	"slices"
	"strings"
	"testing"
)

// documented are the annotations that cloud-provider-azure's constants and Kubernetes'
// legacy provider name, without the prefix.
const documented = `
azure-load-balancer-internal
azure-load-balancer-internal-subnet
azure-load-balancer-mode
azure-dns-label-name
azure-load-balancer-resource-group
azure-pip-name
azure-pip-name-ipv6
azure-pip-prefix-id
azure-pip-prefix-id-ipv6
azure-pip-ip-tags
azure-pip-tags
azure-load-balancer-ipv4
azure-load-balancer-ipv6
azure-additional-public-ips
azure-allowed-service-tags
azure-allowed-ip-ranges
load-balancer-source-ranges
azure-deny-all-except-load-balancer-source-ranges
azure-shared-securityrule
azure-load-balancer-mixed-protocols
azure-load-balancer-tcp-idle-timeout
azure-load-balancer-enable-high-availability-ports
azure-load-balancer-disable-tcp-reset
azure-disable-load-balancer-floating-ip
azure-disable-load-balancer-nsg-rule
azure-load-balancer-health-probe-protocol
azure-load-balancer-health-probe-request-path
azure-load-balancer-health-probe-interval
azure-load-balancer-health-probe-num-of-probe
port_80_no_lb_rule
port_80_no_probe_rule
port_80_health-probe_protocol
port_80_health-probe_port
port_80_health-probe_request-path
port_80_health-probe_interval
port_80_health-probe_num-of-probe
azure-load-balancer-configurations
azure-pls-create
azure-pls-name
azure-pls-resource-group
azure-pls-ip-configuration-subnet
azure-pls-ip-configuration-ip-address-count
azure-pls-ip-configuration-ip-address
azure-pls-fqdns
azure-pls-proxy-protocol
azure-pls-visibility
azure-pls-auto-approval
`

// TestAnnotationKeys compares the table with the written list, both ways.
func TestAnnotationKeys(t *testing.T) {
	list := strings.Fields(documented)
	for _, name := range list {
		if k, _ := keyOf(name); k == nil {
			t.Errorf("the table lacks %s", name)
		}
	}
	for _, k := range annotationKeys {
		name := k.name
		if k.ofPort {
			name = "port_80" + name
		}
		if !slices.Contains(list, name) {
			t.Errorf("the table has %s, which the list lacks", name)
		}
		if near, _ := nearest(strings.ToLower(name)); near != name {
			t.Errorf("%s is nearest to %q, not to itself", name, near)
		}
	}
	if k, _ := keyOf("Azure-Load-Balancer-Configurations"); k == nil {
		t.Error("the key of configurations is compared without case (GetLoadBalancerConfigurationsNames)")
	}
	if k, _ := keyOf("Azure-Load-Balancer-Internal"); k != nil {
		t.Error("no other key is")
	}
}

// TestNearest tells typing errors from keys that are merely alike.
func TestNearest(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"azure-load-balancer-internl", "azure-load-balancer-internal"},
		{"azure-loadbalancer-internal", "azure-load-balancer-internal"},
		{"azure-load-balancer-internal-subnets", "azure-load-balancer-internal-subnet"},
		{"azure-load-balancer-intenral", "azure-load-balancer-internal"},
		{"azure-pls-crate", "azure-pls-create"},
		{"azure-allowed-ip-range", "azure-allowed-ip-ranges"},
		{"port_80_health_probe_protocol", "port_80_health-probe_protocol"},
		{"port_80_no-lb-rule", "port_80_no_lb_rule"},
		{"azure-load-balancer", ""},
		{"azure-pls-anything", ""},
		{"aws-load-balancer-internal", ""},
		{"port_80_anything_else", ""},
	} {
		if got, _ := nearest(c.name); got != c.want {
			t.Errorf("nearest to %s is %q, want %q", c.name, got, c.want)
		}
	}
}
