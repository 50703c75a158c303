package outbound

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// SNAT02 is more ports for each node than the addresses have.
var SNAT02 = &rule.Rule{
	ID:       "AZLB-SNAT02",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the outbound ports of all nodes together are more than the outbound addresses have",
		Symptom: "An upgrade, a scale-out or a change of the cluster fails, or a new node does not get into the backend pool; Azure answers InvalidLoadBalancerProfileAllocatedOutboundPorts or SpecifiedAllocatedOutboundPortsForOutboundRule…",
		Cause: "Nodes share the addresses of an outbound rule of the load balancer. Each address has 64,000 ports for that (SNAT ports), and a rule with a fixed number of ports gives every node that many, used or not. " +
			"Nodes times ports must not exceed 64,000 times addresses, the number must be a multiple of 8, and AKS counts the nodes that an upgrade adds to every pool (max surge), and the autoscaler's most, as well.",
		Fix: []report.Step{
			{Say: "See the rule, and how many nodes are behind it.", Run: "az network lb outbound-rule list -g GROUP --lb-name kubernetes -o table"},
			{Say: "On AKS, give fewer ports, or more addresses. Connections that are open may be cut.", Run: "az aks update -g GROUP -n CLUSTER --load-balancer-managed-outbound-ip-count COUNT --load-balancer-outbound-ports PORTS", Changes: true},
			{Say: "Elsewhere, change the rule itself.", Run: "az network lb outbound-rule update -g GROUP --lb-name kubernetes -n RULE --outbound-ports PORTS", Changes: true},
		},
		References: []string{"https://learn.microsoft.com/azure/aks/load-balancer-standard#configure-the-allocated-outbound-ports", "https://learn.microsoft.com/azure/load-balancer/load-balancer-common-deployment-errors",
			"Azure/azure-cli#22374", "jenkins-infra/azure#580", "hashicorp/terraform-provider-azurerm#7340"},
		Healthy: "Ports that are divided by the size of the pool (allocatedOutboundPorts 0, the default of AKS) always fit. So does a fixed number with room for the nodes of an upgrade. A cluster that never grows may be dimensioned to its last port: without a word of AKS that is only for information.",
	},
	Needs: rule.Needs{Any: []*bundle.Evidence{&bundle.LoadBalancers, &bundle.AKSCluster, &bundle.Events, &bundle.ControllerLog}},
	Texts: []rule.Text{rule.Codes(invalidPorts...)},
	Check: checkSNAT02,
}

// invalidPorts are the codes of Azure's load balancers and of AKS.
var invalidPorts = []string{
	"SpecifiedAllocatedOutboundPortsForOutboundRuleIsNotAMultipleOfEight",
	"SpecifiedAllocatedOutboundPortsForOutboundRuleExceedsTotalNumberOfAllowedPortsPerRule",
	"SpecifiedAllocatedOutboundPortsForOutboundRuleExceedsTotalNumberOfAvailablePorts",
	"InvalidLoadBalancerProfileAllocatedOutboundPorts",
}

// ofRule is the load balancer in the id of an outbound rule, as Azure's texts write it.
var ofRule = regexp.MustCompile(`(?i)/loadBalancers/([^/\s]+)/outboundRules/`)

func checkSNAT02(p *rule.Pass) {
	outbounds := p.Graph.Outbounds()
	refused := p.Current(p.Knows)
	told := map[string]bool{}
	for _, b := range rule.Bunches(refused, func(e *errtext.Error) (string, bool) { return about(p, e), !p.Gone(e) }) {
		told[strings.ToLower(b.Name)] = true
		p.Find(refusal(p, b, outbounds))
	}
	if len(outbounds) == 0 && p.Graph.Whole(&bundle.LoadBalancers) && p.Complete(&bundle.Events, "") && p.Complete(&bundle.ControllerLog, "") {
		p.NotApplicable(noRule)
	}
	for _, o := range outbounds {
		if f, ok := tight(p, o); ok && !told[strings.ToLower(o.LB.Name)] {
			p.Find(f)
		}
	}
}

// invalid is the one of these codes that an error has.
func invalid(e *errtext.Error) string {
	for _, code := range invalidPorts {
		if e.Has(code) {
			return code
		}
	}
	return ""
}

// about is the load balancer that an error is about: the one it names, else the cluster's.
func about(p *rule.Pass, e *errtext.Error) string {
	if m := ofRule.FindStringSubmatch(e.Message); m != nil {
		return m[1]
	}
	return cmp.Or(p.Graph.ClusterName, "kubernetes")
}

// refusal tells of what Azure or AKS said.
func refusal(p *rule.Pass, b rule.Bunch[*errtext.Error], outbounds []topology.Outbound) rule.Finding {
	last := b.All[len(b.All)-1]
	t := rule.Tell(b.All)
	f := rule.Finding{Subject: report.Object{Kind: "LoadBalancer", Name: b.Name}, Services: t.Services, Cites: t.Cites,
		Message: fmt.Sprintf("Azure refuses the outbound ports of load balancer %s (%s, %s): %s", b.Name, invalid(last), t.Span(), strings.TrimRight(last.Message, " ."))}
	f.Message += ". Nodes that are to join, and every change of the rule, fail at that."
	if len(t.Services) > 0 {
		f.Errors = b.All
	} else { // an answer to a change of the cluster: no sync of a Service repeats it, or ends it
		f.Severity, f.Confidence, f.Why = report.Warning, report.Possible, "whether the change was made otherwise since is not in the bundle: it may be over"
	}
	for _, o := range outbounds {
		if strings.EqualFold(o.LB.Name, b.Name) && !o.Automatic() {
			if n, known := o.Addresses(); known {
				f.Cites = append(f.Cites, o.LB.Doc.Cite(o.Rule.At+"/allocatedOutboundPorts"))
				f.Fix = give(p, o, n, portsFor(nodes(p, o)+1, n))
				break
			}
		}
	}
	return f
}

// nodes is how many the ports must be enough for.
func nodes(p *rule.Pass, o topology.Outbound) int {
	n := len(o.Members)
	if c := p.Graph.AKS(o.LB); c != nil {
		n = max(n, grows(c).most)
	}
	return n
}

// tight computes whether the nodes of today, of an upgrade and of the autoscaler fit.
func tight(p *rule.Pass, o topology.Outbound) (rule.Finding, bool) {
	n, known := o.Addresses()
	room, manual := o.Room()
	if !known || !manual || len(o.Members) == 0 {
		return rule.Finding{}, false
	}
	ports, today := o.Rule.AllocatedOutboundPorts, len(o.Members)
	f := rule.Finding{Subject: balancer(o.LB), Cites: []report.Cite{o.LB.Doc.Cite(o.Rule.At + "/allocatedOutboundPorts"), o.LB.Doc.Cite(o.Rule.Frontends[0].At + "/id")}}
	head := fmt.Sprintf("Outbound rule %s of load balancer %s gives each node %d ports; its %s room for %s.", o.Rule.Name, o.LB.Name, ports, have(n), count(room, "node", "nodes"))
	c := p.Graph.AKS(o.LB)
	g := growth{}
	if c != nil {
		g = grows(c)
	}
	switch {
	case ports%8 != 0:
		f.Severity = report.Warning
		f.Message = head + fmt.Sprintf(" %d is no multiple of 8: Azure refuses the next write of the rule.", ports)
	case today > room:
		f.Severity = report.Warning
		f.Message = head + fmt.Sprintf(" %s behind it today: Azure refuses the next write.", are(today))
	case g.upgrade > room:
		f.Severity, f.Confidence, f.Why = report.Warning, report.Likely, "no refusal of AKS is in the bundle; the numbers of its node pools say it"
		f.Message = head + fmt.Sprintf(" %s in its pool today, and AKS counts %d with what an upgrade adds to every node pool: it refuses the upgrade.", are(today), g.upgrade)
		f.Cites = append(f.Cites, c.Doc.Cite(c.Pools[0].At+"/count"))
	case g.most > room:
		f.Severity = report.Info
		f.Message = head + fmt.Sprintf(" At the autoscaler's most, AKS counts %d with what an upgrade adds: it refuses to grow that far.", g.most)
		f.Cites = append(f.Cites, c.Doc.Cite(c.Pools[0].At+"/count"))
	case today+1 > room:
		f.Severity = report.Info
		f.Message = head + fmt.Sprintf(" %s in its pool today: no further node gets in, not for an upgrade either.", are(today))
	default:
		return f, false
	}
	want := max(nodes(p, o), today+1)
	f.Fix = give(p, o, n, portsFor(want, n))
	return f, true
}

func have(addresses int) string {
	if addresses == 1 {
		return "one address has"
	}
	return fmt.Sprintf("%d addresses have", addresses)
}

func are(n int) string {
	if n == 1 {
		return "1 node is"
	}
	return fmt.Sprintf("%d nodes are", n)
}
