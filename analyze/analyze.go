// Package analyze turns a bundle into a report. This file is the architecture:
// each stage takes what the stages before it made, and only reading can fail.
package analyze

import (
	"azlb/analyze/desired"
	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/rules"
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

// Snapshot analyses what was read; tool names the program in the report.
func Snapshot(s *snapshot.Snapshot, tool string) *report.Report {
	errors := errtext.Scan(s)
	graph := topology.Build(s)
	wants := desired.All(graph)
	compared := desired.Compare(wants)
	walks := walk.Paths(graph, wants)
	world := &rule.World{Snapshot: s, Errors: errors, Graph: graph, Wants: wants, Compared: compared, Walks: walks}
	outcome := rule.Evaluate(world, rules.All())
	return build(world, outcome, tool)
}
