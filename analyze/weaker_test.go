package analyze

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"azlb/analyze/rule/ruletest"
	"azlb/analyze/rules"
	"azlb/report"
)

// weaker lists what is wrong with a report on less evidence: what it says and the
// report on all of it does not. It may only know less.
//
//   - Verdicts and findings are as ruletest.Weaker allows; the net may tell what another
//     rule told before, and AZLB-PIP01 that a public IP is not found where AZLB-PIP02
//     told that it exists nowhere.
//   - A hop stays as it is, or is not known. It is gone only with its Service.
//   - A Service that served is not at fault, and one that was at fault does not serve.
//   - A consequence whose cause is no longer told says so, and what would show the cause.
func weaker(before, after *report.Report) []string {
	excused := func(id, subject string) bool {
		return (nets[id] || id == "AZLB-PIP01") && caught(before, after, id, subject)
	}
	return slices.Concat(ruletest.Weaker(before, after, excused), weakerHops(before, after), weakerServices(before, after), untold(before, after))
}

// nets are the rules below all others.
var nets = func() map[string]bool {
	out := map[string]bool{}
	for _, r := range rules.All() {
		out[r.ID] = r.Net
	}
	return out
}()

// caught reports whether the net tells what another rule told with all of the evidence
// and can no longer judge: of the same object or the same Services, no more severe and
// no more certain. It would be a loss not to tell the error at all.
func caught(before, after *report.Report, net, subject string) bool {
	is, _ := ruletest.Ended(after)
	return !slices.ContainsFunc(every(after.Findings), func(f report.Finding) bool {
		return f.Rule == net && f.Subject.String() == subject && !slices.ContainsFunc(every(before.Findings), func(old report.Finding) bool {
			return is[old.Rule] == report.NotEvaluated && slices.Index(ruletest.Severities, f.Severity) >= slices.Index(ruletest.Severities, old.Severity) && f.Confidence == report.Possible &&
				(old.Subject == f.Subject || len(f.Services) > 0 && slices.Equal(old.Services, f.Services))
		})
	})
}

// hopsOf are all hops of a report by Service, port, family and kind, in order.
func hopsOf(r *report.Report) (keys []string, at map[string]report.Hop) {
	at = map[string]report.Hop{}
	for _, s := range r.Services {
		for _, p := range s.Paths {
			for _, h := range p.Hops {
				key := fmt.Sprintf("%s %d/%s %s %s", s.Key(), p.Port, p.Protocol, p.Family, h.Kind)
				keys, at[key] = append(keys, key), h
			}
		}
	}
	return keys, at
}

func weakerHops(before, after *report.Report) []string {
	var out []string
	left := map[string]bool{}
	for _, s := range after.Services {
		left[s.Key()] = true
	}
	keys, was := hopsOf(before)
	now, is := hopsOf(after)
	for _, key := range keys {
		old := was[key]
		h, ok := is[key]
		switch service, _, _ := strings.Cut(key, " "); {
		case !ok && left[service]:
			out = append(out, fmt.Sprintf("hop %s: %s → gone", key, hopEnd(old)))
		case !ok:
		case h.Verdict != old.Verdict && h.Verdict != report.VerdictUnknown, h.State != old.State && h.State != report.HopUnknown:
			out = append(out, fmt.Sprintf("hop %s: %s → %s", key, hopEnd(old), hopEnd(h)))
		}
	}
	for _, key := range now {
		if h := is[key]; !slices.Contains(keys, key) && (h.Verdict != report.VerdictUnknown || h.State != report.HopUnknown) {
			out = append(out, fmt.Sprintf("hop %s: none → %s", key, hopEnd(h)))
		}
	}
	return out
}

func hopEnd(h report.Hop) string { return fmt.Sprintf("%s %s (%s)", h.State, h.Verdict, h.Say) }

func weakerServices(before, after *report.Report) []string {
	var out []string
	was := map[string]report.ServiceStatus{}
	for _, s := range before.Services {
		was[s.Key()] = s.Status
	}
	bad := []report.ServiceStatus{report.Broken, report.Degraded, report.Pending}
	for _, s := range after.Services {
		old, ok := was[s.Key()]
		if !ok || s.Status != old && (slices.Contains(bad, s.Status) && !slices.Contains(bad, old) || slices.Contains(bad, old) && s.Status == report.Serving && s.RootCause == "") {
			out = append(out, fmt.Sprintf("Service %s: %s → %s (%s)", s.Key(), old, s.Status, s.Summary))
		}
	}
	return out
}

// follows maps every rule to those that it follows from, through others too.
var follows = func() map[string][]string {
	out := map[string][]string{}
	for _, r := range rules.All() {
		out[r.ID] = slices.Clone(r.FollowsFrom)
	}
	for id := range out {
		for i := 0; i < len(out[id]); i++ {
			for _, further := range out[out[id][i]] {
				if !slices.Contains(out[id], further) {
					out[id] = append(out[id], further)
				}
			}
		}
	}
	return out
}()

// untold lists the consequences that stand alone because their cause could not be
// judged, and do not say so.
func untold(before, after *report.Report) []string {
	var out []string
	is, _ := ruletest.Ended(after)
	for _, cause := range before.Findings {
		if is[cause.Rule] != report.NotEvaluated {
			continue
		}
		for _, old := range every(cause.Consequences) {
			for _, f := range after.Findings {
				if f.Rule != old.Rule || f.Subject != old.Subject || f.Severity == report.Info || !slices.Contains(follows[f.Rule], cause.Rule) {
					continue
				}
				if !slices.ContainsFunc(f.Hidden, func(h report.Hidden) bool { return h.Rule == cause.Rule && h.Missing != "" && h.Supply != "" }) {
					out = append(out, fmt.Sprintf("finding %s %s: below %s → alone, and does not say that %s could not be judged", f.Rule, f.Subject, cause.Rule, cause.Rule))
				}
			}
		}
	}
	return out
}

// TestWeaker: the law itself lets nothing through that it forbids, and forbids nothing
// that it allows.
func TestWeaker(t *testing.T) {
	key := "AZLB-DATA04"
	finding := func(change func(*report.Finding)) *report.Report {
		f := report.Finding{Rule: key, Severity: report.Warning, Confidence: report.Likely, Subject: report.Object{Kind: "Service", Namespace: "a", Name: "b"}, Services: []string{"a/b"}}
		change(&f)
		return &report.Report{Findings: []report.Finding{f}, Verdicts: []report.Verdict{{Rule: f.Rule, Subject: f.Subject.String(), State: report.Found}}}
	}
	same := func(*report.Finding) {}
	state := func(s report.State) *report.Report {
		return &report.Report{Verdicts: []report.Verdict{{Rule: key, State: s}}}
	}
	hop := func(s report.HopState, v report.HopVerdict) *report.Report {
		return &report.Report{Services: []report.Service{{Namespace: "a", Name: "b", Status: report.Unknown, Paths: []report.Path{{Port: 80, Hops: []report.Hop{{Kind: "pool", State: s, Verdict: v}}}}}}}
	}
	status := func(s report.ServiceStatus) *report.Report {
		return &report.Report{Services: []report.Service{{Namespace: "a", Name: "b", Status: s}}}
	}
	for _, c := range []struct {
		name          string
		before, after *report.Report
		allowed       bool
	}{
		{"a finding that stays", finding(same), finding(same), true},
		{"found, not evaluated", finding(same), state(report.NotEvaluated), true},
		{"found, clean", finding(same), state(report.Clean), false},
		{"found, not applicable", finding(same), state(report.NotApplicable), false},
		{"clean, found", state(report.Clean), finding(same), false},
		{"clean, not applicable", state(report.Clean), state(report.NotApplicable), false},
		{"clean, broken", state(report.Clean), state(report.BrokenRule), false},
		{"clean, not evaluated", state(report.Clean), state(report.NotEvaluated), true},
		{"not applicable, clean", state(report.NotApplicable), state(report.Clean), false},
		{"not evaluated, clean", state(report.NotEvaluated), state(report.Clean), false},
		{"another subject", finding(same), finding(func(f *report.Finding) { f.Subject.Name = "c" }), false},
		{"another Service", finding(same), finding(func(f *report.Finding) { f.Services = []string{"a/c"} }), false},
		{"no Service", finding(same), finding(func(f *report.Finding) { f.Services = nil }), true},
		{"more severe", finding(same), finding(func(f *report.Finding) { f.Severity = report.Error }), false},
		{"milder", finding(same), finding(func(f *report.Finding) { f.Severity = report.Info }), true},
		{"surer", finding(same), finding(func(f *report.Finding) { f.Confidence = report.Certain }), false},
		{"less sure", finding(same), finding(func(f *report.Finding) { f.Confidence = report.Possible }), true},
		{"a hop not known", hop(report.HopFound, report.Passes), hop(report.HopUnknown, report.VerdictUnknown), true},
		{"a hop that blocks", hop(report.HopFound, report.Passes), hop(report.HopFound, report.Blocks), false},
		{"a hop that passes", hop(report.HopUnknown, report.VerdictUnknown), hop(report.HopFound, report.Passes), false},
		{"a hop gone", hop(report.HopFound, report.Passes), status(report.Unknown), false},
		{"a Service gone", hop(report.HopFound, report.Passes), &report.Report{}, true},
		{"serving, broken", status(report.Serving), status(report.Broken), false},
		{"broken, serving", status(report.Broken), status(report.Serving), false},
		{"serving, not known", status(report.Serving), status(report.Unknown), true},
	} {
		if faults := weaker(c.before, c.after); (len(faults) == 0) != c.allowed {
			t.Errorf("%s: %q", c.name, faults)
		}
	}
}
