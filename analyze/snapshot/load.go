package snapshot

import (
	"io"
	"slices"
	"time"

	bundle "azlb/bundle-schema"
)

// Load reads a bundle in one pass. It fails only where the bundle cannot be read
// at all; what is missing or damaged becomes a gap.
func Load(b *bundle.Bundle) (*Snapshot, error) {
	l := newLoader(b.Manifest)
	l.s.Name = b.Name
	l.s.Refusals = refusals(b)
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
	states    []VM // machines of which only the state was asked for
	configs   []CloudConfig
	excerpt   bool // some of the controller's log comes from Log Analytics
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
	l.coverExcerpt()
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
