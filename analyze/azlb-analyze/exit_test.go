package main

import (
	"testing"

	"azlb/report"
)

// A script that looks at the exit code alone must not take a broken Service for none.
func TestExitCode(t *testing.T) {
	judged := []report.Verdict{{State: report.Clean}}
	in := func(s report.ServiceStatus) []report.Service { return []report.Service{{Status: s}} }
	for _, c := range []struct {
		name string
		r    report.Report
		want int
	}{
		{"serving", report.Report{Verdicts: judged, Services: in(report.Serving)}, exitClean},
		{"an error", report.Report{Verdicts: judged, Findings: []report.Finding{{Severity: report.Error}}}, exitErrors},
		{"a warning", report.Report{Verdicts: judged, Findings: []report.Finding{{Severity: report.Warning}}}, exitClean},
		{"broken, nobody knows why", report.Report{Verdicts: judged, Services: in(report.Broken)}, exitErrors},
		{"one port broken", report.Report{Verdicts: judged, Services: in(report.Degraded)}, exitErrors},
		{"no pod is asked for", report.Report{Verdicts: judged, Services: in(report.Idle)}, exitClean},
		{"nothing judged", report.Report{Services: in(report.Unknown)}, exitUnhelpful},
	} {
		if got := exitCode(&c.r); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}
