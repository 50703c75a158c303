// Package deletion holds the rules about what keeps a Service from going, and about
// what stays behind when it has gone.
package deletion

import (
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	bundle "azlb/bundle-schema"
)

// Rules of this topic, the causes first.
var Rules = []*rule.Rule{DEL01, DEL04, DEL05, DEL02, DEL07, DEL06, DEL03, DEL08}

// text are the sources in which a deletion that fails shows.
var text = []*bundle.Evidence{&bundle.Events, &bundle.ControllerLog}

// ofDeletion reports whether the error is of a Service's deletion: of one that is being
// deleted now, or, in the words around it, of one that is gone or was made anew since.
func ofDeletion(p *rule.Pass, e *errtext.Error) bool {
	if s := p.Graph.Service(e.Service); s != nil && s.Deleting() {
		return true
	}
	raw := strings.ToLower(e.Raw)
	return strings.Contains(raw, "deleting load balancer") || strings.Contains(raw, "delete load balancer")
}
