package privatelink

import (
	"cmp"
	"fmt"
	"strings"

	"azlb/analyze/desired"
	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// PLS01 is a missing right at a private link service or at its subnet.
var PLS01 = &rule.Rule{
	ID:       "AZLB-PLS01",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the controller's identity lacks a right that a private link service needs",
		Symptom: "A Service that asks for a private link service stays pending although its load balancer is ready; events show HTTP 403 with an action of privateLinkServices, with subnets/write, or with natGateways/join/action and the like on the link's subnet.",
		Cause: "For a link the provider writes the link itself, in its resource group, and before that its subnet, to set privateLinkServiceNetworkPolicies to Disabled. " +
			"Who writes a subnet must also have the right to join whatever is attached to it: NAT gateway, route table, security group. Roles that are enough for load balancers often lack these.",
		Fix: []report.Step{
			{Say: "Give the identity Network Contributor at the virtual network, and at what is attached to the subnet.", Run: "az role assignment create --assignee-object-id OBJECT_ID --assignee-principal-type ServicePrincipal --role \"Network Contributor\" --scope SCOPE", Changes: true},
			{Say: "Or set the subnet's policies yourself; the provider then does not write the subnet.", Run: "az network vnet subnet update -g GROUP --vnet-name VNET -n SUBNET --private-link-service-network-policies Disabled", Changes: true},
		},
		References: []string{docs, "https://cloud-provider-azure.sigs.k8s.io/topics/azure-permissions/", "https://learn.microsoft.com/azure/private-link/disable-private-link-service-network-policy", "openshift/cluster-cloud-controller-manager-operator#417"},
		Affects:    "cloud-provider-azure with azure-pls-create: 1.0.19, 1.1.15, 1.23.12, 1.24 and later",
		Healthy:    "A 403 that a later success of the same Service followed is history. One about a load balancer, a public IP or the nodes' subnet is AZLB-AUTH02 or AZLB-AUTH03.",
	},
	Needs:       rule.Needs{Any: text},
	FollowsFrom: []string{"AZLB-AUTH02", "AZLB-AUTH03"},
	Texts:       []rule.Text{rule.Codes("AuthorizationFailed", "LinkedAuthorizationFailed")},
	Check:       checkPLS01,
}

// ofLink reports whether a refused right is one that only a link needs: at the link,
// or to write a subnet, which the provider does for nothing else.
func ofLink(p *rule.Pass, e *errtext.Error) bool {
	if !p.Knows(e) {
		return false
	}
	a := strings.ToLower(e.Action + " " + e.LinkedAction)
	if strings.Contains(a, "microsoft.network/privatelinkservices/") {
		return true
	}
	s := p.Graph.Service(e.Service)
	return strings.Contains(a, "microsoft.network/virtualnetworks/subnets/write") && (s == nil || desired.LinkOf(s) != nil)
}

// need is what the identity lacks: an action at a scope.
type need struct{ object, action, scope string }

func checkPLS01(p *rule.Pass) {
	byNeed := map[need][]*errtext.Error{}
	var order []need
	for _, e := range p.Current(func(e *errtext.Error) bool { return ofLink(p, e) }) {
		n := need{strings.ToLower(e.ObjectID), strings.ToLower(cmp.Or(e.LinkedAction, e.Action)), strings.ToLower(cmp.Or(e.LinkedScope, e.Scope))}
		if p.Gone(e) || e.Service == "" && p.Errors.Followed(e) {
			continue
		}
		if byNeed[n] == nil {
			order = append(order, n)
		}
		byNeed[n] = append(byNeed[n], e)
	}
	for _, n := range order {
		p.Find(lacking(p, byNeed[n]))
	}
}

func lacking(p *rule.Pass, errs []*errtext.Error) rule.Finding {
	last := errs[len(errs)-1]
	told := rule.Tell(errs)
	who := cmp.Or(last.ObjectID, last.ClientID, "of the controller")
	action, scope := cmp.Or(last.LinkedAction, last.Action), cmp.Or(last.LinkedScope, last.Scope)
	f := rule.Finding{Subject: report.Object{Kind: "Identity", Name: who}, Errors: errs, Cites: told.Cites,
		Why: "the role assignments are not in the bundle, and Azure gives the same answer where the scope does not exist", Confidence: report.Likely}
	waiting, working := p.Named(errs)
	if f.Services = waiting; len(waiting) == 0 {
		f.Severity, f.Services = report.Warning, working
	}
	f.Message = fmt.Sprintf("The controller's identity (%s) may not %s at %s, which it needs for the private link service of %s: Azure answered 403, %s. Load balancer and security group are written before that.",
		who, action, scope, rule.List(orUnnamed(f.Services)), told.Span())
	f.Fix = []report.Step{{Say: "Give it the right there. It can take 20 minutes until it counts; the controller tries again by itself.", Changes: true,
		Run: fmt.Sprintf("az role assignment create --assignee-object-id %s --assignee-principal-type ServicePrincipal --role \"Network Contributor\" --scope %s", rule.Word(last.ObjectID, "OBJECT_ID"), rule.Word(scope, "SCOPE"))}}
	if !strings.Contains(strings.ToLower(last.Action), "/subnets/write") {
		return f
	}
	at := last.Scope
	id, _ := az.ParseID(at)
	if _, sub := p.Graph.Subnet(&az.Ref{ID: at}); sub != nil && sub.PLSPolicies != "" {
		v, _ := p.Graph.Subnet(&az.Ref{ID: at})
		f.Cites = append(f.Cites, v.Doc.Cite(sub.At+"/privateLinkServiceNetworkPolicies"))
		f.Message += fmt.Sprintf(" It writes subnet %s because privateLinkServiceNetworkPolicies is %s there.", sub.Name, sub.PLSPolicies)
	}
	f.Fix = append(f.Fix, report.Step{Say: "Or set the subnet's policies yourself; the provider then does not write the subnet.", Changes: true,
		Run: fmt.Sprintf("az network vnet subnet update -g %s --vnet-name %s -n %s --private-link-service-network-policies Disabled",
			rule.Word(id.Group, "GROUP"), rule.Word(id.Name("virtualNetworks"), "VNET"), rule.Word(id.Name("subnets"), "SUBNET"))})
	return f
}

func orUnnamed(list []string) []string {
	if len(list) == 0 {
		return []string{which("")}
	}
	return list
}
