package desired

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// told is a rule in one line.
func told(r Rule) string {
	reset := ""
	if r.TCPReset.V {
		reset = " reset"
	}
	floating := ""
	if r.FloatingIP.V {
		floating = " floating"
	}
	snat := ""
	if r.DisableOutboundSNAT.V {
		snat = " nosnat"
	}
	return fmt.Sprintf("%s %s %d>%d idle %d %s%s%s%s", r.Name, r.Protocol.V, r.FrontendPort.V, r.BackendPort.V, r.IdleTimeout.V, r.Distribution.V, floating, reset, snat)
}

// TestRules restates getExpectedLBRules, getExpectedLoadBalancingRulePropertiesForPort,
// getExpectedHAModeLoadBalancingRuleProperties and getLoadBalancerRuleName.
func TestRules(t *testing.T) {
	const p = workedPrefix
	one := "\nspec:\n  ports: [{port: 80, nodePort: 30080, protocol: TCP}]\n"
	internal := func(notes ...string) string {
		return noted(twoPorts, append([]string{"azure-load-balancer-internal=true"}, notes...)...)
	}
	long := strings.Repeat("s", 60)
	for _, c := range []struct {
		name, release, service string
		want                   []string
		settings               []func(*Settings)
	}{
		{"worked example", "1.31.0", twoPorts, []string{p + "-TCP-80 Tcp 80>80 idle 4 Default floating reset", p + "-TCP-443 Tcp 443>443 idle 4 Default floating reset"}, nil},
		{"no protocol means TCP", "1.31.0", "\nspec:\n  ports: [{port: 80, nodePort: 30080}]\n", []string{p + "-TCP-80 Tcp 80>80 idle 4 Default floating reset"}, nil},
		{"targetPort by name has no say", "1.31.0", "\nspec:\n  ports: [{port: 80, nodePort: 30080, targetPort: http}]\n", []string{p + "-TCP-80 Tcp 80>80 idle 4 Default floating reset"}, nil},
		{"UDP has no reset", "1.31.0", "\nspec:\n  ports: [{port: 53, nodePort: 30053, protocol: UDP}]\n", []string{p + "-UDP-53 Udp 53>53 idle 4 Default floating"}, nil},
		{"SCTP is every protocol", "1.31.0", noted("\nspec:\n  ports: [{port: 9, nodePort: 30009, protocol: SCTP}]\n", "azure-load-balancer-internal=true"), []string{p + "-SCTP-9 All 9>9 idle 4 Default floating"}, nil},
		{"session affinity", "1.31.0", "\nspec:\n  sessionAffinity: ClientIP\n  ports: [{port: 80, nodePort: 30080}]\n", []string{p + "-TCP-80 Tcp 80>80 idle 4 SourceIP floating reset"}, nil},
		{"idle timeout", "1.31.0", noted(one, "azure-load-balancer-tcp-idle-timeout=15"), []string{p + "-TCP-80 Tcp 80>80 idle 15 Default floating reset"}, nil},
		{"idle timeout in-tree is for TCP", "in-tree 1.18.0", noted("\nspec:\n  ports: [{port: 53, nodePort: 30053, protocol: UDP}]\n", "azure-load-balancer-tcp-idle-timeout=15"), []string{p + "-UDP-53 Udp 53>53 idle 4 Default floating"}, nil},
		{"reset off", "1.31.0", noted(one, "azure-load-balancer-disable-tcp-reset=True"), []string{p + "-TCP-80 Tcp 80>80 idle 4 Default floating"}, nil},
		{"reset off was ignored for a time", "1.25.18", noted(one, "azure-load-balancer-disable-tcp-reset=true"), []string{p + "-TCP-80 Tcp 80>80 idle 4 Default floating reset"}, nil},
		{"reset off in-tree 1.18", "in-tree 1.18.3", noted(one, "azure-load-balancer-disable-tcp-reset=true"), []string{p + "-TCP-80 Tcp 80>80 idle 4 Default floating"}, nil},
		{"no reset before 1.16", "in-tree 1.14.0", one, []string{p + "-TCP-80 Tcp 80>80 idle 4 Default floating"}, nil},
		{"no SNAT", "1.31.0", one, []string{p + "-TCP-80 Tcp 80>80 idle 4 Default floating reset nosnat"}, []func(*Settings){func(s *Settings) { s.DisableOutboundSNAT = known(true, "") }}},
		{"floating IP off goes to the node port", "1.31.0", noted(one, "azure-disable-load-balancer-floating-ip=true"), []string{p + "-TCP-80 Tcp 80>30080 idle 4 Default reset"}, nil},
		{"floating IP off, node port 0", "1.31.0", noted("\nspec:\n  allocateLoadBalancerNodePorts: false\n  ports: [{port: 80}]\n", "azure-disable-load-balancer-floating-ip=true"), []string{p + "-TCP-80 Tcp 80>0 idle 4 Default reset"}, nil},
		{"floating IP off is too new", "1.24.2", noted(one, "azure-disable-load-balancer-floating-ip=true"), []string{p + "-TCP-80 Tcp 80>80 idle 4 Default floating reset"}, nil},
		{"no rule for a port", "1.31.0", noted(twoPorts, "port_80_no_lb_rule=true"), []string{p + "-TCP-443 Tcp 443>443 idle 4 Default floating reset"}, nil},
		{"no rule for a port is too new", "1.25.5", noted(twoPorts, "port_80_no_lb_rule=true"), []string{p + "-TCP-80 Tcp 80>80 idle 4 Default floating reset", p + "-TCP-443 Tcp 443>443 idle 4 Default floating reset"}, nil},
		{"HA ports", "1.31.0", internal("azure-load-balancer-enable-high-availability-ports=true"), []string{p + "-TCP-80 All 0>0 idle 4 Default floating reset"}, nil},
		{"HA ports on a public one are ignored", "1.31.0", noted(one, "azure-load-balancer-enable-high-availability-ports=true"), []string{p + "-TCP-80 Tcp 80>80 idle 4 Default floating reset"}, nil},
		{"HA ports keep floating IP", "1.31.0", internal("azure-load-balancer-enable-high-availability-ports=true", "azure-disable-load-balancer-floating-ip=true"), []string{p + "-TCP-80 All 0>0 idle 4 Default floating reset"}, nil},
		{"subnet in names", "1.31.0", internal("azure-load-balancer-internal-subnet=ilb"), []string{p + "-ilb-TCP-80 Tcp 80>80 idle 4 Default floating reset", p + "-ilb-TCP-443 Tcp 443>443 idle 4 Default floating reset"}, nil},
		{"long subnet cut to 75", "1.31.0", noted(one, "azure-load-balancer-internal=true", "azure-load-balancer-internal-subnet="+long), []string{p + "-" + long[:75-32-7-1] + "-TCP-80 Tcp 80>80 idle 4 Default floating reset"}, nil},
		{"long subnet cut to 80", "1.26.1", noted(one, "azure-load-balancer-internal=true", "azure-load-balancer-internal-subnet="+long), []string{p + "-" + long[:80-32-7-1] + "-TCP-80 Tcp 80>80 idle 4 Default floating reset"}, nil},
	} {
		want := wanted(t, c.release, c.service, c.settings...)
		var got []string
		for _, r := range want.Lanes[0].Rules {
			got = append(got, told(r))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: rules\n%s\nwant\n%s", c.name, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

// TestLanes restates getIPFamiliesEnabled and isBackendPoolIPv6: names of the second
// family have a suffix, and internal IPv6 has no floating IP.
func TestLanes(t *testing.T) {
	dual := "\nspec:\n  ipFamilies: [IPv4, IPv6]\n  ports: [{port: 80, nodePort: 30080}]\n"
	want := wanted(t, "1.31.0", noted(dual, "azure-load-balancer-internal=true"))
	if len(want.Lanes) != 2 {
		t.Fatalf("%d lanes", len(want.Lanes))
	}
	six := want.Lanes[1]
	if got := told(six.Rules[0]); got != workedPrefix+"-TCP-80-IPv6 Tcp 80>30080 idle 4 Default reset" {
		t.Errorf("IPv6 rule %s", got)
	}
	if six.Frontend.Name.V != workedPrefix+"-IPv6" || six.Pool.V != "kubernetes-IPv6" {
		t.Errorf("IPv6 frontend %s, pool %s", six.Frontend.Name.V, six.Pool.V)
	}
	if n := len(wanted(t, "1.26.20", dual).Lanes); n != 1 {
		t.Errorf("before Services of two families: %d lanes", n)
	}
	single := wanted(t, "1.31.0", "\nspec:\n  ipFamilies: [IPv6]\n  ports: [{port: 80, nodePort: 30080}]\n").Lanes[0]
	if single.Rules[0].Name != workedPrefix+"-TCP-80" || single.Pool.V != "kubernetes-IPv6" || single.PublicIP.Name.V != "kubernetes-"+workedPrefix {
		t.Errorf("IPv6 alone: rule %s, pool %s, public IP %s", single.Rules[0].Name, single.Pool.V, single.PublicIP.Name.V)
	}
}

// TestBalancerName restates getAzureLoadBalancerName and requiresInternalLoadBalancer,
// which compares exactly.
func TestBalancerName(t *testing.T) {
	for note, want := range map[string]string{"": "kubernetes", "true": "kubernetes-internal", "True": "kubernetes", " true": "kubernetes", "yes": "kubernetes", "false": "kubernetes"} {
		text := twoPorts
		if note != "" {
			text = noted(twoPorts, "azure-load-balancer-internal="+note)
		}
		if got := wanted(t, "1.31.0", text).Balancer.V; got != want {
			t.Errorf("internal %q: load balancer %s, want %s", note, got, want)
		}
	}
	if got := wanted(t, "1.31.0", twoPorts, func(s *Settings) { s.Balancer = known("own-lb", "loadBalancerName") }); got.Balancer.V != "own-lb" || got.Lanes[0].Pool.V != "kubernetes" {
		t.Errorf("loadBalancerName: load balancer %s, pool %s", got.Balancer.V, got.Lanes[0].Pool.V)
	}
	if got := wanted(t, "1.31.0", twoPorts, func(s *Settings) { s.Many = []string{"kubernetes", "lb2"} }).Balancer; got.Unknown == "" {
		t.Errorf("several load balancers: %+v", got)
	}
	for _, c := range []struct{ service, v4, v6 string }{{twoPorts, "kubernetes", "kubernetes-IPv6"}, {localPorts, "default-web", "default-web-ipv6"}} { // getBackendPoolNameForService
		both := strings.Replace(c.service, "spec:", "spec:\n  ipFamilies: [IPv4, IPv6]", 1)
		lanes := wanted(t, "1.31.0", both, func(s *Settings) { s.Many = []string{"kubernetes", "lb2"} }).Lanes
		if lanes[0].Pool.V != c.v4 || lanes[1].Pool.V != c.v6 {
			t.Errorf("pools with several load balancers: %s and %s, want %s and %s", lanes[0].Pool.V, lanes[1].Pool.V, c.v4, c.v6)
		}
	}
}

// TestFrontendName restates getDefaultFrontendIPConfigName.
func TestFrontendName(t *testing.T) {
	long := strings.Repeat("s", 41) + "-" + strings.Repeat("t", 20)
	for _, c := range []struct{ release, subnet, want string }{
		{"1.31.0", "ilb", workedPrefix + "-ilb"},
		{"1.31.0", long, workedPrefix + "-" + long[:41] + "_"},
		{"1.26.0", strings.Repeat("s", 46) + "77", workedPrefix + "-" + strings.Repeat("s", 46) + "_"},
		{"in-tree 1.20.0", strings.Repeat("s", 46) + "77", workedPrefix + "-" + strings.Repeat("s", 46) + "7"},
		{"in-tree 1.9.0", "ilb", workedPrefix},
	} {
		got := wanted(t, c.release, noted(twoPorts, "azure-load-balancer-internal=true", "azure-load-balancer-internal-subnet="+c.subnet)).Lanes[0].Frontend.Name.V
		if got != c.want {
			t.Errorf("%s: frontend %q, want %q", c.release, got, c.want)
		}
	}
	if got := wanted(t, "1.31.0", noted(twoPorts, "azure-load-balancer-internal-subnet=ilb")).Lanes[0].Frontend.Name.V; got != workedPrefix {
		t.Errorf("the subnet of a public Service is in the name %q", got)
	}
}
