package topology_test

import (
	"testing"

	"azlb/analyze/rule/ruletest"
	"azlb/analyze/topology"
)

// graph is the healthy sample, edited.
func graph(t *testing.T, edits ...ruletest.Edit) *topology.Graph {
	t.Helper()
	files, err := ruletest.Load("../../samples/healthy/bundle")
	if err != nil {
		t.Fatal(err)
	}
	if err := files.Apply(edits); err != nil {
		t.Fatal(err)
	}
	return files.World(t).Graph
}

const lb = "/subscriptions/6f5a8a52-3c1e-4d0f-9b5e-2f6d7c8a9b10/resourceGroups/rg-lab1/providers/Microsoft.Network/loadBalancers/kubernetes"

// outbound is an outbound rule of the public load balancer with one address.
func outbound(ports int) ruletest.Edit {
	return ruletest.Edit{In: "load-balancers kubernetes", Set: map[string]any{"/outboundRules": []any{map[string]any{
		"id": lb + "/outboundRules/aksOutboundRule", "name": "aksOutboundRule", "allocatedOutboundPorts": ports, "idleTimeoutInMinutes": 30, "protocol": "All",
		"backendAddressPool":       map[string]any{"id": lb + "/backendAddressPools/kubernetes"},
		"frontendIPConfigurations": []any{map[string]any{"id": lb + "/frontendIPConfigurations/a596a2662264f4a86ae3959f9a844a26"}}}}}}
}

func TestOutbounds(t *testing.T) {
	if n := len(graph(t).Outbounds()); n != 0 {
		t.Errorf("%d outbound rules where there is none", n)
	}
	o := graph(t, outbound(10000)).Outbounds()[0]
	n, known := o.Addresses()
	room, _ := o.Room()
	if ports, _ := o.Ports(3); len(o.Members) != 5 || n != 1 || !known || ports != 10000 || room != 6 || o.Automatic() {
		t.Errorf("%d members, %d addresses, %d ports, room for %d", len(o.Members), n, ports, room)
	}
	o = graph(t, outbound(0)).Outbounds()[0]
	for members, want := range map[int]int{1: 1024, 50: 1024, 51: 512, 100: 512, 101: 256, 400: 128, 801: 32, 5000: 32} {
		if ports, known := o.Ports(members); ports != want || !known {
			t.Errorf("%d members have %d ports, want %d", members, ports, want)
		}
	}
	if _, known := o.Room(); known {
		t.Error("automatic allocation has no limit of members")
	}
	prefix := graph(t, outbound(1000), ruletest.Edit{In: "load-balancers kubernetes", Set: map[string]any{"/frontendIPConfigurations/0/publicIPPrefix": map[string]any{"id": lb + "/x"}}}).Outbounds()[0]
	if _, known := prefix.Addresses(); known {
		t.Error("how many addresses a prefix has is not known")
	}
}

const subnet = "/subnets/0"

// TestWaysOut: each way with the one fact that makes it.
func TestWaysOut(t *testing.T) {
	vnet := func(key string, value any) ruletest.Edit {
		return ruletest.Edit{In: "vnets vnet-lab1", Set: map[string]any{key: value}}
	}
	alone := []ruletest.Edit{ // behind the internal load balancer only
		{In: "load-balancers kubernetes", Remove: true},
		{Replace: map[string]string{lb + "/backendAddressPools/kubernetes": lb + "-internal/backendAddressPools/kubernetes"}},
	}
	with := func(list []ruletest.Edit, more ...ruletest.Edit) []ruletest.Edit {
		return append(append([]ruletest.Edit{}, list...), more...)
	}
	rule := "/loadBalancingRules/0/disableOutboundSnat"
	route := func(prefix, hop string) ruletest.Edit {
		return ruletest.Edit{In: "route-tables rt-node", Set: map[string]any{"/routes/-": map[string]any{"name": "x", "addressPrefix": prefix, "nextHopType": hop}}}
	}
	for name, tt := range map[string]struct {
		edits []ruletest.Edit
		want  topology.Exit
	}{
		"a rule of a Service":       {nil, topology.ByLBRule},
		"an outbound rule":          {[]ruletest.Edit{outbound(0)}, topology.ByOutboundRule},
		"rules that let nobody out": {[]ruletest.Edit{{In: "load-balancers kubernetes", Set: map[string]any{rule: true, "/loadBalancingRules/1/disableOutboundSnat": true}}}, topology.NoExit},
		"internal only":             {alone, topology.NoExit},
		"a NAT gateway":             {with(alone, vnet(subnet+"/natGateway", map[string]any{"id": "/x"})), topology.ByNATGateway},
		"a route":                   {with(alone, route("0.0.0.0/0", "VirtualAppliance")), topology.ByRoute},
		"half a route":              {with(alone, route("128.0.0.0/1", "VirtualAppliance")), topology.ByRoute},
		"a route to the Internet":   {with(alone, route("0.0.0.0/0", "Internet")), topology.NoExit},
		"a gateway":                 {with(alone, vnet("/subnets/-", map[string]any{"name": "GatewaySubnet", "id": "/y"})), topology.ByRoute},
		"no table in the bundle":    {with(alone, ruletest.Edit{In: "route-tables rt-node", Remove: true}), topology.ExitUnknown},
		"another load balancer":     {[]ruletest.Edit{{In: "load-balancers kubernetes", Remove: true}}, topology.ExitUnknown},
		"a Basic one":               {with(alone, ruletest.Edit{In: "load-balancers kubernetes-internal", Set: map[string]any{"/sku/name": "Basic"}}), topology.ByDefault},
		"none":                      {[]ruletest.Edit{{In: "load-balancers kubernetes", Remove: true}, {In: "load-balancers kubernetes-internal", Remove: true}, {Replace: map[string]string{`"loadBalancerBackendAddressPools"`: `"was"`}}}, topology.ByDefault},
	} {
		got := graph(t, tt.edits...).WaysOut()
		for _, w := range got {
			if w.Exit != tt.want && w.Node.ScaleSet != "" {
				t.Errorf("%s: %s leaves by %q (%s), want %q", name, w.Node.Name, w.Exit, w.Why, tt.want)
			}
		}
		if len(got) < 5 {
			t.Errorf("%s: %d nodes", name, len(got))
		}
	}
}
