// Package errtext makes one normalised error out of events, Service conditions
// and controller logs, whichever of five generations of wrappers surrounds it.
// After this package nobody greps.
package errtext

import (
	"time"

	"azlb/report"
)

// Error is one failure as Azure, or the provider before it asked Azure, said it.
// Equal failures of the same object are one Error with a count.
type Error struct {
	// Code is the outermost ARM code ("AuthorizationFailed"), or the AADSTS code of a
	// refused token ("AADSTS7000215"), or empty for a text of the provider itself.
	Code  string
	Inner []string // further codes inside, outermost first, without Code
	// Status is the HTTP status that ARM answered (the innermost that is not 0).
	Status  int
	Message string // ARM's message, or the provider's text without wrappers, on one line
	// Action and Scope are of an authorization failure; the linked ones of a
	// LinkedAuthorizationFailed. ObjectID and ClientID name the identity.
	Action, Scope             string
	LinkedAction, LinkedScope string
	ObjectID, ClientID        string
	// Target is the ARM id of the resource that the failed call was about.
	Target string
	// OperationGroup, Measured, Allowed and RetryAfter (seconds) are of a throttled call.
	OperationGroup    string
	Measured, Allowed int
	RetryAfter        int
	// ClientSide says that the provider's own rate limiter refused, not Azure.
	ClientSide bool

	// Service is the "ns/name" it is about, empty where none is named; UID its uid
	// where the event has it. Node is the node it names.
	Service, UID, Node string
	Reason             string // event reason, empty for logs
	Raw                string // the text it was found in, whole, cut at 16 KiB
	First, Last        time.Time
	Count              int
	FromLog            bool
	// Order places errors and successes of one Service in one sequence, larger is
	// later: by time where both have one, else by the place in the file.
	Order int
	Cites []report.Cite // newest first, at most three
}

// Has reports whether the error's code, or one inside it, is code (without case).
func (e *Error) Has(code string) bool {
	if equalFold(e.Code, code) {
		return true
	}
	for _, c := range e.Inner {
		if equalFold(c, code) {
			return true
		}
	}
	return false
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
