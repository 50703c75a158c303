package control

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// OK12 are warnings that healthy clusters send.
var OK12 = &rule.Rule{
	ID:         "AZLB-OK12",
	Severity:   report.Info,
	AsDesigned: true,
	Doc: report.Doc{
		Title:   "warnings that healthy clusters send",
		Symptom: "Events of the reason FailedToCreateEndpoint say `endpoints \"web\" already exists`, or such of the reason FailedToFindLoadBalancerForNode say `failed to find a lb for node`; everything works.",
		Cause: "The endpoints controller creates an object that somebody, or it itself a moment ago, has created already; it reads again and goes on. " +
			"The provider looks for a load balancer for a node before the first one is made, or for a node that is no backend; it looks again in the next sync.",
		Fix:        looks("Nothing is to be repaired. See whether the endpoints are there.", "kubectl get endpointslices -n NAMESPACE -l kubernetes.io/service-name=SERVICE"),
		References: []string{"kubernetes/kubernetes#141508", "canonical/microk8s#3323", "accommodateNodesByNodeSelector in kubernetes-sigs/cloud-provider-azure"},
		Healthy:    "The first is told where the Service has its endpoints, the second where the node is in a backend pool or is none that belongs there. A node that is in no pool is told by AZLB-MSLB05.",
	},
	Needs: rule.Needs{
		Any: []*bundle.Evidence{&bundle.Events},
		All: []*bundle.Evidence{&bundle.Services, &bundle.Nodes, &bundle.LoadBalancers, &bundle.EndpointSlices},
	},
	Texts: []rule.Text{createdAgain, rule.Reasons(noBalancer)},
	Check: func(p *rule.Pass) {
		var twice, unplaced []*errtext.Error
		var nodes []string
		for _, e := range p.Errors.All {
			switch {
			case createdAgain.Matches(e) && hasEndpoints(p, e.Service):
				twice = append(twice, e)
			case e.Reason == noBalancer && placed(p, e.Node):
				unplaced = append(unplaced, e)
				if !slices.Contains(nodes, e.Node) {
					nodes = append(nodes, e.Node)
				}
			}
		}
		var say []string
		if len(twice) > 0 {
			told := rule.Tell(twice)
			say = append(say, fmt.Sprintf("%s for %s (%s) says that the endpoints exist already, which they do.", createdTwice, rule.List(told.Services), told.Span()))
		}
		if len(unplaced) > 0 {
			slices.Sort(nodes)
			say = append(say, fmt.Sprintf("%s (%s) names %s, which the load balancers hold now or do not want.", noBalancer, rule.Tell(unplaced).Span(), rule.List(nodes)))
		}
		if len(say) > 0 {
			p.Find(rule.Finding{Subject: cluster, Message: strings.Join(say, " "), Cites: rule.Tell(slices.Concat(twice, unplaced)).Cites})
		}
	},
}

// The reasons of these events.
const (
	createdTwice = "FailedToCreateEndpoint"
	noBalancer   = "FailedToFindLoadBalancerForNode"
)

var createdAgain = rule.Text{Codes: []string{"AlreadyExists"}, Reasons: []string{createdTwice}}

func hasEndpoints(p *rule.Pass, key string) bool {
	s := p.Graph.Service(key)
	return s != nil && len(s.Slices()) > 0
}

// placed reports whether the node is in a backend pool, or is no backend.
func placed(p *rule.Pass, name string) bool {
	n := p.Graph.Node(name)
	if n == nil {
		return false
	}
	return n.Virtual() || n.Excluded() || n.ControlPlane() || slices.ContainsFunc(p.Snapshot.Loads, func(lb snapshot.LoadBalancer) bool {
		for i := range lb.Pools {
			if slices.ContainsFunc(p.Graph.Members(&lb.Pools[i]), func(m *topology.Member) bool { return m.Node == n }) {
				return true
			}
		}
		return false
	})
}
