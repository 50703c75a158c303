package rule

import (
	"slices"
	"time"

	"azlb/analyze/errtext"
	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// eventsLive is how long the API server keeps events.
const eventsLive = time.Hour

const cutWhy = "what came after the error is not in the bundle"

// followed reports whether the bundle would show a success that came after the error: it
// has all events, while that success cannot be older than these live, or the log of the
// controller at work, up to the end of the collection. A log that was cut or rotated ends
// earlier. What has no time stands in a log that is there to its end.
func (w *World) followed(e *errtext.Error) bool {
	s := w.Snapshot
	if e.Last.IsZero() || s.Now.IsZero() {
		return e.FromLog
	}
	if s.Complete(&bundle.Events, "") && s.Now.Sub(e.Last) < eventsLive {
		return true
	}
	return slices.ContainsFunc(s.Logs, func(l snapshot.LogFile) bool {
		return w.atWork(&l) && !l.Last.Before(e.Last) && s.Now.Sub(l.Last) < longestRetry
	})
}

// atWork reports whether a log is of the controller that syncs Services, and not of a copy
// that waits for the leader's lease: it tells of syncs, or is the only one. The end of an
// excerpt does not tell whether a success came after it.
func (w *World) atWork(l *snapshot.LogFile) bool {
	if !l.Serves() || l.Previous || l.Excerpt {
		return false
	}
	tells := slices.ContainsFunc(w.Errors.Successes, func(x errtext.Success) bool { return x.Cite.File == l.File }) ||
		slices.ContainsFunc(w.Errors.All, func(x *errtext.Error) bool {
			return slices.ContainsFunc(x.Cites, func(c report.Cite) bool { return c.File == l.File })
		})
	return tells || !slices.ContainsFunc(w.Snapshot.Logs, func(o snapshot.LogFile) bool { return o.File != l.File && o.Serves() && !o.Previous })
}
