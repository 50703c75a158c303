package snapshot

import "testing"

// TestBalancerConfigs reads several load balancers, with keys as Go's decoder takes them.
func TestBalancerConfigs(t *testing.T) {
	s := loaded(nil, file{name: "azure.json", text: `{"aadClientId": "c", "resourceGroup": "g", "PrivateLinkServiceResourceGroup": "links",
		"multipleStandardLoadBalancerConfigurations": [
			{"name": "kubernetes", "primaryVMSet": "pool1"},
			{"name": "lb2", "PrimaryVmSet": "pool2", "allowServicePlacement": false, "nodeSelector": {"matchLabels": {"pool": "two"}},
			 "serviceLabelSelector": {"matchExpressions": [{"key": "lb", "operator": "In", "values": ["two"]}]}, "serviceNamespaceSelector": {"matchLabels": {"team": "b"}}}]}`})
	c := s.Config
	if c == nil || c.Invalid != "" || c.PrivateLinkResourceGroup != "links" || len(c.MultipleLoadBalancers) != 2 {
		t.Fatalf("config %+v, files %+v", c, s.Files)
	}
	first, second := c.MultipleLoadBalancers[0], c.MultipleLoadBalancers[1]
	if first.Name != "kubernetes" || first.PrimaryVMSet != "pool1" || first.AllowServicePlacement != nil || first.NodeSelector != nil || first.ServiceLabelSelector != nil {
		t.Errorf("the first is %+v", first)
	}
	if second.PrimaryVMSet != "pool2" || second.AllowServicePlacement == nil || *second.AllowServicePlacement || second.NodeSelector.MatchLabels["pool"] != "two" ||
		second.ServiceLabelSelector.MatchExpressions[0].Values[0] != "two" || second.ServiceNamespaceSelector.MatchLabels["team"] != "b" {
		t.Errorf("the second is %+v", second)
	}
}
