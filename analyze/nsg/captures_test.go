package nsg

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"azlb/bundle-schema/az"
)

// TestCaptures asks recorded clusters about every rule of their public load
// balancer: a client of the Internet to the frontend, and the probe to each node
// behind it. Groups are those that the interface and its subnet refer to.
func TestCaptures(t *testing.T) {
	dir := os.Getenv("AZLB_CAPTURES")
	if dir == "" {
		t.Skip("AZLB_CAPTURES names no folder of recorded clusters")
	}
	for name, want := range map[string]map[string]string{
		"healthy-small": {
			"shop/storefront:80": "allowed k8s-azure-lb_allow_IPv4_556f7044ec033071ec0dfcf7cd85bc93", "shop/storefront:443": "allowed k8s-azure-lb_allow_IPv4_556f7044ec033071ec0dfcf7cd85bc93",
		},
		"nsg-deny": {
			"shop/storefront:80": "allowed k8s-azure-lb_allow_IPv4_556f7044ec033071ec0dfcf7cd85bc93", "shop/storefront:443": "allowed k8s-azure-lb_allow_IPv4_556f7044ec033071ec0dfcf7cd85bc93",
			"payments/gateway:8443": "denied deny-8443-temporary",
		},
		"nsg-not-on-subnet": {
			"shop/storefront:80": "denied DenyAllInBound", "shop/storefront:443": "denied DenyAllInBound", "payments/gateway:8443": "denied DenyAllInBound",
		},
		"nsg-rule-deleted-by-hand": {
			"shop/storefront:80": "allowed k8s-azure-lb_allow_IPv4_556f7044ec033071ec0dfcf7cd85bc93", "shop/storefront:443": "allowed k8s-azure-lb_allow_IPv4_556f7044ec033071ec0dfcf7cd85bc93",
			"payments/gateway:8443": "denied DenyAllInBound",
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := readCapture(t, filepath.Join(dir, name))
			got := map[string]string{}
			for _, nic := range c.nics {
				c.askNIC(t, nic, got)
			}
			for flow, answer := range want {
				if got[flow] != answer {
					t.Errorf("%s: %q, want %q", flow, got[flow], answer)
				}
			}
			if len(got) != len(want) {
				t.Errorf("asked %v", got)
			}
		})
	}
}

type capture struct {
	groups    []az.NSG
	networks  []az.VNet
	tables    []az.RouteTable
	balancers []az.LoadBalancer
	addresses []az.PublicIP
	nics      []az.NIC
}

func readCapture(t *testing.T, dir string) capture {
	c := capture{
		groups: decode[az.NSG](t, dir, "az-nsg-list.json"), networks: decode[az.VNet](t, dir, "az-vnet-list.json"),
		tables: decode[az.RouteTable](t, dir, "az-route-table-list.json"), balancers: decode[az.LoadBalancer](t, dir, "az-lb-list.json"),
		addresses: decode[az.PublicIP](t, dir, "az-public-ip-list.json"),
	}
	files, _ := filepath.Glob(filepath.Join(dir, "az-vmss-nic-list-*.json"))
	for _, file := range files {
		c.nics = append(c.nics, decode[az.NIC](t, dir, filepath.Base(file))...)
	}
	if len(c.nics) == 0 {
		t.Fatal("no interfaces")
	}
	return c
}

func decode[T any](t *testing.T, dir, file string) []T {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	list, err := az.Decode[T](raw)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// askNIC evaluates every rule of the public load balancer at one interface. All
// interfaces of a capture must agree.
func (c capture) askNIC(t *testing.T, nic az.NIC, got map[string]string) {
	at := nic.IPConfigurations[0]
	subnet, facts := c.network(t, at.Subnet.ID)
	atSubnet, atNIC := c.level(subnet.NSG), c.level(nic.NSG)
	for _, lb := range c.balancers {
		if strings.HasSuffix(lb.Name, "-internal") {
			continue
		}
		for _, rule := range lb.Rules {
			address := c.frontend(t, lb, rule)
			flow := in(client, address.IPAddress, rule.BackendPort)
			d := Evaluate(flow, atSubnet, atNIC, facts)
			if d.Deciding == nil {
				t.Fatalf("%s: undecided: %s", rule.Name, d.Say)
			}
			key := address.Tags["k8s-azure-service"] + ":" + rule.Name[strings.LastIndex(rule.Name, "-")+1:]
			said := string(d.Answer) + " " + d.Deciding.Rule.Name
			if before, asked := got[key]; asked && before != said {
				t.Errorf("%s: %s at one interface, %s at another", key, before, said)
			}
			if _, asked := got[key]; !asked {
				t.Log(d.Say)
			}
			got[key] = said
			for _, p := range lb.Probes {
				d := Evaluate(in(probe, at.PrivateIPAddress, p.Port), atSubnet, atNIC, facts)
				if d.Answer != Allowed {
					t.Errorf("probe %s to %s: %s", p.Name, at.PrivateIPAddress, d.Say)
				}
			}
		}
	}
}

func (c capture) level(ref *az.Ref) Level {
	if ref == nil {
		return none
	}
	for i := range c.groups {
		if az.SameID(c.groups[i].ID, ref.ID) {
			return Level{NSG: &c.groups[i]}
		}
	}
	return unreadable
}

func (c capture) network(t *testing.T, id string) (az.Subnet, Facts) {
	for _, network := range c.networks {
		for _, subnet := range network.Subnets {
			if !az.SameID(subnet.ID, id) {
				continue
			}
			facts := Facts{VNetPrefixes: prefixes(network.AddressSpace.AddressPrefixes...), Complete: true, Frontend: StandardPublic}
			for _, table := range c.tables {
				for _, route := range table.Routes {
					if subnet.RouteTable != nil && az.SameID(table.ID, subnet.RouteTable.ID) {
						facts.UDRPrefixes = append(facts.UDRPrefixes, netip.MustParsePrefix(route.AddressPrefix))
					}
				}
			}
			if len(facts.UDRPrefixes) == 0 {
				t.Fatal("the capture's routes were not read")
			}
			return subnet, facts
		}
	}
	t.Fatalf("no subnet %s", id)
	return az.Subnet{}, Facts{}
}

func (c capture) frontend(t *testing.T, lb az.LoadBalancer, rule az.LBRule) az.PublicIP {
	for _, frontend := range lb.Frontends {
		for _, address := range c.addresses {
			if az.SameID(frontend.ID, rule.Frontend.ID) && az.SameID(frontend.PublicIP.ID, address.ID) {
				return address
			}
		}
	}
	t.Fatalf("rule %s has no frontend", rule.Name)
	return az.PublicIP{}
}
