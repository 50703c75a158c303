package rule

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"azlb/analyze/errtext"
	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
)

func TestInFlight(t *testing.T) {
	const key = "shop/web"
	now := at("2026-11-23 12:00:00")
	ensuring := func(clock, uid string) snapshot.Event {
		return snapshot.Event{Kind: "Service", Namespace: "shop", Name: "web", UID: uid, Reason: "EnsuringLoadBalancer", Last: at("2026-11-23 " + clock)}
	}
	success := func(clock string) errtext.Success {
		return errtext.Success{Service: key, At: at("2026-11-23 " + clock)}
	}
	for _, c := range []struct {
		name      string
		events    []snapshot.Event
		successes []errtext.Success
		errors    []*errtext.Error
		started   string // of the collection; empty: loose files
		want      bool
	}{
		{name: "nothing is known of a sync"},
		{name: "one began and has not ended", events: []snapshot.Event{ensuring("11:59:00", "u1")}, successes: []errtext.Success{success("11:20:00")}, want: true},
		{name: "it ended within the same second", events: []snapshot.Event{ensuring("11:59:00", "u1")}, successes: []errtext.Success{success("11:59:00")}},
		{name: "it failed", events: []snapshot.Event{ensuring("11:59:00", "u1")}, errors: []*errtext.Error{{Service: key, Last: at("2026-11-23 11:59:10")}}},
		{name: "it warned on its way", events: []snapshot.Event{ensuring("11:59:00", "u1")}, errors: []*errtext.Error{{Service: key, Last: at("2026-11-23 11:59:10"), Advisory: true}}, want: true},
		{name: "another Service's success is no end", events: []snapshot.Event{ensuring("11:59:00", "u1")}, successes: []errtext.Success{{Service: "shop/api", At: now}}, want: true},
		{name: "it began too long ago to be running", events: []snapshot.Event{ensuring("11:49:00", "u1")}},
		{name: "an earlier Service of the name", events: []snapshot.Event{ensuring("11:59:00", "u0")}},
		{name: "it ended while the collector read", events: []snapshot.Event{ensuring("11:58:50", "u1")}, successes: []errtext.Success{success("11:59:30")}, started: "11:59:00", want: true},
		{name: "it ended before the collector began", events: []snapshot.Event{ensuring("11:58:50", "u1")}, successes: []errtext.Success{success("11:58:59")}, started: "11:59:00"},
	} {
		s := &snapshot.Snapshot{Now: now, Events: c.events, Services: []snapshot.Service{{Service: corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", UID: "u1"}}}}}
		if c.started != "" {
			s.Manifest = &bundle.Manifest{Started: at("2026-11-23 " + c.started)}
		}
		w := &World{Snapshot: s, Errors: &errtext.Errors{All: c.errors, Successes: c.successes}}
		if got := InFlight(w, key); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
