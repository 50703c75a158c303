package datapath

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/desired"
	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// failedSync are the rules of syncs that fail: what such a sync did not write, or
// left half written, is no change by hand.
var failedSync = []string{"AZLB-AUTH01", "AZLB-AUTH02", "AZLB-AUTH03", "AZLB-AUTH08", "AZLB-CFG06", "AZLB-THR01", "AZLB-THR02", "AZLB-QUOTA02",
	"AZLB-SKU01", "AZLB-SKU02", "AZLB-SKU03", "AZLB-PIP01", "AZLB-POOL06", "AZLB-POOL10", "AZLB-NSG05", "AZLB-DEL01"}

// compared is what the rules about differences read.
var compared = rule.Needs{Any: []*bundle.Evidence{&bundle.LoadBalancers}, All: []*bundle.Evidence{&bundle.Services, &bundle.LoadBalancers}}

// differences are those that pass the test, those that harm the same Services
// together, in the order of the comparison.
func differences(p *rule.Pass, pick func(desired.Check) bool) [][]desired.Check {
	index := map[string]int{}
	var out [][]desired.Check
	for _, c := range p.Compared.Drift() {
		if len(c.Services) == 0 || !pick(c) {
			continue
		}
		key := strings.Join(c.Services, ",")
		i, ok := index[key]
		if !ok {
			i = len(out)
			index[key], out = i, append(out, nil)
		}
		out[i] = append(out[i], c)
	}
	return out
}

// differs reports whether the comparison of one Service has a difference like that.
func differs(p *rule.Pass, key string, like func(desired.Check) bool) bool {
	return slices.ContainsFunc(p.Compared.Of(key), func(c desired.Check) bool { return c.Kind != desired.Same && like(c) })
}

// proofs are the citations of the first differences.
func proofs(checks []desired.Check) []report.Cite {
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

// balancer is the load balancer that a difference is about ("kubernetes/a…-TCP-80"),
// nil where it is not there.
func balancer(p *rule.Pass, object string) *snapshot.LoadBalancer {
	name, _, _ := strings.Cut(object, "/")
	group := p.Wants.Settings.Group.V
	var other *snapshot.LoadBalancer
	for i := range p.Snapshot.Loads {
		lb := &p.Snapshot.Loads[i]
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

// running lowers a finding whose difference a sync may have put right since, and
// reports whether one ran.
func running(p *rule.Pass, f *rule.Finding, lb *snapshot.LoadBalancer) bool {
	i := slices.IndexFunc(f.Services, func(key string) bool { return rule.InFlight(p.World, key) })
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

// doubt lowers as running does, and what a sync that fails may have brought about: its
// failure is to be repaired first.
func doubt(p *rule.Pass, f *rule.Finding, lb *snapshot.LoadBalancer) {
	if running(p, f, lb) {
		return
	}
	for _, key := range f.Services {
		if e := failing(p, key); e != nil {
			f.Severity, f.Confidence = milder(f.Severity), report.Likely
			f.Why = fmt.Sprintf("syncs of %s fail (%s): the difference may come from that instead of a change by hand, and stays while they fail", key, orText(e.Code, "an error without a code"))
			return
		}
	}
}

func milder(s report.Severity) report.Severity {
	if s == report.Error {
		return report.Warning
	}
	return s
}

// failing is the newest error that stops the syncs of a Service, or nil.
func failing(p *rule.Pass, key string) *errtext.Error {
	for _, e := range slices.Backward(p.Errors.Current(key)) {
		if !e.Advisory && (!e.Transient || e.Count > 2) {
			return e
		}
	}
	return nil
}

// unfinished says that the last write of a load balancer did not succeed.
func unfinished(lb *snapshot.LoadBalancer) (say string, cites []report.Cite) {
	if lb == nil || !strings.EqualFold(lb.ProvisioningState, "Failed") {
		return "", nil
	}
	return fmt.Sprintf(" The provisioning state of %s is Failed: its last write did not end well.", lb.Name), []report.Cite{lb.Doc.Cite(lb.At + "/provisioningState")}
}

// writers finds out who changed a resource; by is its id or its group as az takes it.
func writers(by string) report.Step {
	return report.Step{Say: "Find out who changed it: the controller's identity, a person, or Terraform or a template, which will write the same again.",
		Run: "az monitor activity-log list " + by + " --offset 30d --query \"[].{time:eventTimestamp, by:caller, what:operationName.value, how:status.value}\" -o table"}
}

// place are the flags of az for what is inside a load balancer.
func place(lb *snapshot.LoadBalancer) string {
	return "-g " + rule.Word(az.GroupOf(lb.ID), "GROUP") + " --lb-name " + rule.Word(lb.Name, "LOAD_BALANCER")
}

func byID(lb *snapshot.LoadBalancer) string {
	return "--resource-id " + rule.Word(lb.ID, "LOAD_BALANCER_ID")
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

func orText(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}

// own is the load balancer with a frontend of the Service, nil where there is none.
func own(s *topology.Service) *snapshot.LoadBalancer {
	if len(s.Frontends) == 0 {
		return nil
	}
	return s.Frontends[0].LB
}

// notCompared says that there is nothing to tell where no Service was compared: each
// waits for its address, or is another controller's.
func notCompared(p *rule.Pass) {
	if len(p.Compared.Checks) == 0 {
		p.NotApplicable("no Service could be compared with what is in Azure")
	}
}
