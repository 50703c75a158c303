package auth

import (
	"fmt"
	"strings"

	"azlb/analyze/desired"
	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// AUTH06 is a missing right at something linked for which there is no rule of its own.
var AUTH06 = &rule.Rule{
	ID:       "AZLB-AUTH06",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the controller's identity lacks a right at something that the written resource is linked with",
		Symptom: "The Service stays pending, or a change of it never arrives in Azure; events show HTTP 403 with the code LinkedAuthorizationFailed and the action join/action of a NAT gateway, a DDoS protection plan, a security group, a route table or the like.",
		Cause: "Who writes a resource in Azure writes it as a whole, with its links to others, and needs the right to join each of these: the security group of an interface, the DDoS protection plan of a public IP, the identities of a scale set. " +
			"Things that belong to another team, often in another resource group or subscription, are where that right is missing.",
		Fix: []report.Step{
			{Say: "Give the identity named in the message a role with the action at the linked resource. It can take 20 minutes until it counts.",
				Run: "az role assignment create --assignee-object-id OBJECT_ID --assignee-principal-type ServicePrincipal --role \"Network Contributor\" --scope LINKED_ID", Changes: true},
		},
		References: []string{"https://learn.microsoft.com/troubleshoot/azure/azure-kubernetes/error-codes/linkedauthorizationfailed-error", "https://cloud-provider-azure.sigs.k8s.io/topics/azure-permissions/"},
		Healthy:    "A 403 that a later success of the same Service follows is history. Subnets, public IP addresses and backend pools have rules of their own (AZLB-AUTH03 to AZLB-AUTH05), and so has what only a private link service needs (AZLB-PLS01). What another program than the controller was refused, such as a disk's driver, is not this fault.",
	},
	// The Service tells whether the right is one of a private link service's.
	Needs:       rule.Needs{Any: text, Clean: []*bundle.Evidence{&bundle.Services}},
	Texts:       []rule.Text{rule.Codes("LinkedAuthorizationFailed")},
	FollowsFrom: []string{"AZLB-AUTH07", "AZLB-AUTH10"},
	Check:       checkAUTH06,
}

func checkAUTH06(p *rule.Pass) {
	for _, l := range links(p, func(e *errtext.Error, n need) bool { return balances(e) && n.action != "" && !n.elsewhere(p, e) }) {
		name, kind := known(az.LastName(l.need.scope), "of the message"), linkedKind(l.need.scope)
		f := l.finding(p, strings.TrimSpace(kind+" "+name))
		last := l.errs[len(l.errs)-1]
		if last.Scope != "" {
			f.Message += fmt.Sprintf(" It is linked with %s, which the controller writes.", known(az.LastName(last.Scope), last.Scope))
		}
		f.Fix = l.grant(known(l.object, l.client), l.need.scope, linkedRole(l.need.action))
		p.Find(f)
	}
}

// elsewhere reports whether another rule tells of the need.
func (n need) elsewhere(p *rule.Pass, e *errtext.Error) bool {
	for _, typ := range []string{"virtualNetworks/subnets", "publicIPAddresses", "loadBalancers/backendAddressPools"} {
		if n.joins(typ) {
			return true
		}
	}
	return ofPrivateLink(p, e)
}

// ofPrivateLink reports whether what is refused is written for a private link service
// only: the service itself, or its subnet.
func ofPrivateLink(p *rule.Pass, e *errtext.Error) bool {
	a := strings.ToLower(e.Action + " " + e.LinkedAction)
	if strings.Contains(a, "microsoft.network/privatelinkservices/") {
		return true
	}
	s := p.Graph.Service(e.Service)
	return strings.Contains(a, "microsoft.network/virtualnetworks/subnets/write") && (s == nil || desired.LinkOf(s) != nil)
}

// linkedKind says in words what a linked thing is.
func linkedKind(scope string) string {
	id, ok := az.ParseID(scope)
	if !ok || len(id.Types) == 0 {
		return ""
	}
	for typ, words := range map[string]string{
		"natGateways": "NAT gateway", "ddosProtectionPlans": "DDoS protection plan", "networkSecurityGroups": "network security group", "routeTables": "route table",
		"publicIPPrefixes": "public IP prefix", "applicationSecurityGroups": "application security group", "userAssignedIdentities": "managed identity",
		"virtualNetworks": "virtual network", "loadBalancers": "load balancer", "applicationGateways": "application gateway", "diskEncryptionSets": "disk encryption set",
	} {
		if strings.EqualFold(id.Types[len(id.Types)-1], typ) {
			return words
		}
	}
	return id.Types[len(id.Types)-1]
}

// linkedRole is a built-in role that holds the action.
func linkedRole(action string) string {
	switch a := strings.ToLower(action); {
	case strings.HasPrefix(a, "microsoft.managedidentity/"):
		return "Managed Identity Operator"
	case strings.HasSuffix(a, "/read"):
		return "Reader"
	}
	return role(action)
}
