package control

import (
	"fmt"
	"time"

	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	"azlb/report"
)

// OK07 is a Service that is still being made.
var OK07 = &rule.Rule{
	ID:         "AZLB-OK07",
	Severity:   report.Info,
	AsDesigned: true,
	Doc: report.Doc{
		Title:   "the Service is still being made",
		Symptom: "kubectl shows <pending> in place of the external address; the newest event is EnsuringLoadBalancer, and no warning follows it.",
		Cause: "The provider makes a public IP, writes the load balancer, puts the nodes into its pool and writes the security group, one call to Azure after the other; only then the Service gets its address. That takes 20 seconds to some minutes, " +
			"and Services that are made at the same time wait for each other, as one load balancer carries them all.",
		Fix:        looks("Wait for the address. If it is not there after 5 minutes, or a warning comes, collect again.", "kubectl get service -n NAMESPACE SERVICE --watch"),
		References: []string{"Azure/AKS#2195", "https://kubernetes.io/docs/concepts/services-networking/service/#loadbalancer"},
		Healthy:    "It is told for 5 minutes after the sync began, and only while no error of the Service is known. After that a Service without an address is no longer normal, and another rule, or none, says why.",
	},
	Needs: said,
	Check: func(p *rule.Pass) {
		if !heard(p) {
			return
		}
		for _, s := range p.Graph.Served() {
			if began, first := beganNow(p, s); began != nil {
				p.Find(making(p, s, began, first))
			}
		}
	},
}

// patience is how long a first sync may take before something is wrong.
const patience = 5 * time.Minute

// beganNow is the event with which a sync began that still may be on its way to the
// first address, and when the first try did; nil: there is none, or it is not alone.
func beganNow(p *rule.Pass, s *topology.Service) (*snapshot.Event, time.Time) {
	if len(s.Status.LoadBalancer.Ingress) > 0 || len(p.Errors.Current(s.Key())) > 0 {
		return nil, time.Time{}
	}
	var ended time.Time
	if last := p.Errors.LastSuccess(s.Key()); last != nil {
		ended = last.At
	}
	var began *snapshot.Event
	var first time.Time
	for i := range p.Snapshot.Events {
		e := &p.Snapshot.Events[i]
		if e.Kind != "Service" || e.Reason != "EnsuringLoadBalancer" || e.Namespace+"/"+e.Name != s.Key() || !e.Last.After(ended) || e.UID != "" && s.UID != "" && e.UID != string(s.UID) {
			continue // of another Service, or it ended
		}
		at := e.Last
		if e.First.After(ended) {
			at = e.First
		}
		if first.IsZero() || at.Before(first) {
			first = at
		}
		began = e
	}
	if began == nil || p.Snapshot.Now.Sub(first) >= patience {
		return nil, time.Time{}
	}
	return began, first
}

func making(p *rule.Pass, s *topology.Service, began *snapshot.Event, first time.Time) rule.Finding {
	f := rule.Finding{
		Subject:  rule.Subject(s.Key()),
		Services: []string{s.Key()},
		Message: fmt.Sprintf("The provider began to make the load balancer of %s %s before the end of the collection, and no failure is known. This takes up to some minutes, and Services made at the same time wait for each other.",
			s.Key(), p.Snapshot.Now.Sub(first).Round(time.Second)),
		Cites: []report.Cite{began.Doc.Cite("/reason")},
		Fix:   looks("Wait for the address. If it is not there after 5 minutes, or a warning comes, collect again.", rule.Kubectl("get", s.Key(), "--watch")),
	}
	if !logged(p) {
		f.Confidence, f.Why = report.Likely, unheard
	}
	return f
}
