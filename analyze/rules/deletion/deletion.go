// Package deletion holds the rules about what keeps a Service from going, and about
// what stays behind when it has gone.
package deletion

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/report"
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

// harmed are the Services of errors that wait, and those that keep working, with the
// severity of that: what fails for Services that are gone harms nobody any more.
func harmed(p *rule.Pass, errs []*errtext.Error) (services []string, s report.Severity) {
	waiting, working := p.Named(errs)
	switch {
	case len(waiting) == 0:
		return working, report.Warning
	case p.Complete(&bundle.Services, "") && !slices.ContainsFunc(waiting, p.Exists):
		return waiting, report.Warning
	}
	return waiting, report.Error
}

// unfinalize lets a Service go without its clean-up. Finalizers of others stay.
func unfinalize(s *topology.Service, say string) report.Step {
	patch := `--type merge -p '{"metadata":{"finalizers":null}}'`
	if i := slices.Index(s.Finalizers, topology.Cleanup); i >= 0 && len(s.Finalizers) > 1 {
		at := fmt.Sprintf("/metadata/finalizers/%d", i)
		patch = fmt.Sprintf(`--type json -p '[{"op":"test","path":"%s","value":"%s"},{"op":"remove","path":"%[1]s"}]'`, at, topology.Cleanup)
	}
	return report.Step{Say: say, Changes: true, Run: rule.Kubectl("patch", s.Key(), patch)}
}
