package snapshot

import (
	"fmt"
	"slices"
	"strings"
	"time"

	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
)

// together is how far apart two halves of a cluster may be collected and still be judged
// as one state.
const together = 30 * time.Minute

// halves tells the half that only kubectl brought from the one that only az brought; not
// ok where a snapshot is neither.
func halves(a, b *Snapshot) (kubectl, azure *Snapshot, ok bool) {
	switch {
	case a.only(bundle.Kubectl) && b.only(bundle.Az):
		return a, b, true
	case b.only(bundle.Kubectl) && a.only(bundle.Az):
		return b, a, true
	}
	return nil, nil, false
}

// only reports whether everything of a cluster that the snapshot knows came from a program.
func (s *Snapshot) only(p bundle.Program) bool {
	had := false
	for _, e := range bundle.Catalogue {
		if e.Program != bundle.Local && s.Have(e) {
			if e.Program != p {
				return false
			}
			had = true
		}
	}
	return had
}

// apart takes what az brought back to "not the whole of it" where it was collected long
// before or after what kubectl brought: a Service may have been made, changed or deleted
// in between, and nothing may be concluded from what is not there. The clock is that of
// the errors, which the half of kubectl has.
func (l *loader) apart(a, b *Snapshot) {
	kubectl, azure, ok := halves(a, b)
	if !ok {
		return
	}
	l.s.Now = kubectl.Now
	d := azure.Now.Sub(kubectl.Now)
	if d.Abs() <= together {
		return
	}
	when := "after"
	if d < 0 {
		when = "before"
	}
	l.s.Apart = fmt.Sprintf("%s was collected %v %s %s, and the cluster may have changed in between", azure.Name, d.Abs().Round(time.Minute), when, kubectl.Name)
	for _, e := range bundle.Catalogue {
		if e.Program != bundle.Az || e == &bundle.AzVersion || e == &bundle.Account || !azure.Have(e) {
			continue
		}
		for group, x := range l.s.known[e.ID] {
			l.s.known[e.ID][group] = extent{x.read, false}
		}
		l.gaps = append(l.gaps, bundle.Gap{Evidence: e, Status: bundle.StatusTruncated, Reason: l.s.Apart, Supply: "collect both halves within half an hour"})
	}
}

// groupsMeet reports whether what only az brought is about a resource group of the nodes
// that kubectl listed.
func groupsMeet(a, b *Snapshot) bool {
	kubectl, azure, ok := halves(a, b)
	if !ok {
		return true
	}
	var nodes []string
	for _, n := range kubectl.Nodes {
		if g := az.GroupOf(n.Spec.ProviderID); g != "" && !az.Masked(g) {
			nodes = append(nodes, strings.ToLower(g))
		}
	}
	return meet(slices.Compact(slices.Sorted(slices.Values(nodes))), azure.groups)
}
