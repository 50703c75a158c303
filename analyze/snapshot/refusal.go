package snapshot

import (
	"fmt"
	"maps"
	"slices"

	bundle "azlb/bundle-schema"
)

// refusals lists the commands of az in a bundle's manifest that failed and said why. What
// does not exist is said in the same way. A command that was answered in another form (az,
// then az rest) did not fail.
func refusals(b *bundle.Bundle) []Refusal {
	if b.Manifest == nil {
		return nil
	}
	doc := &Doc{File: bundle.ManifestName, Line: 1, Raw: b.ManifestText}
	var out []Refusal
	for i, e := range b.Manifest.Entries {
		if ev := bundle.ByID(e.Evidence); ev == nil || ev.Program != bundle.Az || e.Stderr == "" || answered(e.Status) || e.Status == bundle.StatusTruncated {
			continue
		}
		out = append(out, Refusal{Entry: e, At: fmt.Sprintf("/entries/%d", i), Doc: doc})
	}
	return unanswered(out, b.Manifest.Entries)
}

// unanswered leaves out what some entry has an answer to.
func unanswered(list []Refusal, entries []bundle.Entry) []Refusal {
	return slices.DeleteFunc(list, func(r Refusal) bool {
		return slices.ContainsFunc(entries, func(e bundle.Entry) bool {
			return e.Evidence == r.Evidence && maps.Equal(e.Scope, r.Scope) && answered(e.Status)
		})
	})
}

func answered(s bundle.Status) bool { return s == bundle.StatusOK || s == bundle.StatusEmpty }
