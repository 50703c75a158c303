package azname

import (
	"slices"
	"strings"
	"testing"
)

func TestSecurityRuleHash(t *testing.T) {
	for text, want := range map[string]string{
		"Tcp_Internet_80":       "d39272f7f57ed937951650d93992ad77",
		"Tcp_Internet_80,443":   "556f7044ec033071ec0dfcf7cd85bc93",
		"Tcp_Internet_443":      "bc87afc9aeeece13e643801ad1da615f",
		"Udp_Internet_53":       "eacf5e21d4ad7b5345009ad51af9d388",
		"*_Internet_30102":      "87a33204daff45b0362ae61f94926f53",
		"Tcp_10.0.0.0/8_80,443": "0cb00a72b1e32091554d0387c687bb37",
		"Tcp_Internet_8443":     "fee8314c5f3454db8bc793a4eccede6d", // recorded from a cluster
	} {
		part := strings.Split(text, "_")
		ports := strings.Split(part[2], ",")
		given := slices.Clone(ports)
		if got := SecurityRuleHash(part[0], strings.Split(part[1], ","), ports); got != want {
			t.Errorf("hash of %s = %s, want %s", text, got, want)
		}
		if !slices.Equal(ports, given) {
			t.Errorf("the caller's ports were sorted: %v", ports)
		}
	}
	a := SecurityRuleHash("Tcp", []string{"10.1.0.0/16", "10.0.0.0/16"}, []string{"80"})
	b := SecurityRuleHash("Tcp", []string{"10.0.0.0/16", "10.1.0.0/16"}, []string{"80"})
	if a != b {
		t.Error("the order of the sources must not matter")
	}
}

func TestHashedSecurityRules(t *testing.T) {
	got := AllowRule("IPv4", "Tcp", []string{"Internet"}, []string{"80", "443"})
	if want := "k8s-azure-lb_allow_IPv4_556f7044ec033071ec0dfcf7cd85bc93"; got != want {
		t.Errorf("allow rule %q, want %q", got, want)
	}
	if got, want := DenyRule("IPv6"), "k8s-azure-lb_deny-all_IPv6"; got != want {
		t.Errorf("deny rule %q, want %q", got, want)
	}
	for name, want := range map[string]bool{
		got:                           true,
		DenyRule("IPv4"):              true,
		"K8S-AZURE-LB_allow":          true,
		prefix + "-TCP-80-Internet":   false,
		"allow_ssh":                   false,
		"my-k8s-azure-lb_allow_IPv4_": false,
	} {
		if IsManagedSecurityRule(name) != want {
			t.Errorf("IsManagedSecurityRule(%q) = %v", name, !want)
		}
	}
}

func TestOldSecurityRule(t *testing.T) {
	for _, c := range []struct {
		version, prefix string
		port            int
		source          string
		ipv6            bool
		want            string
	}{
		{"in-tree 1.12.10", prefix, 80, "Internet", false, prefix + "-TCP-80-Internet"},
		{"1.28", prefix, 443, "10.0.0.0/8", false, prefix + "-TCP-443-10.0.0.0_8"},
		{"1.28", prefix, 443, "2001:db8::/32", true, prefix + "-TCP-443-2001.db8.._32-IPv6"},
		{"1.26.5", prefix, 443, "2001:db8::/32", true, prefix + "-TCP-443-2001:db8::_32"},
		{"in-tree 1.28.1", prefix, 443, "2001:db8::/32", false, prefix + "-TCP-443-2001:db8::_32"},
		{"1.28", prefix, 80, DenyAllSource, false, prefix + "-TCP-80-deny_all"},
		{"1.28", SharedRulePrefix, 80, "Internet", false, "shared-TCP-80-Internet"},
	} {
		got := OldSecurityRule(release(t, c.version), c.prefix, "TCP", c.port, c.source, c.ipv6)
		if got != c.want {
			t.Errorf("%s: security rule %q, want %q", c.version, got, c.want)
		}
	}
}
