package sync

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// SYNC00 is the net below all rules.
var SYNC00 = &rule.Rule{
	ID:       "AZLB-SYNC00",
	Severity: report.Error,
	Net:      true,
	Doc: report.Doc{
		Title:   "an error that no rule knows yet keeps the Service from being reconciled",
		Symptom: "The Service stays pending, is not deleted, or a change of it does not arrive; events or the controller's log repeat an error.",
		Cause:   "No rule knows the error's code, so nothing is said about the cause. The report repeats the newest error of the Service that no success has ended: code, message, action and scope as Azure or the provider said them.",
		Fix: []report.Step{
			{Say: "Look the code up in the error codes of Azure Resource Manager and of the service that answered."},
			{Say: "See whether the error is still being repeated.", Run: "kubectl describe service NAME -n NAMESPACE"},
			{Say: "If it recurs and this report had no rule for it, please report it with the bundle, so that the next reader gets a cause."},
		},
		References: []string{"https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors", "https://learn.microsoft.com/azure/networking/troubleshoot-failed-state"},
		Healthy:    "An error that a later success of the same Service follows is history. What the provider retries by itself (a stale etag, another operation under way, a 5xx) counts only when it lasts, or as a warning when it alone keeps the Service waiting; warnings of a sync that went on do not count.",
	},
	Needs: rule.Needs{Any: []*bundle.Evidence{&bundle.Events, &bundle.ControllerLog}},
	Check: checkSYNC00,
}

// kind is what equal errors of several Services have in common.
type kind struct {
	what, target string
	waits        bool // and it will not end by itself
}

func checkSYNC00(p *rule.Pass) {
	byKind := map[kind][]*errtext.Error{}
	var order []kind
	for _, key := range subjects(p) {
		e := newest(p, key)
		if e == nil {
			continue
		}
		k := kind{strings.ToLower(e.Code), strings.ToLower(e.Target), p.Waits(e) && !bygone(p, e) && (!e.Transient || p.Lasts(e))}
		if e.Code == "" {
			k.what = e.Message
		}
		if byKind[k] == nil {
			order = append(order, k)
		}
		byKind[k] = append(byKind[k], e)
	}
	for _, k := range order {
		p.Find(unknown(byKind[k], k))
	}
}

// bygone reports whether the Service of an error is known to be no more: what fails is the
// removal of what it left, which harms nobody's traffic.
func bygone(p *rule.Pass, e *errtext.Error) bool {
	return e.Service != "" && !p.Exists(e.Service) && p.Complete(&bundle.Services, "")
}

// subjects lists what errors are about, sorted: Services, and "" for those of the
// controller's log that name none.
func subjects(p *rule.Pass) []string {
	var out []string
	for _, e := range p.Errors.All {
		out = append(out, e.Service)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// newest returns the newest error of a Service that counts, or nil.
func newest(p *rule.Pass, key string) *errtext.Error {
	current := slices.DeleteFunc(p.Errors.Current(key), func(e *errtext.Error) bool {
		return e.Advisory || endpoints(e) || p.Gone(e) || key == "" && !nameless(p, e)
	})
	claimed := slices.ContainsFunc(current, p.Claimed)
	for _, e := range slices.Backward(current) {
		switch {
		case p.Claimed(e):
		case !e.Transient, p.Lasts(e):
			return e
		case p.Waits(e) && !claimed && !slices.ContainsFunc(current, func(x *errtext.Error) bool { return !x.Transient }):
			return e
		}
	}
	return nil
}

// endpoints reports the endpoints controller's own failures, which are no part of
// a load balancer.
func endpoints(e *errtext.Error) bool {
	return e.Reason == "FailedToCreateEndpoint" || e.Reason == "FailedToUpdateEndpoint"
}

// nameless reports whether an error that names no Service counts all the same: an
// answer of Azure in a log, while no Service was reconciled since.
func nameless(p *rule.Pass, e *errtext.Error) bool {
	return e.FromLog && (e.Code != "" || e.Token) && !p.Errors.Followed(e)
}

// unknown repeats what was said, without a sentence about its cause.
func unknown(errs []*errtext.Error, k kind) rule.Finding {
	slices.SortStableFunc(errs, func(a, b *errtext.Error) int { return a.Order - b.Order })
	last := errs[len(errs)-1]
	told := rule.Tell(errs)
	f := rule.Finding{Services: told.Services, Cites: told.Cites, Confidence: report.Possible, Why: "no rule knows this code yet", Errors: errs}
	if !k.waits {
		f.Severity = report.Warning
	}
	switch {
	case last.Target != "":
		f.Subject = rule.Resource(last.Target)
	case len(told.Services) == 1:
		ns, name, _ := strings.Cut(told.Services[0], "/")
		f.Subject = report.Object{Kind: "Service", Namespace: ns, Name: name}
	default:
		f.Subject = report.Object{Kind: "Controller", Name: "of the cloud provider"}
	}
	whose := ""
	if len(told.Services) > 0 {
		whose = " of " + rule.List(told.Services)
	}
	f.Message = fmt.Sprintf("The newest unresolved error%s, %s: %s", whose, told.Span(), rule.Quoted(last))
	f.Fix = steps(told.Services)
	return f
}

func steps(services []string) []report.Step {
	fix := []report.Step{{Say: "Look the code up in the error codes of Azure Resource Manager and of the service that answered."}}
	for _, s := range services[:min(len(services), 3)] {
		ns, name, _ := strings.Cut(s, "/")
		fix = append(fix, report.Step{Say: "See whether the error is still being repeated.", Run: fmt.Sprintf("kubectl describe service %s -n %s", rule.Word(name, "NAME"), rule.Word(ns, "NAMESPACE"))})
	}
	return append(fix, report.Step{Say: "If it recurs and this report had no rule for it, please report it with the bundle, so that the next reader gets a cause."})
}
