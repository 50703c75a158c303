// Package quota holds the rules about limits of the subscription and of a load
// balancer.
package quota

import (
	"fmt"
	"slices"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// Rules of this topic, in the order in which the controller meets them.
var Rules = []*rule.Rule{QUOTA01, QUOTA03, QUOTA02, QUOTA04, QUOTA07, QUOTA05, QUOTA06, QUOTA08, QUOTA09}

const limitsPage = "https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits#azure-networking-limits"

// text are the sources in which a refusal shows.
var text = []*bundle.Evidence{&bundle.Events, &bundle.ControllerLog}

// refused are the refusals that nothing ended, of Services that still exist.
func refused(p *rule.Pass) []*errtext.Error {
	return slices.DeleteFunc(p.Current(p.Knows), p.Gone)
}

// ceiling is one object at its limit, as told, as seen, or both.
type ceiling struct {
	subject report.Object
	errs    []*errtext.Error
	room    string        // a sentence without its end: how much is used, as far as the bundle tells
	cites   []report.Cite // of what is used
	full    bool          // the bundle shows that nothing is left
	waiting []string      // where nothing is left, the Services that need some
}

// finding weighs what is told against what is seen. A refusal is told as an error: a
// sync may ask for more than is left. What is only seen is a warning, for nobody may
// need more.
func (c *ceiling) finding(p *rule.Pass) rule.Finding {
	told := rule.Tell(c.errs)
	f := rule.Finding{Subject: c.subject, Cites: append(told.Cites, c.cites...), Message: c.room + "."}
	if len(c.errs) == 0 {
		f.Severity, f.Services = report.Warning, c.waiting
		if len(c.waiting) > 0 {
			f.Confidence, f.Why = report.Likely, "no error in the bundle says so: it follows from what is used and from what the Services lack"
			f.Message += fmt.Sprintf(" %s cannot get what it needs of it.", rule.List(c.waiting))
		}
		return f
	}
	if !c.full {
		f.Errors = c.errs
	}
	waiting, working := p.Named(c.errs)
	f.Services = slices.Concat(waiting, c.waiting)
	slices.Sort(f.Services)
	f.Services = slices.Compact(f.Services)
	newest := c.errs[len(c.errs)-1]
	by, code := "The provider", ""
	if newest.Code != "" {
		by, code = "Azure", newest.Code+", "
	}
	f.Message += fmt.Sprintf(" %s refused more (%s%s): “%s”.", by, code, told.Span(), snapshot.Quote(newest.Message))
	switch {
	case len(f.Services) > 0:
		f.Message += fmt.Sprintf(" Until there is room %s waits.", rule.List(f.Services))
	default:
		f.Severity, f.Services = report.Warning, working
		if len(working) > 0 {
			f.Message += fmt.Sprintf(" %s keeps what it has, but no change of it arrives.", rule.List(working))
		}
	}
	return f
}

// newcomers lists the Services without an address that have nothing on a load balancer
// yet, so that they need room wherever they go.
func newcomers(p *rule.Pass, of func(*topology.Service) bool) []string {
	var out []string
	for _, s := range p.Graph.Served() {
		if len(s.Status.LoadBalancer.Ingress) == 0 && len(s.Frontends) == 0 && of(s) {
			out = append(out, s.Key())
		}
	}
	return out
}

// counted says how many there are of something: "1 rule", "12 rules".
func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
