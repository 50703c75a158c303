package snapshot

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	bundle "azlb/bundle-schema"
)

// dip is the health probe status of two nodes, in the newest bucket without a value.
func dip(balancer string) string {
	series := func(ip, last string) string {
		return fmt.Sprintf(`{"data": [{"average": 100.0, "timeStamp": "2026-11-23T09:00:00Z"}, {"average": %s, "timeStamp": "2026-11-23T09:05:00Z"}, {"timeStamp": "2026-11-23T09:10:00Z"}],
   "metadatavalues": [{"name": {"localizedValue": "BackendIPAddress", "value": "backendipaddress"}, "value": %q}, {"name": {"value": "backendport"}, "value": "30080"}]}`, last, ip)
	}
	return fmt.Sprintf(`{"cost": 59, "interval": "0:05:00", "namespace": "Microsoft.Network/loadBalancers", "timespan": "2026-11-23T08:15:00Z/2026-11-23T09:15:00Z",
 "value": [{"id": "/subscriptions/6f5a8a52-3c1e-4d0f-9b5e-2f6d7c8a9b10/resourceGroups/MC_a/providers/Microsoft.Network/loadBalancers/%s/providers/Microsoft.Insights/metrics/DipAvailability",
  "errorCode": "Success", "errorMessage": null, "type": "Microsoft.Insights/metrics", "unit": "Count", "name": {"localizedValue": "Health Probe Status", "value": "DipAvailability"},
  "timeseries": [%s, %s]}]}`, balancer, series("10.0.0.5", "25"), series("10.0.0.4", "100"))
}

const balancer = "/subscriptions/6F5A8A52-3c1e-4d0f-9b5e-2f6d7c8a9b10/resourcegroups/mc_a/providers/Microsoft.Network/loadBalancers/kubernetes"

// TestMetrics: a metric is known by its content and found by its load balancer; a bucket
// without a value is none.
func TestMetrics(t *testing.T) {
	s := loaded(nil, file{name: "x.json", text: dip("kubernetes")}, file{name: "y.json", text: dip("kubernetes")})
	if len(s.Metrics) != 1 || !s.Have(&bundle.ProbeMetrics) || s.Have(&bundle.PathMetrics) || !s.Complete(&bundle.ProbeMetrics, "") || len(s.Loads) != 0 || s.Files[0].As != bundle.ProbeMetrics.Title {
		t.Fatalf("%d metrics, files %+v, gaps %v", len(s.Metrics), s.Files, gapsOf(s))
	}
	m := s.MetricOf(balancer, "dipavailability")
	if m == nil || s.MetricOf(balancer, "VipAvailability") != nil || s.MetricOf(balancer+"x", "DipAvailability") != nil {
		t.Fatal("the metric is not found by its load balancer")
	}
	bad := m.By(map[string]string{"backendipaddress": "10.0.0.5", "frontendport": "80"}) // not split by the second
	if len(bad) != 1 || len(m.By(map[string]string{"backendport": "1"})) != 0 {
		t.Fatalf("series %+v", bad)
	}
	last, _ := bad[0].Last()
	share, known := bad[0].Below(100)
	most, _ := bad[0].Most()
	if last.Value != 25 || !known || share != 0.5 || most.Value != 100 || bad[0].Sum() != 125 || len(bad[0].Since(last.Time).Points) != 1 || s.Now.Minute() != 5 {
		t.Errorf("last %+v, share %v, most %+v, clock %v", last, share, most, s.Now)
	}
	if c := m.Doc.Cite(last.At); c.Quote != `"average": 25` || c.File != "x.json" {
		t.Errorf("cite %+v", c)
	}
}

// TestMetricsAreWhole only where each Standard load balancer has them, and none of a
// metric's series was left out.
func TestMetricsAreWhole(t *testing.T) {
	lb := func(name string) string {
		return `{"id": "` + strings.Replace(balancer, "kubernetes", name, 1) + `", "name": "` + name + `", "sku": {"name": "Standard"}, "loadBalancingRules": []}`
	}
	lbs := file{name: "lb.json", text: "[" + lb("kubernetes") + "," + lb("kubernetes-internal") + "]"}
	if s := loaded(nil, lbs, file{name: "x.json", text: dip("kubernetes")}); s.Complete(&bundle.ProbeMetrics, "") {
		t.Error("whole without those of kubernetes-internal")
	}
	if s := loaded(nil, lbs, file{name: "x.json", text: dip("kubernetes")}, file{name: "y.json", text: dip("kubernetes-internal")}); !s.Complete(&bundle.ProbeMetrics, "") {
		t.Errorf("not whole with those of both: %v", gapsOf(s))
	}
	head, series, _ := strings.Cut(dip("kubernetes"), `"timeseries": [`)
	one, _, _ := strings.Cut(series, ", {\"data\"")
	long := head + `"timeseries": [` + strings.TrimSuffix(strings.Repeat(one+",\n", bundle.MostSeries), ",\n") + "]}]}"
	s := loaded(nil, file{name: "x.json", text: long})
	if s.Complete(&bundle.ProbeMetrics, "") || !slices.ContainsFunc(s.Gaps, func(g bundle.Gap) bool {
		return g.Evidence == &bundle.ProbeMetrics && strings.Contains(g.Supply, "--resource kubernetes ")
	}) {
		t.Errorf("whole with as many series as are asked for: %v", gapsOf(s))
	}
}

// TestAKSCluster: the one object that `az aks show` prints is all of it, and a NAT
// gateway is read in the shape of any time.
func TestAKSCluster(t *testing.T) {
	const aks = `{"id": "/subscriptions/s/resourcegroups/rg/providers/Microsoft.ContainerService/managedClusters/prod", "name": "prod", "type": "Microsoft.ContainerService/ManagedClusters", "nodeResourceGroup": "MC_a",
 "agentPoolProfiles": [{"name": "b", "count": 3, "maxCount": null, "enableNodePublicIp": false, "upgradeSettings": {"maxSurge": "10%"}}, {"name": "a", "count": 2, "enableAutoScaling": true, "maxCount": 9}],
 "networkProfile": {"outboundType": "loadBalancer", "loadBalancerProfile": {"allocatedOutboundPorts": 1000, "idleTimeoutInMinutes": null, "managedOutboundIPs": {"count": 2, "countIpv6": null}, "effectiveOutboundIPs": [{"id": "/x"}], "outboundIpPrefixes": null}}}`
	const arm = `{"value": [{"id": "/subscriptions/s/resourceGroups/MC_a/providers/Microsoft.Network/natGateways/n", "name": "n", "sku": {"name": "Standard"}, "properties": {"publicIpAddresses": [{"id": "/p"}], "idleTimeoutInMinutes": 4}}]}`
	s := loaded(nil, file{name: "a.json", text: aks}, file{name: "b.json", text: arm})
	if len(s.AKS) != 1 || len(s.NATGateways) != 1 || !s.Complete(&bundle.AKSCluster, "") || !s.Complete(&bundle.NATGateways, "mc_a") {
		t.Fatalf("%d clusters, %d gateways, files %+v", len(s.AKS), len(s.NATGateways), s.Files)
	}
	p := s.AKS[0].Network.LoadBalancer
	if *p.AllocatedOutboundPorts != 1000 || p.IdleTimeoutInMinutes != nil || p.Managed.Count != 2 || p.Prefixes != nil || len(p.Effective) != 1 {
		t.Errorf("profile %+v", p)
	}
	if pools := s.AKS[0].Pools; pools[0].Name != "a" || pools[0].MaxCount != 9 || pools[1].Upgrade.MaxSurge != "10%" {
		t.Errorf("pools %+v", pools)
	}
	if n := s.NATGateways[0]; n.IdleTimeoutInMinutes != 4 || len(n.PublicIPs) != 1 {
		t.Errorf("gateway %+v", n)
	}
}

// TestExtraIsNotMissed: a bundle that never asked for evidence that came later has no gap.
func TestExtraIsNotMissed(t *testing.T) {
	for _, e := range bundle.Catalogue {
		if s := loaded(&bundle.Manifest{}); e.Extra && slices.ContainsFunc(s.Gaps, func(g bundle.Gap) bool { return g.Evidence == e }) {
			t.Errorf("%s is missed", e.ID)
		}
	}
}
