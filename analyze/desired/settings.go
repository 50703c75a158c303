package desired

import (
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
	s.SharedProbe = known(strings.EqualFold(c.ProbeMode, "shared"), "clusterServiceLoadBalancerHealthProbeMode in azure.json")
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
	s.Group = unknown[string](gone)
	if len(g.NodeGroups) == 1 {
		s.Group = known(g.NodeGroups[0], "the resource group of the nodes")
	}
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
	}
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
	for _, l := range g.Snapshot.Logs {
		if l.Flags["cluster-name"] == g.ClusterName && l.Flags["cloud-provider"] == "azure" {
			return known(g.ClusterName, "--cluster-name of the controller manager")
		}
	}
	for _, p := range g.Snapshot.PublicIPs {
		if azname.ClusterOfTags(p.Tags) == g.ClusterName {
			return known(g.ClusterName, "the tag of public IP "+p.Name)
		}
	}
	return known(g.ClusterName, "the name of the load balancer that carries the Services, or the provider's default")
}
