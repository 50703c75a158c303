// Package route holds the rules about the routes of the nodes' subnets: by these the
// answers to clients leave, and the packets from one node to the pods of another.
package route

import (
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// Rules of this topic: first whether the routes can be written, then which are not
// there, then where the answers go.
var Rules = []*rule.Rule{ROUTE03, ROUTE02, ROUTE01}

func subject(t *snapshot.RouteTable) report.Object {
	return report.Object{Kind: "RouteTable", Name: t.Name}
}

// where are the options that name a route table in commands.
func where(t *snapshot.RouteTable) string {
	return "-g " + rule.Word(az.GroupOf(t.ID), "GROUP") + " --route-table-name " + rule.Word(t.Name, "ROUTE_TABLE")
}

// show lists the routes of a table.
func show(t *snapshot.RouteTable) report.Step {
	return report.Step{Say: "See the routes of the table.", Run: "az network route-table route list " + where(t) + " -o table"}
}
