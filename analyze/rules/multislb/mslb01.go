package multislb

import (
	"fmt"
	"regexp"
	"slices"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// MSLB01 is a local Service's pool that is written with one node twice.
var MSLB01 = &rule.Rule{
	ID:       "AZLB-MSLB01",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the provider adds one node twice to a local Service's backend pool, and Azure refuses the pool",
		Symptom: "In a cluster with several load balancers a Service with externalTrafficPolicy Local loses traffic after its pods moved or were scaled; events of the reason LoadBalancerBackendPoolUpdateFailed show the code DuplicateResourceName.",
		Cause: "Such a Service has a backend pool of its own, which the provider rewrites from the EndpointSlices every 30 seconds. When these change several times in between, releases with this fault collect the same node twice and write both. " +
			"Azure refuses the pool, which keeps its old nodes until the next change or sync.",
		Fix: []report.Step{
			{Say: "Make the provider sync the Service, which sets the pool right.", Run: "kubectl annotate service -n NAMESPACE SERVICE azlb-resync=\"$(date +%s)\" --overwrite", Changes: true},
			{Say: "Upgrade the cloud-controller-manager.", Changes: true},
		},
		References: []string{"kubernetes-sigs/cloud-provider-azure#10307", "kubernetes-sigs/cloud-provider-azure#10446", docs},
		Affects:    "cloud-provider-azure 1.28 and later, before 1.33.14, 1.34.11, 1.35.6 and 1.36.2",
		Healthy:    "The pool catches up at the next write: a later event LoadBalancerBackendPoolUpdated or EnsuredLoadBalancer makes the refusal history, and so does a pool that holds the nodes of all endpoints.",
	},
	Needs: rule.Needs{Any: text},
	Texts: []rule.Text{
		{Codes: []string{"DuplicateResourceName"}, Reasons: []string{"LoadBalancerBackendPoolUpdateFailed"}},
		{Codes: []string{"DuplicateResourceName"}, Pattern: doubled},
	},
	Check: checkMSLB01,
}

// doubled is the node that stands twice, as Azure's message names it.
var doubled = regexp.MustCompile(`(?i)backendAddressPools/\S* has two child resources with the same name \(([^)]*)\)`)

// doubles is the provider that writes a node twice.
var doubles = rule.Bug{From: "1.28", Fixed: "1.33.14/1.34.11/1.35.6/1.36.2"}

func checkMSLB01(p *rule.Pass) {
	errs := p.Current(p.Knows)
	for _, service := range rule.Bunches(errs, func(e *errtext.Error) (string, bool) {
		return e.Service, !p.Gone(e) && e.Service != "" && !updated(p, e)
	}) {
		s := p.Graph.Service(service.Name)
		var pools []localPool
		if s != nil {
			pools = localPools(p, s)
		}
		if len(pools) > 0 && !slices.ContainsFunc(pools, func(l localPool) bool { return len(l.missing) > 0 || !l.serving() }) {
			continue // the pool caught up
		}
		p.Find(twice(p, service.Name, s, service.All, pools))
	}
}

// updated reports whether the pool of the error's Service was written later.
func updated(p *rule.Pass, e *errtext.Error) bool {
	for i := range p.Snapshot.Events {
		ev := &p.Snapshot.Events[i]
		if ev.Reason == "LoadBalancerBackendPoolUpdated" && ev.Kind == "Service" && ev.Namespace+"/"+ev.Name == e.Service && ev.Last.After(e.Last) {
			return true
		}
	}
	return false
}

func twice(p *rule.Pass, key string, s *topology.Service, errs []*errtext.Error, pools []localPool) rule.Finding {
	told := rule.Tell(errs)
	f := rule.Finding{Subject: rule.Subject(key), Services: []string{key}, Cites: told.Cites, Severity: report.Warning}
	node := "one node"
	if m := doubled.FindStringSubmatch(errs[len(errs)-1].Message); m != nil {
		node = "node " + m[1]
	}
	f.Message = fmt.Sprintf("The provider wrote %s twice into the backend pool of %s, and Azure refused the pool (DuplicateResourceName, %s).", node, key, told.Span())
	for _, l := range pools {
		lb := l.path.Frontend.To.LB
		switch {
		case !l.serving() && len(l.missing) > 0:
			f.Severity = report.Error
			f.Message += fmt.Sprintf(" Pool %s of %s has no node with a ready endpoint: %s is not in it.", l.path.Pool.To.Name, lb.Name, rule.List(l.missing))
		case len(l.missing) > 0:
			f.Message += fmt.Sprintf(" Pool %s of %s lacks %s.", l.path.Pool.To.Name, lb.Name, rule.List(l.missing))
		}
		f.Cites = append(f.Cites, lb.Doc.Cite(l.path.Pool.To.At+"/name"))
		f.Absence = []*bundle.Evidence{&bundle.LoadBalancers}
	}
	if len(pools) == 0 {
		f.Message += " The pool keeps its old nodes until it is written again."
		f.Errors = errs
		f.Confidence, f.Why = report.Likely, "whether the pool has caught up is not in the bundle"
	}
	if s != nil {
		f.Fix = []report.Step{rule.Resync(s, "Make the provider sync the Service, which sets the pool right.")}
	}
	f.Fix = append(f.Fix, p.Suspect(&f, doubles)...)
	return f
}
