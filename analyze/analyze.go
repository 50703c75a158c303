// Package analyze turns a bundle into a report. This file is the architecture:
// each stage takes what the stages before it made, and only reading can fail.
package analyze

import (
	"azlb/analyze/desired"
	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/rules"
	"azlb/analyze/signature"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	"azlb/analyze/walk"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// Bundle analyses one opened bundle.
func Bundle(b *bundle.Bundle, tool string) (*report.Report, error) {
	s, err := snapshot.Load(b)
	if err != nil {
		return nil, err
	}
	return Snapshot(s, tool), nil
}

// Snapshot analyses what was read, with the rules of files of signatures beside the
// built-in ones; tool names the program in the report.
func Snapshot(s *snapshot.Snapshot, tool string, more ...*signature.File) *report.Report {
	return whole(worldOf(s), tool, more)
}

// Service analyses what was read and answers for one Service, "ns/name", only.
func Service(s *snapshot.Snapshot, key, tool string, more ...*signature.File) (*report.Report, error) {
	world := worldOf(s)
	return narrow(whole(world, tool, more), world, key)
}

func whole(w *rule.World, tool string, more []*signature.File) *report.Report {
	all := rules.All()
	for _, f := range more {
		all = append(all, f.Rules...)
	}
	r := build(w, rule.Evaluate(w, all), tool)
	for _, f := range more {
		r.Signatures = append(r.Signatures, report.Signatures{Name: f.Name, Rules: len(f.Rules), SHA256: f.SHA256})
	}
	return r
}

// worldOf is all that the rules look at.
func worldOf(s *snapshot.Snapshot) *rule.World {
	errors := errtext.Scan(s)
	graph := topology.Build(s)
	wants := desired.All(graph)
	compared := desired.Compare(wants)
	walks := walk.Paths(graph, wants)
	return &rule.World{Snapshot: s, Errors: errors, Graph: graph, Wants: wants, Compared: compared, Walks: walks}
}
