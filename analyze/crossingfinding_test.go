package analyze

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"azlb/analyze/rule/ruletest"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// finding is one of a report, without its words.
type finding struct {
	severity   report.Severity
	confidence report.Confidence
	services   map[string]bool
	errors     bool // it rests on errors that a controller told
}

// and is the same finding for the Services of both.
func (a finding) and(b finding) finding {
	out := finding{services: map[string]bool{}, errors: a.errors || b.errors}
	out.severity = slices.MinFunc([]report.Severity{cmp.Or(a.severity, b.severity), cmp.Or(b.severity, a.severity)}, by(ruletest.Severities))
	out.confidence = slices.MaxFunc([]report.Confidence{cmp.Or(a.confidence, b.confidence), cmp.Or(b.confidence, a.confidence)}, by(ruletest.Confidences))
	maps.Copy(out.services, a.services)
	maps.Copy(out.services, b.services)
	return out
}

// by compares by the place in a list.
func by[T comparable](list []T) func(a, b T) int {
	return func(a, b T) int { return slices.Index(list, a) - slices.Index(list, b) }
}

func (a finding) say(key string) string {
	return fmt.Sprintf("%s %s %s harms %v", a.severity, a.confidence, key, slices.Sorted(maps.Keys(a.services)))
}

// ruleOf is the rule of a finding's key.
func ruleOf(key string) string { id, _, _ := strings.Cut(key, " "); return id }

func keyOf(f *report.Finding, name func(string) string) string {
	return f.Rule + " of " + name(f.Subject.String())
}

// queue says that more Services wait than the controller has got to: that of two clusters
// is longer than that of one, so that it may be told of both together alone.
const queue = "AZLB-SYNC04"

// findingsOf are the findings, consequences too, by rule and subject.
func findingsOf(r *report.Report, name func(string) string) map[string]finding {
	out := map[string]finding{}
	for _, f := range every(r.Findings) {
		if f.Rule == queue {
			continue
		}
		a := finding{severity: f.Severity, confidence: f.Confidence, services: map[string]bool{}}
		a.errors = slices.ContainsFunc(f.Cites, func(c report.Cite) bool { return strings.HasPrefix(c.File, "logs/") || c.File == bundle.Events.Path })
		for _, s := range f.Services {
			a.services[name(s)] = true
		}
		key := keyOf(&f, name)
		out[key] = out[key].and(a)
	}
	return out
}

// alarmsOf are those at error and warning.
func alarmsOf(r *report.Report, name func(string) string) map[string]finding {
	out := findingsOf(r, name)
	maps.DeleteFunc(out, func(_ string, a finding) bool { return a.severity == report.Info })
	return out
}

// told counts the findings by rule and subject.
func told(r *report.Report) map[string]int {
	out := map[string]int{}
	for _, f := range every(r.Findings) {
		if f.Severity != report.Info {
			out[keyOf(&f, same)]++
		}
	}
	return out
}
