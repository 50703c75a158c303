package desired

import (
	"strings"

	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	"azlb/bundle-schema/az"
	"azlb/bundle-schema/azname"
)

// balancer is the load balancer of a Service (getAzureLoadBalancerName,
// getServiceLoadBalancer). Where the provider chooses among several, the one that
// carries the Service is as good as any other.
func balancer(c *Cluster, a annotations, want *Service) Value[string] {
	s := c.Settings
	kind := "public"
	if want.Internal.V {
		kind = "internal"
	}
	switch {
	case s.Balancer.Unknown != "":
		return s.Balancer
	case len(s.Many) > 1 && !visible(c.Graph.Snapshot.Config):
		return unknown[string]("the Services stand on several load balancers among which the provider chooses: " + strings.Join(s.Many, ", "))
	case len(s.Many) > 1:
		return unknown[string]("azure.json names several load balancers among which the provider chooses")
	case want.SKU.V == "Basic" && a.text(loadBalancerMode).V != "" && c.has(balancerPerVMSet):
		return unknown[string]("the provider chooses a Basic load balancer among the sets of machines that an annotation names")
	}
	v := from(s.Balancer, azname.LoadBalancer(s.Balancer.V, want.Internal.V))
	v.Because = "the " + kind + " load balancer: " + v.Because
	if want.Internal.Pointer != "" {
		v.Because, v.Pointer = v.Because+"; "+want.Internal.Because, want.Internal.Pointer
	}
	lb := carrier(a.service, want.Internal.V, v.V)
	switch {
	case lb == nil || !c.has(balancerPerVMSet): // older releases look for the name alone
	case !visible(c.Graph.Snapshot.Config):
		return inferred(lb.Name, "the "+kind+" load balancer that carries the Service; azure.json, which may name it, is not in the bundle")
	case want.SKU.V == "Basic":
		v.V, v.Because = lb.Name, "the "+kind+" load balancer that carries the Service: a Basic one keeps it unless an annotation names other machines"
	}
	return v
}

// carrier is the load balancer of the kind on which a frontend of the Service's own
// stands, nil where that is none or the one of the wanted name.
func carrier(s *topology.Service, internal bool, name string) *snapshot.LoadBalancer {
	var out *snapshot.LoadBalancer
	for _, f := range s.Frontends {
		switch {
		case !f.Own || azname.IsInternalName(f.LB.Name) != internal:
		case strings.EqualFold(f.LB.Name, name):
			return nil
		case out == nil:
			out = f.LB
		}
	}
	return out
}

// visible reports whether azure.json can be read.
func visible(c *snapshot.CloudConfig) bool { return c != nil && c.Invalid == "" }

// sku is Basic before 1.11, then what azure.json says, else what the Service's load balancer is, else
// what the cluster's load balancers are.
func sku(c *Cluster, s *topology.Service) Value[string] {
	if !c.has(standardSKU) {
		return known("Basic", "the provider of this release knows no other SKU")
	}
	g := c.Graph
	if c := g.Snapshot.Config; c != nil && c.Invalid == "" && c.LoadBalancerSKU != "" && !az.Masked(c.LoadBalancerSKU) {
		return known(title(c.LoadBalancerSKU), "loadBalancerSku in azure.json")
	}
	for _, f := range s.Frontends {
		if f.LB.SKU.Name != "" {
			return inferred(title(f.LB.SKU.Name), "the SKU of load balancer "+f.LB.Name)
		}
	}
	v := Value[string]{}
	for _, lb := range g.Snapshot.Loads {
		if !g.OwnLoadBalancer(&lb) {
			continue
		}
		if v.V != "" && v.V != title(lb.SKU.Name) {
			return Value[string]{}
		}
		v = inferred(title(lb.SKU.Name), "the SKU of load balancer "+lb.Name)
	}
	return v
}

// title spells a SKU as ARM does: Standard, Basic.
func title(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + strings.ToLower(s[1:])
}
