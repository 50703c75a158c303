package datapath

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	"azlb/analyze/walk"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// DATA01 are nodes that are down and with them what Services need.
var DATA01 = &rule.Rule{
	ID:       "AZLB-DATA01",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the nodes that carry the Service are not Ready",
		Symptom: "The Service has its address and its rules, but connections time out; its pods, or all members of the backend pool, are on nodes that are NotReady.",
		Cause: "The load balancer hands a packet to a node of its backend pool, and kube-proxy there hands it to a pod, possibly on another node. If all members of the pool are down, or all nodes that run the Service's pods, nothing answers. " +
			"A node is NotReady when its kubelet is silent or says so itself, for example while the container network is not set up. Where its machine is stopped in Azure (AZLB-POOL19) or gone (AZLB-POOL18), that is why. Single nodes that are down do no harm while others carry the Service: the health probe takes them out.",
		Fix: []report.Step{
			{Say: "See what the node says.", Run: "kubectl describe node NODE"},
			{Say: "See whether its machine runs.", Run: "az vm get-instance-view -g GROUP -n VM --query instanceView.statuses -o table"},
			{Say: "Restart the machine (az vmss for scale sets).", Run: "az vm restart -g GROUP -n VM", Changes: true},
		},
		References: []string{"https://learn.microsoft.com/troubleshoot/azure/azure-kubernetes/availability-performance/node-not-ready-basic-troubleshooting", "https://github.com/feiskyer/kubernetes-handbook/blob/master/en/troubleshooting/azure.md", "kubernetes/kubernetes#108112"},
		Affects:    "cloud-provider-azure 1.23.0 to 1.23.8 kept NotReady nodes in the pool, other releases up to 1.27 take them out at once; since 1.28 a node stays in the pool while it is only NotReady, and its health probe decides",
		Healthy:    "One node out of several that is NotReady harms no Service that has pods and backends elsewhere; it is told as an information without Services.",
	},
	Needs: rule.Needs{
		Any: []*bundle.Evidence{&bundle.EndpointSlices, &bundle.LoadBalancers, &bundle.ScaleSetInstances, &bundle.VMInstanceViews},
		All: []*bundle.Evidence{&bundle.Services, &bundle.Nodes},
	},
	FollowsFrom: []string{"AZLB-PLAT02", "AZLB-POOL18", "AZLB-POOL19"},
	Check:       checkDATA01,
}

func checkDATA01(p *rule.Pass) {
	for _, o := range walk.Outages(p.Graph, func(n *topology.Node) bool { return walk.Down(n) != "" }, idle) {
		if len(o.Harmed) > 0 {
			p.Find(broken(p, o))
		} else {
			p.Find(spare(p, o))
		}
	}
}

// idle is why a node is not Ready. Those of stopped machines stand apart: theirs is a
// consequence, and told so.
func idle(n *topology.Node) string {
	why, power := walk.NotReady(n), walk.Stopped(n)
	if why == "" || power == "" {
		return why
	}
	return why + ", as its machine is " + power
}

// broken is an outage: no other node carries the Services.
func broken(p *rule.Pass, o walk.Outage) rule.Finding {
	f := rule.Finding{Subject: report.Object{Kind: "Node", Name: names(o.Nodes)[0]}}
	still := !p.Complete(&bundle.EndpointSlices, "")
	for _, s := range o.Harmed {
		f.Services = append(f.Services, s.Key())
		still = still || len(s.ReadyEndpoints()) > 0
	}
	f.Message = fmt.Sprintf("%s are down, and no other node carries %s: %s.", rule.List(names(o.Nodes)), rule.List(f.Services), o.Reason)
	if len(o.Nodes) == 1 {
		f.Message = fmt.Sprintf("%s is down, and no other node carries %s: %s.", o.Nodes[0].Name, rule.List(f.Services), o.Reason)
	}
	if c, i := o.Nodes[0].Condition(corev1.NodeReady); c != nil && c.Status != corev1.ConditionTrue && c.Message != "" {
		f.Message += fmt.Sprintf(" The kubelet or the node controller says: %q.", snapshot.Quote(c.Message))
		f.Cites = append(f.Cites, o.Nodes[0].Doc.Cite(fmt.Sprintf("/status/conditions/%d/message", i)))
	}
	if still && walk.Stopped(o.Nodes[0]) == "" {
		f.Confidence = report.Likely
		f.Why = "Kubernetes still counts the pods on these nodes as ready; while only the kubelet is silent, they may go on answering"
	}
	for _, n := range o.Nodes[:min(len(o.Nodes), 3)] {
		f.Cites = append(f.Cites, walk.NodeCite(n))
	}
	if s := o.Harmed[0]; len(s.Endpoints) > 0 {
		f.Cites = append(f.Cites, s.Endpoints[0].Slice.Doc.Cite(fmt.Sprintf("/endpoints/%d/nodeName", s.Endpoints[0].Index)))
	}
	f.Fix = revive(o)
	return f
}

// spare is nodes that are down while others carry every Service.
func spare(p *rule.Pass, o walk.Outage) rule.Finding {
	f := rule.Finding{
		Severity: report.Info,
		Subject:  report.Object{Kind: "Node", Name: names(o.Nodes)[0]},
		Message:  fmt.Sprintf("%s: down (%s). Other nodes carry every Service; the health probe keeps traffic away from a backend that does not answer.", rule.List(names(o.Nodes)), o.Reason),
		Fix:      revive(o),
	}
	if !p.Complete(&bundle.EndpointSlices, "") || !p.Complete(&bundle.LoadBalancers, "") {
		f.Message = fmt.Sprintf("%s: down (%s). The health probe keeps traffic away from a backend that does not answer.", rule.List(names(o.Nodes)), o.Reason)
		f.Confidence, f.Why = report.Possible, "the EndpointSlices and the load balancers are not all in the bundle, so whether other nodes carry every Service is not known"
	}
	for _, n := range o.Nodes[:min(len(o.Nodes), 3)] {
		f.Cites = append(f.Cites, walk.NodeCite(n))
	}
	return f
}

// revive looks at the first node and restarts the machines that run.
func revive(o walk.Outage) []report.Step {
	steps := []report.Step{{Say: "See what the node says.", Run: "kubectl describe node " + rule.Word(o.Nodes[0].Name, "NODE")}}
	for _, n := range o.Nodes[:min(len(o.Nodes), 3)] {
		if program, flags, ok := rule.Machine(n); ok && walk.Stopped(n) == "" {
			steps = append(steps, report.Step{Say: fmt.Sprintf("If the cause on the machine of %s cannot be put right there, restart it.", n.Name), Run: fmt.Sprintf("%s restart %s", program, flags), Changes: true})
		}
	}
	return steps
}
