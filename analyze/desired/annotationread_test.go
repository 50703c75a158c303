package desired

import (
	"encoding/json"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	"azlb/bundle-schema/azname"
)

// looking is an inspection of a Service with one named port, by one release.
func looking(t *testing.T, release string, inTree bool, change func(*snapshot.Service)) *inspection {
	t.Helper()
	v, err := azname.ParseVersion(release, inTree)
	if err != nil {
		t.Fatal(err)
	}
	s := &snapshot.Service{}
	s.Name, s.Namespace, s.Annotations = "web", "shop", map[string]string{}
	s.Spec.Type, s.Spec.IPFamilies = "LoadBalancer", []corev1.IPFamily{corev1.IPv4Protocol}
	s.Spec.Ports = []corev1.ServicePort{{Name: "http", Port: 80, NodePort: 30080, Protocol: corev1.ProtocolTCP}}
	if change != nil {
		change(s)
	}
	g := topology.Build(&snapshot.Snapshot{Services: []snapshot.Service{*s}, Config: &snapshot.CloudConfig{LoadBalancerSKU: "standard"}})
	return &inspection{g: g, s: g.Services[0], p: releaseIs(v, "", "the test"), std: true}
}

// TestRead tests each reader against what the function of cloud-provider-azure that
// it names does with the value.
func TestRead(t *testing.T) {
	for _, c := range []struct {
		upstream, key, release, value string
		want                          Effect
	}{
		{"expectAttributeInSvcAnnotationBeEqualTo", "azure-disable-load-balancer-floating-ip", "1.31", "TRUE", Harmless},
		{"expectAttributeInSvcAnnotationBeEqualTo", "azure-disable-load-balancer-floating-ip", "1.31", "false", Harmless},
		{"expectAttributeInSvcAnnotationBeEqualTo", "azure-disable-load-balancer-floating-ip", "1.31", " true", Dropped},
		{"expectAttributeInSvcAnnotationBeEqualTo", "azure-disable-load-balancer-floating-ip", "1.31", "yes", Dropped},
		{"IsTCPResetDisabled", "azure-load-balancer-disable-tcp-reset", "1.31", "1", Ignored},
		{"getBoolValueFromServiceAnnotations", "azure-pls-create", "1.31", " True ", Harmless},
		{"getBoolValueFromServiceAnnotations", "azure-pls-create", "1.31", "on", Dropped},
		{"getExpectedLoadBalancingRulePropertiesForPort", "azure-load-balancer-tcp-idle-timeout", "1.31", "4", Harmless},
		{"getExpectedLoadBalancingRulePropertiesForPort", "azure-load-balancer-tcp-idle-timeout", "1.31", " 100 ", Harmless},
		{"getExpectedLoadBalancingRulePropertiesForPort", "azure-load-balancer-tcp-idle-timeout", "1.31", "101", SyncFails},
		{"getExpectedLoadBalancingRulePropertiesForPort", "azure-load-balancer-tcp-idle-timeout", "1.27.9", "31", SyncFails},
		{"getExpectedLoadBalancingRulePropertiesForPort", "azure-load-balancer-tcp-idle-timeout", "1.31", "4m", SyncFails},
		{"getExpectedLoadBalancingRulePropertiesForPort", "azure-load-balancer-tcp-idle-timeout", "1.31", "4.5", SyncFails},
		{"getHealthProbeConfigProbeInterval", "azure-load-balancer-health-probe-interval", "1.31", "5", Harmless},
		{"getHealthProbeConfigProbeInterval", "azure-load-balancer-health-probe-interval", "1.31", "4", SyncFails},
		{"getHealthProbeConfigProbeInterval", "port_80_health-probe_interval", "1.31", "5s", SyncFails},
		{"getHealthProbeConfigNumOfProbe", "azure-load-balancer-health-probe-num-of-probe", "1.31", "2", Harmless},
		{"getHealthProbeConfigNumOfProbe", "port_80_health-probe_num-of-probe", "1.31", "1", SyncFails},
		{"buildHealthProbeRulesForPort", "azure-load-balancer-health-probe-protocol", "1.31", " Https", Harmless},
		{"buildHealthProbeRulesForPort", "azure-load-balancer-health-probe-protocol", "1.31", "grpc", DefaultUsed},
		{"buildHealthProbeRulesForPort", "azure-load-balancer-health-probe-protocol", "1.23.8", "grpc", SyncFails},
		{"buildHealthProbeRulesForPort", "port_80_health-probe_port", "1.31", "HTTP", Harmless},
		{"buildHealthProbeRulesForPort", "port_80_health-probe_port", "1.31", "9000", Harmless},
		{"buildHealthProbeRulesForPort", "port_80_health-probe_port", "1.27.6", "9000", SyncFails},
		{"buildHealthProbeRulesForPort", "port_80_health-probe_port", "1.31", "70000", SyncFails},
		{"buildHealthProbeRulesForPort", "port_80_health-probe_port", "1.31", "metrics", SyncFails},
		{"getServiceLoadBalancerIP", "azure-load-balancer-ipv4", "1.31", "20.1.2.3", Harmless},
		{"getServiceLoadBalancerIP", "azure-load-balancer-ipv4", "1.31", "", Harmless},
		{"getServiceLoadBalancerIP", "azure-load-balancer-ipv4", "1.31", "20.1.2.3 ", SyncFails},
		{"getServiceLoadBalancerIP", "azure-load-balancer-ipv4", "1.31", "2603::1", SyncFails},
		{"AdditionalPublicIPs", "azure-additional-public-ips", "1.31", " 20.1.2.3,2603::1 ", Harmless},
		{"AdditionalPublicIPs", "azure-additional-public-ips", "1.31", "20.1.2.3, 20.1.2.4", SyncFails},
		{"AdditionalPublicIPs", "azure-additional-public-ips", "1.31", "", SyncFails},
		{"AllowedServiceTags", "azure-allowed-service-tags", "1.31", "AzureCloud, Sql", Harmless},
		{"AllowedServiceTags", "azure-allowed-service-tags", "1.31", "", Closed},
		{"getServiceTags", "azure-allowed-service-tags", "in-tree 1.14.3", "Storage.WestEurope", Harmless},
		{"getServiceTags", "azure-allowed-service-tags", "in-tree 1.14.3", "AzureCloud", SyncFails},
		{"getServiceTags", "azure-allowed-service-tags", "in-tree 1.15.0", "AzureCloud", Harmless},
		{"parseTags", "azure-pip-tags", "1.31", "a=b, c = d", Harmless},
		{"parseTags", "azure-pip-tags", "1.31", "a=b,c", Ignored},
		{"getIPTagMap", "azure-pip-ip-tags", "1.31", "RoutingPreference=Internet=x", Ignored},
		{"getPublicIPAddressResourceGroup", "azure-load-balancer-resource-group", "1.31", " rg ", Harmless},
		{"getPublicIPAddressResourceGroup", "azure-load-balancer-resource-group", "1.31", "", Harmless},
		{"getPublicIPAddressResourceGroup", "azure-load-balancer-resource-group", "in-tree 1.14.3", "", SyncFails},
		{"getPublicIPAddressResourceGroup", "azure-load-balancer-resource-group", "in-tree 1.14.4", "", Harmless},
		{"getPublicIPAddressResourceGroup", "azure-load-balancer-resource-group", "1.31", "/subscriptions/s/resourceGroups/rg", SyncFails},
		{"getServicePIPPrefixID", "azure-pip-prefix-id", "1.31", "/subscriptions/s/resourceGroups/rg/providers/microsoft.network/publicipprefixes/p", Harmless},
		{"getServicePIPPrefixID", "azure-pip-prefix-id", "1.31", "p", SyncFails},
		{"getPLSIPConfigCount", "azure-pls-ip-configuration-ip-address-count", "1.31", "8", Harmless},
		{"getPLSIPConfigCount", "azure-pls-ip-configuration-ip-address-count", "1.31", "9", SyncFails},
		{"getPLSStaticIPs", "azure-pls-ip-configuration-ip-address", "1.31", " 10.0.0.4  10.0.0.5", Harmless},
		{"getPLSStaticIPs", "azure-pls-ip-configuration-ip-address", "1.31", "10.0.0.4,10.0.0.5", SyncFails},
		{"getPLSStaticIPs", "azure-pls-ip-configuration-ip-address", "1.31", "fd00::4", SyncFails},
		{"getPLSVisibility", "azure-pls-visibility", "1.31", "*", Harmless},
		{"getPLSFqdns", "azure-pls-fqdns", "1.31", "a.example.com,b.example.com", Dropped},
	} {
		release, inTree := c.release, false
		if len(release) > 8 && release[:8] == "in-tree " {
			release, inTree = release[8:], true
		}
		i := looking(t, release, inTree, nil)
		k, _ := keyOf(c.key)
		var got fate
		if k.toggle != 0 {
			got = readToggle(k, c.value)
		} else {
			got = k.reads(i, i.p.Candidates[0], k, c.value)
		}
		if got.effect != c.want {
			t.Errorf("%s, %s: %s=%q has effect %d, want %d (%s)", c.upstream, c.release, c.key, c.value, got.effect, c.want, got.say)
		}
	}
}

// TestReadConfigurations is getEligibleLoadBalancersForService: names that azure.json
// does not define are left out, and none defined is an error.
func TestReadConfigurations(t *testing.T) {
	i := looking(t, "1.31", false, nil)
	k, _ := keyOf("azure-load-balancer-configurations")
	if err := json.Unmarshal([]byte(`{"multipleStandardLoadBalancerConfigurations": [{"name": "lb-a"}]}`), i.g.Snapshot.Config); err != nil {
		t.Fatal(err)
	}
	for value, want := range map[string]Effect{"LB-A": Harmless, " lb-a , lb-b": Ignored, "lb-b": SyncFails, "": SyncFails} {
		if got := k.reads(i, i.p.Candidates[0], k, value); got.effect != want {
			t.Errorf("%q has effect %d, want %d (%s)", value, got.effect, want, got.say)
		}
	}
}
