package auth

import (
	"fmt"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/bundle-schema/az"
	"azlb/report"
)

const joinPool = "Microsoft.Network/loadBalancers/backendAddressPools/join/action"

// AUTH05 is a missing right to put machines into a backend pool.
var AUTH05 = &rule.Rule{
	ID:       "AZLB-AUTH05",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the controller's identity may not put machines into the backend pool",
		Symptom: "New nodes get no traffic and new Services stay pending; events or the controller's log show HTTP 403 with the code LinkedAuthorizationFailed and the action loadBalancers/backendAddressPools/join/action.",
		Cause: "A machine is put into the backend pool by writing its network interface, or its scale-set instance. Azure wants two rights for that: one at the machine, and at the load balancer the right to join its pool. " +
			"The built-in roles Network Contributor and Virtual Machine Contributor have the second one; roles that somebody wrote for the cluster often lack it.",
		Fix: []report.Step{
			{Say: "See the cluster's role; add the action, and write it back with az role definition update.", Run: "az role definition list --custom-role-only true --name ROLE -o json"},
			{Say: "Or give the identity the role Network Contributor at the resource group of the load balancer. It can take 20 minutes until it counts.",
				Run: "az role assignment create --assignee-object-id OBJECT_ID --assignee-principal-type ServicePrincipal --role \"Network Contributor\" --scope /subscriptions/SUBSCRIPTION/resourceGroups/GROUP", Changes: true},
		},
		References: []string{"https://cloud-provider-azure.sigs.k8s.io/topics/azure-permissions/", "kubernetes-sigs/cloud-provider-azure#1999"},
		Healthy:    "A 403 that a later success of the same Service follows is history. A missing right at the machine itself has the code AuthorizationFailed, and one at its subnet is AZLB-AUTH03.",
	},
	Needs:       rule.Needs{Any: text},
	Texts:       []rule.Text{joining("loadBalancers/backendAddressPools")},
	FollowsFrom: []string{"AZLB-AUTH07", "AZLB-AUTH10"},
	Check:       checkAUTH05,
}

func checkAUTH05(p *rule.Pass) {
	for _, l := range links(p, func(e *errtext.Error, n need) bool {
		return balances(e) && n.joins("loadBalancers/backendAddressPools")
	}) {
		id, _ := az.ParseID(l.need.scope)
		lb := known(id.Name("loadBalancers"), "of the message")
		f := l.finding(p, fmt.Sprintf("backend pool %s of load balancer %s", known(id.Name("backendAddressPools"), "of the message"), lb))
		f.Message += " Nodes that are not in the pool yet get no traffic from it."
		// A role at the load balancer itself goes with it when its last Service goes.
		f.Fix = l.grant(known(l.object, l.client), roleScope(l.need.scope), role(l.need.action))
		if custom := customRole(p, l.object); custom != "" {
			f.Fix = append(f.Fix, report.Step{Say: fmt.Sprintf("Or add %s to the actions of the role %s, and write it back with az role definition update.", joinPool, custom),
				Run: fmt.Sprintf("az role definition list --custom-role-only true --name %s -o json", rule.Word(custom, "ROLE"))})
		}
		p.Find(f)
	}
}

// customRole is the name of a custom role that an identity has, empty: none is known.
func customRole(p *rule.Pass, object string) string {
	for _, r := range assigned(p, object) {
		for i := range p.Snapshot.RoleDefinitions {
			if d := &p.Snapshot.RoleDefinitions[i]; d.Role() == r.Role() {
				return strings.TrimSpace(d.RoleName)
			}
		}
	}
	return ""
}
