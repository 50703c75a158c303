package sync

import (
	"slices"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/report"
)

// SYNC06 is HTTP 429 that means another operation and not too many calls.
var SYNC06 = &rule.Rule{
	ID:       "AZLB-SYNC06",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "HTTP 429 means here that another operation is under way, not that there are too many calls",
		Symptom: "A Service stays pending, and events say `throttled due to too many requests`, or HTTP 429; the subscription makes few calls, and waiting does not help.",
		Cause: "Azure uses HTTP 429 both for too many calls and for a change of an object that another operation holds up. Which of the two it is only the code inside tells (AnotherOperationInProgress and its like). " +
			"Since cloud-provider-azure 1.31 the provider calls every 429 `throttled due to too many requests` and leaves the code out of its events; at most its log has it. It is over when the other operation ends, or the other writer rests.",
		Fix: []report.Step{
			{Say: "See which operations run on the object, and who began them.", Run: "az monitor activity-log list --resource-id LOAD_BALANCER_ID --offset 1h -o table"},
			{Say: "See whether one is still under way: Updating.", Run: "az network lb show --ids LOAD_BALANCER_ID --query provisioningState"},
			{Say: "Leave the load balancer to the provider alone; Terraform has to give it up.", Run: "terraform state list | grep -i azurerm_lb"},
		},
		References: []string{"kubernetes-sigs/cloud-provider-azure#792", "https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations", "processThrottlePolicy in kubernetes-sigs/cloud-provider-azure"},
		Affects:    "the text without the code: cloud-provider-azure 1.31 and later",
		Healthy:    "A 429 of this kind that a success follows is normal. It counts as a fault after 10 minutes or six tries without a success (earlier it is a possible warning of a Service that waits for nothing else). A 429 whose code says that there were too many calls, or that has no code anywhere, is told by AZLB-THR01.",
	},
	Needs:       rule.Needs{Any: text},
	Texts:       append(slices.Clone(rule.Overlaps), rule.Says("throttled due to too many requests")),
	FollowsFrom: []string{"AZLB-SYNC05", "AZLB-SYNC02"},
	Check:       checkSYNC06,
}

func checkSYNC06(p *rule.Pass) {
	held := ours(p, func(e *errtext.Error) bool { return e.Status == 429 && rule.Overlapped(e) })
	if len(held) == 0 {
		return
	}
	bunches := targets(held)
	if newest := &bunches[len(bunches)-1]; !tooMany(p) {
		newest.All = append(newest.All, p.Current(bare)...)
		slices.SortStableFunc(newest.All, func(a, b *errtext.Error) int { return a.Order - b.Order })
	}
	for _, b := range bunches {
		if f, errs := clash(p, b, "Another operation on %s holds up the provider's: Azure answers HTTP 429, which is not throttling here,"); len(errs) > 0 {
			if code := said(b.All); code != "" {
				f.Message += " The code inside is " + code + "."
			}
			f.Message += " The subscription does not make too many calls."
			p.Find(f)
		}
	}
}

// bare reports the provider's own words for any 429, of a Service.
func bare(e *errtext.Error) bool {
	return e.Service != "" && e.Status == 429 && e.Code == "" && len(e.Inner) == 0 && !e.ClientSide
}

// tooMany reports whether some answer says that there were too many calls: what has no
// code may then mean that.
func tooMany(p *rule.Pass) bool {
	return slices.ContainsFunc(p.Errors.All, func(e *errtext.Error) bool {
		codes := strings.ToLower(e.Code + " " + strings.Join(e.Inner, " "))
		return e.Measured > 0 || strings.Contains(codes, "toomanyrequests") || strings.Contains(codes, "requeststhrottled")
	})
}
