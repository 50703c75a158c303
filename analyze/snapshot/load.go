package snapshot

import (
	"io"
	"slices"
	"strings"
	"time"

	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
)

// Load reads a bundle in one pass. It fails only where the bundle cannot be read
// at all; what is missing or damaged becomes a gap.
func Load(b *bundle.Bundle) (*Snapshot, error) {
	l := newLoader(b.Manifest)
	l.s.Name = b.Name
	err := b.Each(func(f bundle.File) error {
		l.file(f.Name, f.Entry, f.Reader)
		return nil
	})
	if err != nil {
		return nil, err
	}
	l.s.Partial = b.Partial()
	return l.finish(b.Faults()), nil
}

// Have reports whether some of the evidence was read.
func (s *Snapshot) Have(e *bundle.Evidence) bool {
	for _, x := range s.known[e.ID] {
		if x.read {
			return true
		}
	}
	return false
}

// Complete reports whether a conclusion from absence may rest on the evidence:
// it was read whole for the resource group (any case; "" = cluster-wide evidence
// or every group known). Pods are asked for by namespace in the same way.
//
// With "" the resource groups of the nodes and of the manifest must all be among
// the groups that were read. In loose files a log counts as whole where it begins
// with the start of its program.
func (s *Snapshot) Complete(e *bundle.Evidence, group string) bool {
	known := s.known[e.ID]
	if whole, ok := known[""]; ok && (whole.complete || !scoped(e)) {
		return whole.complete
	}
	if !scoped(e) {
		return false
	}
	if group != "" {
		return known[strings.ToLower(group)].complete || s.without(e, strings.ToLower(group))
	}
	for _, x := range known {
		if !x.complete {
			return false
		}
	}
	if e != &bundle.Pods && e.Scope != bundle.PerLoadBalancer && e.Scope != bundle.PerAKSCluster { // not every group has one
		for _, g := range s.groups {
			if !known[g].complete && !s.without(e, g) {
				return false
			}
		}
		return len(known)+len(s.groups) > 0
	}
	return len(known) > 0
}

// without reports whether nothing of the evidence can be in a resource group, and none
// was asked for: what there is of each scale set or machine, where there is none.
func (s *Snapshot) without(e *bundle.Evidence, group string) bool {
	if _, asked := s.known[e.ID][group]; asked {
		return false
	}
	in := func(id string) bool {
		g := az.GroupOf(id)
		return g == "" || az.Masked(g) || strings.EqualFold(g, group)
	}
	switch e.Scope {
	case bundle.PerScaleSet:
		return s.known[bundle.ScaleSets.ID][group].complete && !slices.ContainsFunc(s.ScaleSets, func(x ScaleSet) bool { return in(x.ID) })
	case bundle.PerVM:
		return s.known[bundle.VMs.ID][group].complete && !slices.ContainsFunc(s.VMs, func(x VM) bool {
			return in(x.ID) && !strings.Contains(strings.ToLower(x.ID), "/virtualmachinescalesets/")
		})
	}
	return false
}

// scoped reports whether the evidence is known group by group, or namespace by
// namespace, and not for the cluster as a whole.
func scoped(e *bundle.Evidence) bool {
	switch e.Scope {
	case bundle.PerGroup, bundle.PerScaleSet, bundle.PerVM, bundle.PerLoadBalancer, bundle.PerAKSCluster, bundle.PerNamespace:
		return true
	}
	return false
}

// extent is how much of one piece of evidence is known in one group or namespace.
type extent struct{ read, complete bool }

// loader collects what passes by; finish makes the snapshot out of it.
type loader struct {
	s      *Snapshot
	newest time.Time // that stands in the evidence, log headers without a year aside

	files     []*reading
	given     []*given
	gaps      []bundle.Gap
	failed    map[*bundle.Evidence]bundle.Gap // loose files that hold a command's error
	broken    map[string]bool                 // files of which a part did not parse
	visited   map[string]bool                 // files that were read
	converted []EndpointSlice                 // out of Endpoints
	events    []eventRow
	logs      []scanned
	accounts  []account
	configs   []CloudConfig
}

// scanned is one log with its records.
type scanned struct {
	log     LogFile
	records []Record
}

func newLoader(m *bundle.Manifest) *loader {
	return &loader{s: &Snapshot{Manifest: m, known: map[string]map[string]extent{}}, failed: map[*bundle.Evidence]bundle.Gap{},
		broken: map[string]bool{}, visited: map[string]bool{}}
}

// finish puts everything in order. What depends on more than one file happens
// here: duplicates, the clock, what is complete and what is missing.
func (l *loader) finish(faults []bundle.Fault) *Snapshot {
	l.adoptEndpoints()
	l.oneAccount()
	l.dropDamagedConfig(faults)
	l.oneConfig()
	l.order()
	l.clock()
	l.adoptEvents()
	l.adoptLogs()
	l.s.groups = l.wantedGroups()
	if l.s.Manifest != nil {
		l.coverManifest(faults)
	}
	l.coverLoose(faults)
	l.listFiles(faults)
	l.sortGaps()
	return l.s
}

// oneAccount takes az's default subscription, or the only one.
func (l *loader) oneAccount() {
	for i, a := range l.accounts {
		if l.s.Account == nil || a.isDefault && !l.accounts[0].isDefault {
			l.s.Account = &l.accounts[i].Account
		}
	}
}

// dropDamagedConfig forgets an azure.json that reached us in part: that it does not
// parse, or lacks a key, says nothing about the file on the machine.
func (l *loader) dropDamagedConfig(faults []bundle.Fault) {
	l.configs = slices.DeleteFunc(l.configs, func(c CloudConfig) bool {
		return slices.ContainsFunc(faults, func(f bundle.Fault) bool { return f.Name == c.Doc.File })
	})
}

// oneConfig takes the first valid azure.json, or the first.
func (l *loader) oneConfig() {
	for i, c := range l.configs {
		if l.s.Config == nil || l.s.Config.Invalid != "" && c.Invalid == "" {
			l.s.Config = &l.configs[i]
		}
	}
}

// fault records a part of a file that did not parse.
func (l *loader) fault(f *reading, e *bundle.Evidence, x fault) {
	where := f.name
	if x.line > 0 {
		where = at(&Doc{File: f.name, Line: x.line})
	}
	reason := where + " does not parse: " + Quote(x.reason)
	f.note(reason)
	l.broken[f.name] = true
	if e != nil {
		l.gaps = append(l.gaps, bundle.Gap{Evidence: e, Status: bundle.StatusFailed, Reason: reason, Supply: l.supply(e, nil)})
	}
}

// drain reads a file whole. Damage is reported by the bundle; what came before
// it is read.
func drain(r io.Reader) []byte {
	text, _ := io.ReadAll(r)
	return text
}
