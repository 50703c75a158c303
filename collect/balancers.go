package collect

import (
	"fmt"
	"slices"
	"strings"

	bundle "azlb/bundle-schema"
)

// perBalancer is what is asked of every Standard load balancer: its metrics.
func perBalancer() []*bundle.Evidence {
	return slices.DeleteFunc(slices.Clone(bundle.Catalogue), func(e *bundle.Evidence) bool { return e.Scope != bundle.PerLoadBalancer })
}

// balancers plans the metrics of the load balancers in the groups of the nodes and of
// the provider. Basic ones have none.
func (s *session) balancers() {
	for _, e := range slices.Clone(s.entries) {
		if e.Evidence != bundle.LoadBalancers.ID || e.Path == "" || !s.hasNodes(e) && !s.provider(e) {
			continue
		}
		g := Group{Subscription: e.Scope["subscription"], Name: e.Scope["group"]}
		for _, name := range standardBalancers(s.spool.read(e.Path)) {
			before := len(s.found.Balancers)
			s.found.addInstance(&s.found.Balancers, &bundle.ProbeMetrics, "loadbalancer", Instance{Group: g, Name: name}, e.Path, s.windows)
			if len(s.found.Balancers) == before {
				continue
			}
			for _, m := range perBalancer() {
				c := s.planner.add(m, Values{"subscription": g.Subscription, "group": g.Name, "loadbalancer": name})
				if c != nil && before >= balancerCap {
					c.Skip = fmt.Sprintf("at most %d load balancers are asked for their metrics", balancerCap)
				}
			}
		}
	}
}

// provider reports whether azure.json keeps the load balancers in the answer's group.
func (s *session) provider(e bundle.Entry) bool {
	return slices.ContainsFunc(s.found.Groups, func(g Group) bool {
		return strings.EqualFold(g.Name, e.Scope["group"]) && strings.HasPrefix(g.From, "loadBalancerResourceGroup of")
	})
}

// standardBalancers lists the load balancers of the SKU Standard in an answer in any of
// its shapes.
func standardBalancers(raw []byte) []string {
	type balancer struct {
		Name string `json:"name"`
		SKU  struct {
			Name string `json:"name"`
		} `json:"sku"`
	}
	var names []string
	for _, b := range listed[balancer](raw) {
		if strings.EqualFold(b.SKU.Name, "Standard") && b.Name != "" {
			names = append(names, b.Name)
		}
	}
	return names
}

// clusters plans the AKS clusters that the answers of the nodes' groups name.
func (s *session) clusters(named []Instance) {
	for _, c := range named {
		before := len(s.found.Clusters)
		s.found.addInstance(&s.found.Clusters, &bundle.AKSCluster, "cluster", c, c.Group.From, s.windows)
		if len(s.found.Clusters) == before || before >= clusterCap {
			continue
		}
		s.planner.add(&bundle.AKSCluster, Values{"subscription": c.Group.Subscription, "group": c.Group.Name, "cluster": c.Name})
	}
}

// none records that there was no load balancer, no cluster and no location to ask, and
// how sure that is.
func (s *session) none() {
	s.planner.plan.Missing = nil
	for _, e := range append(perBalancer(), &bundle.AKSCluster, &bundle.NetworkUsages) {
		if slices.ContainsFunc(s.entries, func(x bundle.Entry) bool { return x.Evidence == e.ID }) {
			continue
		}
		status, reason := bundle.StatusEmpty, "no load balancer of the nodes' groups has the SKU Standard, and others have no metrics"
		switch {
		case e == &bundle.NetworkUsages:
			status, reason = bundle.StatusSkipped, "neither a resource group nor a node tells the location"
		case e != &bundle.AKSCluster && !s.known(&bundle.LoadBalancers):
			status, reason = bundle.StatusSkipped, "the load balancers could not be read, so there is none to ask for its metrics"
		case e != &bundle.AKSCluster && slices.ContainsFunc(s.found.Refused, func(r Refusal) bool { return r.Blank == "loadbalancer" }):
			status, reason = bundle.StatusSkipped, "the name of a load balancer was refused, so it was not asked for its metrics"
		case e != &bundle.AKSCluster:
		case s.found.Managed:
			status, reason = bundle.StatusSkipped, "no tag and no resource group tells the name of the AKS cluster"
		case !s.known(&bundle.Group):
			status, reason = bundle.StatusSkipped, "the resource groups could not be read, so it is not known whether AKS manages the cluster"
		default:
			reason = "no tag and no resource group says that AKS manages the cluster"
		}
		s.planner.miss(e, nil, status, reason)
	}
	s.entries = append(s.entries, s.planner.plan.Missing...)
}

// known reports whether some answer of the evidence is whole.
func (s *session) known(e *bundle.Evidence) bool {
	return slices.ContainsFunc(s.entries, func(x bundle.Entry) bool { return x.Evidence == e.ID && x.Status.Complete() })
}
