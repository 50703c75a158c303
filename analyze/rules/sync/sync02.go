package sync

import (
	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/report"
)

// SYNC02 is an operation that always gives way to another one on the same object.
var SYNC02 = &rule.Rule{
	ID:       "AZLB-SYNC02",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the provider's operations in Azure are replaced or held up by others on the same object",
		Symptom: "A Service stays pending, or its changes do not arrive; events repeat CanceledAndSupersededDueToAnotherOperation, OperationPreempted or AnotherOperationInProgress.",
		Cause: "Azure works on one change of a network object at a time. A newer one replaces one that still runs (superseded, preempted), or has to wait for it (another operation in progress). The provider tries again, and two writers get along. " +
			"It keeps failing only where the other one never rests: another cluster on the same object, AKS while it upgrades or scales, Terraform or a template in a loop, a person in the portal.",
		Fix: []report.Step{
			{Say: "See whether it goes on.", Run: "kubectl describe service -n NAMESPACE SERVICE"},
			{Say: "Find out who else writes it.", Run: "az monitor activity-log list --resource-id LOAD_BALANCER_ID --offset 1d -o table"},
			{Say: "Leave the load balancer to the provider alone; Terraform has to give it up.", Run: "terraform state list | grep -i azurerm_lb"},
		},
		References: []string{"kubernetes-sigs/cloud-provider-azure#792", "https://learn.microsoft.com/troubleshoot/azure/azure-kubernetes/error-codes/operationnotallowed-or-publicipcountlimitreached-error", "https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations"},
		Healthy:    "Once or twice is normal whenever nodes come and go, and the next try goes through (AZLB-OK05): it counts as a fault after 10 minutes or six tries without a success (earlier it is a possible warning of a Service that waits for nothing else). The same codes with HTTP 429 are told by AZLB-SYNC06.",
	},
	Needs:       rule.Needs{Any: text},
	Texts:       rule.Overlaps,
	FollowsFrom: []string{"AZLB-SYNC05"},
	Check:       checkSYNC02,
}

func checkSYNC02(p *rule.Pass) {
	given := func(e *errtext.Error) bool { return rule.Overlapped(e) && e.Status != 429 }
	for _, b := range targets(ours(p, given)) {
		if f, errs := clash(p, b, "The provider's operations on %s give way to others"); len(errs) > 0 {
			if code := said(errs); code != "" {
				f.Message += " Azure said " + code + "."
			}
			p.Find(f)
		}
	}
}

// said is the newest code that names the meeting, empty where there was none.
func said(errs []*errtext.Error) string {
	for i := len(errs) - 1; i >= 0; i-- {
		for _, code := range append([]string{errs[i].Code}, errs[i].Inner...) {
			if rule.Overlapped(&errtext.Error{Code: code}) {
				return code
			}
		}
	}
	return ""
}
