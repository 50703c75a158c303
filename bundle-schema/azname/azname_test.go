package azname

import (
	"strings"
	"testing"
)

const (
	uid    = "4f1c2a3b-1111-2222-3333-0123456789ab"
	prefix = "a4f1c2a3b1111222233330123456789a"
)

// release reads a version of a test table; "in-tree " in front selects that provider.
func release(t *testing.T, text string) Version {
	t.Helper()
	number, inTree := strings.CutPrefix(text, "in-tree ")
	v, err := ParseVersion(number, inTree)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestPrefix(t *testing.T) {
	if got := Prefix(uid); got != prefix {
		t.Errorf("Prefix(%q) = %q, want %q", uid, got, prefix)
	}
	if got := Prefix("short"); got != "ashort" {
		t.Errorf("Prefix of a short uid = %q", got)
	}
}

func TestParsePrefix(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{prefix, prefix},
		{prefix + "-ilb", prefix},
		{strings.ToUpper(prefix) + "-TCP-80", prefix},
		{prefix + "b", ""},
		{prefix[:31], ""},
		{"b" + prefix[1:], ""},
		{"ag" + prefix[2:], ""},
		{"kubernetes-" + prefix, ""},
		{"shared-TCP-80-Internet", ""},
		{"", ""},
	} {
		got, ok := ParsePrefix(c.name)
		if got != c.want || ok != (c.want != "") {
			t.Errorf("ParsePrefix(%q) = %q, %v, want %q", c.name, got, ok, c.want)
		}
	}
}

func TestLoadBalancer(t *testing.T) {
	if got := LoadBalancer("kubernetes", false); got != "kubernetes" || IsInternalName(got) {
		t.Errorf("external load balancer is %q", got)
	}
	if got := LoadBalancer("kubernetes", true); got != "kubernetes-internal" || !IsInternalName(got) {
		t.Errorf("internal load balancer is %q", got)
	}
	if !IsInternalName("Kubernetes-INTERNAL") || IsInternalName("internal") {
		t.Error("the suffix decides, in any casing")
	}
}

func TestFrontend(t *testing.T) {
	long := strings.Repeat("s", 100)
	digits := strings.Repeat("1", 100)
	for _, c := range []struct {
		version, subnet string
		ipv6            bool
		want            string
	}{
		{"1.31", "", false, prefix},
		{"1.31", "ilb", false, prefix + "-ilb"},
		{"1.31", "  ", false, prefix},
		{"1.31", " ilb", false, prefix + "- ilb"},
		{"in-tree 1.9", "ilb", false, prefix},
		{"1.31", "", true, prefix + "-IPv6"},
		{"1.31", "ilb", true, prefix + "-ilb-IPv6"},
		{"1.27.7", "", true, prefix},
		{"1.31", long, false, prefix + "-" + long[:42]},
		{"1.31", digits, false, prefix + "-" + digits[:41] + "_"},
		{"1.31", long, true, prefix + "-" + long[:42] + "-IPv6"},
		{"1.31", strings.Repeat("s", 42), false, prefix + "-" + strings.Repeat("s", 42)},
		{"1.31", strings.Repeat("_", 50), false, prefix + "-" + strings.Repeat("_", 42)},
		{"1.26.9", digits, false, prefix + "-" + digits[:46] + "_"},
		{"1.23.8", digits, false, prefix + "-" + digits[:47]},
		{"in-tree 1.17", digits, false, prefix + "-" + digits[:47]},
		{"in-tree 1.16.9", digits, false, prefix + "-" + digits},
	} {
		if got := Frontend(release(t, c.version), prefix, c.subnet, c.ipv6); got != c.want {
			t.Errorf("%s, subnet %q, ipv6 %v: frontend %q, want %q", c.version, c.subnet, c.ipv6, got, c.want)
		}
	}
}

func TestPublicIP(t *testing.T) {
	const pool = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/publicIPPrefixes/office"
	cluster := strings.Repeat("k", 40)
	for _, c := range []struct {
		version, cluster, prefixID string
		ipv6                       bool
		want                       string
	}{
		{"1.31", "kubernetes", "", false, "kubernetes-" + prefix},
		{"in-tree 1.12.10", "kubernetes", "", false, "kubernetes-" + prefix},
		{"1.31", "kubernetes", pool, false, "kubernetes-" + prefix + "-office"},
		{"1.31", "kubernetes", pool + "/", false, "kubernetes-" + prefix},
		{"1.23.13", "kubernetes", pool, false, "kubernetes-" + prefix},
		{"1.31", "kubernetes", pool, true, "kubernetes-" + prefix + "-office-IPv6"},
		{"1.27", "kubernetes", "", true, "kubernetes-" + prefix + "-IPv6"},
		{"1.26.9", "kubernetes", "", true, "kubernetes-" + prefix},
		{"1.31", cluster, pool, true, cluster + "-" + prefix + "-o" + "-IPv6"},
		{"1.28.4", cluster, pool, true, cluster + "-" + prefix + "-office-IPv6"},
	} {
		if got := PublicIP(release(t, c.version), c.cluster, prefix, c.prefixID, c.ipv6); got != c.want {
			t.Errorf("%s: public IP %q, want %q", c.version, got, c.want)
		}
	}
}

func TestPool(t *testing.T) {
	if Pool("kubernetes", false) != "kubernetes" || Pool("kubernetes", true) != "kubernetes-IPv6" {
		t.Errorf("pools are %q and %q", Pool("kubernetes", false), Pool("kubernetes", true))
	}
}
