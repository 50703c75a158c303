package control

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/rule"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/bundle-schema/azname"
	"azlb/report"
)

// OK10 is what a customer keeps beside the cluster.
var OK10 = &rule.Rule{
	ID:         "AZLB-OK10",
	Severity:   report.Info,
	AsDesigned: true,
	Doc: report.Doc{
		Title:   "the resource group holds load balancers and addresses that are none of the cluster's",
		Symptom: "Beside kubernetes and kubernetes-internal there are load balancers, public IPs or security rules in the resource group that no Service explains.",
		Cause: "The provider knows what is its own by name and tag: load balancers by the name of the cluster, frontends, rules and addresses by the Service's uid, addresses by the tags k8s-azure-service and k8s-azure-cluster-name, security rules by names that begin with k8s-azure-lb_. " +
			"It leaves everything else alone, in its own security group too. AKS is stricter with its node resource group: it supports none of a customer's changes there.",
		Fix:        looks("Nothing is to be repaired. This lists the addresses with what they are used for.", "az network public-ip list -g GROUP --query \"[].{name:name, address:ipAddress, usedBy:ipConfiguration.id, tags:tags}\" -o json"),
		References: []string{"https://cloud-provider-azure.sigs.k8s.io/topics/loadbalancer/", "https://learn.microsoft.com/azure/aks/faq"},
		Healthy:    "A leftover of a dead Service has a derived name or a tag and is told by AZLB-DEL03. A load balancer with a node of the cluster behind it is not told here, nor an address that AKS made, that a Service names, or that a machine uses.",
	},
	Needs: rule.Needs{All: []*bundle.Evidence{&bundle.Services, &bundle.Nodes, &bundle.LoadBalancers, &bundle.PublicIPs, &bundle.ScaleSetNICs}},
	Check: checkOK10,
}

func checkOK10(p *rule.Pass) {
	if !p.Complete(&bundle.Services, "") || !p.Graph.Whole(&bundle.LoadBalancers) {
		return
	}
	loads, addresses := p.Graph.Others()
	var what []string
	var cites []report.Cite
	var groups []string
	note := func(id string, cite report.Cite) {
		if g := az.GroupOf(id); !slices.Contains(groups, g) {
			groups = append(groups, g)
		}
		cites = append(cites, cite)
	}
	var names []string
	for _, lb := range loads {
		names = append(names, lb.Name)
		note(lb.ID, lb.Doc.Cite(lb.At+"/name"))
	}
	what = kind(what, "load balancer", names)
	names = nil
	for _, ip := range addresses {
		names = append(names, ip.Name)
		note(ip.ID, ip.Doc.Cite(ip.At+"/name"))
	}
	what = kind(what, "public IP", names)
	if len(what) == 0 {
		return
	}
	slices.Sort(groups)
	f := rule.Finding{Subject: cluster, Cites: cites[:min(len(cites), 3)], Absence: []*bundle.Evidence{&bundle.Services},
		Fix: looks("Nothing is to be repaired. This lists the addresses with what they are used for.",
			fmt.Sprintf("az network public-ip list -g %s --query \"[].{name:name, address:ipAddress, usedBy:ipConfiguration.id, tags:tags}\" -o json", rule.Word(groups[0], "GROUP")))}
	f.Message = fmt.Sprintf("In resource group %s, %s belong to no Service: no name and no tag of the provider is on them.", rule.List(groups), strings.Join(what, " and "))
	if len(names)+len(loads) == 1 {
		f.Message = strings.Replace(f.Message, "belong to", "belongs to", 1)
		f.Message = strings.Replace(f.Message, "on them", "on it", 1)
	}
	f.Message += " The provider leaves such things alone, and nothing here compares them or takes them for leftovers."
	if rules := ownRules(p); len(rules) > 0 {
		f.Message += fmt.Sprintf(" So it does with security rules that are not its own: %s.", rule.List(rules))
	}
	p.Find(f)
}

// kind adds the names of one kind of thing, sorted.
func kind(what []string, one string, names []string) []string {
	if len(names) == 0 {
		return what
	}
	slices.Sort(names)
	if len(names) > 1 {
		one += "s"
	}
	return append(what, one+" "+rule.List(names))
}

// ownRules are the security rules beside the provider's in the groups that it writes
// to, sorted: others than those that drop packets of a Service.
func ownRules(p *rule.Pass) []string {
	drops := map[string]bool{}
	for _, w := range p.Walks.All {
		for _, c := range w.Checks {
			if d := c.Decision.Deciding; d != nil && strings.EqualFold(d.Rule.Access, "Deny") {
				drops[d.Rule.Name] = true
			}
		}
	}
	var out []string
	for i := range p.Snapshot.NSGs {
		g := &p.Snapshot.NSGs[i]
		if !slices.ContainsFunc(g.SecurityRules, func(r az.SecurityRule) bool { return azname.IsManagedSecurityRule(r.Name) }) {
			continue
		}
		for _, r := range g.SecurityRules {
			if !azname.IsManagedSecurityRule(r.Name) && strings.EqualFold(r.Direction, "Inbound") && !drops[r.Name] && !slices.Contains(out, r.Name) {
				out = append(out, r.Name)
			}
		}
	}
	slices.Sort(out)
	return out
}
