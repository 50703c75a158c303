package auth

import (
	"fmt"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// AUTH04 is a missing right to use a public IP.
var AUTH04 = &rule.Rule{
	ID:       "AZLB-AUTH04",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the controller's identity may not use a public IP address of the load balancer",
		Symptom: "Services stay pending or cannot be changed; events show HTTP 403 with the code LinkedAuthorizationFailed and the action publicIPAddresses/join/action. Where the address is that of the cluster's outbound connections, every Service fails so, even those that never asked for the address.",
		Cause: "Who writes a load balancer needs, at each public IP address that its frontends use, the right to join it. The provider always writes the load balancer as a whole, with all frontends. " +
			"So one address without that right, usually one that was made in another resource group and given to the cluster or named by a Service, stops every change.",
		Fix: []report.Step{
			{Say: "Give the identity named in the message the role Network Contributor at the resource group of the address. It can take 20 minutes until it counts.",
				Run: "az role assignment create --assignee-object-id OBJECT_ID --assignee-principal-type ServicePrincipal --role \"Network Contributor\" --scope /subscriptions/SUBSCRIPTION/resourceGroups/GROUP", Changes: true},
		},
		References: []string{"https://learn.microsoft.com/azure/aks/static-ip", "https://learn.microsoft.com/azure/aks/egress-outboundtype#outbound-type-of-loadbalancer", "Azure/AKS#1945"},
		Healthy:    "A 403 that a later success of the same Service follows is history. A missing right to join something else, such as a subnet, is not this fault; nor is 403 with the code AuthorizationFailed, where the address itself may not be read or written.",
	},
	Needs:       rule.Needs{Any: text},
	Texts:       []rule.Text{joining("publicIPAddresses")},
	FollowsFrom: []string{"AZLB-AUTH07", "AZLB-AUTH10"},
	Check:       checkAUTH04,
}

func checkAUTH04(p *rule.Pass) {
	for _, l := range links(p, func(e *errtext.Error, n need) bool { return balances(e) && n.joins("publicIPAddresses") }) {
		name := known(az.LastName(l.need.scope), "of the message")
		f := l.finding(p, "public IP address "+name)
		group := az.GroupOf(l.need.scope)
		if at := az.Parent(l.need.scope); at != "" && !az.Masked(at) {
			f.Fix = l.grant(known(l.object, l.client), at, role(l.need.action))
		}
		if pip := p.Graph.PublicIP(&az.Ref{ID: l.need.scope}); pip != nil {
			f.Cites = append(f.Cites, pip.Doc.Cite(pip.At+"/id"))
			if pip.IPAddress != "" {
				f.Message += fmt.Sprintf(" It is %s in resource group %s.", pip.IPAddress, group)
			}
		}
		if say, cite := usedBy(p, l.need.scope); say != "" {
			f.Message, f.Cites = f.Message+say, append(f.Cites, cite)
		}
		p.Find(f)
	}
}

// usedBy says which frontend has a public IP, and what follows from it.
func usedBy(p *rule.Pass, address string) (string, report.Cite) {
	for i := range p.Snapshot.Loads {
		lb := &p.Snapshot.Loads[i]
		for _, f := range lb.Frontends {
			if f.PublicIP == nil || !az.SameID(f.PublicIP.ID, address) {
				continue
			}
			cite := lb.Doc.Cite(f.At + "/publicIPAddress")
			if len(f.OutboundRules) > 0 {
				return fmt.Sprintf(" The nodes' outbound connections leave load balancer %s with it (frontend %s), so that no Service of this load balancer can be created, changed or deleted.", lb.Name, f.Name), cite
			}
			return fmt.Sprintf(" Frontend %s of load balancer %s has it, and the provider writes all frontends at once, so that no Service of this load balancer can be created, changed or deleted.", f.Name, lb.Name), cite
		}
	}
	for i := range p.Snapshot.AKS {
		c := &p.Snapshot.AKS[i]
		if out := c.Network.LoadBalancer; out != nil && out.PublicIPs != nil {
			for _, ref := range out.PublicIPs.All {
				if az.SameID(ref.ID, address) {
					return fmt.Sprintf(" AKS cluster %s is told to use it for outbound connections, so that every Service of its load balancer fails so.", c.Name), c.Doc.Cite(ref.At + "/id")
				}
			}
		}
	}
	return "", report.Cite{}
}
