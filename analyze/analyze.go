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
	world := worldOf(s)
	return build(world, rule.Evaluate(world, rules.All()), tool)
}

// Service analyses what was read and answers for one Service, "ns/name", only.
func Service(s *snapshot.Snapshot, key, tool string) (*report.Report, error) {
	world := worldOf(s)
	return narrow(build(world, rule.Evaluate(world, rules.All()), tool), world, key)
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
