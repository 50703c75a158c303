package errtext

import (
	"cmp"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"azlb/analyze/snapshot"
)

// rawCap is the length of Error.Raw in bytes.
const rawCap = 16 << 10

// scan is what is known so far.
type scan struct {
	names     names
	unwrapped map[string][]Error // by text: a failure is logged again at every retry
	told      []told
	successes []placed
	several   map[string]bool // logs in which several syncs run at once
	syncs     string          // how many run at once by the controllers' own commands; "" where none says
}

// placed is a success before it has an Order.
type placed struct {
	Success
	place place
}

// Scan finds every error and every success that the snapshot's events, Service
// conditions and log records tell of. It reads Warning events of Services, all
// warnings of the Azure provider, and of other objects those that hold an ARM
// error; of log lines those that always mean failure (see failuresIn); of the activity
// log what proves one of these, or why a Service waits (see activity.go).
func Scan(s *snapshot.Snapshot) *Errors {
	sc := &scan{names: namesOf(s.Services), unwrapped: map[string][]Error{}, several: map[string]bool{}, syncs: syncsAtOnce(s.Pods)}
	for i := range s.Events {
		sc.event(&s.Events[i], i)
	}
	for i := range s.Services {
		sc.conditions(&s.Services[i])
	}
	sc.records(s.Records)
	sc.attribute()
	sc.openShells()
	sc.activities(s)

	errs := fold(sc.told)
	sc.number(errs)
	out := &Errors{Az: sc.refusals(s.Refusals)}
	for _, f := range errs {
		out.All = append(out.All, f.err)
	}
	slices.SortFunc(out.All, func(a, b *Error) int { return a.Order - b.Order })
	slices.SortFunc(sc.successes, func(a, b placed) int { return a.Order - b.Order })
	for _, p := range sc.successes {
		out.Successes = append(out.Successes, p.Success)
	}
	return out
}

// unwrap unwraps a text once; the caller may change what it gets.
func (s *scan) unwrap(text string) []Error {
	found, ok := s.unwrapped[text]
	if !ok {
		found = unwrap(text)
		s.unwrapped[text] = found
	}
	return slices.Clone(found)
}

// event reads one event. index keeps equal ones in their order.
func (s *scan) event(ev *snapshot.Event, index int) {
	service, ofAzure := "", ev.Component == "azure-cloud-provider"
	if ev.Kind == "Service" {
		service = ev.Namespace + "/" + ev.Name
	}
	at := ev.Last
	if at.IsZero() {
		at = ev.First
	}
	if service != "" && s.names.success(service, ev.Reason) {
		cite := ev.Doc.CiteWhole()
		for _, t := range slices.Compact([]place{{at: ev.First, rank: successEvent, line: index}, {at: at, rank: successEvent, line: index}}) {
			if !t.at.IsZero() || ev.First.Equal(at) {
				s.successes = append(s.successes, placed{Success{Service: service, At: t.at, Cite: cite}, t})
			}
		}
		return
	}
	if ev.Type != "Warning" {
		return
	}
	found := s.unwrap(ev.Message)
	endpoints := ev.Reason == "FailedToCreateEndpoint" || ev.Reason == "FailedToUpdateEndpoint"
	if endpoints && service == "" {
		service = firstGroup(endpointOf, ev.Message)
	}
	for _, e := range found {
		if service == "" && !ofAzure && e.Code == "" {
			continue
		}
		kubernetesCode(&e)
		e.Service, e.Reason, e.Raw = service, ev.Reason, cut(ev.Message)
		e.Transient = e.Transient || endpoints
		e.Advisory = slices.Contains(advisoryReasons, ev.Reason)
		if ev.Kind == "Service" {
			e.UID, e.Earlier = ev.UID, s.names.earlier(service, ev.UID) && !ofDeletion(ev.Message)
		}
		if ev.Kind == "Node" && e.Node == "" {
			e.Node = ev.Name
		}
		s.told = append(s.told, told{
			err: e, place: place{at: at, rank: errorEvent, line: index}, first: ev.First,
			count: max(ev.Count, 1), event: true, where: InEvent, from: ev.Reason, cite: ev.Doc.Cite("/message"),
		})
	}
}

// conditions reads the failures in a Service's status: a condition that says so,
// and the error of a port (core/v1 PortStatus).
func (s *scan) conditions(svc *snapshot.Service) {
	key := svc.Namespace + "/" + svc.Name
	add := func(e Error, reason, raw, pointer string, at metav1.Time) {
		e.Service, e.UID, e.Reason, e.Raw = key, string(svc.UID), reason, cut(raw)
		s.told = append(s.told, told{
			err: e, place: place{at: at.UTC(), rank: errorEvent}, count: 1, event: true, where: InCondition,
			from: reason, cite: svc.Doc.Cite(pointer),
		})
	}
	for _, c := range svc.Status.Conditions {
		bad := c.Status == metav1.ConditionFalse || c.Status == metav1.ConditionTrue && strings.HasSuffix(c.Type, "Error")
		if !bad {
			continue
		}
		for _, e := range s.unwrap(c.Message) {
			kubernetesCode(&e)
			add(e, c.Reason, c.Message, "/status/conditions", c.LastTransitionTime)
		}
	}
	for _, in := range svc.Status.LoadBalancer.Ingress {
		for _, p := range in.Ports {
			if p.Error != nil && *p.Error != "" {
				add(Error{Code: *p.Error, Message: *p.Error}, "PortError", *p.Error, "/status/loadBalancer/ingress", metav1.Time{})
			}
		}
	}
}

// records reads the logs.
func (s *scan) records(records []snapshot.Record) {
	times := lineTimes(records)
	running := map[*snapshot.LogFile]string{}
	for i, r := range records {
		l := parseRecord(r, s.names)
		s.follow(running, r, l)
		at := place{at: times[i], rank: logLine, file: r.Log.File, line: r.Line}
		if svc := successOf(r, l, s.names); svc != "" {
			s.successes = append(s.successes, placed{Success{Service: svc, At: at.at, Cite: r.Cite("")}, at})
			continue
		}
		for _, e := range failuresIn(r, l, s.unwrap) {
			e.Service, e.UID, e.Raw, e.Earlier = l.service, l.uid, cut(r.Text), s.names.earlier(l.service, l.uid) && !ofDeletion(r.Text)
			if e.Service == "" {
				e.Service = s.names.byResource(e.Target + " " + e.Message)
			}
			if e.Service == "" && strings.HasPrefix(r.Source, "accesscontrol.go") {
				e.Service = running[r.Log]
			}
			s.told = append(s.told, told{
				err: e, place: at, count: 1, where: InLog, from: r.Source, mild: r.Level == 'W',
				retry: serviceRetry(r.Text),
				cite:  r.Cite(quoteOf(&e)),
			})
		}
	}
}

// follow keeps whose sync is running in each log. What parses the allowed ranges
// of a Service logs their faults without its name, and nothing repeats them: the
// sync goes on. Where several syncs run at once nothing is known.
func (s *scan) follow(running map[*snapshot.LogFile]string, r snapshot.Record, l line) {
	if n := cmp.Or(r.Log.Flags["concurrent-service-syncs"], s.syncs); n != "" && n != "1" {
		s.several[r.Log.File] = true
		return
	}
	switch {
	case strings.Contains(r.Text, "Start reconciling Service"):
		running[r.Log] = l.service
		if l.service == "" {
			running[r.Log] = s.names.byResource(r.Text)
		}
	case l.reason == "DeletingLoadBalancer",
		(l.reason != "" && l.reason != "EnsuringLoadBalancer" || serviceRetry(r.Text)) && l.service == running[r.Log]:
		running[r.Log] = "" // events are logged when they are sent, which may be in the next sync
	}
}

// syncsAtOnce is what a controller's command gives as --concurrent-service-syncs: a log
// that was rotated no longer has its flags.
func syncsAtOnce(pods []snapshot.Pod) string {
	for i := range pods {
		if pods[i].Namespace != "kube-system" {
			continue
		}
		for _, c := range pods[i].Spec.Containers {
			for _, word := range slices.Concat(c.Command, c.Args) {
				if n, ok := strings.CutPrefix(word, "--concurrent-service-syncs="); ok && n != "1" {
					return n
				}
			}
		}
	}
	return ""
}

// quoteOf is the part of a text that a reader should see.
func quoteOf(e *Error) string {
	if e.Code != "" && !strings.HasPrefix(e.Message, e.Code) {
		return e.Code + ": " + e.Message
	}
	return e.Message
}

func cut(s string) string { return s[:min(len(s), rawCap)] }

// reach is how many lines of a log lie between the first line of a failing try
// and the one that names the Service.
const reach = 400

// attribute gives log lines that name no Service the one whose try they belong
// to: the provider logs a failure where it happens, then its callers log the same
// failure, and the service controller, last, names the Service. So it is the next
// line of the same log with the same failure; else the only Service that has it.
func (s *scan) attribute() {
	bySignature := map[string][]int{}
	for i := range s.told {
		if s.told[i].err.Service != "" {
			k := signature(&s.told[i].err)
			bySignature[k] = append(bySignature[k], i)
		}
	}
	for i := range s.told {
		t := &s.told[i]
		if t.err.Service != "" || t.event {
			continue
		}
		same := bySignature[signature(&t.err)]
		if service := s.next(t, same); !s.ended(service, t, same) {
			t.err.Service = service
		}
	}
}

// next is the Service of the failure's next place in the same log, or the only one.
func (s *scan) next(t *told, same []int) string {
	only, several := "", false
	for _, j := range same {
		o := &s.told[j]
		if !o.event && o.place.file == t.place.file && o.place.line > t.place.line && o.place.line-t.place.line <= reach {
			return o.err.Service
		}
		several = several || only != "" && only != o.err.Service
		only = o.err.Service
	}
	if several {
		return ""
	}
	return only
}

// ended reports whether the Service has had a success since it last told the failure and
// before this place: then nothing says that it is the Service's again.
func (s *scan) ended(service string, t *told, same []int) bool {
	return slices.ContainsFunc(s.successes, func(x placed) bool {
		return x.Service == service && x.place.compare(t.place) < 0 &&
			!slices.ContainsFunc(same, func(j int) bool { return s.told[j].err.Service == service && s.told[j].place.compare(x.place) > 0 })
	})
}
