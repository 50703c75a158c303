package errtext

import (
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/snapshot"
	"azlb/bundle-schema/az"
)

// The activity log tells of everybody's failures in a resource group; those of others
// are no news. One counts in three cases only: it is told elsewhere too, and is a further
// proof of that; it is about a resource that has the name of a Service that waits; or a
// Service was told nothing but a timeout while it happened. What a user did, and what a
// later success of the same act on the same resource followed, never counts.

const (
	// aroundTry is how far the activity log's time of a failure may lie outside of the
	// span in which Kubernetes tells it.
	aroundTry = time.Minute
	// longestTry is how long before a timeout its try can have begun.
	longestTry = 15 * time.Minute
	// untried is how old a failure may be that only the activity log tells: the service
	// controller tries again after 5 minutes at the latest, and the log is 20 late.
	untried = time.Hour
)

// act is one failed write or delete of the activity log.
type act struct {
	*snapshot.Activity
	err   Error
	index int
	by    string // "write" or "delete"
}

// activities reads the activity log.
func (s *scan) activities(from *snapshot.Snapshot) {
	acts := s.failedActs(from.Activities)
	if len(acts) == 0 {
		return
	}
	known := map[string][]told{}
	for _, t := range s.told {
		e := t.err
		e.Node = "" // that stands in wrappers, and the activity log has none
		known[signature(&e)] = append(known[signature(&e)], t)
	}
	for _, a := range acts {
		if !s.proves(a, known[signature(&a.err)]) {
			s.tellsWaiting(a, from)
		}
	}
	// Where the log tells who writes load balancers, nobody else is the provider.
	writers := balancers(from.Activities)
	s.explainShells(slices.DeleteFunc(acts, func(a act) bool {
		return len(writers) > 0 && a.Caller != "" && !az.Masked(a.Caller) && !writers[strings.ToLower(a.Caller)]
	}))
}

// failedActs lists the writes and deletes of identities that failed with an error, oldest
// first.
func (s *scan) failedActs(log []snapshot.Activity) []act {
	var out []act
	for i := range log {
		a := &log[i]
		by := a.Operation[strings.LastIndexByte(a.Operation, '/')+1:]
		if !strings.EqualFold(a.Status, "Failed") || a.Message == "" || !strings.EqualFold(by, "write") && !strings.EqualFold(by, "delete") {
			continue
		}
		if strings.Contains(a.Caller, "@") { // a user has a name, an identity only an id
			continue
		}
		found := s.unwrap(a.Message)
		if len(found) != 1 || found[0].Code == "" {
			continue
		}
		e := found[0]
		e.Target, e.Raw = a.ResourceID, cut(a.Message)
		if e.Status == 0 {
			e.Status = statusOf(a.StatusCode)
		}
		out = append(out, act{Activity: a, err: e, index: i, by: strings.ToLower(by)})
	}
	return slices.DeleteFunc(out, func(a act) bool { return undone(log[a.index+1:], a) })
}

// undone reports whether a later act of the same kind on the same resource succeeded.
func undone(later []snapshot.Activity, a act) bool {
	return slices.ContainsFunc(later, func(x snapshot.Activity) bool {
		return strings.EqualFold(x.Status, "Succeeded") && strings.EqualFold(x.Operation, a.Operation) && az.Key(x.ResourceID) == az.Key(a.ResourceID)
	})
}

// told is the place that tells of the act.
func (a act) told(service string) told {
	e := a.err
	e.Service = service
	return told{err: e, place: place{at: a.Time, rank: logLine, file: a.Doc.File, line: a.index}, count: 1, where: InActivityLog,
		from: string(InActivityLog), cite: a.Doc.Cite(a.At + "/properties/statusMessage")}
}

// proves adds the act to each failure that it is one try of, of all that tell the same,
// and reports whether there is any.
func (s *scan) proves(a act, same []told) bool {
	type span struct {
		first, last time.Time
		node        string
	}
	spans := map[string]*span{}
	var order []string
	for i := range same {
		t := &same[i]
		if t.place.at.IsZero() || t.err.Target != "" && az.Key(t.err.Target) != az.Key(a.err.Target) {
			continue
		}
		x := spans[t.err.Service]
		if x == nil {
			x = &span{t.began(), t.place.at, t.err.Node}
			spans[t.err.Service], order = x, append(order, t.err.Service)
		}
		if t.began().Before(x.first) {
			x.first = t.began()
		}
		if t.place.at.After(x.last) {
			x.last = t.place.at
		}
	}
	any := false
	for _, service := range order {
		if x := spans[service]; !a.Time.Before(x.first.Add(-aroundTry)) && !a.Time.After(x.last.Add(aroundTry)) {
			t := a.told(service)
			t.aside, t.err.Node, any = true, x.node, true
			s.told = append(s.told, t)
		}
	}
	return any
}

// tellsWaiting adds the act where it is about a resource that has the name of a Service
// that waits for the provider: for its address, or for its deletion.
func (s *scan) tellsWaiting(a act, from *snapshot.Snapshot) {
	key := s.names.byResource(az.LastName(a.ResourceID))
	i := slices.IndexFunc(from.Services, func(x snapshot.Service) bool { return x.Namespace+"/"+x.Name == key })
	if i < 0 || from.Now.Sub(a.Time) > untried {
		return
	}
	svc := &from.Services[i]
	deleted := svc.DeletionTimestamp != nil
	if deleted != (a.by == "delete") || !deleted && (svc.Spec.Type != corev1.ServiceTypeLoadBalancer || len(svc.Status.LoadBalancer.Ingress) > 0) {
		return
	}
	s.told = append(s.told, a.told(key))
}

// balancing are the types that the provider writes for a Service; of single machines it
// writes the interfaces alone.
var balancing = []string{"/loadbalancers/", "/publicipaddresses/", "/networksecuritygroups/", "/networkinterfaces/", "/virtualmachinescalesets/"}

// balancers are the identities that wrote load balancers, or tried to.
func balancers(log []snapshot.Activity) map[string]bool {
	out := map[string]bool{}
	for i := range log {
		if a := &log[i]; a.Caller != "" && !az.Masked(a.Caller) && strings.Contains(strings.ToLower(a.ResourceID), "/loadbalancers/") && strings.HasSuffix(strings.ToLower(a.Operation), "/write") {
			out[strings.ToLower(a.Caller)] = true
		}
	}
	return out
}

// explainShells gives each Service that was told nothing but a timeout the failures that
// the activity log has of that time, where they are of one code: of several nobody knows
// which it was.
func (s *scan) explainShells(acts []act) {
	shells, open := map[string][]told{}, map[string]bool{}
	var order []string
	for _, t := range s.told {
		if key := t.err.Service; key != "" && t.err.Shell() && !t.place.at.IsZero() {
			if shells[key] == nil {
				order = append(order, key)
			}
			shells[key] = append(shells[key], t)
		}
	}
	for _, t := range s.told { // what another place tells of that time is inside
		if !t.aside && !t.err.Advisory && !t.err.Shell() && slices.ContainsFunc(shells[t.err.Service], func(shell told) bool { return shell.during(t.place.at) }) {
			open[t.err.Service] = true
		}
	}
	for _, key := range order {
		if open[key] {
			continue
		}
		var found []act
		for _, a := range acts {
			if other := s.names.byResource(az.LastName(a.ResourceID)); (other == "" || other == key) && slices.ContainsFunc(shells[key], a.inside) {
				found = append(found, a)
			}
		}
		if slices.ContainsFunc(found, func(a act) bool { return !strings.EqualFold(a.err.Code, found[0].err.Code) }) {
			continue
		}
		for _, a := range found {
			s.told = append(s.told, a.told(key))
		}
	}
}

// inside reports whether the act may be what a try of the provider failed at. Only who
// deletes a load balancer deletes.
func (a act) inside(shell told) bool {
	id := strings.ToLower(a.ResourceID)
	return slices.ContainsFunc(balancing, func(t string) bool { return strings.Contains(id, t) }) && shell.during(a.Time) &&
		(a.by != "delete" || strings.Contains(strings.ToLower(shell.err.Raw), "delet"))
}

// during reports whether that was in a try that ended here.
func (t *told) during(at time.Time) bool {
	return !at.Before(t.began().Add(-longestTry)) && !at.After(t.place.at.Add(aroundTry))
}

// began is when a place told it first.
func (t *told) began() time.Time {
	if t.first.IsZero() {
		return t.place.at
	}
	return t.first
}
