// Package throttling holds the rules about calls that are refused because there
// are too many of them, by Azure or by the provider's own limiter.
package throttling

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// Rules of this topic, in the order in which a call meets them.
var Rules = []*rule.Rule{THR02, THR01}

// text are the sources in which a refused rate of calls shows.
var text = []*bundle.Evidence{&bundle.Events, &bundle.ControllerLog}

// lasting keeps the errors that still hold: those of a Service until its own
// success, those that name none until the success of any.
func lasting(p *rule.Pass, errs []*errtext.Error) []*errtext.Error {
	newest := 0
	for _, s := range p.Errors.Successes {
		newest = max(newest, s.Order)
	}
	return slices.DeleteFunc(errs, func(e *errtext.Error) bool {
		return p.Gone(e) || e.Service == "" && (e.Order < newest || !e.FromLog)
	})
}

// harm names the Services that a refused rate of calls keeps waiting, and how bad
// that is. Syncs run one after the other, so one that waits for Azure holds up all
// that wait behind it. A single refusal is no failure: the provider tries again.
func harm(p *rule.Pass, f *rule.Finding, errs []*errtext.Error, told rule.Told) {
	f.Services = slices.DeleteFunc(p.Waiting(), func(key string) bool { return otherwise(p, key) })
	f.Severity = report.Warning
	if len(f.Services) > 0 && told.Count > 1 && slices.ContainsFunc(errs, p.Waits) {
		f.Severity = report.Error
	} else if !slices.ContainsFunc(errs, p.Lasts) {
		f.Confidence, f.Why = report.Possible, "it was refused only a few times, and the provider tries again by itself: it may be over"
	}
	if len(f.Services) > 0 {
		f.Message += fmt.Sprintf(" Syncs run one after the other, which holds up %s; Services that have an address keep working, but cannot be changed at present.", rule.List(f.Services))
	} else {
		f.Message += " No Service waits for an address; changes arrive late."
	}
}

// otherwise reports whether the newest that is known of a Service is another
// refusal: what keeps it waiting now is that one.
func otherwise(p *rule.Pass, key string) bool {
	errs := p.Errors.Current(key)
	if len(errs) == 0 {
		return false
	}
	last := errs[len(errs)-1]
	return last.Code != "" && !last.Transient && !throttled(last) && !limiter(last)
}

// fewerCalls are the ways to ask Azure less often.
func fewerCalls(p *rule.Pass) []report.Step {
	steps := []report.Step{{Say: "Find out who else calls: other clusters, autoscalers, monitoring and scripts of the same subscription share the limit.",
		Run: "az monitor activity-log list --offset 1h --query \"[].{caller:caller, operation:operationName.value}\" -o table"}}
	if inTree(p) {
		steps = append(steps,
			report.Step{Say: "Set useInstanceMetadata to true in azure.json on all nodes and restart the kubelets, so that each asks its own machine instead of Azure.", Run: "sudoedit /etc/kubernetes/azure.json && sudo systemctl restart kubelet", Changes: true},
			report.Step{Say: "Compare routes less often: a longer --route-reconciliation-period, for example 1m, in the manifest of the kube-controller-manager, which then restarts by itself.", Run: "sudoedit /etc/kubernetes/manifests/kube-controller-manager.yaml", Changes: true},
			report.Step{Say: "Upgrade: 1.9.2 and 1.10 are the first releases that cache machines, security groups and route tables; later ones cache more."})
	} else {
		steps = append(steps, report.Step{Say: "If the controller writes routes (--configure-cloud-routes), a longer --route-reconciliation-period, for example 1m, saves calls.",
			Run: "kubectl -n kube-system get pods -l component=cloud-controller-manager -o yaml | grep -n route", Changes: false})
	}
	return steps
}

// inTree reports whether the provider is the one inside kubelet and
// kube-controller-manager, which asks Azure from every node.
func inTree(p *rule.Pass) bool {
	for _, c := range p.Graph.Controllers() {
		if c.Program == snapshot.KubeController && c.Serves() {
			return true
		}
	}
	for _, l := range p.Snapshot.Logs {
		if l.Kind == snapshot.KubeController && l.Flags["cloud-provider"] == "azure" {
			return true
		}
	}
	return strings.HasPrefix(p.Snapshot.Kubernetes, "v1.") && len(p.Snapshot.Kubernetes) > 4 && p.Snapshot.Kubernetes[4] == '.'
}
