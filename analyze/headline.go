package analyze

import (
	"fmt"
	"slices"
	"strings"

	bundle "azlb/bundle-schema"
	"azlb/report"
)

// headline says in at most three lines what is broken and why. It never says
// healthy alone: it says what was found in what could be looked at. On AKS it says
// at once that the controller's log is elsewhere, and the two ways to get it.
func headline(r *report.Report) []string {
	var lines []string
	room := 2
	hidden := controllerLogHidden(r)
	if hidden {
		room = 1
	}
	for _, f := range r.Findings {
		if f.Severity != report.Error || len(lines) == room {
			continue
		}
		line := f.Title
		if n := len(f.Services); n == 1 {
			line = f.Services[0] + ": " + line
		} else if n > 1 {
			line = fmt.Sprintf("%d Services (%s, …): %s", n, f.Services[0], line)
		}
		lines = append(lines, line+".")
	}
	if len(lines) == 0 {
		lines = append(lines, calm(r))
	} else {
		last := &lines[len(lines)-1]
		if more := count(r.Findings, report.Error) - len(lines); more > 0 {
			*last += " (" + plural(more, "more error") + " below)"
		}
		if open := unexplained(r); len(open) > 0 {
			*last += " Besides, " + puzzle(open) + "."
		}
	}
	if hidden {
		lines = append(lines, "AKS runs the cloud-controller-manager where kubectl cannot read its log: query the Log Analytics workspace that a diagnostic setting sends it to, or enable that setting, reproduce the fault and collect again.")
	}
	return append(lines, lookedAt(r))
}

// controllerLogHidden reports whether the controller runs where nobody can read its
// log with kubectl, and no log was given either.
func controllerLogHidden(r *report.Report) bool {
	return r.Cluster.Managed && !slices.ContainsFunc(r.Coverage.Evidence, func(e report.Evidence) bool {
		excerpt := (e.ID == bundle.AKSLog.ID || e.ID == bundle.AKSLogShared.ID) && e.Status == string(bundle.StatusTruncated)
		return excerpt || slices.Contains([]string{bundle.ControllerLog.ID, bundle.LogFile.ID, bundle.AKSLog.ID, bundle.AKSLogShared.ID}, e.ID) && e.Status == string(bundle.StatusOK)
	})
}

// calm is the first line where no error was found.
func calm(r *report.Report) string {
	if slices.ContainsFunc(r.Coverage.Evidence, func(e report.Evidence) bool {
		return e.ID == bundle.Services.ID && e.Without != ""
	}) && len(r.Services) == 0 {
		if i := firstWarning(r); i >= 0 {
			return fmt.Sprintf("The bundle holds no Services, so which are harmed is not known. It tells of %s: %s.", plural(count(r.Findings, report.Warning), "warning"), r.Findings[i].Title)
		}
		return "The bundle holds no Services, so no Service could be judged."
	}
	if len(r.Services) == 0 {
		return "There is no Service of type LoadBalancer in this cluster."
	}
	if len(inState(r, report.Foreign)) == len(r.Services) {
		return "No Service of type LoadBalancer belongs to the Azure cloud provider; another controller serves all of them."
	}
	switch open := unexplained(r); len(open) {
	case 0:
	case 1:
		return puzzle(open) + ": " + open[0].Summary + "."
	default:
		return puzzle(open) + "."
	}
	states := statesOf(r)
	if len(states[report.Found])+len(states[report.Clean])+len(states[report.NotApplicable]) == 0 {
		return "Nothing could be judged: the evidence that the failure modes need is not in the bundle."
	}
	calm := "No error and no warning was found"
	if i := firstWarning(r); i >= 0 {
		calm = fmt.Sprintf("No error was found, but %s: %s", plural(count(r.Findings, report.Warning), "warning"), r.Findings[i].Title)
	}
	if broken := inState(r, report.Broken); len(broken) > 0 {
		calm += "; broken: " + keys(broken)
	}
	if idle := inState(r, report.Idle); len(idle) > 0 {
		calm += "; no pod stands behind " + keys(idle) + " (idle)"
	}
	if pending := inState(r, report.Pending); len(pending) > 0 {
		calm += "; without an address yet: " + keys(pending)
	}
	if unknown := inState(r, report.Unknown); len(unknown) > 0 {
		calm += fmt.Sprintf("; of %s not every hop could be decided", plural(len(unknown), "Service"))
	}
	return calm + "."
}

// firstWarning is the index of the highest ranked warning, or -1.
func firstWarning(r *report.Report) int {
	return slices.IndexFunc(r.Findings, func(f report.Finding) bool { return f.Severity == report.Warning })
}

// inState are the Services in that state.
func inState(r *report.Report, s report.ServiceStatus) []report.Service {
	return slices.DeleteFunc(slices.Clone(r.Services), func(svc report.Service) bool { return svc.Status != s })
}

// unexplained are the Services that do not serve although no finding says why.
func unexplained(r *report.Report) []report.Service {
	return slices.DeleteFunc(slices.Clone(r.Services), func(s report.Service) bool {
		return s.RootCause != "" || s.Status != report.Broken && s.Status != report.Pending && s.Status != report.Degraded
	})
}

// puzzle names Services whose state nothing explains.
func puzzle(open []report.Service) string {
	const unknown = ", and no failure mode that is known here explains it"
	if len(open) == 1 {
		return open[0].Key() + " is " + string(open[0].Status) + unknown
	}
	var states []string
	for _, s := range open {
		if !slices.Contains(states, string(s.Status)) {
			states = append(states, string(s.Status))
		}
	}
	return plural(len(open), "Service") + " (" + keys(open) + ") are " + strings.Join(states, " or ") + unknown
}

// keys names the first of the Services.
func keys(list []report.Service) string {
	const most = 3
	var out []string
	for _, s := range list[:min(most, len(list))] {
		out = append(out, s.Key())
	}
	if more := len(list) - most; more > 0 {
		return strings.Join(out, ", ") + fmt.Sprintf(" and %d more", more)
	}
	return strings.Join(out, ", ")
}

// statesOf groups the rules by how they ended.
func statesOf(r *report.Report) map[report.State]map[string]bool {
	states := map[report.State]map[string]bool{}
	for _, v := range r.Verdicts {
		if states[v.State] == nil {
			states[v.State] = map[string]bool{}
		}
		states[v.State][v.Rule] = true
	}
	return states
}

// lookedAt says on how much evidence the answer rests.
func lookedAt(r *report.Report) string {
	states := statesOf(r)
	var missing []string
	for _, e := range r.Coverage.Evidence {
		if e.Status != string(bundle.StatusOK) && e.Status != string(bundle.StatusEmpty) && e.Status != report.Optional {
			missing = append(missing, e.Title)
		}
	}
	total := len(states[report.Found]) + len(states[report.Clean]) + len(states[report.NotApplicable]) + len(states[report.NotEvaluated]) + len(states[report.BrokenRule])
	full := total - len(states[report.NotEvaluated]) - len(states[report.BrokenRule])
	line := fmt.Sprintf("%s judged against %s", plural(len(r.Services), "Service"), plural(total, "failure mode"))
	if full < total {
		line += fmt.Sprintf(", %d of them in full", full)
	}
	switch n := len(missing); {
	case n == 0:
		return line + "."
	case n > 4:
		missing = append(missing[:3], fmt.Sprintf("and %d more kinds of evidence", n-3))
	}
	return line + "; missing or incomplete: " + strings.Join(missing, ", ") + "."
}

func count(findings []report.Finding, s report.Severity) int {
	n := 0
	for _, f := range findings {
		if f.Severity == s {
			n++
		}
	}
	return n
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
