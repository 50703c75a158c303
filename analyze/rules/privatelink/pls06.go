package privatelink

import (
	"fmt"
	"strings"

	"azlb/analyze/desired"
	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// PLS06 is the stale etag of a load balancer whose private link service was removed.
var PLS06 = &rule.Rule{
	ID:       "AZLB-PLS06",
	Severity: report.Warning,
	Doc: report.Doc{
		Title:   "after it removed a private link service the provider writes the load balancer with a stale etag",
		Symptom: "When a Service with a private link service is deleted, its clean-up fails with HTTP 412 PreconditionFailed (PreconditionFailedEtagMismatch) about the load balancer, and goes through at a later try.",
		Cause: "Removing a link changes the load balancer under it in Azure, and with it the version (etag) that a write must name. " +
			"Releases with this fault read the load balancer, remove the link, and write with the version that they read before. The next try reads again and succeeds.",
		Fix: []report.Step{
			{Say: "Wait for the next try, five minutes at most.", Run: "kubectl describe service -n NAMESPACE SERVICE"},
			{Say: "Upgrade the cloud-controller-manager.", Changes: true},
		},
		References: []string{"kubernetes-sigs/cloud-provider-azure#9108", "kubernetes-sigs/cloud-provider-azure#9160", "kubernetes-sigs/cloud-provider-azure#9159"},
		Affects:    "cloud-provider-azure with azure-pls-create before 1.30.13, 1.31.7, 1.32.6 and 1.33.1",
		Healthy:    "A stale etag now and then is normal and retried; it counts here only for a Service with a link that is being deleted and still waits. A later success makes it history.",
	},
	Needs: rule.Needs{Any: text, All: []*bundle.Evidence{&bundle.Services, &bundle.KubeVersion}},
	// A link that cannot be removed fails with a code of its own.
	FollowsFrom: []string{"AZLB-PLS05"},
	Texts:       rule.Stale,
	Check:       checkPLS06,
}

// oldEtag is the provider that writes with the version from before the link was removed.
var oldEtag = rule.Bug{From: "all", Fixed: "1.30.13/1.31.7/1.32.6/1.33.1"}

func checkPLS06(p *rule.Pass) {
	n := p.Graph.Minor()
	if n >= 35 {
		p.NotApplicable("Kubernetes "+p.Snapshot.Kubernetes+" reads the load balancer again after it removed a link", &bundle.KubeVersion)
		return
	}
	keys, errs := byService(p, p.Current(func(e *errtext.Error) bool {
		s := p.Graph.Service(e.Service)
		return p.Knows(e) && s != nil && s.Deleting() && desired.LinkOf(s) != nil && strings.Contains(strings.ToLower(e.Target+e.Detail), "/loadbalancers/")
	}))
	for _, key := range keys {
		s := p.Graph.Service(key)
		told := rule.Tell(errs[key])
		ns, name, _ := strings.Cut(key, "/")
		f := rule.Finding{
			Subject: rule.Subject(key), Services: []string{key}, Errors: errs[key], Confidence: report.Likely,
			Why:   "the patch release of the cloud-controller-manager decides, and it is not known",
			Cites: append(told.Cites, s.Doc.Cite(desired.LinkOf(s).Create.Pointer), s.Doc.Cite("/metadata/deletionTimestamp")),
			Message: fmt.Sprintf("The deletion of %s, which has a private link service, failed with a stale etag of the load balancer (412, %s). Removing the link changed the load balancer, and the provider wrote with the version that it had read before; the next try reads it again.",
				key, told.Span()),
			Fix: []report.Step{
				{Say: "Wait for the next try, five minutes at most, and see that it goes through.", Run: "kubectl describe service -n " + rule.Word(ns, "NAMESPACE") + " " + rule.Word(name, "SERVICE")},
			},
		}
		f.Fix = append(f.Fix, p.Suspect(&f, oldEtag)...)
		p.Find(f)
	}
}
