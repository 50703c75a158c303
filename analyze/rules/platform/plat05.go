package platform

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// PLAT05 is an API server that does not reach the nodes' kubelets.
var PLAT05 = &rule.Rule{
	ID:       "AZLB-PLAT05",
	Severity: report.Info,
	Doc: report.Doc{
		Title:   "the API server does not reach the nodes, so that kubectl logs and exec fail; no fault of a load balancer",
		Symptom: "kubectl logs, exec and port-forward hang or end with `error dialing backend`, `dial tcp …:10250: i/o timeout` or `No agent available`; kubectl get works, and so do Services.",
		Cause: "For logs and exec the API server itself connects to the node's kubelet (port 10250). On AKS it does so through a tunnel that pods in kube-system hold open from the inside (konnectivity-agent; earlier tunnelfront or aks-link), because the control plane lies outside of the virtual network. " +
			"A firewall, a security group or a route that stops the tunnel's outbound connection, or agents that do not run, break these commands. The way of a Service's packets does not use it.",
		Fix: []report.Step{
			{Say: "See whether the tunnel's pods run.", Run: "kubectl -n kube-system get pods -o wide | grep -e konnectivity -e tunnelfront -e aks-link"},
			{Say: "AKS: restart them; they must reach the API server through firewall and route table (443, earlier 9000 and UDP 1194).", Run: "kubectl -n kube-system rollout restart deployment konnectivity-agent", Changes: true},
			{Say: "Self-managed: let the control plane reach port 10250 of the nodes.", Run: "az network nsg list -o table"},
			{Say: "Until then read logs on the node and add them to the bundle (--log-file)."},
		},
		References: []string{"https://learn.microsoft.com/troubleshoot/azure/azure-kubernetes/connectivity/tunnel-connectivity-issues", "https://learn.microsoft.com/azure/aks/outbound-rules-control-egress", "https://github.com/feiskyer/kubernetes-handbook/blob/master/en/troubleshooting/azure.md"},
		Healthy:    "A log that is not there (the container has not restarted or not started), that kubectl may not read, or that is long is no lack of a tunnel. Where kubectl reaches nothing at all, the API server is away, and that is another matter.",
	},
	Needs: rule.Needs{Any: []*bundle.Evidence{&bundle.ControllerPods}, Clean: []*bundle.Evidence{&bundle.ControllerLog}},
	Check: checkPLAT05,
}

// tunnel are the texts with which kubectl tells that the API server did not reach a kubelet.
var tunnel = regexp.MustCompile(`(?i)error dialing backend|No agent available|No SSH tunnels|tunnelfront|konnectivity|containerLogs[^\n]*(?:i/o timeout|TLS handshake timeout|connection refused|no route to host|context deadline exceeded|EOF)|dial tcp [^ ]*:10250\b`)

// said is what kubectl said, on one line.
func said(text string) string { return strings.Join(strings.Fields(text), " ") }

func checkPLAT05(p *rule.Pass) {
	if p.Snapshot.Manifest == nil {
		p.NotApplicable("files that were given by hand do not tell what kubectl failed at")
		return
	}
	var failed, read []string // nodes whose logs were refused, and came
	var words string
	f := rule.Finding{Subject: report.Object{Kind: "Cluster", Name: "as a whole"}}
	for _, e := range p.Snapshot.Manifest.Entries {
		if e.Evidence != bundle.ControllerLog.ID && e.Evidence != bundle.ControllerLogPrevious.ID {
			continue
		}
		pod := podOf(p, e.Scope["pod"])
		switch {
		case pod == nil:
		case e.Status == bundle.StatusOK || e.Status == bundle.StatusEmpty:
			read = append(read, pod.Spec.NodeName)
		case tunnel.MatchString(e.Stderr):
			words = said(e.Stderr)
			if !slices.Contains(failed, pod.Spec.NodeName) {
				failed = append(failed, pod.Spec.NodeName)
				f.Cites = append(f.Cites, pod.Doc.Cite("/metadata/name"))
			}
		}
	}
	agents, down := tunnelPods(p)
	if len(failed) == 0 && (len(agents) == 0 || len(down) < len(agents)) {
		return
	}
	for _, pod := range down[:min(len(down), 2)] {
		f.Cites = append(f.Cites, pod.Doc.Cite("/metadata/name"))
	}
	switch {
	case len(failed) == 0:
		f.Message = fmt.Sprintf("None of the pods that hold the API server's tunnel to the nodes is ready (%s): kubectl logs and exec fail.", rule.List(names(down)))
		f.Confidence, f.Why = report.Likely, "the bundle has no command that failed because of it"
	case len(failed) == 1 && slices.ContainsFunc(read, func(n string) bool { return n != failed[0] }) && !slices.Contains(read, failed[0]):
		f.Subject = report.Object{Kind: "Node", Name: failed[0]}
		f.Message = fmt.Sprintf("The API server did not reach the kubelet of node %s, but reached others: kubectl logs failed there (“%s”).", failed[0], words)
	default:
		f.Message = fmt.Sprintf("The API server did not reach the kubelets of the nodes: kubectl logs failed (“%s”).", words)
	}
	f.Message += " That is no fault of a load balancer, and Services do not need this way; but the controller's log is missing here, and what only it tells is not known."
	if len(failed) == 0 {
		f.Message = strings.TrimSuffix(f.Message, "; but the controller's log is missing here, and what only it tells is not known.") + "."
	}
	f.Fix = steps(p, f.Subject)
	p.Find(f)
}

func steps(p *rule.Pass, subject report.Object) []report.Step {
	see := report.Step{Say: "See whether the tunnel's pods run.", Run: "kubectl -n kube-system get pods -o wide | grep -e konnectivity -e tunnelfront -e aks-link"}
	own := report.Step{Say: "Read the log on the node and add it to the bundle (--log-file)."}
	switch {
	case subject.Kind == "Node":
		return []report.Step{{Say: "See how the node is.", Run: "kubectl describe node " + rule.Word(subject.Name, "NODE")}, own}
	case p.Graph.Managed():
		return []report.Step{see, {Say: "Restart them; they must reach the API server through firewall and route table.", Run: "kubectl -n kube-system rollout restart deployment konnectivity-agent", Changes: true}}
	}
	return []report.Step{{Say: "Let the control plane reach port 10250 of the nodes; security groups and firewalls in between must allow it.", Run: "kubectl get nodes -o wide"}, own}
}

func podOf(p *rule.Pass, name string) *snapshot.Pod {
	for i := range p.Snapshot.Pods {
		if pod := &p.Snapshot.Pods[i]; pod.Namespace == "kube-system" && pod.Name == name {
			return pod
		}
	}
	return nil
}

// tunnelPods are the pods that hold the tunnel, and those of them that are not ready.
func tunnelPods(p *rule.Pass) (all, down []*snapshot.Pod) {
	for i := range p.Snapshot.Pods {
		pod := &p.Snapshot.Pods[i]
		if pod.Namespace != "kube-system" || !slices.ContainsFunc([]string{"konnectivity-agent-", "tunnelfront-", "aks-link-"}, func(s string) bool { return strings.HasPrefix(pod.Name, s) }) || strings.Contains(pod.Name, "autoscaler") {
			continue
		}
		all = append(all, pod)
		if !slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool { return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue }) {
			down = append(down, pod)
		}
	}
	return all, down
}

func names(pods []*snapshot.Pod) []string {
	var out []string
	for _, pod := range pods {
		out = append(out, pod.Name)
	}
	return out
}
