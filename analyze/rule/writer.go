package rule

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"azlb/analyze/desired"
	"azlb/analyze/snapshot"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// Writer is who wrote something in Azure last, as the activity log has it.
type Writer struct {
	Caller string // the object id of an identity, or the name that a user logs in with
	Time   time.Time
	What   string // "Microsoft.Network/loadBalancers/write"
	// Provider is Yes for the identity that azure.json names, and Perhaps for the one
	// that wrote the load balancers most where none of that is in the log: azure.json
	// may name an application, and the log the object of it.
	Provider desired.Answer
	Cite     report.Cite
}

// LastWriter is who wrote one of the objects last, with a write or a delete that
// succeeded; not ok where the log does not tell, or tells no name. To write a part of
// an object is to write it, and to write what an object is a part of may be. An id
// without a subscription ("/resourceGroups/…") is that of any.
func (w *World) LastWriter(ids ...string) (who Writer, ok bool) {
	for i := range slices.Backward(w.Snapshot.Activities) {
		a := &w.Snapshot.Activities[i]
		if !wrote(a) || !slices.ContainsFunc(ids, func(id string) bool { return touches(a, id) }) {
			continue
		}
		if a.Caller == "" || az.Masked(a.Caller) {
			return Writer{}, false
		}
		return w.writer(a), true
	}
	return Writer{}, false
}

func (w *World) writer(a *snapshot.Activity) Writer {
	return Writer{Caller: a.Caller, Time: a.Time, What: a.Operation, Provider: w.isProvider(a.Caller), Cite: a.Doc.Cite(a.At + "/caller")}
}

// OtherWriters are those who wrote one of the objects after a time and are not the
// provider, each once with the newest write, newest first. Who failed to write them too is
// not among them, since the provider is who fails; and an identity only where another one
// is known as the provider's.
func (w *World) OtherWriters(after time.Time, ids ...string) []Writer {
	known, failed := false, map[string]bool{}
	var out []Writer
	for i := range w.Snapshot.Activities {
		a := &w.Snapshot.Activities[i]
		known = known || a.Caller != "" && w.isProvider(a.Caller) != desired.No
		if strings.EqualFold(a.Status, "Failed") && slices.ContainsFunc(ids, func(id string) bool { return touches(a, id) }) {
			failed[strings.ToLower(a.Caller)] = true
		}
	}
	for i := range slices.Backward(w.Snapshot.Activities) {
		a := &w.Snapshot.Activities[i]
		person := strings.Contains(a.Caller, "@")
		switch {
		case !wrote(a) || a.Caller == "" || az.Masked(a.Caller) || !a.Time.After(after) || failed[strings.ToLower(a.Caller)] || !person && !known,
			!slices.ContainsFunc(ids, func(id string) bool { return touches(a, id) }),
			slices.ContainsFunc(out, func(x Writer) bool { return strings.EqualFold(x.Caller, a.Caller) }):
		default:
			if x := w.writer(a); x.Provider == desired.No {
				out = append(out, x)
			}
		}
	}
	return out
}

// wrote reports the end of a write or a delete that succeeded.
func wrote(a *snapshot.Activity) bool {
	act := strings.ToLower(a.Operation)
	return strings.EqualFold(a.Status, "Succeeded") && (strings.HasSuffix(act, "/write") || strings.HasSuffix(act, "/delete"))
}

// touches reports whether an event is about the object, a part of it, or what it is a
// part of. Locks, role assignments and settings of monitoring hang at an object and
// are none of these; its tags are.
func touches(a *snapshot.Activity, id string) bool {
	object, event := az.Key(id), az.Key(a.ResourceID)
	if object == "" || event == "" {
		return false
	}
	if strings.HasPrefix(object, "/resourcegroups/") {
		_, rest, _ := strings.Cut(strings.TrimPrefix(event, "/subscriptions/"), "/")
		event = "/" + rest
	}
	act := strings.ToLower(a.Operation)
	by, _, _ := strings.Cut(act, "/")
	switch {
	case !strings.Contains(object, "/providers/"+by+"/") && !strings.HasPrefix(act, "microsoft.resources/tags/"):
		return false
	case event == object, strings.HasPrefix(event, object+"/"):
		return true
	}
	return strings.Contains(event, "/providers/") && strings.HasPrefix(object, event+"/")
}

// fewest is how many writes of the load balancers make it probable that an identity is
// the provider's: who writes one once may be anybody.
const fewest = 3

func (w *World) isProvider(caller string) desired.Answer {
	writes := map[string]int{}
	for i := range w.Snapshot.Activities {
		a := &w.Snapshot.Activities[i]
		if id, ok := az.ParseID(a.ResourceID); ok && wrote(a) && id.Name("loadBalancers") != "" {
			writes[strings.ToLower(a.Caller)]++
		}
	}
	own := strings.ToLower(caller)
	switch {
	case w.configured(caller):
		return desired.Yes
	case strings.Contains(caller, "@"), writes[own] < fewest: // a user; hardly a writer of load balancers
		return desired.No
	}
	for other, n := range writes {
		if w.configured(other) || other != own && n >= writes[own] {
			return desired.No
		}
	}
	return desired.Perhaps
}

// configured reports an identity that azure.json names.
func (w *World) configured(caller string) bool {
	c := w.Snapshot.Config
	return c != nil && caller != "" && (strings.EqualFold(caller, c.AADClientID) || strings.EqualFold(caller, c.UserAssignedIdentityID))
}

// WroteAfter reports whether the provider itself was the last who wrote one of the
// objects, and after that time: nothing then tells that somebody else came after it.
func (w *World) WroteAfter(after time.Time, ids ...string) bool {
	who, ok := w.LastWriter(ids...)
	return ok && who.Provider == desired.Yes && who.Time.After(after)
}

// Says names the writer in one sentence.
func (x Writer) Says() string {
	who, tail := x.Caller, ""
	switch x.Provider {
	case desired.Yes:
		who = "the provider itself (" + x.Caller + ")"
	case desired.Perhaps:
		tail = "; this identity wrote the load balancers most, so it is probably the provider's own"
	}
	return fmt.Sprintf("Last written by %s at %s UTC (%s)%s.", who, x.Time.UTC().Format(time.DateTime), x.What, tail)
}

// LastWritten ends a finding's message with who wrote one of the objects last, where
// the bundle tells. Else, and where it may be the provider, which tells nothing of who
// else did, it returns the step that asks Azure.
func (w *World) LastWritten(f *Finding, ask report.Step, ids ...string) []report.Step {
	who, ok := w.LastWriter(ids...)
	if !ok {
		return []report.Step{ask}
	}
	f.Message += " " + who.Says()
	f.Cites = append(f.Cites, who.Cite)
	if who.Provider == desired.Perhaps {
		return []report.Step{ask}
	}
	return nil
}
