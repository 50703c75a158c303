package nsg

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/desired"
	"azlb/analyze/nsg"
	"azlb/analyze/rule"
	"azlb/analyze/walk"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// NSG13 is the provider's security group where no packet passes it.
var NSG13 = &rule.Rule{
	ID:       "AZLB-NSG13",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the security group that the provider writes to is not at the nodes",
		Symptom: "The provider says that it ensured the Service, and its allow rule stands in the network security group that azure.json names; connections from outside time out all the same, for every public Service.",
		Cause: "A security group does something only where it is associated: with the nodes' subnet or with their network interfaces. The provider writes its rules to the group that azure.json names (securityGroupName) and never associates a group with anything. " +
			"If the subnet got another group, the rules that count there are that group's, and if it has none a Standard public frontend is closed.",
		Fix: []report.Step{
			{Say: "See which group the subnet has.", Run: "az network vnet subnet show --ids SUBNET_ID --query networkSecurityGroup.id -o tsv"},
			{Say: "If that group is there by mistake, associate the provider's with the subnet.", Run: "az network vnet subnet update --ids SUBNET_ID --network-security-group NSG_ID", Changes: true},
			{Say: "If it is meant to be there, let the provider write to it: name it in securityGroupName (and securityGroupResourceGroup) of azure.json and restart the controller.", Run: "sudoedit /etc/kubernetes/azure.json", Changes: true},
		},
		References: []string{"https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview", "https://learn.microsoft.com/azure/load-balancer/load-balancer-overview#secure-by-default",
			"https://kubernetes-sigs.github.io/cloud-provider-azure/install/configs/"},
		Healthy: "On AKS with a subnet of your own the provider's group is at the interfaces and yours at the subnet: that is as it should be, both are asked. A group of yours alone that lets the clients in works; it is told as a warning because what Services say about sources has no effect there.",
	},
	Needs: rule.Needs{
		Any:   []*bundle.Evidence{&bundle.ScaleSetNICs, &bundle.NICs, &bundle.ScaleSetInstances, &bundle.VMs},
		All:   []*bundle.Evidence{&bundle.Services, &bundle.Nodes, &bundle.LoadBalancers, &bundle.NSGs, &bundle.VNets, &bundle.CloudConfig},
		Clean: append([]*bundle.Evidence{&bundle.KubeVersion}, rule.Machines...),
	},
	Check: checkNSG13,
}

func checkNSG13(p *rule.Pass) {
	for _, subnet := range rule.Bunches(p.Compared.Drift(), func(c desired.Check) (string, bool) {
		return c.Object, c.Hop == desired.HopNSG && c.Field == "networkSecurityGroup"
	}) {
		p.Find(elsewhere(p, subnet.All))
	}
}

// elsewhere tells of one subnet; its nodes may stand behind different groups.
func elsewhere(p *rule.Pass, checks []desired.Check) rule.Finding {
	c, subnet := checks[0], strings.TrimPrefix(checks[0].Object, "subnet ")
	var got []string
	f := rule.Finding{Subject: report.Object{Kind: "Subnet", Name: subnet}}
	for _, x := range checks {
		got = append(got, x.Got)
		f.Cites = append(f.Cites, x.Cites()...)
	}
	f.Message = fmt.Sprintf("The provider writes its rules to security group %s, but that is at neither subnet %s nor the network interfaces of its nodes; in its place: %s.", c.Want, subnet, rule.List(got))
	if c.Got == "none" && len(got) == 1 {
		f.Message = fmt.Sprintf("The provider writes its rules to security group %s, but neither subnet %s nor the network interfaces of its nodes have any group, and a Standard public frontend is closed without one.", c.Want, subnet)
	}
	var blocked, partly, unheard []string
	for _, key := range c.Services {
		switch {
		case shut(p, subnet, c.Want, key):
			blocked = append(blocked, key)
		case ajar(p, subnet, key):
			partly = append(partly, key)
		case unruled(p, key):
			unheard = append(unheard, key)
		}
	}
	switch {
	case len(blocked) > 0:
		f.Services = blocked
		f.Message += fmt.Sprintf(" So nothing lets clients in to %s.", rule.List(blocked))
	case len(partly) > 0:
		f.Severity, f.Services = report.Warning, partly
		f.Message += fmt.Sprintf(" So what the load balancer hands to nodes there is dropped: some connections to %s time out, those to other nodes do not.", rule.List(partly))
	case len(unheard) > 0:
		f.Severity, f.Services = report.Warning, unheard
		f.Message += fmt.Sprintf(" So what %s %s about who may get in has no effect.", rule.List(unheard), say(len(unheard)))
	default:
		f.Severity = report.Warning
		f.Message += " The Services work by rules of others; whatever they say about who may get in has no effect."
	}
	f.Message += " The provider associates no group with a subnet, so no sync repairs this."
	id := subnetID(p, subnet)
	ask := report.Step{Say: "Find out who associated it.", Run: fmt.Sprintf("az monitor activity-log list --resource-id %s --offset 7d -o table", rule.Word(vnetOf(id), "VNET_ID"))}
	f.Fix = append(associate(p, c, rule.Word(id, "SUBNET_ID")), p.LastWritten(&f, ask, id)...)
	return f
}

func say(n int) string {
	if n == 1 {
		return "says"
	}
	return "say"
}

// shut reports whether the walk to some port of the Service ends at the subnet for
// want of a rule, not at one that denies on purpose.
func shut(p *rule.Pass, subnet, own, key string) bool {
	return slices.ContainsFunc(p.Walks.Of(key), func(w *walk.Walk) bool {
		h, d := w.Hop(walk.NSG), w.Decided(walk.ForClient)
		if h == nil || h.Verdict != report.Blocks || d == nil || len(d.Members) == 0 || !strings.EqualFold(az.LastName(d.Members[0].IP.Subnet.ID), subnet) {
			return false
		}
		r := d.Decision.Deciding
		return r == nil || !strings.EqualFold(r.NSG, own) && r.Rule.Priority >= firstDefault
	})
}

// ajar reports whether clients of the Service get in to other nodes, but not to those
// of the subnet.
func ajar(p *rule.Pass, subnet, key string) bool {
	return slices.ContainsFunc(p.Walks.Of(key), func(w *walk.Walk) bool {
		return w.Answer(walk.ForClient) == nsg.Allowed && slices.ContainsFunc(w.Checks, func(c walk.Check) bool {
			return c.Purpose == walk.ForClient && c.Decision.Answer == nsg.Denied && len(c.Members) > 0 && strings.EqualFold(az.LastName(c.Members[0].IP.Subnet.ID), subnet)
		})
	})
}

// unruled reports whether the Service restricts its sources, or its way cannot be
// told: the lack of the provider's rules then matters.
func unruled(p *rule.Pass, key string) bool {
	s := p.Wants.Of(key).Sources
	return len(s.Ranges) > 0 || len(s.Tags) > 0 ||
		slices.ContainsFunc(p.Walks.Of(key), func(w *walk.Walk) bool { return w.Blocked() == nil && w.Answer(walk.ForClient) == nsg.Unknown })
}

// subnetID is the id of the nodes' subnet of that name, empty where it is not known.
func subnetID(p *rule.Pass, subnet string) string {
	for _, n := range p.Graph.Nodes {
		for _, nic := range n.NICs {
			for _, ip := range nic.IPConfigurations {
				if ip.Subnet != nil && strings.EqualFold(az.LastName(ip.Subnet.ID), subnet) {
					return ip.Subnet.ID
				}
			}
		}
	}
	return ""
}

// associate puts the group where the packets pass, or the rules where the group is; at
// is the subnet's id as a word.
func associate(p *rule.Pass, c desired.Check, at string) []report.Step {
	own := rule.Word(ownName(p), "NSG_ID")
	steps := []report.Step{{Say: "See which group the subnet has.", Run: fmt.Sprintf("az network vnet subnet show --ids %s --query networkSecurityGroup.id -o tsv", at)}}
	again := report.Step{Say: fmt.Sprintf("Associate %s with the subnet.", c.Want), Run: fmt.Sprintf("az network vnet subnet update --ids %s --network-security-group %s", at, own), Changes: true}
	if c.Got == "none" {
		return append(steps, again)
	}
	again.Say = fmt.Sprintf("If %s is there by mistake, associate %s with the subnet; rules of %s that are still needed must be in it then.", c.Got, c.Want, c.Got)
	steps = append(steps, again)
	if !p.Graph.Managed() {
		steps = append(steps, report.Step{Say: fmt.Sprintf("If it is meant to be there, let the provider write to it: put %s into securityGroupName (and its group into securityGroupResourceGroup) of azure.json on the control-plane machines, and restart the controller.", c.Got),
			Run: "sudoedit /etc/kubernetes/azure.json", Changes: true})
	}
	return steps
}

// vnetOf is the virtual network of a subnet: the activity log of a subnet's change
// stands under it as well.
func vnetOf(subnet string) string {
	if id, _, ok := strings.Cut(subnet, "/subnets/"); ok {
		return id
	}
	return ""
}
