package walk_test

import (
	"strings"
	"testing"

	"azlb/analyze/rule/ruletest"
	"azlb/analyze/walk"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// TestReplies asks for the answers of the storefront's nodes with other routes in the
// table of their subnet.
func TestReplies(t *testing.T) {
	add := func(prefix, hop string) ruletest.Edit {
		return ruletest.Edit{In: "route-tables rt-node", Set: map[string]any{"/routes/-": map[string]any{
			"name": "r-" + strings.NewReplacer("/", "-", ".", "-").Replace(prefix), "addressPrefix": prefix, "nextHopType": hop, "nextHopIpAddress": "10.231.0.4"}}}
	}
	ranges := ruletest.Edit{In: "Service shop/storefront", Set: map[string]any{"/spec/loadBalancerSourceRanges": []any{"203.0.113.0/24", "10.0.0.0/8"}}}
	appliance := add("0.0.0.0/0", "VirtualAppliance")
	for _, c := range []struct {
		name    string
		edits   []ruletest.Edit
		verdict report.HopVerdict
		state   report.HopState
		says    string
	}{
		{"only the routes of pods", nil, report.Passes, report.HopFound, "has no route of its own"},
		{"everything to an appliance", []ruletest.Edit{appliance}, report.Blocks, report.HopFound, "r-0-0-0-0-0 (0.0.0.0/0) of rt-node sends them to the appliance 10.231.0.4, which never saw the request"},
		{"everything to nowhere", []ruletest.Edit{add("0.0.0.0/0", "None")}, report.Blocks, report.HopFound, "nowhere"},
		{"everything to a gateway", []ruletest.Edit{add("0.0.0.0/0", "VirtualNetworkGateway")}, report.Blocks, report.HopFound, "gateway"},
		{"everything to the Internet", []ruletest.Edit{add("0.0.0.0/0", "Internet")}, report.Passes, report.HopFound, "sends them to Internet"},
		{"the firewall's own address goes straight", []ruletest.Edit{appliance, add("20.1.2.3/32", "Internet")}, report.VerdictUnknown, report.HopFound, "only those to 20.1.2.3/32"},
		{"the clients go straight", []ruletest.Edit{appliance, ranges, add("203.0.113.0/24", "Internet")}, report.Passes, report.HopFound, "r-203-0-113-0-24"},
		{"some of the clients go straight", []ruletest.Edit{appliance, ranges, add("203.0.113.128/25", "Internet")}, report.VerdictUnknown, report.HopFound, "203.0.113.128/25"},
		{"others go straight", []ruletest.Edit{appliance, ranges, add("20.1.2.3/32", "Internet")}, report.Blocks, report.HopFound, "clients in 203.0.113.0/24"},
		{"only the clients go to an appliance", []ruletest.Edit{ranges, add("203.0.113.0/24", "VirtualAppliance")}, report.Blocks, report.HopFound, "clients in 203.0.113.0/24"},
		{"a gateway may tell", []ruletest.Edit{{In: "vnets vnet-lab1", Set: map[string]any{"/subnets/1/name": "GatewaySubnet"}}}, report.Passes, report.HopFound, "unless a gateway announces one"},
		{"the table is not there", []ruletest.Edit{appliance, {In: "route-tables", Drop: bundle.StatusDenied}}, report.VerdictUnknown, report.HopUnknown, "rt-node of subnet node-subnet is not in the bundle"},
		{"the network is not there", []ruletest.Edit{appliance, {In: "vnets", Drop: bundle.StatusDenied}}, report.VerdictUnknown, report.HopUnknown, "subnet is not in the bundle"},
		{"the interfaces are not there", []ruletest.Edit{appliance, {In: "scale-set-nics", Drop: bundle.StatusDenied}}, report.VerdictUnknown, report.HopUnknown, "subnet is not in the bundle"},
		{"a node elsewhere", []ruletest.Edit{appliance, {In: "scale-set-nics k8s-pool2-vmss-nic", Set: map[string]any{"/ipConfigurations/0/subnet/id": "/subscriptions/6f5a8a52-3c1e-4d0f-9b5e-2f6d7c8a9b10/resourceGroups/rg-lab1/providers/Microsoft.Network/virtualNetworks/vnet-lab1/subnets/apps-subnet"}}},
			report.VerdictUnknown, report.HopFound, "for the nodes of subnet node-subnet, not for all"},
	} {
		t.Run(c.name, func(t *testing.T) {
			files, err := ruletest.Load("../../samples/healthy/bundle")
			if err != nil {
				t.Fatal(err)
			}
			if err := files.Apply(c.edits); err != nil {
				t.Fatal(err)
			}
			w := files.World(t)
			hop, ok := walk.ReplyHop(w.Walks.Of("shop/storefront")[0].Replies(w.Graph, w.Wants.Of("shop/storefront").Sources))
			if !ok || hop.Verdict != c.verdict || hop.State != c.state || !strings.Contains(hop.Say, c.says) {
				t.Errorf("%s, %s: %s; want %s, %s: %s", hop.State, hop.Verdict, hop.Say, c.state, c.verdict, c.says)
			}
			if hop.Verdict == report.Blocks && len(hop.Cites) != 2 {
				t.Errorf("cites %v", hop.Cites)
			}
			if _, ok := walk.ReplyHop(w.Walks.Of("shop/orders")[0].Replies(w.Graph, w.Wants.Of("shop/orders").Sources)); ok {
				t.Error("an internal frontend has a hop for answers to the Internet")
			}
		})
	}
}
