package rule

import (
	"slices"
	"time"

	"azlb/analyze/desired"
	"azlb/analyze/errtext"
	"azlb/analyze/topology"
	"azlb/analyze/walk"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// longestRetry is how long a sync that still fails can be silent: the service
// controller tries again after 5 minutes at the latest, and a try lasts minutes.
const longestRetry = 10 * time.Minute

// Settled reports whether the Service that an error names has what it asks for all
// the same: an address, and nothing missing on the way to it that the provider
// makes. The success that made it may have left the log, and its event expires.
// An error that names no Service is settled when none of all the cluster's Services
// waits for the provider.
func (w *World) Settled(e *errtext.Error) bool {
	if e.Service == "" {
		return len(w.Waiting()) == 0 && w.Snapshot.Complete(&bundle.Services, "")
	}
	s := w.Graph.Service(e.Service)
	return s != nil && !s.Deleting() && !s.Foreign() && len(s.Status.LoadBalancer.Ingress) > 0 && !w.unmade(s)
}

// endedSince reports whether the deletion that an error names was told of no more for longer
// than a failing one is silent, while its Service is known to be gone: old controllers take
// the Service away first and go on with what it left.
func (w *World) endedSince(e *errtext.Error) bool {
	return e.OfDeletion() && w.Graph.Service(e.Service) == nil && w.Snapshot.Complete(&bundle.Services, "") && !e.Last.IsZero() && w.Snapshot.Now.Sub(e.Last) > longestRetry
}

// asWanted reports whether nothing that the next sync of the Service would put right is
// known to differ from what it asks for: a sync that succeeded would have left it so.
func (w *World) asWanted(key string) bool {
	return !slices.ContainsFunc(w.Compared.Checks, func(c desired.Check) bool {
		return (c.Kind == desired.Missing || c.Kind == desired.Different) && c.Heals && slices.Contains(c.Services, key)
	})
}

const unseenWhy = "the Services are not completely in the bundle, so whether one still lacks something for it is not known"

// unseen reports whether the bundle cannot tell if the error still matters: it has
// neither the Service that the error names, nor all Services, and none that waits.
func (w *World) unseen(e *errtext.Error) bool {
	return w.Graph.Service(e.Service) == nil && !w.Snapshot.Complete(&bundle.Services, "") && len(w.Waiting()) == 0
}

// harmUnseen lowers a finding of which the bundle cannot tell whether a Service is harmed:
// it has none of those named, and does not hold all Services.
func harmUnseen(w *World, f *report.Finding) {
	if len(f.Services) == 0 || w.Snapshot.Complete(&bundle.Services, "") || slices.ContainsFunc(f.Services, func(key string) bool { return w.Graph.Service(key) != nil }) {
		return
	}
	if f.Severity == report.Error {
		f.Severity = report.Warning
	}
	if f.Confidence == report.Certain {
		f.Confidence, f.Why = report.Likely, join(f.Why, unseenWhy)
	}
}

// unmade reports whether something on the way to the Service is known to be absent
// that only the provider makes.
func (w *World) unmade(s *topology.Service) bool {
	return slices.ContainsFunc(w.Walks.Of(s.Key()), func(x *walk.Walk) bool {
		h := x.Blocked()
		return h != nil && h.State == report.HopAbsent && slices.Contains([]string{walk.PublicIP, walk.Frontend, walk.Rule, walk.Pool}, h.Kind)
	})
}

// overtaken reports whether the Service of an error has failed otherwise long after:
// a sync stops at its first failure, so the step that this one tells of goes well now.
func (w *World) overtaken(e *errtext.Error) bool {
	return e.Service != "" && !e.Last.IsZero() && slices.ContainsFunc(w.Errors.Current(e.Service), func(x *errtext.Error) bool {
		early := x.Token || x.ClientSide || x.Transient || x.Status == 429 // may fail before the step is reached
		return !x.Advisory && !early && x.Last.Sub(e.Last) > longestRetry
	})
}

// weigh lowers a finding that rests on errors alone. Services that are settled, or
// fail otherwise since, are not harmed while others are; where all are, nothing
// that is known speaks for it any more, unless something is still not as the Service
// asks for. What was not said again for longer than a failing sync is silent may be
// history, and what the bundle would not show the end of as well; where the state cannot
// tell either, it is no more than a possible warning. In files that were given by hand the
// errors may be older than the rest, whatever the clock says.
func weigh(w *World, f *report.Finding, errs []*errtext.Error) {
	if len(errs) == 0 {
		return
	}
	var current, past []string
	open, seen, overtaken, differs, followed, last := false, false, false, false, false, time.Time{}
	for _, e := range errs {
		switch later := w.overtaken(e); {
		case later || w.Settled(e) || w.endedSince(e):
			past = append(past, e.Service)
			overtaken = overtaken || later
			differs = differs || !later && e.Service != "" && !w.asWanted(e.Service)
		default:
			current = append(current, e.Service)
			open = true
			seen = seen || !w.unseen(e)
			followed = followed || w.followed(e)
		}
		if e.Last.After(last) {
			last = e.Last
		}
	}
	if open {
		if f.Severity == report.Error {
			f.Services = slices.DeleteFunc(f.Services, func(key string) bool { return slices.Contains(past, key) && !slices.Contains(current, key) })
		}
		switch {
		case !seen && !followed: // neither the state nor what came later tells
			if f.Severity == report.Error {
				f.Severity = report.Warning
			}
			f.Confidence = lower(f.Confidence, report.Possible)
			f.Why = join(join(f.Why, unseenWhy), cutWhy+": it may be over")
		case !seen:
			f.Confidence = lower(f.Confidence, report.Likely)
			f.Why = join(f.Why, unseenWhy)
		case !followed:
			f.Confidence = lower(f.Confidence, report.Likely)
			f.Why = join(f.Why, cutWhy)
		}
		return
	}
	if f.Severity == report.Error {
		f.Severity = report.Warning
	}
	switch {
	case overtaken:
		f.Confidence = lower(f.Confidence, report.Possible)
		f.Why = join(f.Why, "later tries failed otherwise, so this failure is probably over")
	case differs: // no sync has brought what the Service asks for since
	case w.Snapshot.Manifest == nil || last.IsZero() || w.Snapshot.Now.Sub(last) > longestRetry:
		f.Confidence = lower(f.Confidence, report.Possible)
		f.Why = join(f.Why, "no later success is in the bundle, but no Service lacks anything for it: the error may be history")
	}
}
