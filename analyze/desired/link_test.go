package desired

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
)

func annotated(pairs map[string]string) *topology.Service {
	s := &snapshot.Service{}
	s.Annotations = map[string]string{}
	for key, v := range pairs {
		s.Annotations["service.beta.kubernetes.io/"+key] = v
	}
	return &topology.Service{Service: s}
}

func TestLinkOf(t *testing.T) {
	const at = "/metadata/annotations/service.beta.kubernetes.io~1azure-"
	tests := []struct {
		name  string
		pairs map[string]string
		want  string // what the test case looks at
		got   func(*Link) any
	}{
		{"all defaults", map[string]string{"azure-pls-create": "true"}, "||| 1 false [] [] []",
			func(l *Link) any { return said(l) }},
		{"the flag in any case, with blanks", map[string]string{"azure-pls-create": " True "}, "||| 1 false [] [] []",
			func(l *Link) any { return said(l) }},
		{"everything", map[string]string{"azure-pls-create": "true", "azure-pls-name": " pls-a ", "azure-pls-resource-group": " rg-a ", "azure-pls-ip-configuration-subnet": "pls-subnet",
			"azure-pls-ip-configuration-ip-address-count": "2", "azure-pls-ip-configuration-ip-address": "10.0.0.4  10.0.0.5 10.0.0.4", "azure-pls-proxy-protocol": "TRUE",
			"azure-pls-visibility": "s1 s2", "azure-pls-auto-approval": "s1", "azure-pls-fqdns": "a.example.com b.example.com"},
			"pls-a|pls-subnet|rg-a| 2 true [s1 s2] [s1] [a.example.com b.example.com]", func(l *Link) any { return said(l) }},
		{"static addresses, the first one primary", map[string]string{"azure-pls-create": "true", "azure-pls-ip-configuration-ip-address": " 10.0.0.5 10.0.0.4"}, "[10.0.0.5 10.0.0.4]",
			func(l *Link) any { return l.Static }},
		{"commas make one item", map[string]string{"azure-pls-create": "true", "azure-pls-ip-configuration-ip-address": "10.0.0.4,10.0.0.5"}, "[10.0.0.4,10.0.0.5]",
			func(l *Link) any { return l.Static }},
		{"everybody may see it, whoever else is named", map[string]string{"azure-pls-create": "true", "azure-pls-visibility": "s1 *"}, "[*]",
			func(l *Link) any { return l.Visibility }},
		{"an asterisk does not approve for everybody by hiding the rest", map[string]string{"azure-pls-create": "true", "azure-pls-auto-approval": "s1 *"}, "[s1 *]",
			func(l *Link) any { return l.AutoApproval }},
		{"the subnet of an internal frontend", map[string]string{"azure-pls-create": "true", "azure-load-balancer-internal": "true", "azure-load-balancer-internal-subnet": "apps"}, "apps",
			func(l *Link) any { return l.Subnet.V }},
		{"its own subnet first", map[string]string{"azure-pls-create": "true", "azure-load-balancer-internal": "true", "azure-load-balancer-internal-subnet": "apps", "azure-pls-ip-configuration-subnet": "links"}, "links",
			func(l *Link) any { return l.Subnet.V }},
		{"a blank subnet is none", map[string]string{"azure-pls-create": "true", "azure-load-balancer-internal": "true", "azure-load-balancer-internal-subnet": "apps", "azure-pls-ip-configuration-subnet": " "}, "apps",
			func(l *Link) any { return l.Subnet.V }},
		{"a public Service has no internal subnet", map[string]string{"azure-pls-create": "true", "azure-load-balancer-internal": "True", "azure-load-balancer-internal-subnet": "apps"}, "",
			func(l *Link) any { return l.Subnet.V }},
		{"a subnet is taken untrimmed", map[string]string{"azure-pls-create": "true", "azure-pls-ip-configuration-subnet": "links "}, "links ",
			func(l *Link) any { return l.Subnet.V }},
		{"the pointer of the count", map[string]string{"azure-pls-create": "true", "azure-pls-ip-configuration-ip-address-count": "8"}, at + "pls-ip-configuration-ip-address-count",
			func(l *Link) any { return l.Count.Pointer }},
		{"nine addresses", map[string]string{"azure-pls-create": "true", "azure-pls-ip-configuration-ip-address-count": "9"}, "0",
			func(l *Link) any { return l.Count.V }},
		{"no number", map[string]string{"azure-pls-create": "true", "azure-pls-ip-configuration-ip-address-count": "two"}, "0",
			func(l *Link) any { return l.Count.V }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := LinkOf(annotated(tt.pairs))
			if l == nil {
				t.Fatal("no link")
			}
			if diff := cmp.Diff(tt.want, text(tt.got(l))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	for _, off := range []map[string]string{{}, {"azure-pls-create": "false"}, {"azure-pls-create": "yes"}, {"azure-pls-name": "pls-a"}} {
		if l := LinkOf(annotated(off)); l != nil {
			t.Errorf("%v asks for no link, got %+v", off, l)
		}
	}
}

func TestBalancersOf(t *testing.T) {
	v := BalancersOf(annotated(map[string]string{"Azure-Load-Balancer-Configurations": "LB1, lb2"}))
	if diff := cmp.Diff([]string{"lb1", "lb2"}, v.V); diff != "" || v.Pointer != "/metadata/annotations/service.beta.kubernetes.io~1Azure-Load-Balancer-Configurations" {
		t.Errorf("pointer %s, -want +got:\n%s", v.Pointer, diff)
	}
	if v := BalancersOf(annotated(nil)); len(v.V) > 0 || v.Pointer != "" {
		t.Errorf("nothing is named, got %+v", v)
	}
}

func text(v any) string { return fmt.Sprint(v) }

func said(l *Link) string {
	return fmt.Sprintf("%s|%s|%s| %d %t %v %v %v", l.Name.V, l.Subnet.V, l.Group.V, l.Count.V, l.Proxy.V, l.Visibility, l.AutoApproval, l.FQDNs)
}
