package outbound

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// SNAT01 is nodes that had no port left for a connection to the outside.
var SNAT01 = &rule.Rule{
	ID:       "AZLB-SNAT01",
	Severity: report.Warning,
	Doc: report.Doc{
		Title:   "nodes run out of SNAT ports for connections to the outside",
		Symptom: "Pods that call hosts outside the cluster see timeouts now and then, mostly to one busy destination (a database, an API) and on busy nodes; the same call succeeds a moment later.",
		Cause: "Nodes without a public IP of their own borrow a port of the load balancer's outbound address for every connection to the outside (SNAT). Each node has a share of these ports, 1,024 by default in small clusters, " +
			"and a port is taken per destination address and port until the connection is closed, or idle for as long as the rule says (30 minutes on AKS). When all are taken, new connections fail without an answer.",
		Fix: []report.Step{
			{Say: "See which nodes use how many ports.", Run: "az monitor metrics list --resource LOAD_BALANCER_ID --metrics UsedSnatPorts AllocatedSnatPorts --aggregation Average --interval PT5M --offset 6h --dimension BackendIPAddress ProtocolType --top 500"},
			{Say: "Give each node more ports, from more addresses.", Run: "az aks update -g GROUP -n CLUSTER --load-balancer-managed-outbound-ip-count COUNT --load-balancer-outbound-ports PORTS", Changes: true},
			{Say: "Let the applications reuse connections instead of opening one for each request, and close what they no longer need."},
			gateway,
		},
		References: []string{"https://learn.microsoft.com/azure/load-balancer/troubleshoot-outbound-connection", "https://learn.microsoft.com/azure/load-balancer/load-balancer-standard-diagnostics#how-do-i-check-my-outbound-connection-statistics", "Azure/AKS#4697", "dotnet/runtime#35508"},
		Healthy:    "Timeouts to the outside have many causes: without Azure's own numbers this rule says nothing. Nodes that use few of their ports, and no failed connection in the window of the metrics, are healthy, however many connections there are; a bucket of time without a value was not measured and is no failure.",
	},
	Needs: rule.Needs{All: []*bundle.Evidence{&bundle.LoadBalancers}, Any: []*bundle.Evidence{&bundle.SNATConnectionMetrics, &bundle.SNATPortMetrics}},
	Check: checkSNAT01,
}

// nearly is the share of a node's ports from which it has nearly none left.
const nearly = 0.95

// few is the share of failed connections below which hardly anybody notices.
const few = 0.001

func checkSNAT01(p *rule.Pass) {
	for i := range p.Snapshot.Loads {
		lb := &p.Snapshot.Loads[i]
		if !p.Graph.OwnLoadBalancer(lb) {
			continue
		}
		failed, attempted, lost := failures(p.Snapshot.MetricOf(lb.ID, "SnatConnectionCount"))
		busy := exhausted(p, lb)
		if failed == 0 && len(busy) == 0 {
			continue
		}
		p.Find(exhaustion(p, lb, failed, attempted, lost, busy))
	}
}

// failures adds up the connections that failed and that were attempted; lost cites the
// worst bucket.
func failures(m *snapshot.Metric) (failed, attempted float64, lost []report.Cite) {
	if m == nil {
		return 0, 0, nil
	}
	for _, s := range m.Series {
		switch strings.ToLower(s.Dimensions["connectionstate"]) {
		case "failed":
			failed += s.Sum()
			if worst, ok := s.Most(); ok && worst.Value > 0 {
				lost = append(lost, m.Doc.Cite(worst.At))
			}
		case "attempted":
			attempted += s.Sum()
		}
	}
	return failed, attempted, lost
}

// busy is a node that had nearly no port left for one protocol.
type busy struct {
	node, protocol  string
	used, allocated float64
	at              time.Time
	cites           []report.Cite
}

// exhausted finds the worst bucket of each node.
func exhausted(p *rule.Pass, lb *snapshot.LoadBalancer) []busy {
	used, allocated := p.Snapshot.MetricOf(lb.ID, "UsedSnatPorts"), p.Snapshot.MetricOf(lb.ID, "AllocatedSnatPorts")
	if used == nil || allocated == nil {
		return nil
	}
	var out []busy
	for _, u := range used.Series {
		for _, a := range allocated.Series {
			if a.Label() != u.Label() {
				continue
			}
			if b, ok := worst(u, a); ok {
				b.node, b.protocol = name(p, u.Dimensions["backendipaddress"]), strings.ToUpper(u.Dimensions["protocoltype"])
				b.cites = []report.Cite{used.Doc.Cite(b.cites[0].Pointer), allocated.Doc.Cite(b.cites[1].Pointer)}
				out = append(out, b)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b busy) int { return strings.Compare(a.node+a.protocol, b.node+b.protocol) })
	return out
}

// worst is the bucket in which the largest share of the ports was in use, if that was
// nearly all; its cites hold the pointers of both values.
func worst(used, allocated az.Series) (busy, bool) {
	var out busy
	for _, u := range used.Points {
		for _, a := range allocated.Points {
			if a.Time.Equal(u.Time) && a.Value > 0 && u.Value/a.Value >= nearly && (out.allocated == 0 || u.Value/a.Value > out.used/out.allocated) {
				out = busy{used: u.Value, allocated: a.Value, at: u.Time, cites: []report.Cite{{Pointer: u.At}, {Pointer: a.At}}}
			}
		}
	}
	return out, out.allocated > 0
}

// name is the node with that address, else the address.
func name(p *rule.Pass, address string) string {
	for _, n := range p.Graph.Nodes {
		if slices.Contains(n.Addresses(), address) {
			return n.Name
		}
	}
	return address
}

func exhaustion(p *rule.Pass, lb *snapshot.LoadBalancer, failed, attempted float64, lost []report.Cite, list []busy) rule.Finding {
	f := rule.Finding{Subject: balancer(lb), Cites: lost}
	var say []string
	if failed > 0 {
		text := fmt.Sprintf("In the hour of the metrics %.0f connections to the outside failed at load balancer %s for want of a SNAT port", failed, lb.Name)
		if attempted > 0 {
			text += fmt.Sprintf(", of %.0f attempted", attempted)
		}
		say = append(say, text+".")
	}
	var nodes []string
	for _, b := range list {
		protocol := ""
		if b.protocol != "" {
			protocol = " " + b.protocol
		}
		nodes = append(nodes, fmt.Sprintf("%s (%.0f of %.0f%s ports at %s UTC)", b.node, b.used, b.allocated, protocol, b.at.Format("15:04")))
		if len(f.Cites) < 4 {
			f.Cites = append(f.Cites, b.cites...)
		}
	}
	if len(nodes) > 0 {
		say = append(say, "Nearly all ports were in use on "+rule.List(nodes)+".")
	}
	switch {
	case failed == 0:
		f.Severity = report.Info
		say = append(say, "No failed connection was measured, or that was not asked for; with a few more connections some will fail.")
	case attempted > 0 && failed/attempted < few:
		f.Severity = report.Info
	}
	f.Fix = []report.Step{{Say: "See which nodes use how many ports, over a longer time.",
		Run: fmt.Sprintf("az monitor metrics list --resource %s --metrics UsedSnatPorts AllocatedSnatPorts --aggregation Average --interval PT5M --offset 6h --dimension BackendIPAddress ProtocolType --top 500", rule.Word(lb.ID, "LOAD_BALANCER_ID"))}}
	for _, o := range p.Graph.Outbounds() {
		n, known := o.Addresses()
		if o.LB != lb || !known || len(o.Members) == 0 {
			continue
		}
		has, _ := o.Ports(len(o.Members))
		want := max(len(o.Members)+1, 1)
		if c := p.Graph.AKS(lb); c != nil {
			want = max(want, grows(c).most)
		}
		say = append(say, fmt.Sprintf("Outbound rule %s gives each of its %s %d ports from %s.", o.Rule.Name, count(len(o.Members), "node", "nodes"), has, count(n, "address", "addresses")))
		f.Cites = append(f.Cites, lb.Doc.Cite(o.Rule.At+"/allocatedOutboundPorts"))
		if fit := portsFor(want, n); fit > has {
			f.Fix = append(f.Fix, give(p, o, n, fit)...)
		} else {
			f.Fix = append(f.Fix, give(p, o, n+1, portsFor(want, n+1))...)
		}
		break
	}
	if len(f.Fix) == 1 {
		f.Fix = append(f.Fix, report.Step{Say: "Give the nodes an outbound rule with a number of ports of their own: a load balancing rule of a Service lets them out as well, with few ports.", Changes: true}, gateway)
	}
	f.Fix = append(f.Fix, report.Step{Say: "Let the applications reuse connections instead of opening one for each request, and close what they no longer need."})
	f.Message = strings.Join(say, " ")
	return f
}
