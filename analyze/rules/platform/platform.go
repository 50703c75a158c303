// Package platform holds the rules about Azure and what people do to it: changes by
// hand of what the cloud provider manages.
package platform

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/report"
)

// Rules of this topic.
var Rules = []*rule.Rule{PLAT03}

// doubt says of a finding that a sync may have put it right since, or that a sync
// which fails may have brought it about.
func doubt(p *rule.Pass, f *rule.Finding) {
	for _, key := range f.Services {
		if rule.InFlight(p.World, key) {
			f.Confidence, f.Why = report.Possible, fmt.Sprintf("a sync of %s ran while the evidence was collected: it may have put this right since", key)
			return
		}
	}
	for _, key := range f.Services {
		current := p.Errors.Current(key)
		i := slices.IndexFunc(current, func(e *errtext.Error) bool { return !e.Advisory && (!e.Transient || e.Count > 2) })
		if i < 0 {
			continue
		}
		code := current[i].Code
		if code == "" {
			code = "an error without a code"
		}
		f.Confidence, f.Why = report.Likely, fmt.Sprintf("syncs of %s fail (%s): the difference may come from that instead of a change by hand", key, code)
		return
	}
}

// writers finds out who changed a resource.
func writers(id string) report.Step {
	return report.Step{Say: "Find out who changed it: the controller's identity, a person, or Terraform or a template, which will write the same again.",
		Run: "az monitor activity-log list --resource-id " + rule.Word(id, "RESOURCE_ID") + " --offset 30d --query \"[].{time:eventTimestamp, by:caller, what:operationName.value, how:status.value}\" -o table"}
}

// resync makes the provider sync each Service, up to three.
func resync(p *rule.Pass, services []string, say string) []report.Step {
	var out []report.Step
	for _, key := range services[:min(len(services), 3)] {
		if s := p.Graph.Service(key); s != nil {
			out = append(out, rule.Resync(s, say))
		}
	}
	return out
}

// child splits "kubernetes/a…-TCP-80" into the load balancer and what is in it.
func child(object string) (lb, name string) {
	lb, name, _ = strings.Cut(object, "/")
	return lb, name
}

// notCompared says that there is nothing to tell where no Service was compared: each
// waits for its address, or is another controller's.
func notCompared(p *rule.Pass) {
	if len(p.Compared.Checks) == 0 {
		p.NotApplicable("no Service could be compared with what is in Azure")
	}
}
