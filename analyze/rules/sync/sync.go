// Package sync holds the rules about a Service's reconciliation as such: writes that meet
// others, queues, two controllers on one load balancer; and the net below all rules, an
// error that no rule knows and that is told as Azure said it.
package sync

import (
	"azlb/analyze/rule"
	bundle "azlb/bundle-schema"
)

// Rules of this topic, in the order in which a write meets them. AZLB-SYNC00 runs after
// all rules of all topics.
var Rules = []*rule.Rule{SYNC05, SYNC03, SYNC01, SYNC02, SYNC06, SYNC04, SYNC00}

// text are the sources in which failures of syncs show.
var text = []*bundle.Evidence{&bundle.Events, &bundle.ControllerLog}
