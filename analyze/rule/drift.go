package rule

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/desired"
	"azlb/analyze/errtext"
	"azlb/analyze/snapshot"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// Balancer is the load balancer that a difference is about ("kubernetes/a…-TCP-80"),
// nil where it is not there.
func (w *World) Balancer(object string) *snapshot.LoadBalancer {
	name, _, _ := strings.Cut(object, "/")
	group := w.Wants.Settings.Group.V
	var other *snapshot.LoadBalancer
	for i := range w.Snapshot.Loads {
		lb := &w.Snapshot.Loads[i]
		switch g := az.GroupOf(lb.ID); {
		case !strings.EqualFold(lb.Name, name):
		case group == "" || strings.EqualFold(g, group):
			return lb
		default:
			other = lb
		}
	}
	return other
}

// Running lowers a finding whose difference a sync may have put right since, and
// reports whether one ran. lb is the load balancer that differs, nil where it is none.
func (w *World) Running(f *Finding, lb *snapshot.LoadBalancer) bool {
	i := slices.IndexFunc(f.Services, func(key string) bool { return InFlight(w, key) })
	switch {
	case lb != nil && strings.EqualFold(lb.ProvisioningState, "Updating"):
		f.Why = fmt.Sprintf("load balancer %s was being written while the evidence was collected: it may be right since", lb.Name)
	case i >= 0:
		f.Why = fmt.Sprintf("a sync of %s ran while the evidence was collected: it may have put this right since", f.Services[i])
	default:
		return false
	}
	f.Severity, f.Confidence = milder(f.Severity), report.Possible
	return true
}

// Doubt lowers as Running does, and what a sync that fails may have brought about: its
// failure is to be repaired first.
func (w *World) Doubt(f *Finding, lb *snapshot.LoadBalancer) {
	if w.Running(f, lb) {
		return
	}
	for _, key := range f.Services {
		e := w.stopping(key)
		if e == nil {
			continue
		}
		code := e.Code
		if code == "" {
			code = "an error without a code"
		}
		f.Severity, f.Confidence = milder(f.Severity), report.Likely
		f.Why = fmt.Sprintf("syncs of %s fail (%s): the difference may come from that instead of a change by hand, and stays while they fail", key, code)
		return
	}
}

func milder(s report.Severity) report.Severity {
	if s == report.Error {
		return report.Warning
	}
	return s
}

// stopping is the newest error that stops the syncs of a Service, or nil.
func (w *World) stopping(key string) *errtext.Error {
	for _, e := range slices.Backward(w.Errors.Current(key)) {
		if !e.Advisory && (!e.Transient || e.Count > 2) {
			return e
		}
	}
	return nil
}

// Synced is the newest sync of one of the Services that succeeded, or nil.
func (w *World) Synced(services []string) *errtext.Success {
	var last *errtext.Success
	for _, key := range services {
		if s := w.Errors.LastSuccess(key); s != nil && !s.At.IsZero() && (last == nil || s.At.After(last.At)) {
			last = s
		}
	}
	return last
}

// NotCompared says that there is nothing to tell where no Service was compared: each
// waits for its address, or is another controller's.
func (p *Pass) NotCompared() {
	if len(p.Compared.Checks) == 0 {
		p.NotApplicable("no Service could be compared with what is in Azure")
	}
}

// ResyncAll makes the provider sync each Service, up to three.
func (w *World) ResyncAll(services []string, say string) []report.Step {
	var out []report.Step
	for _, key := range services[:min(len(services), 3)] {
		if s := w.Graph.Service(key); s != nil {
			out = append(out, Resync(s, say))
		}
	}
	return out
}

// Late says that a difference which a sync puts right may be the Service's own last
// change that none has brought to Azure, and returns the steps that show it. ids are
// what was written: where the activity log names somebody else as the last, it was they.
func (w *World) Late(f *Finding, ids ...string) []report.Step {
	if who, ok := w.LastWriter(ids...); ok && who.Provider == desired.No {
		return nil
	}
	f.Message += " Either no sync has brought the Service's last change to Azure, or somebody changed it there."
	return Describe(f.Services)
}

// Describe shows what the syncs of each Service, up to three, come to.
func Describe(services []string) []report.Step {
	var out []report.Step
	for _, key := range services[:min(len(services), 3)] {
		out = append(out, report.Step{Say: "See whether its syncs fail, or none came since the Service was changed; then repair that first.", Run: Kubectl("describe", key, "")})
	}
	return out
}

// Writers finds out who changed a resource, by its id; standIn is for one that is not known.
func Writers(id, standIn string) report.Step {
	return report.Step{Say: "Find out who changed it: the controller's identity, a person, or Terraform or a template, which will write the same again.",
		Run: "az monitor activity-log list --resource-id " + Word(id, standIn) + " --offset 30d --query \"[].{time:eventTimestamp, by:caller, what:operationName.value, how:status.value}\" -o table"}
}

// Proofs are the citations of the first three differences, each once.
func Proofs(checks []desired.Check) []report.Cite {
	var out []report.Cite
	for _, c := range checks[:min(len(checks), 3)] {
		for _, cite := range c.Cites() {
			if !slices.Contains(out, cite) {
				out = append(out, cite)
			}
		}
	}
	return out
}
