package ruletest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"azlb/report"
)

// Weaker lists what a report on less evidence says and the one on all of it does not, of
// verdicts and findings: a rule that found something still finds some of that and nothing
// else, or was not evaluated; any other verdict stays, or becomes not evaluated; a finding
// names no Service that it did not name, and is neither more severe nor more certain.
// excused may let a finding be new, by rule and subject; nil lets none.
func Weaker(before, after *report.Report, excused func(rule, subject string) bool) []string {
	return slices.Concat(weakerVerdicts(before, after, excused), weakerFindings(before, after))
}

// Ended is the state of every rule, and what it found.
func Ended(r *report.Report) (states map[string]report.State, subjects map[string][]string) {
	states, subjects = map[string]report.State{}, map[string][]string{}
	for _, v := range r.Verdicts {
		states[v.Rule] = v.State
		if v.State == report.Found {
			subjects[v.Rule] = append(subjects[v.Rule], v.Subject)
		}
	}
	return states, subjects
}

func weakerVerdicts(before, after *report.Report, excused func(rule, subject string) bool) []string {
	var out []string
	was, foundThen := Ended(before)
	is, foundNow := Ended(after)
	for _, id := range slices.Sorted(maps.Keys(was)) {
		for _, subject := range foundNow[id] {
			if !slices.Contains(foundThen[id], subject) && (excused == nil || !excused(id, subject)) {
				out = append(out, fmt.Sprintf("verdict %s: %s → found %s", id, end(was[id], foundThen[id]), subject))
			}
		}
		if s := is[id]; s != was[id] && s != report.NotEvaluated && s != report.Found {
			out = append(out, fmt.Sprintf("verdict %s: %s → %s", id, end(was[id], foundThen[id]), s))
		}
	}
	return out
}

func end(s report.State, subjects []string) string {
	return strings.TrimSpace(string(s) + " " + strings.Join(subjects, ", "))
}

// The orders of severities and confidences.
var (
	Severities  = []report.Severity{report.Error, report.Warning, report.Info}
	Confidences = []report.Confidence{report.Certain, report.Likely, report.Possible}
)

func weakerFindings(before, after *report.Report) []string {
	var out []string
	then := map[string]report.Finding{}
	for _, f := range Every(before.Findings) {
		key := f.Rule + " " + f.Subject.String()
		old, twice := then[key]
		if twice { // of two about the same thing, the worse of each
			f.Severity = Severities[min(slices.Index(Severities, f.Severity), slices.Index(Severities, old.Severity))]
			f.Confidence = Confidences[min(slices.Index(Confidences, f.Confidence), slices.Index(Confidences, old.Confidence))]
			f.Services = slices.Concat(f.Services, old.Services)
		}
		then[key] = f
	}
	for _, f := range Every(after.Findings) {
		key := f.Rule + " " + f.Subject.String()
		old, ok := then[key]
		if !ok {
			continue // a verdict says so
		}
		if slices.Index(Severities, f.Severity) < slices.Index(Severities, old.Severity) {
			out = append(out, fmt.Sprintf("finding %s: %s → %s: %s", key, old.Severity, f.Severity, f.Message))
		}
		if slices.Index(Confidences, f.Confidence) < slices.Index(Confidences, old.Confidence) {
			out = append(out, fmt.Sprintf("finding %s: %s (%s) → %s", key, old.Confidence, old.Why, f.Confidence))
		}
		for _, s := range f.Services {
			if !slices.Contains(old.Services, s) {
				out = append(out, fmt.Sprintf("finding %s: harms %v → harms %v", key, old.Services, f.Services))
				break
			}
		}
	}
	return out
}

// Every lists findings with their consequences.
func Every(list []report.Finding) []report.Finding {
	var out []report.Finding
	for _, f := range list {
		out = append(append(out, f), Every(f.Consequences)...)
	}
	return out
}
