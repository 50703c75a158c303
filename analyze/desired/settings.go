package desired

import (
	"maps"
	"slices"
	"strings"

	"azlb/analyze/topology"
	"azlb/bundle-schema/az"
	"azlb/bundle-schema/azname"
)

// Settings are the provider's, out of azure.json and the controller's flags, or
// else inferred from what it built. A setting that nothing tells is unknown.
type Settings struct {
	ClusterName Value[string] // base of the backend pools' names
	// Balancer is the base of the load balancers' names, Group their resource group.
	Balancer, Group Value[string]
	Location        Value[string]
	Subnet          Value[string] // of internal frontends that name none
	SecurityGroup   Value[string] // name of the group that the provider writes to
	// PoolType is nodeIPConfiguration or nodeIP.
	PoolType            Value[string]
	SharedProbe         Value[bool] // one probe for all Services whose policy is Cluster
	SharedProbePort     Value[int]
	SharedProbePath     Value[string]
	DisableOutboundSNAT Value[bool]
	ExcludeControlPlane Value[bool]
	PreConfigured       Value[string] // internal, external, all or none: pools the provider leaves alone
	// Many are the names of several Standard load balancers among which the provider
	// chooses, in lower case; empty: there is one.
	Many []string
	// Other is why the provider builds in a way that is not modelled; empty: it does not.
	Other string
}

// settingsOf reads or infers the settings.
func settingsOf(g *topology.Graph) *Settings {
	s := &Settings{
		ClusterName:     clusterName(g),
		SharedProbePort: known(sharedProbePort, "the default of the shared probe mode"),
		SharedProbePath: known(healthz, "the default of the shared probe mode"),
	}
	s.Balancer = s.ClusterName
	if g.NameGuessed {
		s.Balancer.Inferred = true
	}
	c := g.Snapshot.Config
	if c == nil || c.Invalid != "" {
		s.infer(g)
		return s
	}
	set := func(v, key string) Value[string] {
		if az.Masked(v) {
			return unknown[string](key + " in azure.json is masked")
		}
		return known(v, key+" in azure.json")
	}
	if c.LoadBalancerName != "" {
		s.Balancer = set(c.LoadBalancerName, "loadBalancerName")
	}
	s.Group = set(c.ResourceGroup, "resourceGroup")
	if c.LoadBalancerResourceGroup != "" {
		s.Group = set(c.LoadBalancerResourceGroup, "loadBalancerResourceGroup")
	}
	s.Location = set(strings.ToLower(strings.ReplaceAll(c.Location, " ", "")), "location") // "West Europe" is westeurope
	s.Subnet = set(c.SubnetName, "subnetName")
	s.SecurityGroup = set(c.SecurityGroupName, "securityGroupName")
	s.PoolType = known(nodeIPConfiguration, "the default of loadBalancerBackendPoolConfigurationType")
	if c.BackendPoolType != "" {
		s.PoolType = set(c.BackendPoolType, "loadBalancerBackendPoolConfigurationType")
	}
	s.SharedProbe = from(set(c.ProbeMode, "clusterServiceLoadBalancerHealthProbeMode"), strings.EqualFold(c.ProbeMode, "shared"))
	if c.ProbeMode == "" {
		s.SharedProbe.Because = "the default of clusterServiceLoadBalancerHealthProbeMode"
	}
	if c.SharedProbePort != 0 {
		s.SharedProbePort = known(c.SharedProbePort, "clusterServiceSharedLoadBalancerHealthProbePort in azure.json")
	}
	if c.SharedProbePath != "" {
		s.SharedProbePath = set(c.SharedProbePath, "clusterServiceSharedLoadBalancerHealthProbePath")
	}
	s.DisableOutboundSNAT = known(c.DisableOutboundSNAT, "disableOutboundSNAT in azure.json")
	s.ExcludeControlPlane = known(c.ExcludeControlPlane == nil || *c.ExcludeControlPlane, "excludeMasterFromStandardLB in azure.json")
	if c.ExcludeControlPlane == nil {
		s.ExcludeControlPlane.Because = "the default of excludeMasterFromStandardLB"
	}
	s.PreConfigured = set(c.PreConfigured, "preConfiguredBackendPoolLoadBalancerTypes")
	for _, m := range c.MultipleLoadBalancers {
		s.Many = append(s.Many, strings.ToLower(m.Name))
	}
	if c.ManyBalancersOld {
		s.Balancer = unknown[string]("enableMultipleStandardLoadBalancers in azure.json: one load balancer for each set of machines")
	}
	if c.ServiceGateway || strings.EqualFold(c.LoadBalancerSKU, "service") {
		s.Other = "azure.json asks for the service gateway, with a load balancer of its own for each Service"
	}
	return s
}

// infer takes from what is there what azure.json would say. What is taken from
// one object is never compared with the same one.
func (s *Settings) infer(g *topology.Graph) {
	const gone = "azure.json is not in the bundle"
	s.Group = inferGroup(g)
	s.Location, s.Subnet = unknown[string](gone), unknown[string](gone)
	s.DisableOutboundSNAT = unknown[bool](gone)
	s.PreConfigured = unknown[string](gone)
	s.ExcludeControlPlane = known(true, "the default of excludeMasterFromStandardLB")
	s.SecurityGroup = inferSecurityGroup(g)
	s.PoolType, s.SharedProbe = unknown[string](gone), unknown[bool](gone)
	balancers := 0
	for i := range g.Snapshot.Loads {
		lb := &g.Snapshot.Loads[i]
		if !g.OwnLoadBalancer(lb) {
			continue
		}
		balancers++
		for _, p := range lb.Pools {
			if len(p.IPConfigurations) > 0 {
				s.PoolType = inferred(nodeIPConfiguration, "the backend pool of "+lb.Name+" holds IP configurations")
			} else if len(p.Addresses) > 0 && p.Addresses[0].IPAddress != "" {
				s.PoolType = inferred(nodeIP, "the backend pool of "+lb.Name+" holds addresses")
			}
		}
		for _, p := range lb.Probes {
			if strings.EqualFold(p.Name, azname.SharedProbe) {
				s.SharedProbe = inferred(true, "load balancer "+lb.Name+" has the probe of the shared mode")
				s.SharedProbePort, s.SharedProbePath = unknown[int](gone), unknown[string](gone)
			} else if _, ok := azname.ParsePrefix(p.Name); ok && !s.SharedProbe.V {
				s.SharedProbe = inferred(false, "load balancer "+lb.Name+" has probes of single Services")
			}
		}
	}
	if balancers == 0 && len(g.Snapshot.Loads) > 0 {
		s.Balancer = unknown[string](gone + ", and no load balancer has the cluster's name")
		return
	}
	s.inferBalancers(g)
}

// inferGroup is the resource group of the nodes, where the provider puts its load
// balancers unless azure.json names another: then Services stand in that one.
func inferGroup(g *topology.Graph) Value[string] {
	switch groups := g.CarrierGroups(); {
	case len(groups) > 1:
		return unknown[string]("azure.json is not in the bundle, and Services stand on load balancers of several resource groups")
	case len(groups) == 1 && !slices.Equal(groups, g.NodeGroups):
		return inferred(groups[0], "the resource group of the load balancer that carries the Services")
	case len(g.NodeGroups) == 1:
		return known(g.NodeGroups[0], "the resource group of the nodes")
	}
	return unknown[string]("azure.json is not in the bundle")
}

// inferBalancers looks at which Standard load balancers the Services stand on. One of
// another name beside that of the cluster's means that there are several among which
// the provider chooses; alone it is the name that azure.json gives.
func (s *Settings) inferBalancers(g *topology.Graph) {
	names := map[string]bool{}
	for _, svc := range g.Services {
		for _, f := range svc.Frontends {
			if f.Own && strings.EqualFold(f.LB.SKU.Name, "Standard") {
				names[balancerBase(f.LB.Name)] = true
			}
		}
	}
	own := strings.ToLower(s.Balancer.V)
	if s.Balancer.Unknown != "" || len(names) == 0 || len(names) == 1 && names[own] {
		return
	}
	for i := range g.Snapshot.Loads {
		if lb := &g.Snapshot.Loads[i]; balancerBase(lb.Name) == own && g.OwnLoadBalancer(lb) {
			names[own] = true
		}
	}
	all := slices.Sorted(maps.Keys(names))
	if len(all) == 1 {
		s.Balancer = inferred(all[0], "the name of the load balancer that carries the Services")
		return
	}
	s.Many = all
}

// balancerBase is the name of a load balancer without its kind, in lower case.
func balancerBase(name string) string {
	return strings.TrimSuffix(strings.ToLower(name), "-internal")
}

// inferSecurityGroup is the only group with rules that bear the provider's names.
func inferSecurityGroup(g *topology.Graph) Value[string] {
	out := unknown[string]("azure.json, which names the security group, is not in the bundle")
	n := 0
	for i := range g.Snapshot.NSGs {
		nsg := &g.Snapshot.NSGs[i]
		for _, r := range nsg.SecurityRules {
			_, old := azname.ParsePrefix(r.Name)
			if old || azname.IsManagedSecurityRule(r.Name) {
				out = inferred(nsg.Name, "it holds rules that bear the provider's names")
				n++
				break
			}
		}
	}
	if n > 1 {
		return unknown[string]("azure.json is not in the bundle, and more than one security group holds rules of the provider")
	}
	return out
}

// clusterName says how topology knows the name.
func clusterName(g *topology.Graph) Value[string] {
	switch {
	case g.NameUnknown != "":
		return unknown[string](g.NameUnknown)
	case g.NameGuessed:
		return inferred(g.ClusterName, g.NameBecause)
	}
	return known(g.ClusterName, g.NameBecause)
}
