package collect

import (
	"cmp"
	"slices"
	"strings"

	bundle "azlb/bundle-schema"
)

// gaps lists the entries that are gaps and that no other entry fills, by their index, in
// order; of several attempts at the same thing the last one.
func gaps(entries []bundle.Entry) []int {
	answered, last := map[string]bool{}, map[string]int{}
	older := false // Endpoints stand for EndpointSlices
	for i, e := range entries {
		asked := e.Asked()
		answered[asked] = answered[asked] || e.Status.Complete()
		last[asked] = i
		older = older || e.Evidence == bundle.Endpoints.ID && (e.Status == bundle.StatusOK || e.Status == bundle.StatusEmpty)
	}
	var list []int
	for i, e := range entries {
		if asked := e.Asked(); !answered[asked] && last[asked] == i && (e.Evidence != bundle.EndpointSlices.ID || !older) {
			list = append(list, i)
		}
	}
	return list
}

// costs writes into each gap what it costs the diagnosis, in the words of the report.
func costs(entries []bundle.Entry) {
	for _, i := range gaps(entries) {
		entries[i].Costs = bundle.ByID(entries[i].Evidence).Without
	}
}

// Missing is what is not in a bundle for one reason.
type Missing struct {
	Reason     string
	NeedsRight bool // the rights of the evidence would supply it
	Evidence   []*bundle.Evidence
	Where      []string // groups, pods, …; empty: it is of the whole
}

// missing joins the gaps that have the same reason, the reason for most of them first, and
// last what came later into the catalogue. What nobody misses is left out: logs that the
// customer did not add, what --deep would bring, the configuration of a cluster that AKS
// manages and its log, of which another entry tells.
func missing(entries []bundle.Entry, managed bool) []Missing {
	var list []Missing
	for _, i := range gaps(entries) {
		e := entries[i]
		evidence := bundle.ByID(e.Evidence)
		ofAKS := evidence == &bundle.CloudConfig || evidence == &bundle.ControllerLog || evidence == &bundle.ControllerLogPrevious
		if e.Status == bundle.StatusSkipped && (evidence == &bundle.LogFile || evidence.Deep || ofAKS && managed) {
			continue
		}
		reason, _, right := strings.Cut(e.Reason, needsRight)
		for _, begin := range []string{notStarted, endedEarly, notAsked, notReached} {
			reason = strings.TrimPrefix(reason, begin)
		}
		at := slices.IndexFunc(list, func(m Missing) bool { return m.Reason == reason })
		if at < 0 {
			at = len(list)
			list = append(list, Missing{Reason: reason})
		}
		m := &list[at]
		m.NeedsRight = m.NeedsRight || right
		m.Where = appendNew(m.Where, scopeName(e.Scope))
		if !slices.Contains(m.Evidence, evidence) {
			m.Evidence = append(m.Evidence, evidence)
		}
	}
	for _, m := range list {
		slices.SortStableFunc(m.Evidence, func(a, b *bundle.Evidence) int { return weight(a) - weight(b) })
	}
	slices.SortStableFunc(list, func(a, b Missing) int {
		x, y := a.Evidence[0], b.Evidence[0]
		return cmp.Or(order(!x.Extra)-order(!y.Extra), len(b.Evidence)-len(a.Evidence), weight(x)-weight(y))
	})
	return list
}

// weight orders evidence by how much rests on it: what came later into the catalogue last.
func weight(e *bundle.Evidence) int {
	at := slices.Index(bundle.Catalogue, e)
	if e.Extra {
		at += len(bundle.Catalogue)
	}
	return at
}

func appendNew(list []string, s string) []string {
	if s == "" || slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}
