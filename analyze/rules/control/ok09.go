package control

import (
	"fmt"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/report"
)

// OK09 are failures that a success followed.
var OK09 = &rule.Rule{
	ID:         "AZLB-OK09",
	Severity:   report.Info,
	AsDesigned: true,
	Doc: report.Doc{
		Title:   "earlier failures of a Service are over",
		Symptom: "kubectl describe shows warnings such as SyncLoadBalancerFailed on a Service that has its address and works.",
		Cause: "Events stay for an hour and logs for longer, whatever became of what they tell. A Service that is made together with its cluster, its role assignments or its address often fails a few times; the controller tries again after 5 seconds, then with longer pauses up to 5 minutes. " +
			"What a success followed is history.",
		Fix:        looks("Nothing is to be repaired. See whether errors come again.", "kubectl describe service -n NAMESPACE SERVICE"),
		References: []string{"https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/", "https://github.com/kubernetes/cloud-provider/blob/master/controllers/service/controller.go"},
		Healthy:    "It is told only of Services that have an address, had a success after the failure and have no error now. Writes that met others are told by AZLB-OK05.",
	},
	Needs: said,
	Check: func(p *rule.Pass) {
		errs := overcome(p, func(e *errtext.Error) bool { return !meets(e) && !noise(e) })
		past(p, errs, func(told rule.Told, what string) string {
			return fmt.Sprintf("Syncs of %s failed earlier (%s, %s) and have succeeded since: that is history.", rule.List(told.Services), what, told.Span())
		})
	},
}
