package lock

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// writing and deleting are ARM's words of a ScopeLocked.
var (
	writing  = regexp.MustCompile(`(?i)cannot perform write operation`)
	deleting = regexp.MustCompile(`(?i)cannot perform delete operation`)
)

// LOCK02 is a lock that forbids deletion.
var LOCK02 = &rule.Rule{
	ID:       "AZLB-LOCK02",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "a lock in Azure keeps the controller from deleting what a Service leaves",
		Symptom: "A deleted Service stays in Terminating, or it is gone and its public IP stays; events show 409 ScopeLocked, `cannot perform delete operation`, in old versions only `timed out waiting for the condition`. Node pools cannot be scaled down either.",
		Cause: "A lock of the level CanNotDelete at a resource, at its group or at the subscription forbids everybody to delete, whatever roles they have; ReadOnly forbids it as well. Everything below the place is locked with it. " +
			"The controller deletes the public IP with its Service, and the load balancer with the last one. It tries again until that succeeds, and the Service stays until then.",
		Fix: []report.Step{
			{Say: "See the locks, and ask who set them, and why.", Run: "az lock list --resource-group GROUP -o table"},
			{Say: "Take the lock away; to protect single things set it at these, not at the group in which the controller works.", Run: "az lock delete --ids LOCK_ID", Changes: true},
		},
		References: []string{docs, "Azure/AKS#621", "Azure/AKS#3291", "https://learn.microsoft.com/azure/aks/support-policies"},
		Healthy:    "A lock while no Service is being deleted: many groups have one, and it harms nobody now; where a Service that is gone left something below it, it is an information. A lock at an address of the customer's own, which the controller does not delete. What a volume's disk is refused.",
	},
	Needs: rule.Needs{Any: append(slices.Clone(evidence), &bundle.Services), Clean: []*bundle.Evidence{&bundle.PublicIPs, &bundle.LoadBalancers}},
	Texts: []rule.Text{{Codes: []string{"ScopeLocked"}, Pattern: deleting}},
	Check: checkLOCK02,
}

func checkLOCK02(p *rule.Pass) {
	errs := refused(p)
	for _, h := range holds(p, errs, canNotDelete) {
		if len(h.errs) > 0 {
			p.Find(noDelete(p, h))
			continue
		}
		if f, ok := stays(p, h); ok {
			p.Find(f)
		}
	}
}

// noDelete is a place where Azure refused to delete.
func noDelete(p *rule.Pass, h *hold) rule.Finding {
	told := rule.Tell(h.errs)
	f := rule.Finding{Subject: h.subject(), Cites: append(told.Cites, h.cites()...), Fix: h.unlock(tries)}
	if len(h.locks) == 0 {
		f.Errors = h.errs
	}
	f.Message = fmt.Sprintf("A lock on %s%s forbids to delete %s: Azure answered ScopeLocked %s.", h.place(), h.which(), rule.List(h.targets()), told.Span())
	// The new Service of that name, where the old one's clean-up is what fails, is not deleted.
	ending := func(key string) bool { s := p.Graph.Service(key); return s == nil || s.Deleting() }
	waiting, working := p.Named(h.errs)
	gone := func(key string) bool { return !p.Exists(key) && p.Complete(&bundle.Services, "") }
	switch {
	case len(waiting) == 0:
		f.Severity, f.Services = report.Warning, working
	case !slices.ContainsFunc(waiting, func(key string) bool { return !gone(key) }): // harms nobody's traffic
		f.Severity, f.Services = report.Warning, waiting
		f.Message += fmt.Sprintf(" %s is gone; what it had in Azure stays.", rule.List(waiting))
		f.Fix = append(h.unlock(nobody), h.remove(p)...)
	case slices.ContainsFunc(waiting, func(key string) bool { return !ending(key) }):
		f.Services = waiting
		f.Message += fmt.Sprintf(" Until it is taken away %s waits.", rule.List(waiting))
	default:
		f.Services = waiting
		f.Message += fmt.Sprintf(" Until it is taken away %s stays in Terminating.", rule.List(waiting))
	}
	h.lift(&f)
	return f
}

// stays is a lock over something that a Service is to leave or has left, while the
// bundle has no refusal of it.
func stays(p *rule.Pass, h *hold) (rule.Finding, bool) {
	f := rule.Finding{Subject: h.subject(), Severity: report.Warning, Confidence: report.Likely, Why: "the bundle has no refusal of it", Cites: h.cites(), Fix: h.unlock(tries)}
	var going, left []string
	for _, s := range p.Graph.Services {
		if s.Deleting() && rule.Handled(s) && !s.Foreign() && slices.ContainsFunc(p.Snapshot.PublicIPs, func(x snapshot.PublicIP) bool {
			return s.Prefix != "" && strings.Contains(strings.ToLower(x.Name), s.Prefix) && az.Within(x.ID, h.scope)
		}) {
			going = append(going, s.Key())
			f.Cites = append(f.Cites, s.Doc.Cite("/metadata/deletionTimestamp"))
		}
	}
	for _, l := range h.leftovers(p) {
		left = append(left, l.PublicIP.Name)
		f.Cites = append(f.Cites, l.PublicIP.Doc.Cite(l.PublicIP.At+"/name"))
		if l.Service != "" && !p.Exists(l.Service) {
			f.Services = append(f.Services, l.Service)
		}
	}
	switch {
	case len(going)+len(left) == 0:
		return f, false
	case len(going) == 0: // since 1.16 a Service that cannot be cleaned up does not go
		f.Severity, f.Confidence, f.Services = report.Info, report.Possible, nil
	}
	f.Services = append(f.Services, going...)
	f.Message = fmt.Sprintf("A CanNotDelete lock on %s%s forbids to delete what is there.", h.place(), h.which())
	if len(going) > 0 {
		f.Message += fmt.Sprintf(" %s is being deleted, and its public IP is below the lock: the deletion cannot end.", rule.List(going))
	}
	if len(left) > 0 {
		if len(going) == 0 {
			f.Fix = h.unlock(nobody)
		}
		f.Fix = append(f.Fix, h.remove(p)...)
		f.Message += fmt.Sprintf(" It may be why %s was left behind by a Service that is gone, and it must be taken away before that can be deleted.", rule.List(left))
	}
	return f, true
}

// leftovers are what Services that are gone left below the lock, with a public IP.
func (h *hold) leftovers(p *rule.Pass) []topology.Leftover {
	return slices.DeleteFunc(slices.Clone(p.Graph.Leftovers), func(l topology.Leftover) bool {
		return l.PublicIP == nil || !az.Within(l.PublicIP.ID, h.scope)
	})
}

// remove takes them out of Azure.
func (h *hold) remove(p *rule.Pass) []report.Step {
	var steps []report.Step
	for _, l := range h.leftovers(p) {
		if len(steps) == 0 {
			steps = append(steps, report.Step{Say: "Make sure that nobody uses the addresses any more, for example by a DNS record; once deleted they are gone for good."})
		}
		steps = append(steps, rule.Remove(l)...)
	}
	return steps
}
