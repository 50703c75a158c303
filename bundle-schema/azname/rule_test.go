package azname

import (
	"strings"
	"testing"
)

func TestRule(t *testing.T) {
	long := strings.Repeat("s", 100)
	for _, c := range []struct {
		version, subnet, proto string
		port                   int
		ipv6                   bool
		want                   string
	}{
		{"1.31", "", "TCP", 80, false, prefix + "-TCP-80"},
		{"1.31", "", "TCP", 443, false, prefix + "-TCP-443"},
		{"1.31", "ilb", "TCP", 80, false, prefix + "-ilb-TCP-80"},
		{"1.31", "ilb", "TCP", 443, true, prefix + "-ilb-TCP-443-IPv6"},
		{"1.27.7", "ilb", "UDP", 53, true, prefix + "-ilb-UDP-53"},
		{"in-tree 1.12.10", "", "TCP", 80, false, prefix + "-TCP-80"},
		{"in-tree 1.9.1", "ilb", "TCP", 80, false, prefix + "-TCP-80"},
		{"1.27", long, "TCP", 8443, false, prefix + "-" + long[:33] + "-TCP-8443"},
		{"1.27.8", long, "TCP", 8443, true, prefix + "-" + long[:33] + "-TCP-8443-IPv6"},
		{"1.26.3", long, "TCP", 8443, false, prefix + "-" + long[:38] + "-TCP-8443"},
		{"in-tree 1.12.10", long, "TCP", 8443, false, prefix + "-" + long[:38] + "-TCP-8443"},
	} {
		got := Rule(release(t, c.version), prefix, c.subnet, c.proto, c.port, c.ipv6)
		if got != c.want {
			t.Errorf("%s: rule %q, want %q", c.version, got, c.want)
		}
	}
}

func TestLocalProbe(t *testing.T) {
	v := release(t, "1.31")
	if got, want := LocalProbe(v, prefix, "", 31999, false), prefix+"-TCP-31999"; got != want {
		t.Errorf("probe %q, want %q", got, want)
	}
	if got, want := LocalProbe(v, prefix, "ilb", 31999, true), prefix+"-ilb-TCP-31999-IPv6"; got != want {
		t.Errorf("probe %q, want %q", got, want)
	}
}

func TestParseRule(t *testing.T) {
	type parts struct {
		prefix, subnet, proto string
		port                  int
		ipv6, ok              bool
	}
	for name, want := range map[string]parts{
		prefix + "-TCP-80":                         {prefix, "", "TCP", 80, false, true},
		prefix + "-ilb-TCP-80":                     {prefix, "ilb", "TCP", 80, false, true},
		prefix + "-my-TCP-1-UDP-53-IPv6":           {prefix, "my-TCP-1", "UDP", 53, true, true},
		strings.ToUpper(prefix) + "-sctp-9-ipv6":   {prefix, "", "SCTP", 9, true, true},
		prefix:                                     {},
		prefix + "-ilb":                            {},
		prefix + "-TCP-65536":                      {},
		prefix + "-TCP-99999999999999999999":       {},
		prefix + "-TCP-80-Internet":                {},
		prefix + "b-TCP-80":                        {},
		"aksOutboundRule":                          {},
		SharedProbe:                                {},
		"kubernetes-" + prefix + "-TCP-80-or-more": {},
	} {
		var got parts
		got.prefix, got.subnet, got.proto, got.port, got.ipv6, got.ok = ParseRule(name)
		if got != want {
			t.Errorf("ParseRule(%q) = %+v, want %+v", name, got, want)
		}
	}
}

// FuzzParseRule holds the parser to the maker: what is made can be read, and what
// is read and not cut is made again.
func FuzzParseRule(f *testing.F) {
	f.Add("ilb", 80, true)
	f.Add("", 65535, false)
	f.Add("a-TCP-80-IPv6", 1, true)
	f.Fuzz(func(t *testing.T, subnet string, port int, ipv6 bool) {
		if port < 0 || port > 65535 || strings.ContainsAny(subnet, "\n\r") || len(subnet) > 20 || strings.TrimSpace(subnet) == "" && subnet != "" {
			t.Skip()
		}
		v := Version{Major: 1, Minor: 31}
		name := Rule(v, prefix, subnet, "TCP", port, ipv6)
		p, s, proto, n, six, ok := ParseRule(name)
		if !ok || p != prefix || s != subnet || proto != "TCP" || n != port || six != ipv6 {
			t.Errorf("ParseRule(%q) = %q %q %q %d %v %v", name, p, s, proto, n, six, ok)
		}
	})
}
