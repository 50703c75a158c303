package errtext

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"azlb/report"
)

// told is one place that tells of a failure, before equal ones are folded.
type told struct {
	err   Error
	place place
	// aside: it only shows once more what another place tells, and makes no news.
	aside bool
	retry bool      // the service controller's line at the end of a sync that failed
	first time.Time // of an event that happened several times
	count int       // of an event; 1 for a log line
	event bool      // an event or a condition
	where Where
	mild  bool   // a warning in a log, which may stand there several times for one try
	from  string // event reason or source line: each tells a try once
	cite  report.Cite
}

// sameTry is how far apart an event and the log lines of one try can be.
const sameTry = 2 * time.Second

// volatile are the parts of a message that differ from try to try.
var volatile = regexp.MustCompile(`W/\\?"[^"]*"|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S*|(?i)\b(?:retry|again) after '?\d+'?`)

// signature is what makes two failures equal, whoever is named as their Service.
// The action, scope and target of a failure are part of it, the parts of its
// message that change with every try are not.
func signature(e *Error) string {
	return strings.ToLower(strings.Join([]string{
		e.Code, e.Action, e.Scope, e.LinkedAction, e.LinkedScope, e.Node,
		volatile.ReplaceAllString(e.Message, "#"),
	}, "\x00"))
}

// folded is one failure with all the places that tell of it.
type folded struct {
	err    *Error
	tells  []told
	asides []told
}

// fold makes one failure of all that tell of the same one. A place that names no
// resource is of any.
func fold(all []told) []*folded {
	byKey := map[string][]*folded{}
	var out []*folded
	for _, t := range all {
		key := t.err.Service + "\x00" + signature(&t.err)
		if t.err.Earlier {
			key = t.err.UID + "\x00" + key
		}
		i := slices.IndexFunc(byKey[key], func(f *folded) bool {
			return f.err.Target == "" || t.err.Target == "" || strings.EqualFold(f.err.Target, t.err.Target)
		})
		if t.aside {
			if i >= 0 {
				byKey[key][i].aside(t)
			}
			continue
		}
		if i < 0 {
			e := t.err
			f := &folded{err: &e}
			byKey[key] = append(byKey[key], f)
			out = append(out, f)
			i = len(byKey[key]) - 1
		}
		f := byKey[key][i]
		f.tells = append(f.tells, t)
		f.err.fill(&t.err)
	}
	for _, f := range out {
		f.finish()
	}
	return out
}

// aside takes over what an aside shows: that, and on which resource.
func (f *folded) aside(t told) {
	f.asides = append(f.asides, t)
	if f.err.Target == "" {
		f.err.Target = t.err.Target
	}
	if f.err.Status == 0 {
		f.err.Status = t.err.Status
	}
}

// fill takes over what only another place knows.
func (e *Error) fill(from *Error) {
	for _, s := range []struct{ to, from *string }{
		{&e.Target, &from.Target}, {&e.UID, &from.UID}, {&e.Credential, &from.Credential},
		{&e.OperationGroup, &from.OperationGroup}, {&e.Detail, &from.Detail},
	} {
		if *s.to == "" {
			*s.to = *s.from
		}
	}
	for _, n := range []struct{ to, from *int }{
		{&e.Status, &from.Status}, {&e.RetryAfter, &from.RetryAfter}, {&e.Measured, &from.Measured}, {&e.Allowed, &from.Allowed},
	} {
		if *n.to == 0 {
			*n.to = *n.from
		}
	}
	e.Token, e.Transient, e.Advisory = e.Token || from.Token, e.Transient || from.Transient, e.Advisory && from.Advisory
	for _, c := range from.Inner {
		e.addInner(c)
	}
}

// finish derives count, span, reason, text and cites from the places.
func (f *folded) finish() {
	slices.SortStableFunc(f.tells, func(a, b told) int { return b.place.compare(a.place) })
	e := f.err
	e.FromLog = true
	events, lines, mild := map[string]int{}, map[string]int{}, map[string]int{}
	for _, t := range slices.Concat(f.tells, f.asides) {
		if !slices.Contains(e.Where, t.where) {
			e.Where = append(e.Where, t.where)
		}
	}
	for _, t := range f.tells {
		for _, at := range []time.Time{t.first, t.place.at} {
			if !at.IsZero() && (e.First.IsZero() || at.Before(e.First)) {
				e.First = at
			}
			if at.After(e.Last) {
				e.Last = at
			}
			if !at.IsZero() {
				e.tries = append(e.tries, at)
			}
		}
		switch {
		case t.event:
			events[t.from] += t.count
			if e.FromLog || t.err.Reason == "SyncLoadBalancerFailed" && e.Reason != t.err.Reason {
				e.Reason, e.Raw = t.err.Reason, t.err.Raw
			}
			e.FromLog = false
		case t.mild:
			mild[t.from]++
		default:
			lines[t.from]++
		}
	}
	slices.Sort(e.Where)
	slices.SortFunc(e.tries, time.Time.Compare)
	e.Count = max(largest(events), largest(lines))
	if e.Count == 0 {
		e.Count = largest(mild)
	}
	if e.FromLog {
		e.Raw = f.tells[0].err.Raw
	}
	f.cites()
}

func largest(m map[string]int) int {
	n := 0
	for _, v := range m {
		n = max(n, v)
	}
	return n
}

// cites chooses three places, newest first, one of each kind (told by Kubernetes, by a
// log, by the activity log) at least.
func (f *folded) cites() {
	const most = 3
	kind := func(t told) string {
		if t.event {
			return "event"
		}
		return string(t.where)
	}
	all := slices.Concat(f.tells, f.asides)
	slices.SortStableFunc(all, func(a, b told) int { return b.place.compare(a.place) })
	chosen := make([]bool, len(all))
	n := 0
	for _, anew := range []bool{true, false} { // first what is the first of its kind
		var seen []string
		for i, t := range all {
			if n < most && !chosen[i] && (!anew || !slices.Contains(seen, kind(t))) {
				chosen[i] = true
				n++
			}
			seen = append(seen, kind(t))
		}
	}
	for i, t := range all {
		if chosen[i] {
			f.err.Cites = append(f.err.Cites, t.cite)
		}
	}
}

// place is where the failure was last told. An event that a log line repeats takes
// that line's place, which is the more exact one.
func (f *folded) place() place {
	last := f.tells[0].place
	if last.rank != errorEvent {
		return last
	}
	for _, t := range f.tells {
		if d := last.at.Sub(t.place.at); !t.event && d >= -sameTry && d <= sameTry {
			return t.place
		}
	}
	return last
}
