package errtext

import (
	"strings"

	"azlb/analyze/snapshot"
)

// Scan finds every error and every success that the snapshot's events, Service
// conditions and log records tell of.
func Scan(s *snapshot.Snapshot) *Errors { return &Errors{} }

func equalFold(a, b string) bool { return strings.EqualFold(a, b) }
