package platform

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"azlb/analyze/rule"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// PLAT04 is a controller whose events Kubernetes refuses.
var PLAT04 = &rule.Rule{
	ID:       "AZLB-PLAT04",
	Severity: report.Warning,
	Doc: report.Doc{
		Title:   "the controller may not write events, so that failures do not show on Services",
		Symptom: "A Service stays pending and kubectl describe shows no event, or none of the reason; the controller's log has `events is forbidden: User … cannot create resource \"events\"`.",
		Cause: "The provider tells of failures in events on the Service, in part under a service account of its own (azure-cloud-provider). Where that account has no role for events, Kubernetes refuses them and nobody sees the failure. " +
			"That Services have no events proves nothing then: only the log of the controller and Azure's activity log tell what happens.",
		Fix: []report.Step{
			{Say: "See whether the account may write events.", Run: "kubectl auth can-i create events --as=system:serviceaccount:kube-system:azure-cloud-provider -n default"},
			{Say: "Give it a role for events.", Run: "kubectl create clusterrole azure-cloud-provider-events --verb=create,patch,update --resource=events && kubectl create clusterrolebinding azure-cloud-provider-events --clusterrole=azure-cloud-provider-events --serviceaccount=kube-system:azure-cloud-provider", Changes: true},
		},
		References: []string{"Azure/AKS#1104", "kubernetes/kubernetes#68212", "https://cloud-provider-azure.sigs.k8s.io/install/azure-ccm/"},
		Affects:    "clusters without the role of azure-cloud-provider, which is needed since 1.12",
		Healthy:    "Events that Kubernetes refuses because their namespace is being deleted, or that are there already, are no lack of a right. Controllers other than those of the cloud provider are left alone.",
	},
	Needs: rule.Needs{Any: []*bundle.Evidence{&bundle.ControllerLog}},
	Check: checkPLAT04,
}

// mayNot is Kubernetes' refusal of an event, with the user.
var mayNot = regexp.MustCompile(`events?\b[^:]{0,80} is forbidden: User \\*"([^"\\]+)\\*" cannot (create|patch|update)[^:]{0,20} \\*"?events`)

// tellers are the accounts under which the provider and its controllers write events.
var tellers = []string{"azure-cloud-provider", "cloud-controller-manager", "service-controller"}

func checkPLAT04(p *rule.Pass) {
	type refused struct {
		count int
		cites []report.Cite
		verb  string
	}
	byUser := map[string]*refused{}
	var order []string
	for _, r := range p.Snapshot.Records {
		m := mayNot.FindStringSubmatch(r.Text)
		if m == nil {
			continue
		}
		name := m[1][strings.LastIndexByte(m[1], ':')+1:]
		known := false
		for _, t := range tellers {
			known = known || name == t
		}
		if !known {
			continue
		}
		x := byUser[m[1]]
		if x == nil {
			x = &refused{verb: m[2]}
			byUser[m[1]] = x
			order = append(order, m[1])
		}
		x.count++
		if len(x.cites) < 2 {
			x.cites = append(x.cites, r.Cite(m[0]))
		}
	}
	for _, user := range order {
		x := byUser[user]
		account, sa := strings.CutPrefix(user, "system:serviceaccount:")
		who := "--user=" + rule.Word(user, "USER")
		if sa {
			who = "--serviceaccount=" + rule.Word(account, "NAMESPACE:NAME")
		}
		role := cmp.Or(user[strings.LastIndexByte(user, ':')+1:], "controller") + "-events"
		p.Find(rule.Finding{
			Subject: report.Object{Kind: "Identity", Name: user},
			Cites:   x.cites,
			Message: fmt.Sprintf("%s may not write events: Kubernetes refused to let it %s them %d times. So failures of the provider do not show on the Services, and that there is no event proves nothing; the controller's log and Azure's activity log tell them.", user, x.verb, x.count),
			Fix: []report.Step{
				{Say: "See whether the account may write events by now.", Run: fmt.Sprintf("kubectl auth can-i create events --as=%s -n default", rule.Word(user, "USER"))},
				{Say: "Give it a role for events.", Run: fmt.Sprintf("kubectl create clusterrole %[1]s --verb=create,patch,update --resource=events && kubectl create clusterrolebinding %[1]s --clusterrole=%[1]s %[2]s", rule.Word(role, "ROLE"), who), Changes: true},
			},
		})
	}
}
