package desired

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

// TestSecurityRules restates NewAccessControl, IsAllowFromInternet,
// DenyAllExceptSourceRanges and PatchSecurityGroup of pkg/provider/loadbalancer, and
// getSecurityRuleName and reconcileSecurityGroup of the releases before them.
func TestSecurityRules(t *testing.T) {
	const hashed, old = "k8s-azure-lb_allow_IPv4_", workedPrefix + "-TCP-"
	one := "\nspec:\n  ports: [{port: 80, nodePort: 30080}]\n" + address
	ranges := func(list string) string {
		return "\nspec:\n  loadBalancerSourceRanges: [" + list + "]\n  ports: [{port: 80, nodePort: 30080}]\n" + address
	}
	for _, c := range []struct{ name, release, service, want string }{
		{"worked example", "1.31.0", twoPorts + address, hashed + "556f7044ec033071ec0dfcf7cd85bc93 allow Tcp Internet > 20.1.2.3:443,80"},
		{"worked example, old names", "1.28.3", twoPorts + address, old + "80-Internet allow Tcp Internet > 20.1.2.3:80 | " + old + "443-Internet allow Tcp Internet > 20.1.2.3:443"},
		{"worked example, ranges", "1.31.0", localPorts + address, hashed + "0cb00a72b1e32091554d0387c687bb37 allow Tcp 10.0.0.0/8 > 20.1.2.3:443,80"},
		{"internal, nothing set", "1.31.0", noted(one, "azure-load-balancer-internal=true"), ""},
		{"internal but not to the security group", "1.31.0", noted(one, "azure-load-balancer-internal=True"), ""},
		{"internal, open on purpose", "1.28.9", noted(ranges("0.0.0.0/0"), "azure-load-balancer-internal=true"), old + "80-0.0.0.0_0 allow Tcp 0.0.0.0/0 > 20.1.2.3:80 | " + old + "80-Internet allow Tcp Internet > 20.1.2.3:80"},
		{"everybody as a range, later", "1.34.0", ranges("0.0.0.0/0"), hashed + "171627efadb2d53e9804aac21fa6e380 allow Tcp 0.0.0.0/0 > 20.1.2.3:80"},
		{"tags", "1.31.0", noted(one, "azure-allowed-service-tags=AzureCloud, Sql"), "AzureCloud Sql"},
		{"tags did not restrict", "in-tree 1.13.12", noted(one, "azure-allowed-service-tags=Sql"), old + "80-Sql allow Tcp Sql > 20.1.2.3:80 | " + old + "80-Internet allow Tcp Internet > 20.1.2.3:80"},
		{"deny the rest", "1.31.0", noted(ranges("192.0.2.0/24"), "azure-deny-all-except-load-balancer-source-ranges=true"), "192.0.2.0/24 | k8s-azure-lb_deny-all_IPv4 deny * * > 20.1.2.3:*"},
		{"deny the rest needs ranges", "1.31.0", noted(one, "azure-deny-all-except-load-balancer-source-ranges=true"), hashed + "d39272f7f57ed937951650d93992ad77 allow Tcp Internet > 20.1.2.3:80"},
		{"host bits deny", "1.31.0", ranges("192.0.2.7/24"), "k8s-azure-lb_deny-all_IPv4 deny * * > 20.1.2.3:*"},
		{"host bits were cleared", "1.25.20", ranges("192.0.2.7/24"), old + "80-192.0.2.0_24 allow Tcp 192.0.2.0/24 > 20.1.2.3:80"},
		{"halves are merged", "1.32.0", ranges("203.0.113.0/25, 203.0.113.128/25"), "203.0.113.0/24"},
		{"halves were not merged", "1.30.0", ranges("203.0.113.0/25, 203.0.113.128/25"), "203.0.113.0/25 203.0.113.128/25"},
		{"both lists are refused", "1.31.0", noted(ranges("192.0.2.0/24"), "azure-allowed-ip-ranges=10.0.0.0/8"), ""},
		{"allowed ranges alone", "1.31.0", noted(one, "azure-allowed-ip-ranges=10.0.0.0/8, 192.0.2.0/24"), "10.0.0.0/8 192.0.2.0/24"},
		{"the older annotation", "in-tree 1.18.0", noted(one, "load-balancer-source-ranges=10.0.0.0/8"), old + "80-10.0.0.0_8 allow Tcp 10.0.0.0/8 > 20.1.2.3:80"},
		{"no rule wanted", "1.36.2", noted(one, "azure-disable-load-balancer-nsg-rule=true"), ""},
		{"no rule wanted, too new", "1.36.1", noted(one, "azure-disable-load-balancer-nsg-rule=true"), hashed + "d39272f7f57ed937951650d93992ad77 allow Tcp Internet > 20.1.2.3:80"},
		{"a port without a rule is open all the same", "1.31.0", noted(twoPorts+address, "port_80_no_lb_rule=true"), hashed + "556f7044ec033071ec0dfcf7cd85bc93 allow Tcp Internet > 20.1.2.3:443,80"},
		{"deny the rest in old names keeps the port", "1.27.10", noted(ranges("192.0.2.0/24"), "azure-deny-all-except-load-balancer-source-ranges=true", "azure-disable-load-balancer-floating-ip=true"), old + "80-192.0.2.0_24 allow Tcp 192.0.2.0/24 > :30080 | " + old + "80-deny_all deny Tcp * > :80"},
		{"no address in the family, no rule", "1.31.0", "\nspec:\n  ports: [{port: 80, nodePort: 30080}]\nstatus: {loadBalancer: {ingress: [{ip: 'fd00::1'}]}}\n", ""},
		{"no destination in 1.9", "in-tree 1.9.2", one, old + "80-Internet allow Tcp Internet > *:80"},
		{"shared rules", "in-tree 1.20.0", noted(one, "azure-shared-securityrule=true"), "shared-TCP-80-Internet allow Tcp Internet > 20.1.2.3:80"},
		{"UDP and TCP", "1.31.0", "\nspec:\n  ports: [{port: 53, nodePort: 30053, protocol: UDP}, {port: 80, nodePort: 30080}]\n" + address, hashed + "eacf5e21d4ad7b5345009ad51af9d388 allow Udp Internet > 20.1.2.3:53 | " + hashed + "d39272f7f57ed937951650d93992ad77 allow Tcp Internet > 20.1.2.3:80"},
	} {
		var full, sources []string
		for _, r := range wanted(t, c.release, c.service).Lanes[0].Security {
			access := "deny"
			if r.Allow {
				access = "allow"
			}
			full = append(full, fmt.Sprintf("%s %s %s %s > %s:%s", r.Name, access, r.Protocol, strings.Join(r.Sources, ","), strings.Join(r.Destinations.V, ","), strings.Join(r.Ports, ",")))
			if r.Allow {
				sources = append(sources, strings.Join(r.Sources, " "))
			} else {
				sources = append(sources, "| "+full[len(full)-1])
			}
		}
		if got := strings.Join(full, " | "); got != c.want && strings.Join(sources, " ") != c.want {
			t.Errorf("%s: security rules\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

// TestMerged restates iputil.AggregatePrefixes.
func TestMerged(t *testing.T) {
	for in, want := range map[string]string{
		"10.0.0.0/8":                                "10.0.0.0/8",
		"10.1.0.0/16 10.0.0.0/8":                    "10.0.0.0/8",
		"10.0.0.0/25 10.0.0.128/25":                 "10.0.0.0/24",
		"10.0.0.128/25 10.0.1.0/24 10.0.0.0/25":     "10.0.0.0/23",
		"10.0.1.0/24 10.0.2.0/24":                   "10.0.1.0/24 10.0.2.0/24",
		"10.0.0.0/24 10.0.0.0/24":                   "10.0.0.0/24",
		"0.0.0.0/1 128.0.0.0/1":                     "0.0.0.0/0",
		"2001:db8::/33 2001:db8:8000::/33 fd00::/8": "2001:db8::/32 fd00::/8",
	} {
		var list []netip.Prefix
		for _, s := range strings.Fields(in) {
			list = append(list, netip.MustParsePrefix(s))
		}
		if got := strings.Join(texts(merged(list)), " "); got != want {
			t.Errorf("merged(%s) = %s, want %s", in, got, want)
		}
	}
}
