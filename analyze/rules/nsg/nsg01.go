package nsg

import (
	"fmt"
	"strings"

	"azlb/analyze/nsg"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/walk"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// NSG01 is a security group that drops what clients send to a Service.
var NSG01 = &rule.Rule{
	ID:       "AZLB-NSG01",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "a network security group drops the clients' packets to the Service",
		Symptom: "The Service has its address and no warning event, the pods answer inside the cluster, but every connection from outside times out.",
		Cause: "A packet that the load balancer hands on must still be allowed by the network security group of the nodes' subnet and by that of their network interface. " +
			"In each, the rule with the lowest priority number that matches decides, and if none does Azure's default denies. With floating IP, which the provider uses, the packet still carries the frontend's address and the Service's port: rules for node ports do not match it. " +
			"The provider writes an allow rule to one group only, the one named in azure.json; a deny with a lower number in it, a second group, or a rule that somebody removed stops the packet. A Standard public frontend without any group is closed.",
		Fix: []report.Step{
			{Say: "See the group's rules in order.", Run: "az network nsg rule list -g GROUP --nsg-name NSG --include-default -o table"},
			{Say: "Let clients reach the frontend's address and port before the denying rule.",
				Run: "az network nsg rule create -g GROUP --nsg-name NSG -n allow-SERVICE --priority 300 --direction Inbound --access Allow --protocol Tcp --source-address-prefixes Internet --destination-address-prefixes FRONTEND --destination-port-ranges PORT", Changes: true},
			{Say: "If the provider's own rule is gone, make it write the rule again.", Run: "kubectl annotate service -n NAMESPACE SERVICE azlb-resync=\"$(date +%s)\" --overwrite", Changes: true},
		},
		References: []string{"https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview", "https://learn.microsoft.com/azure/load-balancer/load-balancer-overview#secure-by-default",
			"Azure/AKS#1927", "Azure/AKS#976"},
		Healthy: "A Service that asks the provider for no security rule, that restricts its sources while only others are denied, or whose group lets certain clients in by a narrower rule, is as somebody wanted it. An internal Service needs no rule: Azure's default lets the virtual network in. Service tags whose addresses are not in the bundle leave the answer open, and a Service still waiting for its address gets its rule last.",
	},
	Needs: rule.Needs{
		Any: []*bundle.Evidence{&bundle.NSGs},
		All: []*bundle.Evidence{&bundle.Services, &bundle.LoadBalancers, &bundle.VNets},
	},
	FollowsFrom: []string{"AZLB-AUTH01", "AZLB-AUTH02", "AZLB-NSG05", "AZLB-NSG06", "AZLB-NSG14", "AZLB-NSG13", "AZLB-NSG07", "AZLB-NSG08", "AZLB-NSG09", "AZLB-NSG03",
		"AZLB-ANN01", "AZLB-ANN07", "AZLB-DATA08"},
	Check: checkNSG01,
}

func checkNSG01(p *rule.Pass) {
	for _, d := range drops(p, walk.ForClient, func(w *walk.Walk) bool {
		h := w.Hop(walk.NSG)
		return h != nil && h.Verdict == report.Blocks && w.Answer(walk.ForClient) == nsg.Denied
	}) {
		if d.group() == nil {
			p.Find(closed(p, d))
			continue
		}
		p.Find(denied(p, d))
	}
}

// anew is what a sync does for a security group.
const anew = "Make the provider write the Service's rules anew."

// frontendPort is what a client sends to.
func frontendPort(w *walk.Walk) string {
	return fmt.Sprintf("%s %d", w.Path.Protocol(), w.Path.Port.Port)
}

// closed is a Standard public frontend whose nodes have no security group at all.
func closed(p *rule.Pass, d *drop) rule.Finding {
	subnet := d.check.Members[0].IP.Subnet
	vnet, sn := p.Graph.Subnet(subnet)
	cites := d.cites()
	if vnet != nil {
		cites = append(cites, vnet.Doc.Cite(sn.At+"/name"))
	}
	return rule.Finding{
		Subject:  d.subject(),
		Services: d.services(),
		Message: fmt.Sprintf("Neither subnet %s nor the nodes' network interfaces have a network security group. A Standard public frontend lets in only what a group allows, so nothing reaches %s.",
			d.subject().Name, d.targets(frontendPort)),
		Cites: cites,
		Fix: append([]report.Step{{Say: "Associate the provider's security group with the subnet.",
			Run:     fmt.Sprintf("az network vnet subnet update --ids %s --network-security-group %s", rule.Word(subnet.ID, "SUBNET_ID"), rule.Word(ownName(p), "NSG")),
			Changes: true}}, rule.Resync(d.walks[0].Path.Service, anew)),
		Absence: []*bundle.Evidence{&bundle.VNets},
	}
}

// denied is a group whose rule drops the packets.
func denied(p *rule.Pass, d *drop) rule.Finding {
	g := d.group()
	f := rule.Finding{
		Subject:  d.subject(),
		Services: d.services(),
		Cites:    d.cites(),
		Message:  fmt.Sprintf("%s drops what %s sends to %s: %s.", d.where(), d.check.Source, d.targets(frontendPort), d.decided()),
	}
	deciding := d.check.Decision.Deciding.Rule
	if deciding.Priority < firstDefault {
		if next := without(g, deciding.Name, d.check); next.Answer == nsg.Allowed && next.Deciding != nil {
			f.Message += fmt.Sprintf(" Without it, %s (priority %d) would let it in.", next.Deciding.Rule.Name, next.Deciding.Rule.Priority)
			f.Cites = append(f.Cites, g.Doc.Cite(next.Deciding.Rule.At+"/priority"))
		}
	}
	f.Message += providers(p, d, g, &f)
	f.Fix = repair(p, d, g)
	return f
}

// providers says what the group that the provider writes to has for the packet.
func providers(p *rule.Pass, d *drop, g *snapshot.NSG, f *rule.Finding) string {
	c := p.Snapshot.Config
	if c == nil || c.SecurityGroupName == "" {
		return ""
	}
	if strings.EqualFold(c.SecurityGroupName, g.Name) {
		if d.check.Decision.Deciding.Rule.Priority >= firstDefault {
			return " This is the group that the provider writes to (azure.json); its rule for the Service is missing there."
		}
		return ""
	}
	f.Cites = append(f.Cites, c.Doc.Cite("/securityGroupName"))
	own := ownGroup(p)
	if own == nil {
		return fmt.Sprintf(" The provider writes its rules to %s (azure.json), not to this group.", c.SecurityGroupName)
	}
	said := fmt.Sprintf(" The provider writes its rules to %s (azure.json)", own.Name)
	if d.check.Subnet != own && d.check.NIC != own {
		said += ", which is on neither the subnet nor the interfaces of these nodes"
	}
	if there := without(own, "", d.check); there.Answer == nsg.Allowed && there.Deciding != nil {
		f.Cites = append(f.Cites, own.Doc.Cite(there.Deciding.Rule.At+"/access"))
		return said + fmt.Sprintf("; there %s allows it.", there.Deciding.Rule.Name)
	}
	return said + "."
}

// ownGroup is the group that the provider writes to, or nil.
func ownGroup(p *rule.Pass) *snapshot.NSG {
	for i := range p.Snapshot.NSGs {
		if c := p.Snapshot.Config; c != nil && c.SecurityGroupName != "" && strings.EqualFold(p.Snapshot.NSGs[i].Name, c.SecurityGroupName) {
			return &p.Snapshot.NSGs[i]
		}
	}
	return nil
}

func ownName(p *rule.Pass) string {
	if g := ownGroup(p); g != nil {
		return g.ID
	}
	return ""
}

// repair fits what decided: a deny to remove, a provider's rule to write again, or
// a rule to add to a group that the provider does not know.
func repair(p *rule.Pass, d *drop, g *snapshot.NSG) []report.Step {
	at := place(g)
	steps := []report.Step{{Say: "See the group's rules in order.", Run: "az network nsg rule list " + at + " --include-default -o table"}}
	deciding := d.check.Decision.Deciding.Rule
	own := p.Snapshot.Config != nil && strings.EqualFold(p.Snapshot.Config.SecurityGroupName, g.Name)
	switch {
	case deciding.Priority < firstDefault:
		steps = append(steps, report.Step{Say: "If nobody needs the denying rule any more, remove it; else make it narrower.",
			Run: fmt.Sprintf("az network nsg rule delete %s -n %s", at, rule.Word(deciding.Name, "RULE")), Changes: true})
	case !own && ownGroup(p) != nil && d.check.Decision.Deciding.Level == "subnet":
		steps = append(steps, report.Step{Say: "If this group is there by mistake, associate the provider's with the subnet again.",
			Run: fmt.Sprintf("az network vnet subnet update --ids %s --network-security-group %s", rule.Word(d.check.Members[0].IP.Subnet.ID, "SUBNET_ID"), rule.Word(ownGroup(p).ID, "NSG")), Changes: true})
	case own:
		for _, key := range d.services() {
			steps = append(steps, rule.Resync(p.Graph.Service(key), anew))
		}
		return append(steps, report.Step{Say: "Find out who removed the rule, or it will be gone again: look for template deployments and Terraform runs that write the group as a whole.",
			Run: fmt.Sprintf("az monitor activity-log list --resource-id %s --offset 7d -o table", rule.Word(g.ID, "NSG_ID"))})
	}
	w := d.walks[0] // its other ports and Services alike
	source, destination := "Internet", "'*'"
	if w.Internal {
		source = "VirtualNetwork"
	}
	if w.Path.Rule.To.EnableFloatingIP {
		destination = rule.Word(w.Path.Address, "FRONTEND")
	}
	s := w.Path.Service
	priority, ok := d.priority()
	if !ok {
		return append(steps, report.Step{Say: fmt.Sprintf("No priority before that of %s is free. If it must stay, give it a higher number, behind a rule that lets clients in.", deciding.Name)})
	}
	return append(steps, report.Step{Say: fmt.Sprintf("Let clients reach %s port %d before that rule; other ports and Services alike.", s.Key(), w.Path.Port.Port),
		Run: fmt.Sprintf("az network nsg rule create %s -n %s --priority %d --direction Inbound --access Allow --protocol %s --source-address-prefixes %s --destination-address-prefixes %s --destination-port-ranges %d",
			at, rule.Word(fmt.Sprintf("allow-%s-%s-%d", s.Namespace, s.Name, w.Path.Port.Port), "RULE"), priority, d.check.Flow.Protocol, source, destination, d.check.Flow.DstPort), Changes: true})
}
