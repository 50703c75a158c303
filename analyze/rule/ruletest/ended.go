package ruletest

import (
	"slices"
	"sync"
	"testing"
	"time"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/report"
)

// ended checks two laws on the world of a finding case. What a later success of its Service
// followed is history: the rule says no more than in the same world without those errors.
// And success is also a state: told again of a cluster that has all that it asks for, as
// old as an hour allows and with no success in the bundle, they are a possible warning
// at most.
func ended(t *testing.T, files *Files, r *rule.Rule, w *rule.World) {
	t.Helper()
	if len(w.Errors.All) == 0 {
		return
	}
	history(t, files, r, w)
	settled(t, r, w)
}

// history adds a success of every Service that has errors.
func history(t *testing.T, files *Files, r *rule.Rule, w *rule.World) {
	t.Helper()
	later := files.Clone()
	for _, key := range failed(w.Errors) {
		err := later.Apply([]Edit{{In: "Service " + key, Event: &Event{Type: "Normal", Reason: "EnsuredLoadBalancer", Message: "Ensured load balancer", Ago: "0s"}}})
		if err != nil {
			return // a Service that is no more has no success
		}
	}
	with := later.World(t)
	without := *with
	without.Errors = &errtext.Errors{Successes: with.Errors.Successes, Az: with.Errors.Az}
	for _, e := range with.Errors.All {
		if slices.Contains(with.Errors.Current(e.Service), e) {
			without.Errors.All = append(without.Errors.All, e)
		}
	}
	was := rule.Evaluate(&without, []*rule.Rule{r}).Findings
	for _, f := range rule.Evaluate(with, []*rule.Rule{r}).Findings {
		if f.Severity != report.Info && !slices.ContainsFunc(was, func(x report.Finding) bool { return x.Subject == f.Subject && !sharper(f, x) }) {
			t.Errorf("history makes news: %s %s, %s: %s", f.Severity, f.Confidence, f.Subject, f.Message)
		}
	}
}

// settled tells the errors again, 50 minutes old, of the healthy cluster.
func settled(t *testing.T, r *rule.Rule, w *rule.World) {
	t.Helper()
	const old = 50 * time.Minute
	calm := *healthy(t)
	var last time.Time
	for _, e := range w.Errors.All {
		if e.Last.After(last) {
			last = e.Last
		}
	}
	by := calm.Snapshot.Now.Add(-old).Sub(last)
	calm.Errors = &errtext.Errors{}
	for _, e := range w.Errors.All {
		again := *e
		for _, at := range []*time.Time{&again.First, &again.Last} {
			if !at.IsZero() {
				*at = at.Add(by)
			}
		}
		calm.Errors.All = append(calm.Errors.All, &again)
	}
	for _, f := range rule.Evaluate(&calm, []*rule.Rule{r}).Findings {
		if f.Severity == report.Error || f.Severity == report.Warning && f.Confidence != report.Possible {
			t.Errorf("of a cluster that has all it asks for: %s %s, %s: %s", f.Severity, f.Confidence, f.Subject, f.Message)
		}
	}
}

// healthy is the world of the healthy sample, which nobody changes.
func healthy(t *testing.T) *rule.World {
	calm.once.Do(func() { calm.world = World(t, base("")) })
	return calm.world
}

var calm struct {
	once  sync.Once
	world *rule.World
}

// sharper reports whether a finding is more severe than another, or as severe and surer.
func sharper(f, than report.Finding) bool {
	a, b := slices.Index(Severities, f.Severity), slices.Index(Severities, than.Severity)
	return a < b || a == b && slices.Index(Confidences, f.Confidence) < slices.Index(Confidences, than.Confidence)
}

// failed lists the Services that errors name, sorted.
func failed(errs *errtext.Errors) []string {
	var out []string
	for _, e := range errs.All {
		if e.Service != "" {
			out = append(out, e.Service)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
