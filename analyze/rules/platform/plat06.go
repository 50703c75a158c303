package platform

import (
	"fmt"
	"slices"
	"time"

	"azlb/analyze/rule"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/azname"
	"azlb/report"
)

// PLAT06 is the kube-proxy of Windows nodes that keeps rules for pods that are gone.
var PLAT06 = &rule.Rule{
	ID:       "AZLB-PLAT06",
	Severity: report.Warning,
	Doc: report.Doc{
		Title:   "kube-proxy on Windows nodes keeps rules for pods that no longer exist",
		Symptom: "Some connections to a Service time out, more with every restart or deployment of its pods; it has Windows nodes of Kubernetes 1.24 or 1.25. A restart of kube-proxy, or a new node, helps for a while.",
		Cause: "On Windows, kube-proxy writes the addresses of load balancers as rules of the host's network service (HNS). From 1.24.0 on it remembered the wrong rule, so that each time the pods of a Service change an old rule with the external address stays. " +
			"Azure's load balancer still sends packets there, and those that meet the old rule go to a pod that is gone.",
		Fix: []report.Step{
			{Say: "Upgrade the Windows nodes: 1.24.9, 1.25.5 and later have the fix.", Run: "az aks nodepool upgrade -g GROUP --cluster-name CLUSTER -n POOL --kubernetes-version VERSION", Changes: true},
			{Say: "Until then restart kube-proxy on the node; that writes the rules anew.", Run: "az vmss run-command invoke -g GROUP -n SCALESET --instance-id INSTANCE --command-id RunPowerShellScript --scripts \"Restart-Service kubeproxy\"", Changes: true},
		},
		References: []string{"kubernetes/kubernetes#112836", "kubernetes/kubernetes#112837", "https://github.com/Azure/AKS/blob/master/CHANGELOG.md"},
		Affects:    "kube-proxy on Windows 1.24.0 to 1.24.6 and 1.25.0 to 1.25.2",
		Healthy:    "Windows nodes of other releases, Linux nodes, and Services whose pods were never replaced. What is on the nodes is not in any list, so this is never more than possible. The AKS node image of October 2020 that dropped health probes is told by AZLB-PROBE08.",
	},
	Needs: rule.Needs{All: []*bundle.Evidence{&bundle.Services, &bundle.Nodes, &bundle.EndpointSlices, &bundle.Pods}, Any: []*bundle.Evidence{&bundle.LoadBalancers}, Clean: rule.Backends},
	Check: checkPLAT06,
}

// forgetful are the releases of kube-proxy for Windows with the fault: until the last one
// that surely lacks the backport of kubernetes#112837.
var forgetful = []struct{ from, until azname.Version }{
	{azname.Release(24, 0), azname.Release(24, 6)},
	{azname.Release(25, 0), azname.Release(25, 2)},
}

func checkPLAT06(p *rule.Pass) {
	affected := map[string]*topology.Node{}
	windows := false
	for _, n := range p.Graph.Nodes {
		windows = windows || n.Windows()
		if n.Windows() && forgets(n) {
			affected[n.Name] = n
		}
	}
	if len(affected) == 0 {
		reason := "no node runs Windows"
		if windows {
			reason = "no Windows node runs a release of kube-proxy with the fault"
		}
		p.NotApplicable(reason, &bundle.Nodes)
		return
	}
	f := rule.Finding{Confidence: report.Possible, Why: "the rules on the nodes are not in the bundle"}
	var nodes []string
	for _, s := range p.Graph.Served() {
		at := slices.DeleteFunc(slices.Clone(s.PoolNodes()), func(name string) bool { return affected[name] == nil })
		pod := replaced(s)
		if len(at) == 0 || pod == nil || len(s.Status.LoadBalancer.Ingress) == 0 {
			continue
		}
		f.Services = append(f.Services, s.Key())
		if len(f.Cites) < 3 {
			f.Cites = append(f.Cites, pod.Pod.Doc.Cite("/metadata/creationTimestamp"))
		}
		for _, name := range at {
			if !slices.Contains(nodes, name) {
				nodes = append(nodes, name)
			}
		}
	}
	if len(nodes) == 0 {
		return
	}
	slices.Sort(nodes)
	first := affected[nodes[0]]
	f.Subject = report.Object{Kind: "Node", Name: first.Name}
	f.Cites = append([]report.Cite{first.Doc.Cite("/status/nodeInfo/kubeletVersion")}, f.Cites...)
	f.Message = fmt.Sprintf("The kube-proxy of the Windows nodes %s (%s) keeps the rule of a Service's external address whenever its pods change, and the pods of %s have changed since the Service was made. Connections that meet an old rule go to pods that are gone, and time out.",
		rule.List(nodes), first.Status.NodeInfo.KubeletVersion, rule.List(f.Services))
	f.Fix = []report.Step{
		{Say: "See the rules on a node: an external address that is there twice.", Run: onNode(first, "hnsdiag list loadbalancers")},
		{Say: "Upgrade the Windows nodes: 1.24.9, 1.25.5 and later have the fix.", Run: "az aks nodepool upgrade " + p.AKS("--cluster-name") + " -n " + pool(first) + " --kubernetes-version VERSION", Changes: true},
	}
	p.Find(f)
}

// onNode runs a command on the machine of a Windows node. A pod of kubectl debug does not
// reach the services of a Windows machine.
func onNode(n *topology.Node, command string) string {
	machine := fmt.Sprintf("az vmss run-command invoke -g %s -n %s --instance-id %s", rule.Word(n.Group, "GROUP"), rule.Word(n.ScaleSet, "SCALESET"), rule.Word(n.Instance, "INSTANCE"))
	if n.ScaleSet == "" && n.VM != "" {
		machine = fmt.Sprintf("az vm run-command invoke -g %s -n %s", rule.Word(n.Group, "GROUP"), rule.Word(n.VM, "VM"))
	}
	return machine + " --command-id RunPowerShellScript --scripts \"" + command + "\""
}

func forgets(n *topology.Node) bool {
	v, err := azname.ParseVersion(n.Status.NodeInfo.KubeletVersion, false)
	if err != nil {
		return false
	}
	for _, x := range forgetful {
		if v.Major == x.from.Major && v.Minor == x.from.Minor && v.Patch <= x.until.Patch {
			return true
		}
	}
	return false
}

// replaced is a ready pod of the Service that is much younger than the Service: it came in
// the place of another one, or beside others.
func replaced(s *topology.Service) *topology.Endpoint {
	const much = 10 * time.Minute
	for _, e := range s.ReadyEndpoints() {
		if e.Pod != nil && e.Pod.CreationTimestamp.Sub(s.CreationTimestamp.Time) > much {
			return &e
		}
	}
	return nil
}

// pool is the node pool that AKS names on the node.
func pool(n *topology.Node) string {
	for _, key := range []string{"kubernetes.azure.com/agentpool", "agentpool"} {
		if v := n.Labels[key]; v != "" {
			return rule.Word(v, "POOL")
		}
	}
	return "POOL"
}
