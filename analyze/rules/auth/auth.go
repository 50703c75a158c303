// Package auth holds the rules about the identity with which the controller
// writes to Azure: its token and its rights.
package auth

import (
	"fmt"

	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// Rules of this topic, in the order in which a request meets them.
var Rules = []*rule.Rule{AUTH08, AUTH09, AUTH01, AUTH10, AUTH07, AUTH02, AUTH03, AUTH04, AUTH05, AUTH06}

// text are the sources in which Azure's refusals show.
var text = []*bundle.Evidence{&bundle.Events, &bundle.ControllerLog}

// waitingNow words what a cause that stops the whole controller does to Services.
func waitingNow(waiting []string) string {
	if len(waiting) == 0 {
		return "Services that have an address keep working, but none can be created, changed or deleted."
	}
	return fmt.Sprintf("%s cannot get on; Services that have an address keep working, but cannot be changed at present.", rule.List(waiting))
}

// restart is the step after azure.json was changed. The controller reads the file
// only when it starts.
func restart(p *rule.Pass) report.Step {
	say := "Restart the controller on each of these machines; it reads azure.json only when it starts, and a restart of the kubelet does not restart it."
	for _, c := range p.Graph.Controllers() {
		if c.Serves() {
			return report.Step{Say: say, Changes: true, Run: rule.Restart(c)}
		}
	}
	program := snapshot.CloudController
	for _, l := range p.Snapshot.Logs {
		if l.Kind == snapshot.KubeController && l.Flags["cloud-provider"] == "azure" {
			program = snapshot.KubeController
		}
	}
	return report.Step{Say: say, Changes: true, Run: "kubectl -n kube-system delete pod -l component=" + string(program)}
}

// identity names who was refused.
func identity(object string) string {
	if object == "" {
		return "The controller's identity"
	}
	return "The controller's identity (object id " + object + ")"
}

// known is the first of the values that is there.
func known(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
