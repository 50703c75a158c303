package snapshot

import (
	"errors"

	bundle "azlb/bundle-schema"
	"azlb/report"
)

// Load reads a bundle in one pass. It fails only where the bundle cannot be read
// at all; what is missing or damaged becomes a gap.
func Load(b *bundle.Bundle) (*Snapshot, error) { return nil, errors.New("not implemented") }

// Have reports whether some of the evidence was read.
func (s *Snapshot) Have(e *bundle.Evidence) bool { return len(s.known[e.ID]) > 0 }

// Complete reports whether a conclusion from absence may rest on the evidence:
// it was read whole for the resource group (any case; "" = cluster-wide evidence
// or every group known).
func (s *Snapshot) Complete(e *bundle.Evidence, group string) bool { return false }

// Cite proves something with the value at pointer (relative to the piece for
// YAML, to the file for az JSON): its line and a quotation of it. A pointer that
// leads nowhere cites the nearest parent.
func (d *Doc) Cite(pointer string) report.Cite { return report.Cite{} }
