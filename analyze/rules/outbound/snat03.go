package outbound

import (
	"fmt"
	"strings"

	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// SNAT03 is what the next scaling will change for connections to the outside.
var SNAT03 = &rule.Rule{
	ID:       "AZLB-SNAT03",
	Severity: report.Warning,
	Doc: report.Doc{
		Title:   "the next scaling changes the outbound ports of the nodes",
		Symptom: "At a scale-out or an upgrade connections to the outside are cut or time out, sometimes on some nodes only; later nodes have fewer SNAT ports than before, or settings of the outbound rule are back at their defaults.",
		Cause: "AKS owns the outbound rule of its load balancer and writes it anew from the cluster's own settings with every scaling, upgrade, stop and start: what somebody set on the load balancer itself is lost then. " +
			"And where the ports are divided by the size of the pool, each node has half as many from the 51st, 101st, 201st, 401st and 801st node on: ports that are taken away cut the connections that use them.",
		Fix: []report.Step{
			{Say: "Compare the rule with what AKS was told.", Run: "az aks show -g GROUP -n CLUSTER --query networkProfile.loadBalancerProfile && az network lb outbound-rule list -g NODE_GROUP --lb-name kubernetes -o table"},
			{Say: "Tell AKS what is meant to stay.", Run: "az aks update -g GROUP -n CLUSTER --load-balancer-outbound-ports PORTS --load-balancer-idle-timeout MINUTES", Changes: true},
			{Say: "Give the nodes a fixed number of ports that is enough for the largest size, with more addresses if need be."},
		},
		References: []string{"https://learn.microsoft.com/azure/aks/load-balancer-standard#configure-the-allocated-outbound-ports", "https://learn.microsoft.com/azure/load-balancer/load-balancer-outbound-connections#preallocatedports",
			"Azure/AKS#1673", "Azure/AKS#2220", "Azure/AKS#3288", "MicrosoftDocs/azure-docs#101494"},
		Healthy: "A rule as AKS writes it without being told anything (0 ports, which means by the size of the pool, and 30 minutes) is equal to a cluster that says nothing of either. A pool far from 50, 100, 200, 400 and 800 nodes is silent, and so is one whose addresses are so many that its nodes keep their 1,024 ports. A pool close to such a size may never cross it: that is for information.",
	},
	Needs: rule.Needs{All: []*bundle.Evidence{&bundle.LoadBalancers}, Any: []*bundle.Evidence{&bundle.LoadBalancers, &bundle.AKSCluster}},
	Check: checkSNAT03,
}

// aksRule is the outbound rule that AKS writes, and aksIdle its idle timeout in minutes
// where AKS was told none.
const (
	aksRule = "aksOutboundRule"
	aksIdle = 30
)

func checkSNAT03(p *rule.Pass) {
	outbounds := p.Graph.Outbounds()
	if len(outbounds) == 0 && p.Graph.Whole(&bundle.LoadBalancers) {
		p.NotApplicable(noRule)
	}
	for _, o := range outbounds {
		if c := p.Graph.AKS(o.LB); c != nil && c.Network.LoadBalancer != nil && strings.EqualFold(o.Rule.Name, aksRule) && strings.EqualFold(c.Network.OutboundType, "loadBalancer") {
			byHand(p, o, c)
		}
		boundary(p, o)
	}
}

// byHand finds what the rule says otherwise than AKS was told.
func byHand(p *rule.Pass, o topology.Outbound, c *snapshot.AKSCluster) {
	l := c.Network.LoadBalancer
	value := func(told *int, otherwise int) int {
		if told == nil {
			return otherwise
		}
		return *told
	}
	f := rule.Finding{Subject: balancer(o.LB)}
	var differ []string
	if want := value(l.AllocatedOutboundPorts, 0); want != o.Rule.AllocatedOutboundPorts {
		differ = append(differ, fmt.Sprintf("%s for each node, where AKS was told %s", ports(o.Rule.AllocatedOutboundPorts), ports(want)))
		f.Cites = append(f.Cites, o.LB.Doc.Cite(o.Rule.At+"/allocatedOutboundPorts"))
	}
	if want := value(l.IdleTimeoutInMinutes, aksIdle); want != o.Rule.IdleTimeoutInMinutes && o.Rule.IdleTimeoutInMinutes > 0 {
		differ = append(differ, fmt.Sprintf("an idle timeout of %d minutes, where AKS has %d", o.Rule.IdleTimeoutInMinutes, want))
		f.Cites = append(f.Cites, o.LB.Doc.Cite(o.Rule.At+"/idleTimeoutInMinutes"))
	}
	if names := strangers(o, l); len(names) > 0 {
		differ = append(differ, fmt.Sprintf("public IP %s, which AKS does not list among its outbound addresses", rule.List(names)))
		f.Cites = append(f.Cites, o.LB.Doc.Cite(o.Rule.At+"/name"))
	}
	if len(differ) == 0 {
		return
	}
	f.Cites = append(f.Cites, c.Doc.CiteWhole())
	f.Message = fmt.Sprintf("Outbound rule %s of load balancer %s has %s. The next scaling, upgrade, stop or start of cluster %s writes it back, and connections to the outside that use what is taken away are cut.",
		o.Rule.Name, o.LB.Name, strings.Join(differ, "; "), c.Name)
	if strings.EqualFold(c.ProvisioningState, "Updating") || strings.EqualFold(c.ProvisioningState, "Upgrading") || strings.EqualFold(c.ProvisioningState, "Scaling") || strings.EqualFold(o.LB.ProvisioningState, "Updating") {
		f.Severity, f.Confidence, f.Why = report.Info, report.Possible, "the cluster was being changed while the evidence was collected: they may be equal since"
	}
	keep := ""
	if n := o.Rule.AllocatedOutboundPorts; n != value(l.AllocatedOutboundPorts, 0) {
		keep += fmt.Sprintf(" --load-balancer-outbound-ports %d", n)
	}
	if n := o.Rule.IdleTimeoutInMinutes; n != value(l.IdleTimeoutInMinutes, aksIdle) && n > 0 {
		keep += fmt.Sprintf(" --load-balancer-idle-timeout %d", n)
	}
	if keep == "" {
		keep = " --load-balancer-outbound-ips PUBLIC_IP_IDS"
	}
	f.Fix = []report.Step{
		rule.Writers(o.LB.ID, "LOAD_BALANCER_ID"),
		{Say: "If what the rule has now is meant, tell AKS.", Run: update(c, strings.TrimSpace(keep)), Changes: true},
		{Say: "Otherwise let AKS write its rule again, at a time when cut connections do little harm.", Run: update(c, ""), Changes: true},
	}
	p.Find(f)
}

func ports(n int) string {
	if n == 0 {
		return "ports by the size of the pool"
	}
	return fmt.Sprintf("%d ports", n)
}

// strangers are the public IPs of the rule that AKS does not list. Where one of the
// two takes addresses from a prefix, or is not told, nothing is.
func strangers(o topology.Outbound, l *az.AKSOutboundProfile) []string {
	if _, known := o.Addresses(); !known || len(l.Effective) == 0 {
		return nil
	}
	listed := map[string]bool{}
	for _, r := range l.Effective {
		id, ok := az.ParseID(r.ID)
		if !ok || !id.Is("Microsoft.Network", "publicIPAddresses") {
			return nil
		}
		listed[az.Key(r.ID)] = true
	}
	var out []string
	for _, x := range o.Frontends {
		if ref := x.Frontend.PublicIP; ref != nil && az.Key(ref.ID) != "" && !listed[az.Key(ref.ID)] {
			out = append(out, az.LastName(ref.ID))
		}
	}
	return out
}

// boundary finds a pool whose next nodes halve the ports of all.
func boundary(p *rule.Pass, o topology.Outbound) {
	today := len(o.Members)
	has, known := o.Ports(today)
	if !o.Automatic() || !known || today == 0 {
		return
	}
	next := today + (today+9)/10 // what an upgrade adds by default
	c := p.Graph.AKS(o.LB)
	if c != nil {
		next = max(next, grows(c).most)
	}
	for _, t := range topology.PoolTiers {
		after, _ := o.Ports(t.Members + 1)
		if today > t.Members || next <= t.Members || after >= has {
			continue
		}
		n, _ := o.Addresses()
		f := rule.Finding{Subject: balancer(o.LB), Severity: report.Info,
			Cites: []report.Cite{o.LB.Doc.Cite(o.Rule.At + "/allocatedOutboundPorts"), o.LB.Doc.Cite(o.Rule.Frontends[0].At + "/id")},
			Message: fmt.Sprintf("Outbound rule %s of load balancer %s divides its ports by the size of the pool: with %d nodes each has %d, from node %d on %d, and connections that use the others are cut then. The pool may reach %d.",
				o.Rule.Name, o.LB.Name, today, has, t.Members+1, after, next)}
		if c != nil && len(c.Pools) > 0 {
			f.Cites = append(f.Cites, c.Doc.Cite(c.Pools[0].At+"/count"))
		}
		f.Fix = give(p, o, n, min(portsFor(next, n), has))
		p.Find(f)
		return
	}
}
