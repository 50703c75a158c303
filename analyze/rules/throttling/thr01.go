package throttling

import (
	"fmt"
	"slices"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/report"
)

// THR01 is Azure refusing calls because there are too many.
var THR01 = &rule.Rule{
	ID:       "AZLB-THR01",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "Azure throttles the subscription",
		Symptom: "Services stay pending for minutes, many at a time; events or the controller's log show HTTP 429, TooManyRequests or `throttled due to too many requests`.",
		Cause: "Azure Resource Manager and the network and compute services behind it count the calls of a subscription and refuse more for some seconds to minutes. " +
			"Everybody in the subscription counts: other clusters, autoscalers, scripts, and in old versions every kubelet. The provider waits as long as Azure says and tries again; syncs of Services run one after the other and wait with it.",
		Fix: []report.Step{
			{Say: "Wait until the time that Azure names is over; do not restart the controller, a restart makes more calls."},
			{Say: "Up to 1.9: set useInstanceMetadata to true in azure.json on all nodes and restart the kubelets.", Run: "sudoedit /etc/kubernetes/azure.json && sudo systemctl restart kubelet", Changes: true},
			{Say: "Give the controller a longer --route-reconciliation-period, for example 1m.", Run: "sudoedit /etc/kubernetes/manifests/kube-controller-manager.yaml", Changes: true},
			{Say: "Upgrade: 1.9.2 and 1.10 are the first releases that cache machines, security groups and route tables."},
		},
		References: []string{"https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling", "kubernetes/kubernetes#48971", "kubernetes/kubernetes#58770",
			"kubernetes-sigs/cloud-provider-azure#5904"},
		Affects: "all versions; far more calls before 1.9.2 and 1.10",
		Healthy: "A single 429 that a success follows is everyday life. 429 is also the status of an operation that another one holds up (AnotherOperationInProgress) and of a timeout inside Azure (GatewayError): the code inside decides, and those are not throttling. OperationNotAllowed without 429 may be a quota.",
	},
	Needs: rule.Needs{Any: text},
	Texts: []rule.Text{tooMany, tooManyAtOnce},
	Check: checkTHR01,
}

// tooMany are codes that say it themselves, tooManyAtOnce are Azure's words for it, and
// failures are those of Azure's own that come with 429 too, as do those of operations that
// met (rule.Overlaps).
var (
	tooMany       = rule.Codes("TooManyRequests", "SubscriptionRequestsThrottled", "ResourceRequestsThrottled", "ResourceCollectionRequestsThrottled", "TenantRequestsThrottled")
	tooManyAtOnce = rule.Says(`too many requests have been received for this subscription`)
	failures      = []string{"GatewayError", "RetryableError"}
)

// throttled reports these, and a 429 that means nothing else, whatever its words.
func throttled(e *errtext.Error) bool {
	if tooMany.Matches(e) {
		return true
	}
	if rule.Overlapped(e) || slices.ContainsFunc(failures, e.Has) {
		return false
	}
	honoured := e.ClientSide && !limiter(e) // the provider keeps to an earlier 429
	return honoured || !e.ClientSide && (e.Status == 429 || tooManyAtOnce.Matches(e))
}

func checkTHR01(p *rule.Pass) {
	errs := lasting(p, p.Current(throttled))
	if len(errs) == 0 || slices.ContainsFunc(errs, bare) && !slices.ContainsFunc(errs, coded) && held(p) {
		return
	}
	told := rule.Tell(errs)
	f := rule.Finding{
		Subject: report.Object{Kind: "Subscription", Name: subscription(p)},
		Message: fmt.Sprintf("Azure refuses calls because there are too many (HTTP 429), %s%s.", told.Span(), detail(errs)),
		Errors:  errs,
		Cites:   told.Cites,
		Fix:     append([]report.Step{{Say: "Wait until the time that Azure names is over; a restart of the controller makes more calls."}}, fewerCalls(p)...),
	}
	if !slices.ContainsFunc(errs, coded) {
		f.Confidence, f.Why = report.Likely, "the provider repeats only that there were too many requests, not the code of Azure's answer"
	}
	harm(p, &f, errs, told)
	p.Find(f)
}

func coded(e *errtext.Error) bool { return e.Code != "" || len(e.Inner) > 0 || e.Measured > 0 }
func bare(e *errtext.Error) bool  { return !coded(e) }

// held reports whether some current error says that another operation was under
// way: then the provider's own words for every 429 mean that one.
func held(p *rule.Pass) bool {
	return slices.ContainsFunc(p.Errors.All, func(e *errtext.Error) bool {
		return e.Status == 429 && (rule.Overlapped(e) || slices.ContainsFunc(failures, e.Has)) && slices.Contains(p.Errors.Current(e.Service), e)
	})
}

// detail is what the newest answer says of limits.
func detail(errs []*errtext.Error) string {
	var s string
	for _, e := range errs {
		if e.Measured > 0 || e.OperationGroup != "" || e.RetryAfter > 0 {
			s = ""
			if e.OperationGroup != "" {
				s += ", operation group " + e.OperationGroup
			}
			if e.Measured > 0 && e.Allowed > 0 {
				s += fmt.Sprintf(", %d requests where %d are allowed", e.Measured, e.Allowed)
			}
			if e.RetryAfter > 0 {
				s += fmt.Sprintf(", to be tried again after %d seconds", e.RetryAfter)
			}
		}
	}
	return s
}

// subscription of azure.json, of the manifest, else of the account.
func subscription(p *rule.Pass) string {
	s := p.Snapshot
	switch {
	case s.Config != nil && s.Config.SubscriptionID != "":
		return s.Config.SubscriptionID
	case s.Manifest != nil && len(s.Manifest.Cluster.Subscriptions) > 0:
		return s.Manifest.Cluster.Subscriptions[0]
	case s.Account != nil && s.Account.ID != "":
		return s.Account.ID
	}
	return "of the cluster"
}
