package errtext

import (
	"cmp"
	"slices"
	"time"

	"azlb/analyze/snapshot"
)

// place says when something was told. Errors and successes of all Services are
// put into one sequence:
//
//   - by time, to the second, because events know no more;
//   - within a second first the success events, then log lines, then error events.
//     A success less than a second after a failure is nearly impossible, since a
//     retry waits five seconds; a failure right after a success is not;
//   - two lines of one log by their place in it, whatever their stamps say: the
//     time of a line is the latest that stood in the log up to it.
//
// Lines of a log without any time come before everything that has one. What they
// tell and no event repeats is older than the hour that events live.
type place struct {
	at   time.Time
	rank rank
	file string
	line int
}

type rank int

const (
	successEvent rank = iota
	logLine
	errorEvent
)

func (p place) compare(q place) int {
	if c := p.at.Truncate(time.Second).Compare(q.at.Truncate(time.Second)); c != 0 {
		return c
	}
	if c := cmp.Compare(p.rank, q.rank); c != 0 {
		return c
	}
	if p.rank == logLine && p.file == q.file {
		return cmp.Compare(p.line, q.line)
	}
	return cmp.Or(p.at.Compare(q.at), cmp.Compare(p.file, q.file), cmp.Compare(p.line, q.line))
}

// lineTimes gives every record the latest time that its log showed up to it.
func lineTimes(records []snapshot.Record) []time.Time {
	out := make([]time.Time, len(records))
	latest := map[*snapshot.LogFile]time.Time{}
	for i, r := range records {
		if t := latest[r.Log]; r.Time.After(t) {
			latest[r.Log] = r.Time
		}
		out[i] = latest[r.Log]
	}
	return out
}

// number gives errors and successes their Order.
func (s *scan) number(errs []*folded) {
	type item struct {
		at  place
		set *int
	}
	var items []item
	for _, f := range errs {
		items = append(items, item{f.place(), &f.err.Order})
	}
	for i := range s.successes {
		items = append(items, item{s.successes[i].place, &s.successes[i].Order})
	}
	slices.SortStableFunc(items, func(a, b item) int { return a.at.compare(b.at) })
	for i, it := range items {
		*it.set = i + 1
	}
}
