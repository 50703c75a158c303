package datapath

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	"azlb/analyze/walk"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// DATA02 is a backend of an internal load balancer that calls its own frontend.
var DATA02 = &rule.Rule{
	ID:       "AZLB-DATA02",
	Severity: report.Info,
	Doc: report.Doc{
		Title:   "a backend of the internal load balancer calls its own frontend",
		Symptom: "From outside the cluster the internal address always answers; from the nodes, or from pods with hostNetwork on them, about one connection in as many as there are backends times out.",
		Cause: "Azure does not answer a machine that is sent back to itself: when a backend of an internal load balancer calls the frontend and the load balancer picks that same machine, source and destination are alike and the connection hangs. " +
			"In most clusters kube-proxy sends calls to the load balancer's address straight to a pod, so that they never leave the node. They do leave it where kube-proxy does not run, where the Service's status has ipMode Proxy, and with externalTrafficPolicy Local in ipvs mode from a node without a pod.",
		Fix: []report.Step{
			{Say: "Inside the cluster, call the Service's cluster IP or its DNS name instead of the load balancer's address.", Run: "kubectl get service -n NAMESPACE SERVICE -o jsonpath='{.spec.clusterIP}'"},
		},
		References: []string{"https://learn.microsoft.com/azure/load-balancer/load-balancer-troubleshoot-backend-traffic", "https://github.com/feiskyer/kubernetes-handbook/blob/master/en/troubleshooting/azure.md",
			"kubernetes-sigs/cluster-api-provider-azure#2434", "kubernetes-sigs/kubespray#2684"},
		Healthy: "Every internal Service could be called by its own backends; that it exists is nothing. The rule speaks only where an event or a kubelet's log tells of a timeout at the internal address and one of its ports, from a node in that Service's backend pool, or where ipMode Proxy keeps kube-proxy out of all such calls, and even then as an information. " +
			"It is silent where nobody could answer anyway: without a rule, a backend or a ready pod.",
	},
	Needs: rule.Needs{
		Any:   []*bundle.Evidence{&bundle.Events, &bundle.ControllerPods},
		All:   []*bundle.Evidence{&bundle.Services, &bundle.LoadBalancers, &bundle.EndpointSlices},
		Clean: append([]*bundle.Evidence{&bundle.LogFile, &bundle.Pods}, rule.Backends...), // by which the caller is known as a backend
	},
	Check: checkDATA02,
}

// call is a timeout at an address, told by a node or a pod.
type call struct {
	node string // on which the caller runs; empty: not known
	who  string
	text string
	cite report.Cite
}

func checkDATA02(p *rule.Pass) {
	internal := slices.DeleteFunc(p.Graph.Served(), func(s *topology.Service) bool {
		return !p.Wants.Of(s.Key()).Internal.V || len(s.Addresses()) == 0
	})
	if len(internal) == 0 {
		p.NotApplicable("no internal load balancer has an address", &bundle.Services)
		return
	}
	calls := timeouts(p)
	for _, s := range internal {
		if dead(p, s) {
			continue
		}
		pool := s.PoolNodes()
		for n, in := range s.Status.LoadBalancer.Ingress {
			i := slices.IndexFunc(calls, func(c call) bool {
				return slices.Contains(pool, c.node) && mentions(c.text, in.IP) && atPort(c.text, in.IP, s)
			})
			proxied := in.IPMode != nil && *in.IPMode == corev1.LoadBalancerIPModeProxy
			if in.IP == "" || i < 0 && !proxied {
				continue
			}
			f := rule.Finding{Subject: object(s), Confidence: report.Possible,
				Fix: []report.Step{{Say: fmt.Sprintf("Inside the cluster, call %s.%s.svc or the cluster IP instead of %s.", s.Name, s.Namespace, in.IP), Run: rule.Kubectl("get", s.Key(), "-o jsonpath='{.spec.clusterIP}'")}}}
			if i < 0 {
				f.Why = "whether a backend calls it is not in the bundle"
				f.Message = fmt.Sprintf("The status of %s has ipMode Proxy for its internal address %s: kube-proxy leaves calls from inside the cluster to the load balancer, and Azure does not answer a backend that it sends back to itself.", s.Key(), in.IP)
				f.Cites = []report.Cite{s.Doc.Cite(fmt.Sprintf("/status/loadBalancer/ingress/%d/ipMode", n))}
				p.Find(f)
				break
			}
			c := calls[i]
			f.Services, f.Cites = []string{s.Key()}, []report.Cite{c.cite, s.Doc.Cite(fmt.Sprintf("/status/loadBalancer/ingress/%d/ip", n))}
			f.Message = fmt.Sprintf("%s timed out at %s, the internal address of %s, and runs on %s, which is one of its backends. Azure does not answer a backend that the internal load balancer sends back to itself.",
				c.who, in.IP, s.Key(), c.node)
			f.Why = "whether the load balancer sent the caller back to its own machine cannot be seen; kube-proxy answers most calls of this kind on the node"
			if aside, cites := stepsAside(p, s, c.node, proxied); aside != "" {
				f.Message += " " + aside
				f.Cites = append(f.Cites, cites...)
				f.Confidence, f.Why = report.Likely, "whether the load balancer sent the caller back to its own machine cannot be seen"
			}
			p.Find(f)
			break
		}
	}
}

// dead reports a Service that answers nobody, wherever the caller is.
func dead(p *rule.Pass, s *topology.Service) bool {
	return len(s.ReadyEndpoints()) == 0 || !slices.ContainsFunc(p.Walks.Of(s.Key()), func(w *walk.Walk) bool {
		return !slices.ContainsFunc(w.Hops, func(h report.Hop) bool {
			return h.Verdict == report.Blocks && slices.Contains([]string{walk.Frontend, walk.Rule, walk.Pool}, h.Kind)
		})
	})
}

// stepsAside says why kube-proxy did not answer the call on the node itself, empty
// where nothing tells.
func stepsAside(p *rule.Pass, s *topology.Service, node string, proxied bool) (string, []report.Cite) {
	if proxied {
		return "With ipMode Proxy in the status kube-proxy leaves such calls to the load balancer.", nil
	}
	n := p.Graph.Node(node)
	if n == nil {
		return "", nil
	}
	x := p.Graph.Proxy(n)
	var cites []report.Cite
	if c, ok := x.Cite(); ok {
		cites = append(cites, c)
	}
	switch {
	case x.State == topology.ProxyDown, x.State == topology.ProxyMissing:
		return fmt.Sprintf("kube-proxy did not answer the call on the node: %s.", x.Say), cites
	case s.Local() && x.Mode == "ipvs" && !slices.ContainsFunc(s.ReadyEndpoints(), func(e topology.Endpoint) bool { return e.NodeName == node }):
		return "kube-proxy is in ipvs mode there, and with externalTrafficPolicy Local it does not pass such calls on from a node without a pod.", cites
	}
	return "", nil
}

// atPort reports whether the port that stands after the address, if any does, is one of
// the Service's.
func atPort(text, address string, s *topology.Service) bool {
	_, rest, _ := strings.Cut(text, address+":")
	end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(rest)
	}
	return end == 0 || slices.ContainsFunc(s.Spec.Ports, func(p corev1.ServicePort) bool { return fmt.Sprint(p.Port) == rest[:end] })
}

// timeouts collects what events of pods and nodes, and kubelets, say of timeouts.
func timeouts(p *rule.Pass) []call {
	var out []call
	for _, e := range p.Snapshot.Events {
		if e.Type != corev1.EventTypeWarning || !timedOut(e.Message) {
			continue
		}
		switch e.Kind {
		case "Node":
			out = append(out, call{node: e.Name, who: "Node " + e.Name, text: e.Message, cite: e.Doc.Cite("/message")})
		case "Pod":
			if pod := podOf(p, e); pod != nil {
				out = append(out, call{node: pod.Spec.NodeName, who: "Pod " + e.Namespace + "/" + e.Name, text: e.Message, cite: e.Doc.Cite("/message")})
			}
		}
	}
	for _, r := range p.Snapshot.Records {
		if r.Log.Kind == snapshot.Kubelet && timedOut(r.Text) {
			out = append(out, call{node: nodeOf(p, r), who: "The kubelet whose log is " + r.Log.File, text: r.Text, cite: r.Cite("")})
		}
	}
	return out
}

func timedOut(text string) bool {
	text = strings.ToLower(text)
	return strings.Contains(text, "i/o timeout") || strings.Contains(text, "timed out") || strings.Contains(text, "deadline exceeded")
}

// mentions reports whether the text names the address as a whole.
func mentions(text, address string) bool {
	for rest := text; ; {
		i := strings.Index(rest, address)
		if i < 0 {
			return false
		}
		before, after := i == 0 || !part(rest[i-1]), i+len(address) == len(rest) || !part(rest[i+len(address)])
		if before && after {
			return true
		}
		rest = rest[i+len(address):]
	}
}

func part(b byte) bool { return b >= '0' && b <= '9' || b == '.' }

func podOf(p *rule.Pass, e snapshot.Event) *snapshot.Pod {
	for i := range p.Snapshot.Pods {
		if pod := &p.Snapshot.Pods[i]; pod.Namespace == e.Namespace && pod.Name == e.Name {
			return pod
		}
	}
	return nil
}

// nodeOf is the node whose name stands in a kubelet's log record or file name.
func nodeOf(p *rule.Pass, r snapshot.Record) string {
	for _, n := range p.Graph.Nodes {
		if strings.Contains(r.Text, n.Name) || strings.Contains(r.Log.File, n.Name) {
			return n.Name
		}
	}
	return ""
}
