package auth

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	bundle "azlb/bundle-schema"
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
	Needs:       rule.Needs{Any: text},
	Texts:       []rule.Text{joining("virtualNetworks/subnets")},
	FollowsFrom: []string{"AZLB-AUTH07", "AZLB-AUTH10"},
	Check:       checkAUTH03,
}

func checkAUTH03(p *rule.Pass) {
	for _, l := range links(p, func(_ *errtext.Error, n need) bool { return n.joins("virtualNetworks/subnets") }) {
		p.Find(mayNotJoin(p, l))
	}
}

func mayNotJoin(p *rule.Pass, l *link) rule.Finding {
	last := l.errs[len(l.errs)-1]
	told := rule.Tell(l.errs)
	who := known(l.object, l.client)
	which, cites := subnetOf(p, last, l.need.scope)
	waiting, working := p.Named(l.errs)
	subnet := known(az.LastName(l.need.scope), "of the message")
	f := rule.Finding{
		Subject: report.Object{Kind: "Identity", Name: known(who, "of the controller")},
		Message: fmt.Sprintf("%s may not join subnet %s, %s: Azure answered 403 LinkedAuthorizationFailed %s.",
			identity(who), subnet, which, told.Span()),
		Services: waiting,
		Errors:   l.errs,
		Cites:    append(told.Cites, cites...),
		Fix:      l.grant(who, l.need.scope, "Network Contributor"),
	}
	roles, proof := rolesOf(p, l.object, l.need)
	f.Message, f.Cites = f.Message+roles, append(f.Cites, proof...)
	if others := otherSubnets(p, l.need.scope); ofNodes(last) && len(others) > 0 {
		f.Message += fmt.Sprintf(" Nodes are in %s too, and the identity needs the right at each of these subnets.", rule.List(others))
		f.Fix = append(f.Fix, report.Step{Say: "Or give it the role at the virtual network, for all its subnets at once.", Run: l.grant(who, az.Parent(l.need.scope), "Network Contributor")[1].Run, Changes: true})
	}
	switch exists(p, l.need.scope) {
	case disproved:
		f.Confidence, f.Why = report.Likely, "the subnet is in no list of its resource group, and Azure gives the same answer for a subnet that does not exist"
		f.Absence = []*bundle.Evidence{&bundle.VNets}
	case unproved:
		f.Confidence, f.Why = report.Likely, "the subnet's virtual network is not in the bundle, and Azure gives the same answer for a subnet that does not exist"
	}
	if len(waiting) == 0 {
		f.Severity, f.Services = report.Warning, working
	}
	return f
}

// otherSubnets names the subnets of nodes beside the refused one.
func otherSubnets(p *rule.Pass, subnet string) []string {
	var out []string
	add := func(id, name string) {
		if id != "" && !az.SameID(id, subnet) && name != "" && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	for _, n := range p.Graph.Nodes {
		if _, s := p.Graph.Home(n); s != nil {
			add(s.ID, s.Name)
		}
	}
	for i := range p.Snapshot.AKS {
		for _, pool := range p.Snapshot.AKS[i].Pools {
			add(pool.SubnetID, az.LastName(pool.SubnetID))
		}
	}
	slices.Sort(out)
	return out
}

// ofNodes reports whether a machine was being written, not a load balancer.
func ofNodes(e *errtext.Error) bool {
	action := strings.ToLower(e.Action)
	return strings.Contains(action, "networkinterfaces") || strings.Contains(action, "virtualmachine")
}

// subnetOf says whose subnet it is. What was written decides: a load balancer is
// attached to the subnet of an internal frontend, an interface to the node's.
func subnetOf(p *rule.Pass, e *errtext.Error, subnet string) (string, []report.Cite) {
	if !strings.HasPrefix(strings.ToLower(e.Action), "microsoft.network/loadbalancers/") {
		if ofNodes(e) {
			return "which is the subnet of the nodes (not that of an internal frontend)", nil
		}
		return "the subnet that the message names", nil
	}
	name := az.LastName(subnet)
	for _, s := range p.Graph.Services {
		want := p.Wants.Of(s.Key())
		if want != nil && want.Subnet.Pointer != "" && strings.EqualFold(want.Subnet.V, name) && (e.Service == "" || e.Service == s.Key()) {
			return fmt.Sprintf("which %s asks for as the subnet of its internal frontend by annotation (not the subnet of the nodes)", s.Key()), []report.Cite{s.Doc.Cite(want.Subnet.Pointer)}
		}
	}
	return "in which an internal frontend gets its address", nil
}
