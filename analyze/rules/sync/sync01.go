package sync

import (
	"azlb/analyze/desired"
	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// SYNC01 is a load balancer that something else changes between the provider's read and
// its write, again and again.
var SYNC01 = &rule.Rule{
	ID:       "AZLB-SYNC01",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "something else changes the load balancer whenever the provider writes it (HTTP 412)",
		Symptom: "A Service stays pending, or its changes do not arrive; events repeat HTTP 412 PreconditionFailed, `Etag provided in if-match header … does not match etag …`.",
		Cause: "Azure gives each version of an object a mark, the etag. The provider reads the load balancer, changes it, and writes it back with the etag that it read; if something else wrote in between, Azure refuses, so that nothing gets lost. " +
			"Then the provider reads again, and the next try goes through. It keeps failing only where another writer never rests (a second controller, Terraform or a script in a loop, a person in the portal), or where the provider writes with an old copy.",
		Fix: []report.Step{
			{Say: "See whether it goes on.", Run: "kubectl describe service -n NAMESPACE SERVICE"},
			{Say: "Find out who else writes it.", Run: "az monitor activity-log list --resource-id LOAD_BALANCER_ID --offset 1d -o table"},
			{Say: "Leave the load balancer to the provider alone; Terraform has to give it up.", Run: "terraform state list | grep -i azurerm_lb"},
			{Say: "If nobody else writes, restart the controller: its copy may be old.", Run: "kubectl -n kube-system delete pod -l component=cloud-controller-manager", Changes: true},
		},
		References: []string{"kubernetes-sigs/cloud-provider-azure#792", "hashicorp/terraform-provider-azurerm#13886", "https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations"},
		Healthy:    "A stale etag now and then is normal, and the next try goes through: it counts as a fault after 10 minutes or six tries without a success (earlier it is a possible warning of a Service that waits for nothing else). One that a success followed is told by AZLB-OK05, one after the removal of a private link service by AZLB-PLS06.",
	},
	Needs:       rule.Needs{Any: text, Clean: []*bundle.Evidence{&bundle.Services, &bundle.KubeVersion}},
	Texts:       rule.Stale,
	FollowsFrom: []string{"AZLB-SYNC05", "AZLB-PLS06"},
	Check:       checkSYNC01,
}

func checkSYNC01(p *rule.Pass) {
	stale := func(e *errtext.Error) bool { return rule.IsStale(e) && !rule.Overlapped(e) && !mayBeLink(p, e) }
	for _, b := range targets(ours(p, stale)) {
		if f, errs := clash(p, b, "Azure refuses to write %s because something else changed it after the provider had read it (HTTP 412, etag),"); len(errs) > 0 {
			p.Find(f)
		}
	}
}

// mayBeLink reports the failed deletion of a Service of which AZLB-PLS06 cannot be judged:
// whether it has a private link service, or how old its provider is, is not in the bundle.
func mayBeLink(p *rule.Pass, e *errtext.Error) bool {
	if !e.OfDeletion() {
		return false
	}
	s := p.Graph.Service(e.Service)
	if s == nil {
		return !p.Complete(&bundle.Services, "")
	}
	return p.Snapshot.Kubernetes == "" && desired.LinkOf(s) != nil
}
