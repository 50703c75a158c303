package desired_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"azlb/analyze/desired"
	"azlb/analyze/topology"
)

const (
	subscription = "/subscriptions/6f5a8a52-3c1e-4d0f-9b5e-2f6d7c8a9b10"
	network      = subscription + "/resourceGroups/rg-lab1/providers/Microsoft.Network/"
	subnets      = network + "virtualNetworks/vnet-lab1/subnets/"
)

// object is an Azure object as az prints it.
type object map[string]any

// mutation is one change to the rendered objects, and the difference that it makes.
type mutation struct {
	hop, object, field string
	do, undo           func()
}

func (m mutation) String() string { return m.hop + " " + m.object + " " + m.field }

// azure is what the provider would have built, as JSON: every list of az that the
// comparison reads.
type azure struct {
	balancers, addresses, security, links map[string]object
	members                               []any // of every pool
	mutations                             []mutation
}

// gone marks an object that a mutation deleted.
const gone = "deleted by the test"

// own records that the provider owns a field of an object: changing it is a difference.
func (a *azure) own(o object, hop, name, key, field string) {
	old := o[key]
	a.mutations = append(a.mutations, mutation{hop, name, cmp.Or(field, key), func() { o[key] = other(old) }, func() { o[key] = old }})
}

// whole records that the object may be deleted.
func (a *azure) whole(o object, hop, name string) {
	a.mutations = append(a.mutations, mutation{hop, name, desired.Existence, func() { o[gone] = true }, func() { delete(o, gone) }})
}

// other is another value of the same kind.
func other(v any) any {
	switch v := v.(type) {
	case bool:
		return !v
	case int:
		return v + 1
	case string:
		return v + "x"
	case []string:
		return append(slices.Clone(v[1:]), "other")
	case object:
		return object{"id": v["id"].(string) + "x"}
	case nil:
		return object{"id": network + "loadBalancers/kubernetes/probes/other"}
	}
	panic(fmt.Sprintf("no other value of a %T", v))
}

// render builds what the Services want, straight from the wants.
func render(t *testing.T, g *topology.Graph, wants *desired.Wants, members []any) *azure {
	t.Helper()
	a := &azure{balancers: map[string]object{}, addresses: map[string]object{}, security: map[string]object{}, links: map[string]object{}, members: members}
	for _, s := range g.Services {
		want := wants.Of(s.Key())
		for i := range want.Lanes {
			a.lane(t, s, want, &want.Lanes[i])
		}
		if want.Link != nil && (want.Internal.V || want.Direct()) && len(want.Link.Static) <= want.Link.Count.V {
			a.link(s, want)
		}
	}
	return a
}

func (a *azure) balancer(name string) object {
	if a.balancers[name] == nil {
		a.balancers[name] = object{"id": network + "loadBalancers/" + name, "name": name, "location": "westeurope", "sku": object{"name": "Standard"},
			"frontendIPConfigurations": []object{}, "loadBalancingRules": []object{}, "probes": []object{}, "backendAddressPools": []object{}}
		a.whole(a.balancers[name], desired.HopBalancer, name)
		a.own(a.balancers[name], desired.HopBalancer, name, "location", "")
	}
	return a.balancers[name]
}

// child adds a child of a load balancer, each once.
func child(lb object, list, name string) (object, bool) {
	children := lb[list].([]object)
	i := slices.IndexFunc(children, func(o object) bool { return o["name"] == name })
	if i >= 0 {
		return children[i], false
	}
	o := object{"name": name, "id": lb["id"].(string) + "/" + list + "/" + name}
	lb[list] = append(children, o)
	return o, true
}

func (a *azure) lane(t *testing.T, s *topology.Service, want *desired.Service, l *desired.Lane) {
	lb := a.balancer(want.Balancer.V)
	at := func(name string) string { return want.Balancer.V + "/" + name }
	f, _ := child(lb, "frontendIPConfigurations", l.Frontend.Name.V)
	a.whole(f, desired.HopFrontend, at(l.Frontend.Name.V))
	address := ""
	for _, ip := range s.Addresses() {
		if strings.Contains(ip, ":") == (l.Family == "IPv6") {
			address = cmp.Or(address, ip)
		}
	}
	if want.Internal.V {
		f["subnet"] = object{"id": subnets + l.Frontend.Subnet.V}
		f["privateIPAddress"], f["privateIPAddressVersion"] = address, string(l.Family)
		a.own(f, desired.HopFrontend, at(l.Frontend.Name.V), "subnet", "")
		a.own(f, desired.HopFrontend, at(l.Frontend.Name.V), "privateIPAddressVersion", "")
		if l.Frontend.PrivateIP.V != "" {
			a.own(f, desired.HopFrontend, at(l.Frontend.Name.V), "privateIPAddress", "")
		} else {
			a.own(f, desired.HopStatus, "Service "+s.Key(), "privateIPAddress", "ingress")
		}
	} else {
		f["publicIPAddress"] = object{"id": a.address(s, l, f["id"].(string), address)["id"]}
		a.own(f, desired.HopFrontend, at(l.Frontend.Name.V), "publicIPAddress", "")
	}
	pool, fresh := child(lb, "backendAddressPools", l.Pool.V)
	if fresh {
		pool["backendIPConfigurations"] = a.members
		a.whole(pool, desired.HopPool, at(l.Pool.V))
		a.mutations = append(a.mutations, mutation{desired.HopPool, at(l.Pool.V), "members", func() { pool["backendIPConfigurations"] = a.members[1:] }, func() { pool["backendIPConfigurations"] = a.members }})
	}
	for _, p := range l.Probes {
		a.probe(lb, at(p.Name), p)
	}
	for _, r := range l.Rules {
		a.rule(lb, at(r.Name), r, f, pool)
	}
	for _, r := range l.Security {
		a.securityRule(r)
	}
}

func (a *azure) rule(lb object, name string, r desired.Rule, f, pool object) {
	o, _ := child(lb, "loadBalancingRules", r.Name)
	maps.Copy(o, object{"protocol": r.Protocol.V, "frontendPort": r.FrontendPort.V, "backendPort": r.BackendPort.V, "enableFloatingIP": r.FloatingIP.V,
		"idleTimeoutInMinutes": r.IdleTimeout.V, "loadDistribution": r.Distribution.V, "enableTcpReset": r.TCPReset.V, "disableOutboundSnat": r.DisableOutboundSNAT.V,
		"frontendIPConfiguration": object{"id": f["id"]}, "backendAddressPool": object{"id": pool["id"]}, "probe": nil})
	if r.Probe != nil {
		o["probe"] = object{"id": lb["id"].(string) + "/probes/" + r.Probe.Name}
	}
	a.whole(o, desired.HopRule, name)
	for _, key := range []string{"protocol", "frontendPort", "backendPort", "enableFloatingIP", "idleTimeoutInMinutes", "loadDistribution", "disableOutboundSnat", "frontendIPConfiguration", "backendAddressPool", "probe"} {
		a.own(o, desired.HopRule, name, key, "")
	}
	if r.Protocol.V == "Tcp" {
		a.own(o, desired.HopRule, name, "enableTcpReset", "")
	}
}

func (a *azure) probe(lb object, name string, p desired.Probe) {
	o, fresh := child(lb, "probes", p.Name)
	if !fresh {
		return
	}
	count := "numberOfProbes"
	if p.Threshold {
		count = "probeThreshold"
	}
	maps.Copy(o, object{"protocol": p.Protocol.V, "port": p.Port.V, "intervalInSeconds": p.Interval.V, count: p.Count.V})
	if p.Path.V != "" {
		o["requestPath"] = p.Path.V
		a.own(o, desired.HopProbe, name, "requestPath", "")
	}
	a.whole(o, desired.HopProbe, name)
	for _, key := range []string{"protocol", "port", "intervalInSeconds", count} {
		a.own(o, desired.HopProbe, name, key, "")
	}
}

// address is the public IP of a lane, whoever makes it.
func (a *azure) address(s *topology.Service, l *desired.Lane, frontend, ip string) object {
	w := l.PublicIP
	name := cmp.Or(w.Name.V, "pinned-"+strings.NewReplacer(".", "-", ":", "-").Replace(w.Address.V))
	o := object{"id": network + "publicIPAddresses/" + name, "name": name, "ipAddress": ip, "publicIPAddressVersion": w.Version.V, "publicIPAllocationMethod": cmp.Or(w.Allocation.V, "Static"),
		"sku": object{"name": "Standard"}, "ipConfiguration": object{"id": frontend}}
	a.addresses[name] = o
	a.own(o, desired.HopPublicIP, name, "publicIPAddressVersion", "")
	a.own(o, desired.HopPublicIP, name, "ipConfiguration", "")
	if w.Made {
		a.own(o, desired.HopPublicIP, name, "publicIPAllocationMethod", "")
	}
	if w.Prefix.V != "" {
		o["publicIPPrefix"] = object{"id": w.Prefix.V}
		a.own(o, desired.HopPublicIP, name, "publicIPPrefix", "")
	}
	if w.DNSLabel != nil {
		dns := object{"domainNameLabel": w.DNSLabel.V}
		o["dnsSettings"] = dns
		a.own(dns, desired.HopPublicIP, name, "domainNameLabel", "dnsSettings.domainNameLabel")
	}
	tags := object{}
	o["tags"] = tags
	for _, t := range w.Tags {
		if t.Managed && !w.Made {
			continue // the customer's own address
		}
		tags[t.Keys[0]] = t.Value.V
		a.own(tags, desired.HopPublicIP, name, t.Keys[0], "tags."+t.Keys[0])
	}
	if w.IPTags != nil {
		kind, tag, _ := strings.Cut(w.IPTags.V, "=")
		o["ipTags"] = []object{{"ipTagType": kind, "tag": tag}}
		a.own(o["ipTags"].([]object)[0], desired.HopPublicIP, name, "tag", "ipTags")
	}
	return o
}

// securityRule adds one Service's part to a rule that others may share.
func (a *azure) securityRule(r desired.SecurityRule) {
	name := "nsg-node/" + r.Name
	o := a.security[r.Name]
	if o == nil {
		access := "Deny"
		if r.Allow {
			access = "Allow"
		}
		o = object{"id": network + "networkSecurityGroups/nsg-node/securityRules/" + r.Name, "name": r.Name, "priority": 500 + len(a.security), "direction": "Inbound", "access": access,
			"protocol": r.Protocol, "sourcePortRange": "*", "sourceAddressPrefixes": slices.Clone(r.Sources), "destinationPortRanges": r.Ports, "destinationAddressPrefixes": []string{}}
		a.security[r.Name] = o
		a.whole(o, desired.HopNSG, name)
		for _, key := range []string{"direction", "access", "protocol", "sourcePortRange", "sourceAddressPrefixes", "destinationPortRanges"} {
			a.own(o, desired.HopNSG, name, key, "")
		}
	}
	list := append(o["destinationAddressPrefixes"].([]string), r.Destinations.V...)
	slices.Sort(list)
	o["destinationAddressPrefixes"] = slices.Compact(list)
	if r.Destinations.Unknown != "" || len(r.Destinations.V) == 0 {
		return
	}
	lost := func() any {
		return slices.DeleteFunc(slices.Clone(o["destinationAddressPrefixes"].([]string)), func(s string) bool { return s == r.Destinations.V[0] })
	}
	var old any
	a.mutations = append(a.mutations, mutation{desired.HopNSG, name, "destinationAddressPrefixes",
		func() { old = o["destinationAddressPrefixes"]; o["destinationAddressPrefixes"] = lost() }, func() { o["destinationAddressPrefixes"] = old }})
}

func (a *azure) link(s *topology.Service, want *desired.Service) {
	l := want.Link
	f := want.Lanes[0].Frontend.Name.V
	name := cmp.Or(l.Name.V, "pls-"+f)
	var configs []object
	for i := range l.Count.V {
		c := object{"name": fmt.Sprint(i), "subnet": object{"id": subnets + cmp.Or(l.Subnet.V, "node-subnet")}, "privateIPAllocationMethod": "Dynamic"}
		if i < len(l.Static) {
			c["privateIPAllocationMethod"], c["privateIPAddress"] = "Static", l.Static[i]
		}
		configs = append(configs, c)
	}
	subs := func(list []string) object { return object{"subscriptions": append([]string{}, list...)} }
	tags := object{"k8s-azure-owner-service": s.Key(), "k8s-azure-cluster-name": "kubernetes"}
	o := object{"id": network + "privateLinkServices/" + name, "name": name, "enableProxyProtocol": l.Proxy.V, "ipConfigurations": configs, "tags": tags,
		"loadBalancerFrontendIpConfigurations": []object{{"id": network + "loadBalancers/" + want.Balancer.V + "/frontendIPConfigurations/" + f}},
		"visibility":                           subs(l.Visibility), "autoApproval": subs(l.AutoApproval), "fqdns": append([]string{}, l.FQDNs...)}
	a.links[name] = o
	a.own(o, desired.HopLink, name, "enableProxyProtocol", "")
	a.own(tags, desired.HopLink, name, "k8s-azure-owner-service", "tags.k8s-azure-owner-service")
	a.whole(o, desired.HopLink, name)
}

// text is a list of az, what was deleted left out.
func text(t *testing.T, list map[string]object) []byte {
	t.Helper()
	out := []any{}
	for _, name := range slices.Sorted(maps.Keys(list)) {
		if o := strip(list[name]); o != nil {
			out = append(out, o)
		}
	}
	raw, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// strip drops deleted objects at any depth.
func strip(o object) object {
	if o[gone] != nil {
		return nil
	}
	out := object{}
	for k, v := range o {
		if children, ok := v.([]object); ok {
			kept := []object{}
			for _, c := range children {
				if c = strip(c); c != nil {
					kept = append(kept, c)
				}
			}
			out[k] = kept
			continue
		}
		out[k] = v
	}
	return out
}
