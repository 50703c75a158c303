package rule

import "time"

// longestSync is how long a sync of which no end is known may still be running:
// Azure's own writes take seconds, at times minutes.
const longestSync = 10 * time.Minute

// InFlight reports whether a sync of the Service "ns/name" ran while the evidence was
// collected: what differs then may have been read on the way and be right since. A
// sync runs from its event EnsuringLoadBalancer to a success or a failure; one that
// ended while the collector read may stand between what it read first and last.
func InFlight(w *World, key string) bool {
	var began, succeeded, ended time.Time
	for _, e := range w.Snapshot.Events {
		if e.Kind == "Service" && e.Reason == "EnsuringLoadBalancer" && e.Namespace+"/"+e.Name == key && e.Last.After(began) && w.living(key, e.UID) {
			began = e.Last
		}
	}
	for _, s := range w.Errors.Successes {
		if s.Service == key && s.At.After(succeeded) {
			succeeded = s.At
		}
	}
	ended = succeeded
	for _, e := range w.Errors.Of(key) {
		if !e.Advisory && e.Last.After(ended) {
			ended = e.Last
		}
	}
	if m := w.Snapshot.Manifest; m != nil && succeeded.After(m.Started) {
		return true
	}
	return ended.Before(began) && w.Snapshot.Now.Sub(began) < longestSync
}

// living reports whether an event of that uid is about the Service of today, and not
// about an earlier one of its name.
func (w *World) living(key, uid string) bool {
	for i := range w.Snapshot.Services {
		s := &w.Snapshot.Services[i]
		if s.Namespace+"/"+s.Name == key {
			return uid == "" || s.UID == "" || string(s.UID) == uid
		}
	}
	return false
}
