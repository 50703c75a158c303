package sync

import (
	"fmt"
	"slices"
	"time"

	"azlb/analyze/rule"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// SYNC04 are Services that wait for their turn.
var SYNC04 = &rule.Rule{
	ID:         "AZLB-SYNC04",
	Severity:   report.Info,
	AsDesigned: true,
	Doc: report.Doc{
		Title:   "Services wait for their turn: the controller syncs one after the other",
		Symptom: "Many Services were made at the same time. Some have their address, others are <pending> and have no event at all; minutes later they have one.",
		Cause: "One load balancer carries all Services, and Azure takes one change of it at a time. So the provider works on one Service after the other; each takes some seconds to a minute, more with many nodes or while Azure is slow. " +
			"A larger --concurrent-service-syncs does not help, since the provider holds a lock while it works on one.",
		Fix:        []report.Step{{Say: "Wait for the addresses. If the controller stops working on others and these still wait, collect again.", Run: "kubectl get services -A --watch"}},
		References: []string{"serviceReconcileLock in kubernetes-sigs/cloud-provider-azure", "https://kubernetes.io/docs/reference/command-line-tools-reference/kube-controller-manager/", "Azure/AKS#2195"},
		Healthy:    "It is told only while the controller works on other Services, or finished one within the last 10 minutes, of two Services or more that have neither an address, nor an event of a sync, nor an error. A Service whose sync has begun is told by AZLB-OK07; one that no controller comes to is told by AZLB-CFG06.",
	},
	Needs:       rule.Needs{All: []*bundle.Evidence{&bundle.Services, &bundle.Events}, Any: text},
	FollowsFrom: []string{"AZLB-THR01", "AZLB-THR02", "AZLB-SYNC06"},
	Check:       checkSYNC04,
}

// working is how long after a sync the controller counts as being at work.
const working = 10 * time.Minute

// syncing is one sync of a Service, as its events tell.
type syncing struct {
	key   string
	began time.Time
	took  time.Duration // 0: it has not ended
	cite  report.Cite
}

func checkSYNC04(p *rule.Pass) {
	syncs := syncsOf(p)
	var queue []*topology.Service
	for _, s := range p.Graph.Services {
		switch key := s.Key(); {
		case s.Foreign(), s.Deleting(), len(s.Status.LoadBalancer.Ingress) > 0, len(p.Errors.Of(key)) > 0, p.Errors.LastSuccess(key) != nil:
		case slices.ContainsFunc(syncs, func(x syncing) bool { return x.key == key }):
		default:
			queue = append(queue, s)
		}
	}
	if len(queue) < 2 || len(syncs) == 0 {
		return
	}
	newest := syncs[len(syncs)-1]
	ended := newest.began.Add(newest.took)
	if p.Snapshot.Now.Sub(ended) > working || newest.took == 0 && p.Snapshot.Now.Sub(newest.began) > working {
		return
	}
	f := rule.Finding{Subject: report.Object{Kind: "Controller", Name: "of the cloud provider"}, Cites: []report.Cite{newest.cite}}
	for _, s := range queue {
		f.Services = append(f.Services, s.Key())
		if len(f.Cites) < 3 {
			f.Cites = append(f.Cites, s.Doc.Cite("/metadata/creationTimestamp"))
		}
	}
	f.Message = fmt.Sprintf("%d Services wait for their turn: %s. The controller works on one after the other; its newest sync is that of %s, which began at %s UTC", len(queue), rule.List(f.Services), newest.key, newest.began.UTC().Format("15:04:05"))
	if newest.took == 0 {
		f.Message += " and was still running at the end of the collection"
	}
	f.Message += "."
	if each := typical(p, syncs); each > 0 {
		f.Message += fmt.Sprintf(" By the newest syncs one takes about %s, so that the last of them has its address after about %s.", each, (each * time.Duration(len(queue))).Round(time.Second))
	}
	f.Confidence, f.Why = report.Likely, "that the controller comes to them is not in the bundle, only that it works on others"
	f.Fix = []report.Step{{Say: "Wait for the addresses. If the controller stops working on others and these still wait, collect again.", Run: "kubectl get services -A --watch"}}
	p.Find(f)
}

// syncsOf lists the syncs that events tell of, by their beginning.
func syncsOf(p *rule.Pass) []syncing {
	var out []syncing
	for i := range p.Snapshot.Events {
		e := &p.Snapshot.Events[i]
		if e.Kind != "Service" || e.Reason != "EnsuringLoadBalancer" || e.Last.IsZero() {
			continue
		}
		x := syncing{key: e.Namespace + "/" + e.Name, began: e.Last, cite: e.Doc.Cite("/reason")}
		if s := p.Errors.LastSuccess(x.key); s != nil && !s.At.Before(x.began.Truncate(time.Second)) {
			x.took = max(s.At.Sub(x.began), time.Second)
		}
		for _, err := range p.Errors.Current(x.key) {
			if !err.Last.Before(x.began) {
				x.took = max(err.Last.Sub(x.began), time.Second)
			}
		}
		out = append(out, x)
	}
	slices.SortStableFunc(out, func(a, b syncing) int { return a.began.Compare(b.began) })
	return out
}

// typical is the middle one of the newest syncs' lengths, to the second; one that runs
// longer counts with what it has taken so far. 0: none has ended.
func typical(p *rule.Pass, syncs []syncing) time.Duration {
	var list []time.Duration
	for _, x := range syncs[max(0, len(syncs)-9):] {
		if x.took > 0 {
			list = append(list, x.took)
		}
	}
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	each := list[len(list)/2]
	if last := syncs[len(syncs)-1]; last.took == 0 {
		each = max(each, p.Snapshot.Now.Sub(last.began))
	}
	return each.Round(time.Second)
}
