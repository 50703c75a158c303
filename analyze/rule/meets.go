package rule

import "azlb/analyze/errtext"

// Stale are the texts of a write that was refused because the object had changed since
// the writer read it. Azure sends them with HTTP 412, at times without a code.
var Stale = []Text{
	Codes("PreconditionFailed", "PreconditionFailedEtagMismatch", "EtagMismatch"),
	Says(`(?i)etag provided in if-match header .*does not match`),
}

// Overlaps are the texts of an operation that gave way to another one on the same object,
// or had to wait for it. Azure sends some of them with HTTP 429, which is not throttling.
var Overlaps = []Text{
	Codes("CanceledAndSupersededDueToAnotherOperation", "OperationPreempted", "AnotherOperationInProgress", "RetryableErrorDueToAnotherOperation"),
	Says(`(?i)execution has been preempted by a more recent operation`),
	Says(`(?i)conflict with a concurrent request`),
	Says(`(?i)\bcanceledandsupersededduetoanotheroperation\b`),
}

// IsStale reports a write that met another one: what its writer had read was old.
func IsStale(e *errtext.Error) bool { return e.Status == 412 || anyOf(Stale, e) }

// Overlapped reports an operation that another one held up or replaced.
func Overlapped(e *errtext.Error) bool { return anyOf(Overlaps, e) }
