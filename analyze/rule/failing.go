package rule

import (
	"slices"

	"azlb/analyze/errtext"
)

// Failing reports whether the provider's newest try for the Service "ns/name" failed:
// what is not there then was never written, so that nobody need have removed it.
func (w *World) Failing(key string) bool {
	return slices.ContainsFunc(w.Errors.Current(key), func(e *errtext.Error) bool { return !e.Advisory })
}
