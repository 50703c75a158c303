package datapath

import (
	"fmt"
	"slices"

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
		Title:   "the nodes that carry the Service are down or not Ready",
		Symptom: "The Service has its address and its rules, but connections time out; its pods are on nodes that are NotReady, or the virtual machines behind the backend pool do not run.",
		Cause: "The load balancer hands a packet to a node of its backend pool, and kube-proxy there hands it to a pod, possibly on another node. If all members of the pool are down, or all nodes that run the Service's pods, nothing answers. " +
			"A node is NotReady when its kubelet is silent or says so itself, for example while the container network is not set up; a machine can also be stopped or deallocated in Azure. Single nodes that are down do no harm while others carry the Service: the health probe takes them out.",
		Fix: []report.Step{
			{Say: "See what the node says.", Run: "kubectl describe node NODE"},
			{Say: "See whether its machine runs.", Run: "az vm get-instance-view -g GROUP -n VM --query instanceView.statuses -o table"},
			{Say: "Start or restart the machine (az vmss for scale sets).", Run: "az vm restart -g GROUP -n VM", Changes: true},
		},
		References: []string{"https://learn.microsoft.com/troubleshoot/azure/azure-kubernetes/availability-performance/node-not-ready-basic-troubleshooting", "https://github.com/feiskyer/kubernetes-handbook/blob/master/en/troubleshooting/azure.md", "kubernetes/kubernetes#108112"},
		Affects:    "cloud-provider-azure 1.23.0 to 1.23.8 kept NotReady nodes in the pool, other releases up to 1.27 take them out at once; since 1.28 a node stays in the pool while it is only NotReady, and its health probe decides",
		Healthy:    "One node out of several that is NotReady or deallocated (an autoscaler may keep stopped machines) harms no Service that has pods and backends elsewhere; it is told as an information without Services.",
	},
	Needs: rule.Needs{
		Any: []*bundle.Evidence{&bundle.EndpointSlices, &bundle.LoadBalancers, &bundle.ScaleSetInstances, &bundle.VMInstanceViews},
		All: []*bundle.Evidence{&bundle.Services, &bundle.Nodes},
	},
	Check: checkDATA01,
}

// outage is what nodes that are down for one reason do.
type outage struct {
	reason string
	nodes  []*topology.Node
	harmed []*topology.Service
}

func checkDATA01(p *rule.Pass) {
	relevant := map[string]bool{}
	harm := map[string][]*topology.Service{} // by node
	for _, s := range p.Graph.Served() {
		pool := s.PoolNodes()
		for _, n := range pool {
			relevant[n] = true
		}
		for _, e := range s.Endpoints {
			relevant[e.NodeName] = true
		}
		if len(s.Status.LoadBalancer.Ingress) == 0 {
			continue // something else is wrong first
		}
		for _, n := range carriers(s, pool) {
			harm[n] = append(harm[n], s)
		}
	}
	byReason := map[string]*outage{}
	var order []*outage
	for _, n := range p.Graph.Nodes {
		reason := walk.Down(n)
		if reason == "" || !relevant[n.Name] || n.Virtual() {
			continue
		}
		key := fmt.Sprint(reason, len(harm[n.Name]) > 0)
		if byReason[key] == nil {
			byReason[key] = &outage{reason: reason}
			order = append(order, byReason[key])
		}
		o := byReason[key]
		o.nodes = append(o.nodes, n)
		for _, s := range harm[n.Name] {
			if !slices.Contains(o.harmed, s) {
				o.harmed = append(o.harmed, s)
			}
		}
	}
	for _, o := range order {
		if len(o.harmed) > 0 {
			p.Find(broken(p, o))
		} else {
			p.Find(spare(p, o))
		}
	}
}

// carriers are the nodes on which alone the Service depends and that are all down:
// those of its pods, or else the members of its pool. None where one is up or not known.
func carriers(s *topology.Service, pool []string) []string {
	endpoints := s.ReadyEndpoints()
	if len(endpoints) == 0 {
		endpoints = s.Endpoints
	}
	var nodes []*topology.Node
	for _, e := range endpoints {
		if !s.Local() || len(pool) == 0 || slices.Contains(pool, e.NodeName) { // others the load balancer does not reach
			nodes = append(nodes, e.Node)
		}
	}
	if down := allDown(nodes); down != nil {
		return down
	}
	nodes = nil
	for _, path := range s.Paths {
		for _, m := range path.Members {
			nodes = append(nodes, m.Node)
		}
	}
	return allDown(nodes)
}

// allDown are the names of the nodes if each of them is down, else none. One that is
// not in the bundle (nil) may be up.
func allDown(nodes []*topology.Node) []string {
	var out []string
	for _, n := range nodes {
		if n == nil || walk.Down(n) == "" {
			return nil
		}
		if !slices.Contains(out, n.Name) {
			out = append(out, n.Name)
		}
	}
	return out
}

// broken is an outage: no other node carries the Services.
func broken(p *rule.Pass, o *outage) rule.Finding {
	f := rule.Finding{Subject: report.Object{Kind: "Node", Name: names(o.nodes)[0]}}
	still := !p.Complete(&bundle.EndpointSlices, "")
	for _, s := range o.harmed {
		f.Services = append(f.Services, s.Key())
		still = still || len(s.ReadyEndpoints()) > 0
	}
	f.Message = fmt.Sprintf("%s are down, and no other node carries %s: %s.", rule.List(names(o.nodes)), rule.List(f.Services), o.reason)
	if len(o.nodes) == 1 {
		f.Message = fmt.Sprintf("%s is down, and no other node carries %s: %s.", o.nodes[0].Name, rule.List(f.Services), o.reason)
	}
	if c, i := o.nodes[0].Condition(corev1.NodeReady); c != nil && c.Status != corev1.ConditionTrue && c.Message != "" {
		f.Message += fmt.Sprintf(" The kubelet or the node controller says: %q.", snapshot.Quote(c.Message))
		f.Cites = append(f.Cites, o.nodes[0].Doc.Cite(fmt.Sprintf("/status/conditions/%d/message", i)))
	}
	if still && !slices.ContainsFunc(o.nodes, stopped) {
		f.Confidence = report.Likely
		f.Why = "Kubernetes still counts the pods on these nodes as ready; while only the kubelet is silent, they may go on answering"
	}
	for _, n := range o.nodes[:min(len(o.nodes), 3)] {
		f.Cites = append(f.Cites, walk.NodeCite(n))
	}
	if s := o.harmed[0]; len(s.Endpoints) > 0 {
		f.Cites = append(f.Cites, s.Endpoints[0].Slice.Doc.Cite(fmt.Sprintf("/endpoints/%d/nodeName", s.Endpoints[0].Index)))
	}
	f.Fix = revive(o)
	return f
}

// spare is nodes that are down while others carry every Service.
func spare(p *rule.Pass, o *outage) rule.Finding {
	f := rule.Finding{
		Severity: report.Info,
		Subject:  report.Object{Kind: "Node", Name: names(o.nodes)[0]},
		Message:  fmt.Sprintf("%s: down (%s). Other nodes carry every Service; the health probe keeps traffic away from a backend that does not answer.", rule.List(names(o.nodes)), o.reason),
		Fix:      revive(o),
	}
	if !p.Complete(&bundle.EndpointSlices, "") || !p.Complete(&bundle.LoadBalancers, "") {
		f.Message = fmt.Sprintf("%s: down (%s). The health probe keeps traffic away from a backend that does not answer.", rule.List(names(o.nodes)), o.reason)
		f.Confidence, f.Why = report.Possible, "the EndpointSlices and the load balancers are not all in the bundle, so whether other nodes carry every Service is not known"
	}
	for _, n := range o.nodes[:min(len(o.nodes), 3)] {
		f.Cites = append(f.Cites, walk.NodeCite(n))
	}
	return f
}

// revive looks at each of the first nodes and starts or restarts their machines.
func revive(o *outage) []report.Step {
	steps := []report.Step{{Say: "See what the node says.", Run: "kubectl describe node " + rule.Word(o.nodes[0].Name, "NODE")}}
	for _, n := range o.nodes[:min(len(o.nodes), 3)] {
		program, flags, ok := machine(n)
		if !ok {
			continue
		}
		if stopped(n) {
			steps = append(steps, report.Step{Say: fmt.Sprintf("Start the machine of %s.", n.Name), Run: fmt.Sprintf("%s start %s", program, flags), Changes: true})
		} else {
			steps = append(steps, report.Step{Say: fmt.Sprintf("If the cause on the machine of %s cannot be put right there, restart it.", n.Name), Run: fmt.Sprintf("%s restart %s", program, flags), Changes: true})
		}
	}
	return steps
}
