package rule

import (
	"fmt"
	"slices"
	"time"

	"azlb/analyze/errtext"
	"azlb/report"
)

// What the provider tries again by itself counts as a fault when it went on for so long,
// or in so many tries, without a success: the tries of the service controller come after
// 5 seconds, then 10, and so on up to 5 minutes, so that six of them take some minutes.
const (
	longTime  = 10 * time.Minute
	manyTries = 6
)

// Lasts reports whether an error that the provider retries by itself has gone on since the
// last success of its Service for longer than such errors do.
func (w *World) Lasts(e *errtext.Error) bool {
	tries, first := w.Errors.Since(e)
	return tries >= manyTries || tries > 1 && !first.IsZero() && e.Last.Sub(first) >= longTime
}

// Retried judges a finding that rests on errors which the provider retries by itself. It
// picks those that count and sets severity, confidence, Services and Errors; none means
// that there is nothing to tell.
//
// One that lasts is an error for the Services that wait, else a warning. One that does not
// last yet is told only of a Service that waits for nothing else: as a possible warning
// from the second try on, as an information before. Errors of a Service that something
// else stops are not the reason why it waits.
func (p *Pass) Retried(f *Finding, errs []*errtext.Error) []*errtext.Error {
	var lasting, young []*errtext.Error
	most := 0
	for _, e := range errs {
		switch tries, _ := p.Errors.Since(e); {
		case e.Advisory || p.Gone(e) || p.stopped(e):
		case p.Lasts(e):
			lasting = append(lasting, e)
		case p.Waits(e):
			young, most = append(young, e), max(most, tries)
		}
	}
	if len(lasting) > 0 {
		var working []string
		f.Errors = lasting
		if f.Services, working = p.Named(lasting); len(f.Services) == 0 {
			f.Severity, f.Services = report.Warning, working
		}
		return lasting
	}
	if len(young) == 0 {
		return nil
	}
	f.Services, _ = p.Named(young)
	f.Errors = young
	f.Severity, f.Confidence = report.Warning, report.Possible
	f.Why = fmt.Sprintf("it failed only %d times so far, and the provider tries again by itself: it may be over", most)
	if most <= 1 {
		f.Severity, f.Why = report.Info, "it failed only once so far, and the provider tries again by itself: it is probably over"
	}
	return young
}

// stopped reports whether something else stops the syncs of the error's Service: an error
// that no retry ends, later than this one or while this one does not last.
func (p *Pass) stopped(e *errtext.Error) bool {
	return e.Service != "" && slices.ContainsFunc(p.Errors.Current(e.Service), func(x *errtext.Error) bool {
		retried := x.Transient || x.ClientSide || x.Status == 429
		return x != e && !x.Advisory && !retried && (x.Order > e.Order || !p.Lasts(e))
	})
}
