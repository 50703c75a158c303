// Package outbound holds the rules about the way from the nodes to the Internet: nodes
// without one, and the ports and addresses that outbound rules give them.
package outbound

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// Rules of this topic: no way out, no address, no valid number of ports, no free port,
// and what will change them.
var Rules = []*rule.Rule{SNAT04, SNAT05, SNAT02, SNAT01, SNAT03}

// growth is how many nodes AKS counts.
type growth struct {
	upgrade int // today's, with what an upgrade adds to every pool
	most    int // the autoscaler's most, with that
}

// grows adds up the node pools as AKS does when it checks the ports: every pool with its
// surge, whether the pools are upgraded together or not.
func grows(c *snapshot.AKSCluster) growth {
	g := growth{}
	for _, p := range c.Pools {
		if strings.EqualFold(p.PowerState.Code, "Stopped") {
			continue
		}
		most := p.Count
		if p.EnableAutoScaling {
			most = max(most, p.MaxCount)
		}
		g.upgrade += p.Count + surge(p, p.Count)
		g.most += most + surge(p, most)
	}
	return g
}

// surge is how many nodes an upgrade adds to a pool: a number, a share of it rounded up,
// or one.
func surge(p az.AgentPool, nodes int) int {
	text := strings.TrimSpace(p.Upgrade.MaxSurge)
	if share, ok := strings.CutSuffix(text, "%"); ok {
		if n, err := strconv.Atoi(share); err == nil {
			return int(math.Ceil(float64(nodes*n) / 100))
		}
	}
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	return 1
}

// ports fit so many nodes on so many addresses: a multiple of 8, as Azure wants it.
func portsFor(nodes, addresses int) int {
	return topology.PortsPerAddress * addresses / max(nodes, 1) / 8 * 8
}

// update is the command that changes the way out of an AKS cluster.
func update(c *snapshot.AKSCluster, what string) string {
	group, name := "GROUP", "CLUSTER"
	if c != nil {
		group, name = rule.Word(az.GroupOf(c.ID), group), rule.Word(c.Name, name)
	}
	return strings.TrimSpace(fmt.Sprintf("az aks update -g %s -n %s %s", group, name, what))
}

// give are the steps that give the nodes so many ports from so many addresses.
func give(p *rule.Pass, o topology.Outbound, addresses, ports int) []report.Step {
	c := p.Graph.AKS(o.LB)
	group, lb, name := rule.Word(az.GroupOf(o.LB.ID), "GROUP"), rule.Word(o.LB.Name, "LOAD_BALANCER"), rule.Word(o.Rule.Name, "RULE")
	steps := []report.Step{{Say: "See the outbound rule as it is.", Run: fmt.Sprintf("az network lb outbound-rule show -g %s --lb-name %s -n %s", group, lb, name)}}
	number := ""
	if ports > 0 {
		number = fmt.Sprintf(" --load-balancer-outbound-ports %d", ports)
	}
	switch {
	case c != nil && c.Network.LoadBalancer != nil && c.Network.LoadBalancer.Managed != nil:
		steps = append(steps, report.Step{Say: "Tell AKS, not the load balancer: what is changed there is lost with the next scaling. Connections that are open may be cut.",
			Run: update(c, fmt.Sprintf("--load-balancer-managed-outbound-ip-count %d%s", addresses, number)), Changes: true})
	case c != nil || p.Graph.Managed():
		steps = append(steps, report.Step{Say: fmt.Sprintf("Tell AKS, not the load balancer: what is changed there is lost with the next scaling. Name all %d outbound addresses. Connections that are open may be cut.", addresses),
			Run: update(c, "--load-balancer-outbound-ips PUBLIC_IP_IDS"+number), Changes: true})
	case ports > 0:
		steps = append(steps, report.Step{Say: fmt.Sprintf("With %d addresses in the rule, give each node as many ports as fit. Connections that are open may be cut.", addresses),
			Run: fmt.Sprintf("az network lb outbound-rule update -g %s --lb-name %s -n %s --outbound-ports %d", group, lb, name, ports), Changes: true})
	}
	return append(steps, gateway)
}

var gateway = report.Step{Say: "Where nodes open many connections to few destinations, let a NAT gateway on their subnet carry them: its ports are shared by all nodes and not divided among them beforehand.", Changes: true}

// noRule is why the rules about outbound rules may have no meaning.
const noRule = "no load balancer of the cluster has an outbound rule"

// balancer names a load balancer as the object at fault.
func balancer(lb *snapshot.LoadBalancer) report.Object {
	return report.Object{Kind: "LoadBalancer", Name: lb.Name}
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
