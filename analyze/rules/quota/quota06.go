package quota

import (
	"fmt"
	"strings"

	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// QUOTA06 is a security group whose rules list as many addresses as it takes.
var QUOTA06 = &rule.Rule{
	ID:       "AZLB-QUOTA06",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the rules of the network security group list too many addresses",
		Symptom: "Syncs of all Services fail, often after nodes were added; events show SecurityRuleAddressesOrPortsPerSecurityGroupLimitReached, or say `exceeds the maximum number of destination IP addresses` or `… source IP addresses`.",
		Cause: "All rules of a security group together may list 4,000 sources and 4,000 destinations. With floating IP off (annotation azure-disable-load-balancer-floating-ip) packets reach a node at its own address, so the provider lists every node as a destination in the rules of every such Service: " +
			"20 Services on 200 nodes are 4,000. Long lists of allowed ranges make many sources. The provider counts the customer's own rules as well, and since 1.29 it does not ask Azure where its count is above the limit.",
		Fix: []report.Step{
			longLists(nil, ""),
			{Say: "Destinations: let Services have floating IP again where nothing needs the node's address.", Run: "kubectl annotate service -n NAMESPACE SERVICE service.beta.kubernetes.io/azure-disable-load-balancer-floating-ip-", Changes: true},
			{Say: "Sources: allow fewer and wider ranges, or a service tag, which counts once."},
			{Say: "Upgrade the provider to 1.31.9, 1.32.8, 1.33.3, 1.34.1, 1.35 or later: it takes out addresses of nodes that are gone."},
		},
		References: []string{"kubernetes-sigs/cloud-provider-azure#2725", "kubernetes-sigs/cloud-provider-azure#9417", limitsPage},
		Affects:    "the annotation: cloud-provider-azure 1.0.22, 1.1.18, 1.23.15, 1.24.3 and later; from 1.29 to the releases above addresses of nodes that are gone stay in the rules and count",
		Healthy:    "Any number below 4,000 where no sync fails; from 3,600 on the rule mentions it. Other security groups than the one that the provider writes to are not looked at.",
	},
	Needs: rule.Needs{All: []*bundle.Evidence{&bundle.Services}, Any: append(text, &bundle.NSGs)},
	Texts: []rule.Text{rule.Codes("SecurityRuleAddressesOrPortsPerSecurityGroupLimitReached"), rule.Says(`(?i)exceeds the maximum number of (?:source|destination) ip addresses`)},
	Check: checkQUOTA06,
}

const (
	// mostAddresses on each side of all rules of a group (MaxSecurityRuleAddressesOrPortsPerSecurityGroup).
	mostAddresses = 4000
	nearAddresses = 3600
)

func checkQUOTA06(p *rule.Pass) {
	for _, b := range groups(p, refused(p)) {
		c := ceiling{subject: securityGroup(b.Name), errs: b.All, room: "How many addresses the rules of " + inWords(b.Name) + " list is not in the bundle"}
		g := writtenTo(p, b.Name)
		most := 0
		if g != nil {
			sources, destinations, longest := listed(g)
			most = max(sources, destinations)
			c.room = fmt.Sprintf("The rules of network security group %s list %s and %s; Azure takes %d of each", g.Name, counted(sources, "source"), counted(destinations, "destination"), mostAddresses)
			c.cites = []report.Cite{g.Doc.Cite(g.At + "/name")}
			if longest != nil {
				c.cites = append(c.cites, g.Doc.Cite(longest.At+"/name"))
			}
			if c.full = most >= mostAddresses; c.full {
				c.waiting = waiting(p)
			}
		}
		if len(c.errs) == 0 && most < nearAddresses {
			continue
		}
		direct := floatingOff(p)
		if len(direct) > 0 {
			c.room += fmt.Sprintf(". %s floating IP off (%s), and each lists every node as a destination", have(len(direct)), rule.List(direct))
			if n := len(p.Graph.Nodes); n > 0 && p.Complete(&bundle.Nodes, "") {
				c.room += fmt.Sprintf(" (%s)", counted(n, "node"))
			}
		}
		f := c.finding(p)
		if len(c.errs) == 0 && !c.full {
			f.Severity = report.Info
		}
		f.Fix = fewerAddresses(g, b.Name, direct)
		p.Find(f)
	}
}

// listed counts as the provider does: singular and plural fields, tags and ranges alike.
func listed(g *snapshot.NSG) (sources, destinations int, longest *az.SecurityRule) {
	side := func(one string, many []string) int {
		if one != "" {
			return len(many) + 1
		}
		return len(many)
	}
	most := 0
	for i := range g.SecurityRules {
		r := &g.SecurityRules[i]
		from, to := side(r.SourceAddressPrefix, r.SourceAddressPrefixes), side(r.DestinationAddressPrefix, r.DestinationAddressPrefixes)
		sources, destinations = sources+from, destinations+to
		if n := max(from, to); longest == nil || n > most || n == most && strings.Compare(r.Name, longest.Name) < 0 {
			longest, most = r, n
		}
	}
	return sources, destinations, longest
}

// floatingOff lists the Services whose packets reach the nodes at their own addresses.
func floatingOff(p *rule.Pass) []string {
	var out []string
	for _, s := range p.Graph.Served() {
		if p.Wants.Of(s.Key()).Direct() {
			out = append(out, s.Key())
		}
	}
	return out
}

func have(n int) string {
	if n == 1 {
		return "1 Service has"
	}
	return fmt.Sprintf("%d Services have", n)
}

func fewerAddresses(g *snapshot.NSG, name string, direct []string) []report.Step {
	steps := []report.Step{longLists(g, name)}
	for _, key := range direct[:min(len(direct), 3)] {
		steps = append(steps, report.Step{Say: fmt.Sprintf("Let %s have floating IP again, if nothing needs the node's address.", key), Changes: true, Run: rule.Kubectl("annotate", key, "service.beta.kubernetes.io/azure-disable-load-balancer-floating-ip-")})
	}
	return append(steps,
		report.Step{Say: "Allow fewer and wider ranges of sources, or a service tag, which counts once."},
		report.Step{Say: "Upgrade the provider to 1.31.9, 1.32.8, 1.33.3, 1.34.1, 1.35 or later: it takes addresses of nodes that are gone out of the rules."})
}

func longLists(g *snapshot.NSG, name string) report.Step {
	return report.Step{Say: "See which rules list most.",
		Run: "az network nsg rule list " + inGroup(g, name) + " --query '[].{name:name, sources:length(sourceAddressPrefixes || `[]`), destinations:length(destinationAddressPrefixes || `[]`)}' -o table"}
}
