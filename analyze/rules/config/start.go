package config

import (
	"slices"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// bySecret reports whether the controller takes its settings, or some of them, from a
// Kubernetes Secret: azure.json does not tell all of them then.
func bySecret(p *rule.Pass) bool {
	return slices.ContainsFunc(p.Snapshot.Logs, func(l snapshot.LogFile) bool {
		return l.Kind == snapshot.CloudController && (l.Flags["cloud-config-secret-name"] != "" || l.Flags["enable-dynamic-reloading"] == "true")
	})
}

// over reports whether an error of no Service is history: some sync succeeded after it.
func over(p *rule.Pass, e *errtext.Error) bool {
	return e.Service == "" && p.Errors.Followed(e)
}

// neverSynced reports whether nothing tells of a sync that succeeded, where it would be told.
func neverSynced(p *rule.Pass) bool {
	return len(p.Errors.Successes) == 0 && !p.Snapshot.Lost(&bundle.Events) && !p.Snapshot.Lost(&bundle.ControllerLog)
}

// edit changes azure.json, which the controller reads only when it starts.
func edit(p *rule.Pass, say string) []report.Step {
	if p.Graph.Managed() {
		return []report.Step{{Say: "AKS writes this file itself; nobody else can change it. Let AKS write it anew, and open a support request if that does not help.", Run: "az aks update " + p.AKS("-n"), Changes: true}}
	}
	steps := []report.Step{{Say: say + " On every control-plane machine.", Run: "sudoedit /etc/kubernetes/azure.json", Changes: true}}
	for _, c := range p.Graph.Controllers() {
		switch {
		case !c.Serves():
		case c.Static():
			return append(steps, report.Step{Say: "Restart the controller on each of them; it reads the file only when it starts.", Run: rule.Restart(c), Changes: true})
		default:
			return append(steps, report.Step{Say: "Restart the controller; it reads the file only when it starts.", Run: rule.Restart(c), Changes: true})
		}
	}
	return append(steps, report.Step{Say: "Restart the controller; it reads the file only when it starts.", Run: "kubectl -n kube-system delete pod -l component=cloud-controller-manager", Changes: true})
}

// file is azure.json as the object at fault.
var file = report.Object{Kind: "CloudConfig", Name: "azure.json"}
