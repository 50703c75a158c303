// Package desired says what cloud-provider-azure would have built for a Service,
// as pure functions with a reason for every value. After this package nobody
// knows an annotation key.
package desired

import (
	"azlb/analyze/topology"
)

// Wants is what every Service of a graph asks for, by "ns/name".
type Wants struct {
	Provider *Provider
	services map[string]*Service
}

// Of returns what the Service "ns/name" asks for, or nil.
func (w *Wants) Of(key string) *Service { return w.services[key] }

// Value is something the Service asks for, with the reason and, where the Service
// says it itself, the JSON pointer into its document.
type Value[T any] struct {
	V       T
	Because string
	Pointer string
}

// Service is what one Service asks for.
type Service struct {
	Internal Value[bool]
	// SKU of the load balancer the provider would make or has made: Standard, Basic,
	// or empty where nothing tells.
	SKU Value[string]
	// Address is the one that the Service asks for, empty where it asks for none.
	Address Value[string]
	// PublicIPName names an existing public IP; PublicIPGroup is the resource group
	// in which the provider looks for addresses (lower-cased; empty: not known).
	PublicIPName  Value[string]
	PublicIPGroup Value[string]
	Subnet        Value[string] // of an internal frontend, as the Service says; empty: the cluster's
	Ports         []Port        // in the order of the Service's ports
	Sources       Sources
	// Problems is what the provider does not take as the Service means it.
	Problems []Problem
}

// All computes the wants of every Service.
func All(g *topology.Graph) *Wants {
	w := &Wants{Provider: providerOf(g), services: map[string]*Service{}}
	for _, s := range g.Services {
		w.services[s.Key()] = of(g, s)
		w.services[s.Key()].Problems = Problems(g, s, w.Provider)
	}
	return w
}

func of(g *topology.Graph, s *topology.Service) *Service {
	a := annotations{service: s}
	want := &Service{
		Internal:      a.internal(),
		Address:       a.address(),
		PublicIPName:  a.text(pipName),
		PublicIPGroup: publicIPGroup(g, a),
		Sources:       a.sources(),
	}
	want.SKU = sku(g, s)
	if want.Internal.V {
		want.Subnet = a.text(internalSubnet)
	}
	for i := range s.Spec.Ports {
		want.Ports = append(want.Ports, port(g, a, want, i))
	}
	return want
}

// sku is what azure.json says, else what the Service's load balancer is, else
// what the cluster's load balancers are.
func sku(g *topology.Graph, s *topology.Service) Value[string] {
	if c := g.Snapshot.Config; c != nil && c.Invalid == "" && c.LoadBalancerSKU != "" {
		return Value[string]{V: title(c.LoadBalancerSKU), Because: "loadBalancerSku in azure.json"}
	}
	for _, f := range s.Frontends {
		if f.LB.SKU.Name != "" {
			return Value[string]{V: title(f.LB.SKU.Name), Because: "the SKU of load balancer " + f.LB.Name}
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
		v = Value[string]{V: title(lb.SKU.Name), Because: "the SKU of load balancer " + lb.Name}
	}
	return v
}

// publicIPGroup is the annotation's, else azure.json's, else the nodes' group.
func publicIPGroup(g *topology.Graph, a annotations) Value[string] {
	if v := a.text(resourceGroup); v.V != "" {
		v.V = lower(v.V)
		return v
	}
	if c := g.Snapshot.Config; c != nil && c.ResourceGroup != "" {
		return Value[string]{V: lower(c.ResourceGroup), Because: "resourceGroup in azure.json"}
	}
	if len(g.NodeGroups) == 1 {
		return Value[string]{V: g.NodeGroups[0], Because: "the resource group of the nodes"}
	}
	return Value[string]{}
}
