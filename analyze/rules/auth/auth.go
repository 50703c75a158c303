// Package auth holds the rules about the identity with which the controller
// writes to Azure: its token and its rights.
package auth

import (
	"azlb/analyze/rule"
	bundle "azlb/bundle-schema"
)

// Rules of this topic, in the order in which a request meets them.
var Rules = []*rule.Rule{AUTH02}

// text are the sources in which Azure's refusals show.
var text = []*bundle.Evidence{&bundle.Events, &bundle.ControllerLog}
