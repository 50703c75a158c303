package snapshot

import (
	"fmt"
	"slices"
	"testing"
	"time"

	bundle "azlb/bundle-schema"
)

func event(caller, at string) string {
	return fmt.Sprintf(`{
  "caller": %q,
  "eventTimestamp": "2026-11-23T%sZ",
  "id": "`+lbID+`/events/e/ticks/1",
  "operationName": {"value": "Microsoft.Network/loadBalancers/write", "localizedValue": "Create or Update Load Balancer"},
  "resourceId": "`+lbID+`",
  "status": {"value": "Succeeded", "localizedValue": "Succeeded"}
}`, caller, at, "MC_a", "kubernetes", "MC_a", "kubernetes")
}

// TestActivities: events are known by their content, whatever the file is called, come
// oldest first, each once, and can be cited.
func TestActivities(t *testing.T) {
	jane, joe := event("jane@example.com", "09:41:02.5"), event("joe@example.com", "08:00:00")
	s := loaded(nil, file{name: "a.json", text: "[" + jane + ",\n" + joe + "]"}, file{name: "b.json", text: `{"value": [` + jane + `]}`})
	var got []string
	for _, a := range s.Activities {
		got = append(got, a.Caller+" "+a.Time.Format(time.TimeOnly)+" "+a.Operation)
	}
	if want := []string{"joe@example.com 08:00:00 Microsoft.Network/loadBalancers/write", "jane@example.com 09:41:02 Microsoft.Network/loadBalancers/write"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if c := s.Activities[0].Doc.Cite(s.Activities[0].At + "/caller"); c.File != "a.json" || c.Line != 10 || c.Pointer != "/1/caller" || c.Quote != `"caller": "joe@example.com"` {
		t.Errorf("cite %+v", c)
	}
	if !s.Have(&bundle.ActivityLog) || !s.Complete(&bundle.ActivityLog, "mc_A") || len(s.Loads) != 0 || s.Files[0].As != bundle.ActivityLog.Title || s.Now.Hour() != 9 {
		t.Errorf("files %+v, clock %v", s.Files, s.Now)
	}
}

// TestActivitiesAreNotMissed: a bundle that never asked for the log has no gap, one that
// was refused it has.
func TestActivitiesAreNotMissed(t *testing.T) {
	gap := func(entries ...bundle.Entry) bool {
		s := loaded(&bundle.Manifest{Entries: entries})
		return slices.ContainsFunc(s.Gaps, func(g bundle.Gap) bool { return g.Evidence == &bundle.ActivityLog })
	}
	if gap() {
		t.Error("a log that nobody asked for is missed")
	}
	if !gap(bundle.Entry{Evidence: bundle.ActivityLog.ID, Status: bundle.StatusDenied, Scope: map[string]string{"group": "rg"}}) {
		t.Error("a log that was refused is not missed")
	}
}
