// Package errtext makes one normalised error out of events, Service conditions,
// controller logs, Azure's activity log and what az itself said, whichever of five
// generations of wrappers surrounds it. After this package nobody greps.
package errtext

import (
	"slices"
	"strings"
	"time"

	"azlb/report"
)

// Error is one failure as Azure, or the provider before it asked Azure, said it.
// Equal failures of the same object are one Error with a count.
type Error struct {
	// Code is the outermost ARM code ("AuthorizationFailed"), or the AADSTS code of a
	// refused token ("AADSTS7000215"; the OAuth word, "invalid_request", where the
	// endpoint gave no such code), or empty for a text of the provider itself.
	// "Conflict" and "AlreadyExists" stand for those answers of the Kubernetes API.
	Code  string
	Inner []string // further codes inside, outermost first, without Code
	// Status is the HTTP status that ARM answered (the innermost that is not 0), 429
	// also for the provider's `throttled due to too many requests`, which it says
	// after a 429 without repeating it.
	Status  int
	Message string // ARM's message, or the provider's text without wrappers, on one line
	// Detail is what the first inner error that has words says, on one line; of a throttled
	// call it is taken apart below.
	Detail string
	// Action and Scope are of an authorization failure; the linked ones of a
	// LinkedAuthorizationFailed. ObjectID and ClientID name the identity. Of a
	// ScopeLocked, Action is the operation ("delete") and Scope holds the lock.
	Action, Scope             string
	LinkedAction, LinkedScope string
	// Linked are all pairs of linked action and scope, where the message lists several
	// ("action(s) … (respectively)"); LinkedAction and LinkedScope are then the first.
	Linked             []Link
	ObjectID, ClientID string
	// Target is the ARM id of the resource that the failed call was about.
	Target string
	// OperationGroup, Measured, Allowed and RetryAfter (seconds) are of a throttled call.
	OperationGroup    string
	Measured, Allowed int
	RetryAfter        int
	// ClientSide says that the provider's own rate limiter refused, not Azure.
	ClientSide bool
	// Token says that no token was had, so that no call reached ARM. Credential is
	// the kind of credential where the text names it ("ManagedIdentityCredential").
	Token      bool
	Credential string
	// Transient says that the provider retries this by itself and that it counts
	// only when it persists: a stale etag, another operation, a 5xx.
	Transient bool
	// Advisory says that the sync which told it went on: a warning on the way to
	// success. The success of that same sync does not make it history.
	Advisory bool
	// Earlier says that it is of a Service that was deleted since, and that another one has
	// its name today. The failures of that deletion are not among these: they may go on.
	Earlier bool

	// Service is the "ns/name" it is about, empty where none is named; UID its uid
	// where the event has it. Node is the node it names.
	Service, UID, Node string
	Reason             string // event reason, empty for logs
	Raw                string // the text it was found in, whole, cut at 16 KiB
	First, Last        time.Time
	// Count is the number of tries that failed so: the several events and log lines
	// of one try count once.
	Count   int
	FromLog bool    // no event and no condition tells it, only a log or the activity log
	Where   []Where // the kinds of places that tell it, sorted
	// Order places errors and successes in one sequence, larger is later; see order.go.
	Order int
	Cites []report.Cite // newest first, at most three

	tries []time.Time // when places with a time tell of a try, oldest first; see Since
}

// Link is an action on another resource that a write needs as well.
type Link struct{ Action, Scope string }

// Where is the kind of place that tells of an error.
type Where string

// The kinds of places.
const (
	InEvent       Where = "event"
	InCondition   Where = "condition"
	InLog         Where = "log"
	InActivityLog Where = "activity-log"
	InAz          Where = "az" // what az said of its own failure to collect
)

// Has reports whether the error's code, or one inside it, is code (without case).
func (e *Error) Has(code string) bool {
	if strings.EqualFold(e.Code, code) {
		return true
	}
	for _, c := range e.Inner {
		if strings.EqualFold(c, code) {
			return true
		}
	}
	return false
}

// Shell reports whether it is the wait that versions 1.10 to 1.17 tell instead of the
// error that they waited in vain to be over: by itself it is no cause.
func (e *Error) Shell() bool {
	return e.Code == "" && e.Status == 0 && strings.HasSuffix(e.Message, "timed out waiting for the condition")
}

// Refusal is a failure of a command that the customer's az ran to collect evidence. It
// tells of Azure and of the customer's rights, never of the provider's.
type Refusal struct {
	Error
	Evidence string            // its id
	Of       map[string]string // which group, scale set, … was asked for
}

// Success is a milestone that ends earlier errors of a Service.
type Success struct {
	Service string // "ns/name"
	At      time.Time
	Order   int
	Cite    report.Cite
}

// Errors is what Scan found, oldest first.
type Errors struct {
	All       []*Error
	Successes []Success
	// Az are the failures of the collector's own az, in the order of the manifest; they
	// are not among All.
	Az []Refusal
}

// Of returns the errors of one Service, "ns/name", oldest first. With "" it
// returns those that name no Service.
func (e *Errors) Of(service string) []*Error {
	var out []*Error
	for _, x := range e.All {
		if x.Service == service {
			out = append(out, x)
		}
	}
	return out
}

// Current returns the errors of one Service ("ns/name"; "" for those that name
// none) that are newer than its last success, oldest first: what is not history. Those of
// an earlier Service of the name are.
// An advisory error is measured against the sync before the last that succeeded,
// for the last one may be the very sync that told it. A Shell is left out while another
// error tells what is inside.
func (e *Errors) Current(service string) []*Error {
	last, before := 0, 0
	if s := e.LastSuccess(service); s != nil {
		last = s.Order
		for _, x := range e.Successes {
			if x.Service == service && s.At.Sub(x.At) > sameTry { // nearer ones tell of the same sync
				before = max(before, x.Order)
			}
		}
	}
	var out []*Error
	for _, x := range e.Of(service) {
		if !x.Earlier && (x.Order > last || x.Advisory && x.Order > before) {
			out = append(out, x)
		}
	}
	if slices.ContainsFunc(out, func(x *Error) bool { return !x.Advisory && !x.Shell() }) {
		out = slices.DeleteFunc(out, (*Error).Shell)
	}
	return out
}

// Since returns how many tries failed so after the last success of the error's Service,
// and when the first of them did: what failed before, and went well in between, is not
// lasting. One that is history has none. Of an event that was counted across the success
// only the last time is known to come after it.
func (e *Errors) Since(x *Error) (tries int, first time.Time) {
	s := e.LastSuccess(x.Service)
	switch {
	case x.Service == "" || s == nil || s.At.IsZero() || x.First.After(s.At):
		return x.Count, x.First
	case x.Order < s.Order:
		return 0, time.Time{}
	}
	var last time.Time
	for _, at := range x.tries {
		if !at.Before(s.At) && (last.IsZero() || at.Sub(last) > sameTry) {
			tries, last = tries+1, at
			if first.IsZero() {
				first = at
			}
		}
	}
	if tries == 0 {
		return 1, x.Last
	}
	return tries, first
}

// Followed reports whether some Service was reconciled after the error: whatever the
// controller lacked then as a whole, it had later.
func (e *Errors) Followed(x *Error) bool {
	return slices.ContainsFunc(e.Successes, func(s Success) bool { return s.Order > x.Order })
}

// LastSuccess returns the newest success of a Service, nil when none is known.
func (e *Errors) LastSuccess(service string) *Success {
	var last *Success
	for i := range e.Successes {
		s := &e.Successes[i]
		if s.Service == service && (last == nil || s.Order > last.Order) {
			last = s
		}
	}
	return last
}
