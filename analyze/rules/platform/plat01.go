package platform

import (
	"fmt"
	"slices"
	"time"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/report"
)

// PLAT01 is Azure failing by itself.
var PLAT01 = &rule.Rule{
	ID:       "AZLB-PLAT01",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "Azure answers with failures of its own (HTTP 5xx)",
		Symptom: "Services stay pending or do not change; events repeat HTTP 500, 502, 503 or 504, InternalServerError, BadGatewayConnection, GatewayTimeout, or a GatewayError with HTTP 429.",
		Cause: "The request was in order and Azure could not carry it out: one of its services was down, unreachable for another one, or too slow. The provider tries again by itself. " +
			"Mostly that ends within minutes; an outage of a region lasts hours and stands on Azure's status pages. One request alone that fails so for hours is a fault in Azure that only its support can mend.",
		Fix: []report.Step{
			{Say: "See whether Azure reports an outage of the region: https://azure.status.microsoft, and Service Health in the portal for this subscription.", Run: "az rest --method get --url \"https://management.azure.com/subscriptions/SUBSCRIPTION/providers/Microsoft.ResourceHealth/events?api-version=2024-02-01\""},
			{Say: "Wait; the provider tries again every few minutes. See whether it goes on.", Run: "kubectl describe service -n NAMESPACE SERVICE"},
			{Say: "If it lasts for more than an hour without an outage, open a support request with the correlation ids of the activity log.", Run: "az monitor activity-log list --resource-group GROUP --offset 2h --status Failed -o json"},
		},
		References: []string{"Azure/AKS#2891", "kubernetes-sigs/cloud-provider-azure#792", "https://azure.status.microsoft/", "https://learn.microsoft.com/azure/service-health/overview"},
		Healthy:    "A 5xx now and then is normal, and the next try goes through: it counts as a fault after 10 minutes or six tries without a success (earlier it is a possible warning of a Service that waits for nothing else). A Service that something else stops is not told of here.",
	},
	Needs: rule.Needs{Any: text},
	Texts: []rule.Text{rule.Codes(failures...)},
	// A subscription that is off answers as it likes.
	FollowsFrom: []string{"AZLB-PLAT02"},
	Check:       checkPLAT01,
}

// failures are the codes of Azure's own failures.
var failures = []string{"InternalServerError", "InternalError", "BadGateway", "BadGatewayConnection", "ServiceUnavailable", "GatewayTimeout", "ServerTimeout", "GatewayError", "RetryableError"}

// broken reports a failure of Azure's own: by its status, or by its code where nothing
// more exact stands inside.
func broken(e *errtext.Error) bool {
	if rule.IsStale(e) || rule.Overlapped(e) {
		return false
	}
	inner := slices.DeleteFunc(slices.Clone(e.Inner), func(c string) bool { return slices.Contains(failures, c) })
	return e.Status >= 500 || len(inner) == 0 && slices.ContainsFunc(failures, e.Has)
}

func checkPLAT01(p *rule.Pass) {
	f := rule.Finding{Subject: report.Object{Kind: "Azure", Name: "Resource Manager"}}
	if m := p.Snapshot.Manifest; m != nil && m.Cluster.Region != "" {
		f.Subject.Name = "region " + m.Cluster.Region
	}
	errs := p.Retried(&f, p.Current(func(e *errtext.Error) bool { return broken(e) && !p.Claimed(e) }))
	if len(errs) == 0 {
		return
	}
	told := rule.Tell(errs)
	last := errs[len(errs)-1]
	f.Cites = told.Cites
	what := last.Code
	if last.Status != 0 {
		what = fmt.Sprintf("HTTP %d %s", last.Status, last.Code)
	}
	f.Message = fmt.Sprintf("Azure could not carry out the provider's calls for %s: it answered %s, %s. The calls were in order; Azure failed by itself.", rule.List(f.Services), what, told.Span())
	if f.Confidence == "" {
		f.Confidence, f.Why = report.Likely, "whether Azure had an outage is not in the bundle"
		f.Message += stillWorks(p, errs)
	}
	if told.Last.Sub(told.First) > time.Hour {
		f.Message += " It has lasted for more than an hour."
	}
	sub := "SUBSCRIPTION"
	if s := subscription(p); s != "" {
		sub = s
	}
	group := "GROUP"
	if len(p.Graph.NodeGroups) > 0 {
		group = p.Graph.NodeGroups[0]
	}
	f.Fix = []report.Step{
		{Say: "See whether Azure reports an outage of the region: https://azure.status.microsoft, or for this subscription:", Run: fmt.Sprintf("az rest --method get --url \"https://management.azure.com/subscriptions/%s/providers/Microsoft.ResourceHealth/events?api-version=2024-02-01\"", sub)},
	}
	if len(f.Services) > 0 {
		f.Fix = append(f.Fix, report.Step{Say: "Wait; the provider tries again every few minutes. See whether it goes on.", Run: rule.Kubectl("describe", f.Services[0], "")})
	}
	f.Fix = append(f.Fix, report.Step{Say: "If it lasts for more than an hour without an outage, open a support request with the correlation ids of the activity log.", Run: fmt.Sprintf("az monitor activity-log list --resource-group %s --offset 2h --status Failed -o json", rule.Word(group, "GROUP"))})
	p.Find(f)
}

func stillWorks(p *rule.Pass, errs []*errtext.Error) string {
	if waiting, _ := p.Named(errs); len(waiting) > 0 {
		return ""
	}
	return " Services keep working as they are, but cannot be changed at present."
}

// subscription is the cluster's, empty where it is not known.
func subscription(p *rule.Pass) string {
	switch s := p.Snapshot; {
	case s.Config != nil && s.Config.SubscriptionID != "":
		return s.Config.SubscriptionID
	case s.Manifest != nil && len(s.Manifest.Cluster.Subscriptions) > 0:
		return s.Manifest.Cluster.Subscriptions[0]
	}
	return ""
}
