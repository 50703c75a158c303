package walk

import (
	"net/netip"
	"testing"

	"azlb/analyze/nsg"
	"azlb/bundle-schema/az"
)

// TestNarrower looks at one customer's rule before a deny: does it show that only
// certain clients should get in?
func TestNarrower(t *testing.T) {
	for _, c := range []struct {
		name     string
		source   string
		port     string
		access   string
		internal bool
		want     bool
	}{
		{"an office", "203.0.113.0/24", "443", "Allow", false, true},
		{"one address", "203.0.113.9", "443", "Allow", false, true},
		{"another port", "203.0.113.0/24", "22", "Allow", false, false},
		{"a deny", "203.0.113.0/24", "443", "Deny", false, false},
		{"private addresses before a public frontend", "10.0.0.0/8", "443", "Allow", false, false},
		{"private addresses before an internal frontend", "10.9.0.0/16", "443", "Allow", true, true},
		{"the probes", "AzureLoadBalancer", "443", "Allow", false, false},
		{"the virtual network", "VirtualNetwork", "443", "Allow", false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			group := &az.NSG{Resource: az.Resource{Name: "g"}, SecurityRules: []az.SecurityRule{
				rule("first", 300, c.access, c.source, c.port),
				rule("rest", 400, "Deny", "*", "*"),
			}}
			src := netip.MustParseAddr("198.51.100.7")
			if c.internal {
				src = netip.MustParseAddr("10.1.0.1")
			}
			flow := nsg.Flow{Inbound: true, Src: src, Dst: netip.MustParseAddr("20.61.100.11"), DstPort: 443, Protocol: "Tcp"}
			d := nsg.Evaluate(flow, nsg.Level{NSG: group}, nsg.Level{None: true}, nsg.Facts{})
			if d.Answer != nsg.Denied {
				t.Fatalf("the flow is %s: %s", d.Answer, d.Say)
			}
			if got := narrower(d, c.internal) != nil; got != c.want {
				t.Errorf("narrower is %v, want %v", got, c.want)
			}
		})
	}
}

func rule(name string, priority int, access, source, port string) az.SecurityRule {
	return az.SecurityRule{Resource: az.Resource{Name: name}, Priority: priority, Direction: "Inbound", Access: access, Protocol: "Tcp",
		SourcePortRange: "*", SourceAddressPrefix: source, DestinationAddressPrefix: "*", DestinationPortRange: port}
}
