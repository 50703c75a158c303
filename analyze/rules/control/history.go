package control

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// said is the evidence of what syncs came to. On AKS nobody reads the log.
var said = rule.Needs{
	Any: []*bundle.Evidence{&bundle.Events, &bundle.ControllerLog},
	All: []*bundle.Evidence{&bundle.Services},
}

// heard reports whether the bundle holds what the controller said, as far as anybody
// can read it: a log may tell of a failure for which there is no event.
func heard(p *rule.Pass) bool {
	read := !p.Snapshot.Lost(&bundle.ControllerLog) && (p.Snapshot.Have(&bundle.ControllerLog) || p.Snapshot.Have(&bundle.LogFile))
	return p.Complete(&bundle.Events, "") && (read || p.Graph.Managed())
}

// logged reports whether the bundle has a log of the controller.
func logged(p *rule.Pass) bool {
	return slices.ContainsFunc(p.Snapshot.Logs, func(l snapshot.LogFile) bool {
		return l.Kind == snapshot.CloudController || l.Kind == snapshot.KubeController
	})
}

// unheard is why nothing is certain where the controller's log cannot be read.
const unheard = "the controller's log is not in the bundle, and not every failure has an event"

// overcome are the errors of Services that have an address and no error now, for they
// succeeded later, oldest first.
func overcome(p *rule.Pass, pick func(*errtext.Error) bool) []*errtext.Error {
	if !heard(p) {
		return nil
	}
	var out []*errtext.Error
	for _, e := range p.Errors.All {
		s := p.Graph.Service(e.Service)
		if s == nil || s.Foreign() || s.Deleting() || len(s.Status.LoadBalancer.Ingress) == 0 || !pick(e) {
			continue
		}
		if len(p.Errors.Current(e.Service)) == 0 {
			out = append(out, e)
		}
	}
	return out
}

// past is the finding about errors that are over.
func past(p *rule.Pass, errs []*errtext.Error, say func(told rule.Told, what string) string) {
	if len(errs) == 0 {
		return
	}
	told := rule.Tell(errs)
	var codes []string
	for _, e := range errs {
		code := e.Code
		if code == "" {
			code = "errors without a code"
		}
		if !slices.Contains(codes, code) {
			codes = append(codes, code)
		}
	}
	slices.Sort(codes)
	f := rule.Finding{Subject: cluster, Message: say(told, rule.List(codes)), Cites: told.Cites}
	last := p.Synced(told.Services)
	if last != nil {
		f.Message += fmt.Sprintf(" The last sync that succeeded was that of %s at %s UTC.", last.Service, last.At.UTC().Format("2006-01-02 15:04:05"))
		f.Cites = append(f.Cites, last.Cite)
	}
	if !logged(p) {
		f.Confidence, f.Why = report.Likely, unheard
	}
	f.Fix = looks("Nothing is to be repaired. See whether errors come again.", rule.Kubectl("describe", told.Services[0], ""))
	p.Find(f)
}

// meets reports an error of two writers that met: the state that one had read was old
// when it wrote, or its call gave way to a later one.
func meets(e *errtext.Error) bool { return rule.IsStale(e) || rule.Overlapped(e) }

// noise reports an event that OK12 tells of.
func noise(e *errtext.Error) bool {
	return e.Reason == createdTwice || e.Reason == "FailedToUpdateEndpoint" || e.Reason == noBalancer || strings.Contains(e.Message, "failed to find a lb for node")
}
