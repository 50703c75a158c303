package nsg

import (
	"fmt"
	"slices"

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
		Symptom: "The Service has its address and no warning event, the pods answer inside the cluster, but every connection from outside times out; or some do, where only some of the nodes have such a group.",
		Cause: "A packet that the load balancer hands on must still be allowed by the network security group of the nodes' subnet and by that of their network interface. " +
			"In each, the rule with the lowest priority number that matches decides, and if none does Azure's default denies. With floating IP, which the provider uses, the packet still carries the frontend's address and the Service's port: rules for node ports do not match it. " +
			"The provider writes an allow rule to one group only, the one named in azure.json; a deny with a lower number in it, a rule that somebody removed stops the packet (a second group beside it: AZLB-NSG02). A Standard public frontend without any group is closed.",
		Fix: []report.Step{
			{Say: "See the group's rules in order.", Run: "az network nsg rule list -g GROUP --nsg-name NSG --include-default -o table"},
			{Say: "Let clients reach the frontend's address and port before the denying rule.",
				Run: "az network nsg rule create -g GROUP --nsg-name NSG -n allow-SERVICE --priority 300 --direction Inbound --access Allow --protocol Tcp --source-address-prefixes SOURCES --destination-address-prefixes FRONTEND --destination-port-ranges PORT", Changes: true},
			{Say: "If the provider's own rule is gone, make it write the rule again.", Run: "kubectl annotate service -n NAMESPACE SERVICE azlb-resync=\"$(date +%s)\" --overwrite", Changes: true},
		},
		References: []string{"https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview", "https://learn.microsoft.com/azure/load-balancer/load-balancer-overview#secure-by-default",
			"Azure/AKS#1927", "Azure/AKS#976"},
		Healthy: "A Service that asks the provider for no security rule, that restricts its sources while only others are denied, or whose group lets certain clients in by a narrower rule, is as somebody wanted it. An internal Service needs no rule: Azure's default lets the virtual network in. Service tags whose addresses are not in the bundle leave the answer open, and a Service still waiting for its address gets its rule last.",
	},
	Needs: rule.Needs{
		Any:   groups,
		All:   []*bundle.Evidence{&bundle.Services, &bundle.LoadBalancers, &bundle.VNets},
		Clean: way,
	},
	FollowsFrom: append([]string{"AZLB-NSG06", "AZLB-NSG13", "AZLB-NSG07", "AZLB-NSG09", "AZLB-NSG03", "AZLB-ANN07", "AZLB-DATA08"}, failedSync...),
	Check:       checkNSG01,
}

// groups is the evidence of what security groups say to the nodes' packets.
var groups = []*bundle.Evidence{&bundle.NSGs, &bundle.ScaleSetNICs, &bundle.NICs}

// failedSync are the rules of syncs that fail: what such a sync did not write, nobody
// took out.
var failedSync = []string{"AZLB-AUTH01", "AZLB-AUTH02", "AZLB-AUTH03", "AZLB-AUTH08", "AZLB-POL01", "AZLB-LOCK01", "AZLB-CFG06", "AZLB-CFG07", "AZLB-THR01", "AZLB-THR02", "AZLB-QUOTA01", "AZLB-QUOTA02", "AZLB-DEL02", "AZLB-DEL07", "AZLB-SYNC01", "AZLB-SYNC02", "AZLB-SYNC05", "AZLB-SYNC06", "AZLB-PLAT01", "AZLB-PLAT02", "AZLB-AUTH04", "AZLB-AUTH05", "AZLB-AUTH06", "AZLB-AUTH09",
	"AZLB-SKU01", "AZLB-SKU02", "AZLB-SKU03", "AZLB-ANN01", "AZLB-ANN02", "AZLB-ANN03", "AZLB-NSG05", "AZLB-NSG08", "AZLB-NSG10", "AZLB-NSG14",
	"AZLB-PIP01", "AZLB-PIP04", "AZLB-PIP05", "AZLB-PIP06", "AZLB-PIP07", "AZLB-PIP08", "AZLB-PIP09", "AZLB-POOL06", "AZLB-POOL10"}

func checkNSG01(p *rule.Pass) {
	whole, partly := clientDrops(p)
	for _, d := range whole {
		if d.series != nil {
			continue // AZLB-NSG02
		}
		if d.group() == nil {
			p.Find(closed(p, d))
			continue
		}
		for _, part := range bySync(p, d) {
			p.Find(denied(p, part))
		}
	}
	for _, d := range partly {
		if d.series == nil {
			p.Find(half(p, d))
		}
	}
}

// clientDrops are the drops of clients' packets at all nodes and at some, with
// priorities for the commands against them.
func clientDrops(p *rule.Pass) (whole, partly []*drop) {
	whole = drops(p, stoppedClients)
	partly = drops(p, func(w *walk.Walk) []*walk.Check {
		if p.Wants.Of(w.Path.Service.Key()).Sources.Unmanaged {
			return nil // who should get in is not known
		}
		return w.Partly()
	})
	reserve(p, slices.Concat(whole, partly))
	return whole, partly
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
		Severity: report.Error,
		Cites:    d.cites(),
		Message:  fmt.Sprintf("%s drops %s: %s.", d.where(), d.sends(), d.decided()),
	}
	if deciding := d.check.Decision.Deciding.Rule; deciding.Priority < firstDefault {
		f.Message += d.otherwise(g, deciding.Name, &f)
	}
	f.Message += providers(p, d, g, &f)
	f.Fix = repair(p, d, g)
	if d.unwritten(p) {
		unsynced(p, d, &f)
	}
	return f
}

// otherwise says which rules would let the packets in without the one that denies,
// where that is so of every sender.
func (d *drop) otherwise(g *snapshot.NSG, denying string, f *rule.Finding) string {
	var names []string
	var cites []report.Cite
	parts := d.parts(func(_ *walk.Walk, c *walk.Check) string { return c.Source })
	for _, part := range parts {
		next := without(g, denying, part.check)
		if next.Answer != nsg.Allowed || next.Deciding == nil {
			return ""
		}
		name := fmt.Sprintf("%s (priority %d)", next.Deciding.Rule.Name, next.Deciding.Rule.Priority)
		if !slices.Contains(names, name) {
			names, cites = append(names, name), append(cites, g.Doc.Cite(next.Deciding.Rule.At+"/priority"))
		}
	}
	f.Cites = append(f.Cites, cites...)
	them := "it"
	if len(parts) > 1 {
		them = "these"
	}
	return fmt.Sprintf(" Without it, %s would let %s in.", rule.List(names), them)
}

// repair fits what decided: a deny to remove, a provider's rule to write again, or
// a rule to add to a group that the provider does not know.
func repair(p *rule.Pass, d *drop, g *snapshot.NSG) []report.Step {
	at := place(g)
	steps := []report.Step{{Say: "See the group's rules in order.", Run: "az network nsg rule list " + at + " --include-default -o table"}}
	deciding := d.check.Decision.Deciding.Rule
	switch {
	case deciding.Priority < firstDefault:
		steps = append(steps, report.Step{Say: "If nobody needs the denying rule any more, remove it; else make it narrower.",
			Run: fmt.Sprintf("az network nsg rule delete %s -n %s", at, rule.Word(deciding.Name, "RULE")), Changes: true})
	case writes(p, g):
		return append(steps, restore(p, d, g)...)
	case d.series == nil && ownGroup(p) != nil && d.check.Decision.Deciding.Level == "subnet":
		steps = append(steps, report.Step{Say: "If this group is there by mistake, associate the provider's with the subnet again.",
			Run: fmt.Sprintf("az network vnet subnet update --ids %s --network-security-group %s", rule.Word(d.check.Members[0].IP.Subnet.ID, "SUBNET_ID"), rule.Word(ownGroup(p).ID, "NSG")), Changes: true})
	}
	return append(steps, admit(p, d, false, "Let", "before that rule")...)
}
