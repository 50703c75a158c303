package auth

import (
	"fmt"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// AUTH03 is a missing right to join a subnet.
var AUTH03 = &rule.Rule{
	ID:       "AZLB-AUTH03",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the controller's identity may not join the subnet",
		Symptom: "The Service stays pending, or new nodes do not enter the backend pool; events show HTTP 403 with the code LinkedAuthorizationFailed and the action subnets/join/action. In old versions the event says only that a condition timed out, and the code stands in the log.",
		Cause: "Who attaches something to a subnet needs a right at the subnet too, not only at the thing. " +
			"An internal load balancer attaches its frontend to the subnet that the Service's annotation names, or else to the cluster's; adding a node to a backend pool writes its network interface, which is attached to the node's subnet. " +
			"With a virtual network of your own, often in another resource group, the identity has that right only if somebody gave it, and at every node pool's subnet.",
		Fix: []report.Step{
			{Say: "Give the identity named in the message the role Network Contributor at the subnet, or at the virtual network if there are several node pools. It can take 20 minutes until it counts.",
				Run: "az role assignment create --assignee-object-id OBJECT_ID --assignee-principal-type ServicePrincipal --role \"Network Contributor\" --scope SUBNET_ID", Changes: true},
		},
		References: []string{"https://learn.microsoft.com/troubleshoot/azure/azure-kubernetes/error-codes/linkedauthorizationfailed-error", "Azure/AKS#27", "Azure/AKS#427", "kubernetes/kubernetes#90255", "MicrosoftDocs/azure-docs#52063"},
		Healthy:    "A 403 that a later success of the same Service follows is history. A missing right to join another thing than a subnet, such as a public IP, is not this fault.",
	},
	Needs: rule.Needs{Any: text},
	Check: checkAUTH03,
}

func checkAUTH03(p *rule.Pass) {
	errs := p.Current(func(e *errtext.Error) bool {
		return e.Has("LinkedAuthorizationFailed") && strings.Contains(strings.ToLower(e.LinkedAction), "/virtualnetworks/subnets/join/action")
	})
	type join struct{ object, subnet string }
	byJoin := map[join][]*errtext.Error{}
	var order []join
	for _, e := range errs {
		if p.Gone(e) || e.Service == "" && history(p, e) {
			continue
		}
		j := join{strings.ToLower(e.ObjectID), strings.ToLower(e.LinkedScope)}
		if byJoin[j] == nil {
			order = append(order, j)
		}
		byJoin[j] = append(byJoin[j], e)
	}
	for _, j := range order {
		p.Find(mayNotJoin(p, byJoin[j]))
	}
}

func mayNotJoin(p *rule.Pass, errs []*errtext.Error) rule.Finding {
	last := errs[len(errs)-1]
	told := rule.Tell(errs)
	who := known(last.ObjectID, last.ClientID)
	which, cites := subnetOf(p, last)
	waiting, working := p.Named(errs)
	subnet := known(az.LastName(last.LinkedScope), "of the message")
	f := rule.Finding{
		Subject: report.Object{Kind: "Identity", Name: known(who, "of the controller")},
		Message: fmt.Sprintf("%s may not join subnet %s, %s: Azure answered 403 LinkedAuthorizationFailed %s.",
			identity(who), subnet, which, told.Span()),
		Services: waiting,
		Errors:   errs,
		Cites:    append(told.Cites, cites...),
	}
	id, scope := rule.Word(who, "OBJECT_ID"), rule.Word(last.LinkedScope, "SUBNET_ID")
	f.Fix = []report.Step{
		{Say: "See which roles the identity has at the subnet.", Run: fmt.Sprintf("az role assignment list --assignee %s --scope %s --include-inherited -o table", id, scope)},
		{Say: "Give it Network Contributor there, or at the virtual network if node pools use several subnets. It can take 20 minutes until it counts; the controller tries again by itself.",
			Run: fmt.Sprintf("az role assignment create --assignee-object-id %s --assignee-principal-type ServicePrincipal --role \"Network Contributor\" --scope %s", id, scope), Changes: true},
	}
	switch exists(p, last.LinkedScope) {
	case disproved:
		f.Confidence, f.Why = report.Likely, "the subnet is in no list of its resource group, and Azure gives the same answer for a subnet that does not exist"
	case unproved:
		f.Confidence, f.Why = report.Likely, "the subnet's virtual network is not in the bundle, and Azure gives the same answer for a subnet that does not exist"
	}
	if len(waiting) == 0 {
		f.Severity, f.Services = report.Warning, working
	}
	return f
}

// subnetOf says whose subnet it is. What was written decides: a load balancer is
// attached to the subnet of an internal frontend, an interface to the node's.
func subnetOf(p *rule.Pass, e *errtext.Error) (string, []report.Cite) {
	action := strings.ToLower(e.Action)
	if !strings.HasPrefix(action, "microsoft.network/loadbalancers/") {
		if strings.Contains(action, "networkinterfaces") || strings.Contains(action, "virtualmachine") {
			return "which is the subnet of the nodes (not that of an internal frontend)", nil
		}
		return "the subnet that the message names", nil
	}
	name := az.LastName(e.LinkedScope)
	for _, s := range p.Graph.Services {
		want := p.Wants.Of(s.Key())
		if want != nil && want.Subnet.Pointer != "" && strings.EqualFold(want.Subnet.V, name) && (e.Service == "" || e.Service == s.Key()) {
			return fmt.Sprintf("which %s asks for as the subnet of its internal frontend by annotation (not the subnet of the nodes)", s.Key()), []report.Cite{s.Doc.Cite(want.Subnet.Pointer)}
		}
	}
	return "in which an internal frontend gets its address", nil
}
