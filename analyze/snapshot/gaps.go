package snapshot

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"azlb/report"

	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
)

// wantedGroups are the resource groups that evidence per group should cover: those
// of the nodes, of the manifest, or else of azure.json.
func (l *loader) wantedGroups() []string {
	groups := map[string]bool{}
	if m := l.s.Manifest; m != nil {
		for _, g := range m.Cluster.ResourceGroups {
			groups[strings.ToLower(g)] = true
		}
	}
	for _, n := range l.s.Nodes {
		if g := az.GroupOf(n.Spec.ProviderID); g != "" && !az.Masked(g) {
			groups[strings.ToLower(g)] = true
		}
	}
	if c := l.s.Config; len(groups) == 0 && c != nil && c.ResourceGroup != "" && !az.Masked(c.ResourceGroup) {
		groups[strings.ToLower(c.ResourceGroup)] = true
	}
	return slices.Sorted(maps.Keys(groups))
}

// cover notes that evidence was read in a group. What was read whole once stays so.
func (l *loader) cover(e *bundle.Evidence, group string, complete bool) {
	if l.s.known[e.ID] == nil {
		l.s.known[e.ID] = map[string]extent{}
	}
	x := l.s.known[e.ID][group]
	l.s.known[e.ID][group] = extent{true, x.complete || complete}
}

// coverManifest takes completeness and gaps from the manifest's entries. Of two
// attempts at the same thing (az, then az rest) the better one counts.
func (l *loader) coverManifest(faults []bundle.Fault) {
	damaged := map[string]string{}
	for _, f := range faults {
		damaged[f.Name] = f.Reason
	}
	type attempt struct {
		entry *bundle.Entry
		gap   bundle.Gap
		ok    bool
	}
	var order []string
	best := map[string]attempt{}
	seen := map[string]bool{}
	for i := range l.s.Manifest.Entries {
		entry := &l.s.Manifest.Entries[i]
		e := bundle.ByID(entry.Evidence)
		if e == nil {
			continue
		}
		seen[e.ID] = true
		a := attempt{entry: entry, ok: entry.Status.Complete()}
		if !a.ok {
			a.gap = bundle.Gap{Evidence: e, Scope: entry.Scope, Status: entry.Status, Reason: sentence(entry.Reason, string(entry.Status)), Supply: l.supplyAfter(e, entry)}
		}
		if reason, bad := damaged[entry.Path]; bad && entry.Path != "" {
			a.ok = false
			a.gap = bundle.Gap{Evidence: e, Scope: entry.Scope, Status: bundle.StatusTruncated, Reason: entry.Path + ": " + reason, Supply: l.supply(e, entry.Scope)}
		} else if entry.Path != "" && entry.Status == bundle.StatusOK && !l.visited[entry.Path] {
			a.ok = false
			a.gap = bundle.Gap{Evidence: e, Scope: entry.Scope, Status: bundle.StatusTruncated, Reason: entry.Path + " is not in the bundle", Supply: l.supply(e, entry.Scope)}
		}
		key := entry.Asked()
		old, again := best[key]
		if !again {
			order = append(order, key)
		}
		if !again || a.ok && !old.ok || !old.ok && l.visited[entry.Path] {
			best[key] = a
		}
	}
	incomplete := map[string]bool{}
	for _, key := range order {
		a := best[key]
		e := bundle.ByID(a.entry.Evidence)
		group := groupOf(e, a.entry.Scope)
		complete := a.ok && !l.broken[a.entry.Path]
		if !a.ok {
			l.gaps = append(l.gaps, a.gap)
		}
		if !complete {
			incomplete[e.ID+"\x00"+group] = true
		}
		if e == &bundle.EndpointSlices && a.entry.Status == bundle.StatusNotFound {
			continue // an API without them: what Endpoints say counts, see replaceEndpoints
		}
		if a.ok || a.entry.Path != "" && l.visited[a.entry.Path] {
			l.cover(e, group, complete)
		} else if l.s.known[e.ID] == nil || !l.s.known[e.ID][group].read {
			if l.s.known[e.ID] == nil {
				l.s.known[e.ID] = map[string]extent{}
			}
			l.s.known[e.ID][group] = extent{}
		}
	}
	// Several entries of one group (a scale set each) are whole only together.
	for id, groups := range l.s.known {
		for g, x := range groups {
			if incomplete[id+"\x00"+g] {
				groups[g] = extent{x.read, false}
			}
		}
	}
	l.replaceEndpoints()
	l.replaceViews()
	for _, e := range bundle.Catalogue {
		if seen[e.ID] || l.s.Have(e) {
			continue
		}
		gap := bundle.Gap{Evidence: e, Status: bundle.StatusSkipped, Reason: "not collected", Supply: l.supply(e, nil)}
		if l.optional(e) {
			l.s.Spare = append(l.s.Spare, gap)
		} else {
			l.gaps = append(l.gaps, gap)
		}
	}
}

// replaceEndpoints makes Endpoints count as EndpointSlices, into which they were
// turned.
func (l *loader) replaceEndpoints() {
	if !l.s.Have(&bundle.EndpointSlices) && l.s.Have(&bundle.Endpoints) {
		l.s.known[bundle.EndpointSlices.ID] = l.s.known[bundle.Endpoints.ID]
		l.gaps = slices.DeleteFunc(l.gaps, func(g bundle.Gap) bool { return g.Evidence == &bundle.EndpointSlices })
	}
}

// replaceViews makes the states of all machines of the subscriptions count as those of
// each machine.
func (l *loader) replaceViews() {
	if !l.s.Complete(&bundle.VMStatuses, "") {
		return
	}
	l.s.known[bundle.VMInstanceViews.ID] = map[string]extent{"": {true, true}}
	l.gaps = slices.DeleteFunc(l.gaps, func(g bundle.Gap) bool { return g.Evidence == &bundle.VMInstanceViews })
}

// asked identifies what a gap is about.
func asked(g bundle.Gap) string { return bundle.Entry{Evidence: g.Evidence.ID, Scope: g.Scope}.Asked() }

// groupOf is the group, or for pods the namespace, that an entry covers.
func groupOf(e *bundle.Evidence, scope map[string]string) string {
	switch {
	case e.Scope == bundle.PerNamespace:
		return strings.ToLower(scope["namespace"])
	case scoped(e):
		return strings.ToLower(scope["group"])
	}
	return ""
}

// optional reports evidence that is not missed where it was not asked for.
func (l *loader) optional(e *bundle.Evidence) bool {
	if e.Extra {
		return true
	}
	machines, sets := l.nodeKinds()
	switch e {
	case &bundle.KubeContext, &bundle.ControllerLogPrevious, &bundle.KubeSystem, &bundle.AzVersion, &bundle.Group, &bundle.LogFile:
		return true
	case &bundle.Endpoints:
		return true // only asked for where there are no EndpointSlices, whose gap stands already
	case &bundle.VMInstanceViews:
		return machines == 0
	case &bundle.VMs, &bundle.NICs:
		return machines == 0 && sets > 0
	case &bundle.ScaleSets, &bundle.ScaleSetInstances, &bundle.ScaleSetNICs:
		return sets == 0 && machines > 0
	}
	return false
}

// nodeKinds counts the nodes that are plain machines and those of scale sets.
func (l *loader) nodeKinds() (machines, sets int) {
	for _, n := range l.s.Nodes {
		id, ok := az.ParseID(n.Spec.ProviderID)
		switch {
		case ok && id.Name("virtualMachineScaleSets") != "":
			sets++
		case ok:
			machines++
		}
	}
	return machines, sets
}

// sortGaps puts the gaps in the catalogue's order, each once.
func (l *loader) sortGaps() {
	rank := map[*bundle.Evidence]int{}
	for i, e := range bundle.Catalogue {
		rank[e] = i
	}
	slices.SortStableFunc(l.gaps, func(a, b bundle.Gap) int {
		return cmp.Or(cmp.Compare(rank[a.Evidence], rank[b.Evidence]),
			strings.Compare(asked(a), asked(b)), strings.Compare(a.Reason, b.Reason))
	})
	l.s.Gaps = slices.CompactFunc(l.gaps, func(a, b bundle.Gap) bool {
		return a.Evidence == b.Evidence && a.Reason == b.Reason && maps.Equal(a.Scope, b.Scope)
	})
}

// listFiles says of every file as what it was read.
func (l *loader) listFiles(faults []bundle.Fault) {
	for _, f := range l.files {
		file := report.File{Name: f.name, As: f.text}
		slices.SortFunc(f.evidence, func(a, b *bundle.Evidence) int { return strings.Compare(a.Title, b.Title) })
		for _, e := range f.evidence {
			if file.As != "" {
				file.As += ", "
			}
			file.As += e.Title
		}
		for _, kind := range slices.Sorted(maps.Keys(f.kinds)) {
			f.note(kind + " is not used")
		}
		for _, x := range faults {
			if x.Name == f.name {
				f.note(x.Reason)
			}
		}
		file.Note = strings.Join(f.notes, "; ")
		l.s.Files = append(l.s.Files, file)
	}
	for _, x := range faults {
		if x.Name != "" && !l.visited[x.Name] {
			l.s.Files = append(l.s.Files, report.File{Name: x.Name, Note: x.Reason})
		}
	}
	slices.SortStableFunc(l.s.Files, func(a, b report.File) int { return strings.Compare(a.Name, b.Name) })
}

// sentence is a reason without its final period.
func sentence(reason, status string) string {
	if reason = strings.TrimRight(strings.TrimSpace(reason), "."); reason == "" {
		return "the command ended with " + status
	}
	return reason
}
