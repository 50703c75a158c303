package desired

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// absentText stands where the actual value would, if the bundle had it.
const absentText = "not in the bundle"

// CompareOne compares one Service, also where it still waits for its address or
// for its deletion, and tells of values too that cannot be compared. What hangs on a
// load balancer that is not there is told object by object.
func CompareOne(w *Wants, key string) []Check {
	c := &Cluster{Graph: w.graph, Settings: w.Settings, Version: w.Provider.Candidates[0]}
	all := Comparison{Checks: gathered(compareAs(w, c, key).Checks)}
	l := &lister{key: key, checks: all.Of(key)}
	if want := w.services[key]; want != nil {
		l.rest(c, want)
	}
	return gathered(l.checks)
}

// lister adds what a Service wants where the comparison had nothing to hold it to:
// the objects below something that is missing, and those that the bundle does not show.
type lister struct {
	key    string
	kind   Kind // Missing, or NotCompared with every value that is wanted
	checks []Check
}

// told reports whether the comparison looked at the hop.
func (l *lister) told(hop string, is func(Check) bool) bool {
	return slices.ContainsFunc(l.checks, func(c Check) bool { return c.Hop == hop && c.Kind != Leftover && is(c) })
}

func (l *lister) rest(c *Cluster, want *Service) {
	anything := func(Check) bool { return true }
	gone := func(c Check) bool { return c.Field == Existence && c.Kind == Missing }
	lb, group := cmp.Or(want.Balancer.V, "the load balancer"), cmp.Or(c.Settings.SecurityGroup.V, "the security group")
	noBalancer := l.told(HopBalancer, gone)
	unseen := !l.told(HopBalancer, anything) && !l.told(HopFrontend, anything)
	noGroup := l.told(HopNSG, func(x Check) bool { return gone(x) && x.Object == c.Settings.SecurityGroup.V })
	rules := l.told(HopNSG, func(x Check) bool { return strings.Contains(x.Object, "/") })
	address := l.told(HopPublicIP, anything)

	l.kind = NotCompared
	if unseen {
		l.object(HopBalancer, lb, "load balancer "+want.Balancer.V, want.Balancer.Because)
		value(l, HopBalancer, lb, "sku", want.SKU)
	}
	for i := range want.Lanes {
		lane := &want.Lanes[i]
		l.kind = NotCompared
		if p := lane.PublicIP; p != nil && !address {
			l.publicIP(p)
		}
		if noGroup {
			l.kind = Missing
		}
		for _, r := range lane.Security {
			if !rules {
				l.securityRule(group, r)
			}
		}
		if l.kind = NotCompared; noBalancer {
			l.kind = Missing
		}
		if noBalancer || unseen {
			l.lane(want, lane, lb)
		}
	}
	if k := want.Link; (noBalancer || unseen) && k != nil && c.has(privateLink) && (want.Internal.V || want.Direct()) && len(k.Static) <= k.Count.V {
		name := cmp.Or(k.Name.V, "pls-"+want.Lanes[0].Frontend.Name.V)
		l.object(HopLink, name, "private link service "+name, k.Create.Because)
	}
}

// object is one that is wanted.
func (l *lister) object(hop, object, want, because string) {
	c := Check{Services: []string{l.key}, Kind: l.kind, Hop: hop, Object: object, Field: Existence, Want: strings.TrimSpace(want), Got: absentText, Because: because}
	if l.kind == Missing {
		c.Got = "absent"
	}
	l.checks = append(l.checks, c)
}

// value is one of an object's fields; of an object that is missing none is told.
func value[T any](l *lister, hop, object, name string, v Value[T]) {
	if l.kind == Missing {
		return
	}
	c := Check{Services: []string{l.key}, Kind: NotCompared, Hop: hop, Object: object, Field: name, Want: fmt.Sprint(v.V), Got: absentText, Because: v.Because}
	switch {
	case v.Unknown != "":
		c.Want, c.Because = "", v.Unknown
	case c.Want == "":
		return // any will do
	}
	l.checks = append(l.checks, c)
}

// publicIP is the address of a lane.
func (l *lister) publicIP(p *PublicIP) {
	name := cmp.Or(p.Name.V, p.Address.V, "the public IP")
	say := "public IP " + cmp.Or(p.Name.V, p.Address.V)
	if p.Group.V != "" {
		say += " in resource group " + p.Group.V
	}
	l.object(HopPublicIP, name, say, cmp.Or(p.Name.Unknown, p.because()))
	value(l, HopPublicIP, name, "publicIPAddressVersion", p.Version)
	value(l, HopPublicIP, name, "sku", p.SKU)
	if p.Made {
		value(l, HopPublicIP, name, "publicIPAllocationMethod", p.Allocation)
		value(l, HopPublicIP, name, "publicIPPrefix", p.Prefix)
	}
	value(l, HopPublicIP, name, "ipAddress", p.Address)
	if p.DNSLabel != nil {
		value(l, HopPublicIP, name, "dnsSettings.domainNameLabel", *p.DNSLabel)
	}
	for _, t := range p.Tags {
		value(l, HopPublicIP, name, "tags."+t.Keys[0], t.Value)
	}
}

// lane is what stands inside the load balancer.
func (l *lister) lane(want *Service, lane *Lane, lb string) {
	f := lane.Frontend
	name := lb + "/" + f.Name.V
	l.object(HopFrontend, name, "frontend "+f.Name.V, "the Service is of type LoadBalancer; "+f.Name.Because)
	if p := lane.PublicIP; p != nil {
		value(l, HopFrontend, name, "publicIPAddress", p.Name)
	}
	if want.Internal.V {
		value(l, HopFrontend, name, "subnet", f.Subnet)
		value(l, HopFrontend, name, "privateIPAddress", f.PrivateIP)
		value(l, HopFrontend, name, "privateIPAddressVersion", f.Version)
	}
	for _, r := range lane.Rules {
		l.rule(want, lane, r, lb)
	}
	for _, p := range lane.Probes {
		l.probe(p, lb)
	}
	l.object(HopPool, lb+"/"+cmp.Or(lane.Pool.V, "the pool"), "backend pool "+lane.Pool.V, cmp.Or(lane.Pool.Unknown, "the pool of the cluster's nodes: "+lane.Pool.Because))
}

func (l *lister) rule(want *Service, lane *Lane, r Rule, lb string) {
	name := lb + "/" + r.Name
	l.object(HopRule, name, fmt.Sprintf("%s %d to %d on frontend %s", r.Protocol.V, r.FrontendPort.V, r.BackendPort.V, lane.Frontend.Name.V), "port of the Service")
	value(l, HopRule, name, "protocol", r.Protocol)
	value(l, HopRule, name, "frontendPort", r.FrontendPort)
	value(l, HopRule, name, "backendPort", r.BackendPort)
	value(l, HopRule, name, "enableFloatingIP", r.FloatingIP)
	value(l, HopRule, name, "idleTimeoutInMinutes", r.IdleTimeout)
	value(l, HopRule, name, "loadDistribution", r.Distribution)
	if strings.EqualFold(r.Protocol.V, "Tcp") && want.SKU.V != "" { // it follows from the SKU
		value(l, HopRule, name, "enableTcpReset", r.TCPReset)
	}
	value(l, HopRule, name, "disableOutboundSnat", r.DisableOutboundSNAT)
	value(l, HopRule, name, "frontendIPConfiguration", known(lane.Frontend.Name.V, "the Service's frontend"))
	value(l, HopRule, name, "backendAddressPool", lane.Pool)
	probe := known("none", "the port has no probe")
	if r.Probe != nil {
		probe = known(r.Probe.Name, r.Probe.Port.Because)
	}
	value(l, HopRule, name, "probe", probe)
}

func (l *lister) probe(p Probe, lb string) {
	name := lb + "/" + p.Name
	l.object(HopProbe, name, p.String(), p.Port.Because)
	value(l, HopProbe, name, "port", p.Port)
	value(l, HopProbe, name, "protocol", p.Protocol)
	value(l, HopProbe, name, "requestPath", p.Path)
	value(l, HopProbe, name, "intervalInSeconds", p.Interval)
	count := "numberOfProbes"
	if p.Threshold {
		count = "probeThreshold"
	}
	value(l, HopProbe, name, count, p.Count)
}

// securityRule is one of the provider's in its group.
func (l *lister) securityRule(group string, r SecurityRule) {
	name := group + "/" + r.Name
	access := "Deny"
	if r.Allow {
		access = "Allow"
	}
	l.object(HopNSG, name, r.String(), r.Because)
	value(l, HopNSG, name, "access", known(access, r.Because))
	value(l, HopNSG, name, "direction", known("Inbound", "the provider's rules are for what comes in"))
	value(l, HopNSG, name, "protocol", known(r.Protocol, r.Because))
	value(l, HopNSG, name, "sourceAddressPrefixes", known(strings.Join(r.Sources, ", "), r.Because))
	value(l, HopNSG, name, "destinationPortRanges", known(strings.Join(r.Ports, ", "), "the Service's ports of the protocol"))
	value(l, HopNSG, name, "destinationAddressPrefixes", from(r.Destinations, strings.Join(r.Destinations.V, ", ")))
}
