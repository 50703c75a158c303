package datapath

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	"azlb/analyze/walk"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// DATA04 is a Service without a ready endpoint that the load balancer reaches.
var DATA04 = &rule.Rule{
	ID:       "AZLB-DATA04",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "no ready pod stands behind the Service where the load balancer looks for one",
		Symptom: "The Service has its address and everything in Azure looks right, but connections are refused or time out, inside the cluster as well (with externalTrafficPolicy Local only from outside).",
		Cause: "The load balancer only brings packets to nodes; kube-proxy there needs a ready endpoint. There is none if the selector matches no pod, or if the pods are not ready. " +
			"With externalTrafficPolicy Local a node passes packets only to pods of its own, so that ready pods on nodes outside the backend pool (control plane, excluded or virtual nodes) do not help.",
		Fix: []report.Step{
			{Say: "Compare the selector with the pods.", Run: "kubectl get pods -n NAMESPACE -l SELECTOR -o wide"},
			{Say: "See why they are not ready.", Run: "kubectl describe pods -n NAMESPACE -l SELECTOR"},
			{Say: "With externalTrafficPolicy Local: let pods run on nodes of the backend pool, or let all nodes pass packets on (the client's address is then lost).",
				Run: "kubectl patch service -n NAMESPACE SERVICE -p '{\"spec\":{\"externalTrafficPolicy\":\"Cluster\"}}'", Changes: true},
		},
		References: []string{"https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/", "https://kubernetes.io/docs/tasks/access-application-cluster/create-external-load-balancer/#preserving-the-client-source-ip", "Azure/AKS#360"},
		Healthy:    "A Service whose selector matches no pod at all may be scaled to zero or wait for its application; that is told as an information. Endpoints of a Service without a selector are somebody else's. With externalTrafficPolicy Local it is by design that nodes without a pod fail the health probe, as long as one node of the pool has a ready pod.",
	},
	Needs: rule.Needs{
		Any:   []*bundle.Evidence{&bundle.EndpointSlices},
		All:   []*bundle.Evidence{&bundle.Services},
		Clean: rule.Backends, // with externalTrafficPolicy Local
	},
	FollowsFrom: []string{"AZLB-DATA01", "AZLB-DATA10", "AZLB-DATA11", "AZLB-POOL03", "AZLB-POOL18", "AZLB-POOL19", "AZLB-SKU03"},
	Check:       checkDATA04,
}

func checkDATA04(p *rule.Pass) {
	for _, s := range p.Graph.Served() {
		if len(s.Spec.Selector) == 0 || len(s.Slices()) == 0 && !s.EndpointsKnown() {
			continue
		}
		switch {
		case len(s.ReadyEndpoints()) == 0 && len(readyPods(s)) > 0:
			if p.Snapshot.Now.Sub(s.CreationTimestamp.Time) > patience {
				p.Find(notListed(s))
			}
		case len(s.ReadyEndpoints()) == 0:
			p.Find(noneReady(p, s))
		case s.Local():
			if f, ok := noneLocal(s); ok {
				p.Find(f)
			}
		}
	}
}

// severity is an error where clients already have an address to be disappointed at;
// while the Service waits for one, something else is wrong first.
func severity(s *topology.Service) report.Severity {
	if len(s.Status.LoadBalancer.Ingress) == 0 {
		return report.Warning
	}
	return report.Error
}

// noneReady is a Service without any ready endpoint.
func noneReady(p *rule.Pass, s *topology.Service) rule.Finding {
	f := rule.Finding{Subject: object(s), Services: []string{s.Key()}, Severity: severity(s), Cites: []report.Cite{s.Doc.Cite("/spec/selector")}}
	if list := s.Slices(); len(list) > 0 {
		f.Cites = append(f.Cites, list[0].Doc.Cite("/endpoints"))
	} else {
		f.Absence = []*bundle.Evidence{&bundle.EndpointSlices}
	}
	selector := selectorOf(s)
	look := report.Step{Say: "Compare the selector with the pods.", Run: fmt.Sprintf("kubectl get pods -n %s -l %s -o wide", rule.Word(s.Namespace, "NAMESPACE"), rule.Word(selector, "SELECTOR"))}
	pods := living(s)
	if len(pods) == 0 && len(s.Endpoints) == 0 {
		f.Severity = report.Info
		f.Message = fmt.Sprintf("No pod stands behind %s: its selector (%s) matches none. If the application is not scaled to zero on purpose, the selector or the pods' labels are wrong.", s.Key(), selector)
		if !p.Complete(&bundle.Pods, s.Namespace) {
			f.Confidence, f.Why = report.Likely, "the pods of the namespace are not in the bundle; pods that never got an address would not show"
		}
		f.Fix = []report.Step{look}
		return f
	}
	f.Message = fmt.Sprintf("%s has no ready endpoint: its selector (%s) matches %s, and none is ready.", s.Key(), selector, count(max(len(pods), len(s.Endpoints)), "pod"))
	if why, cites := unready(p, pods); why != "" {
		f.Message += " " + why
		f.Cites = append(f.Cites, cites...)
	}
	f.Fix = []report.Step{look, {Say: "See why the pods are not ready: conditions, events and the last words of their containers.", Run: fmt.Sprintf("kubectl describe pods -n %s -l %s", rule.Word(s.Namespace, "NAMESPACE"), rule.Word(selector, "SELECTOR"))}}
	if len(pods) > 0 {
		f.Fix = append(f.Fix, report.Step{Say: "Read what a container says.", Run: fmt.Sprintf("kubectl logs -n %s %s --all-containers --tail=50", rule.Word(s.Namespace, "NAMESPACE"), rule.Word(pods[0].Name, "POD"))})
	}
	return f
}

// patience is how long the endpoints of a new Service may take; seconds are usual.
const patience = time.Minute

// readyPods are the pods of a Service that say of themselves that they are ready.
func readyPods(s *topology.Service) []*snapshot.Pod {
	return slices.DeleteFunc(living(s), func(pod *snapshot.Pod) bool {
		return pod.DeletionTimestamp != nil || !slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
			return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
		})
	})
}

// notListed is a Service of which no endpoint is ready although pods are.
func notListed(s *topology.Service) rule.Finding {
	pods := readyPods(s)
	f := rule.Finding{Subject: object(s), Services: []string{s.Key()}, Severity: severity(s), Confidence: report.Likely,
		Why:   "the pods and the EndpointSlices were read one after the other and may have changed between",
		Cites: []report.Cite{s.Doc.Cite("/spec/selector"), pods[0].Doc.Cite("/status/phase")}}
	if list := s.Slices(); len(list) > 0 {
		f.Cites = append(f.Cites, list[0].Doc.Cite("/endpoints"))
	} else {
		f.Absence = []*bundle.Evidence{&bundle.EndpointSlices}
	}
	f.Message = fmt.Sprintf("%s has no ready endpoint, although its selector (%s) matches %s in condition Ready: Kubernetes has not listed what is there. The endpoint controllers in the kube-controller-manager may not run.",
		s.Key(), selectorOf(s), count(len(pods), "pod"))
	f.Fix = []report.Step{
		{Say: "Compare the endpoints with the pods once more.", Run: fmt.Sprintf("kubectl get endpointslices,pods -n %s -o wide", rule.Word(s.Namespace, "NAMESPACE"))},
		{Say: "If they still differ, see whether the kube-controller-manager runs.", Run: "kubectl -n kube-system get pods -l component=kube-controller-manager -o wide"},
	}
	return f
}

// living are a Service's pods that have not ended.
func living(s *topology.Service) []*snapshot.Pod {
	return slices.DeleteFunc(slices.Clone(s.Pods), ended)
}

func ended(pod *snapshot.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}

// unready says why the pods are not ready, as far as the first of them tells.
func unready(p *rule.Pass, pods []*snapshot.Pod) (string, []report.Cite) {
	for _, pod := range pods {
		for i, c := range pod.Status.Conditions {
			if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
				return fmt.Sprintf("Pod %s is on no node (%s: %s).", pod.Name, c.Reason, snapshot.Quote(c.Message)), []report.Cite{pod.Doc.Cite(fmt.Sprintf("/status/conditions/%d/reason", i))}
			}
		}
		for i, st := range pod.Status.ContainerStatuses {
			at := fmt.Sprintf("/status/containerStatuses/%d", i)
			if w := st.State.Waiting; w != nil && w.Reason != "" {
				return fmt.Sprintf("Container %s of pod %s waits: %s.", st.Name, pod.Name, w.Reason), []report.Cite{pod.Doc.Cite(at + "/state/waiting/reason")}
			}
		}
		for _, e := range p.Snapshot.Events {
			if e.Kind == "Pod" && e.Namespace == pod.Namespace && e.Name == pod.Name && e.Reason == "Unhealthy" {
				return fmt.Sprintf("Pod %s: %s.", pod.Name, strings.TrimSuffix(snapshot.Quote(e.Message), ".")), []report.Cite{e.Doc.Cite("/message")}
			}
		}
		for i, c := range pod.Status.Conditions {
			if c.Type == corev1.PodReady && c.Status != corev1.ConditionTrue {
				return fmt.Sprintf("Pod %s runs on %s but is not Ready.", pod.Name, orNone(pod.Spec.NodeName)), []report.Cite{pod.Doc.Cite(fmt.Sprintf("/status/conditions/%d/status", i))}
			}
		}
	}
	return "", nil
}

// noneLocal is a Service with externalTrafficPolicy Local whose ready pods are all
// on nodes that are not in its backend pool.
func noneLocal(s *topology.Service) (rule.Finding, bool) {
	pool := s.PoolNodes()
	if len(pool) == 0 || slices.ContainsFunc(s.Paths, func(x *topology.Path) bool {
		return walk.LocalEndpoints(x) > 0 || slices.ContainsFunc(x.Members, func(m *topology.Member) bool { return m.Node == nil })
	}) {
		return rule.Finding{}, false
	}
	var nodes, outside []string
	f := rule.Finding{Subject: object(s), Services: []string{s.Key()}, Severity: severity(s), Cites: []report.Cite{s.Doc.Cite("/spec/externalTrafficPolicy")}}
	for _, e := range s.ReadyEndpoints() {
		if e.NodeName == "" || slices.Contains(pool, e.NodeName) { // of another port
			return rule.Finding{}, false
		}
		if slices.Contains(nodes, e.NodeName) {
			continue
		}
		nodes = append(nodes, e.NodeName)
		outside = append(outside, e.NodeName+" ("+whyOutside(e.Node)+")")
		f.Cites = append(f.Cites, e.Slice.Doc.Cite(fmt.Sprintf("/endpoints/%d/nodeName", e.Index)))
	}
	if w := s.Paths[0]; w.Pool.To != nil {
		f.Cites = append(f.Cites, w.Frontend.To.LB.Doc.Cite(w.Pool.To.At+"/name"))
	}
	f.Message = fmt.Sprintf("%s has externalTrafficPolicy Local, so a node passes packets only to pods of its own. Its ready %s on %s, not on any of the %d nodes of the backend pool.",
		s.Key(), are(len(s.ReadyEndpoints()), "pod"), rule.List(outside), len(pool))
	f.Fix = []report.Step{
		{Say: "See where the pods run and why (node selectors, tolerations, affinity).", Run: fmt.Sprintf("kubectl get pods -n %s -l %s -o wide", rule.Word(s.Namespace, "NAMESPACE"), rule.Word(selectorOf(s), "SELECTOR"))},
		rule.PassOn(s, "Let pods run on nodes of the backend pool; or, if the client's address does not matter, let every node pass packets on."),
	}
	return f, true
}

// whyOutside says why a node is in no backend pool.
func whyOutside(n *topology.Node) string {
	switch {
	case n == nil:
		return "not in the bundle"
	case n.Virtual():
		return "a virtual node"
	case n.Excluded():
		return "excluded by a label"
	case n.ControlPlane():
		return "a control-plane node"
	}
	return "not in the pool"
}

// selectorOf is the selector as kubectl takes it.
func selectorOf(s *topology.Service) string {
	var parts []string
	for k, v := range s.Spec.Selector {
		parts = append(parts, k+"="+v)
	}
	slices.Sort(parts)
	return strings.Join(parts, ",")
}

func count(n int, what string) string {
	if n == 1 {
		return "one " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func are(n int, what string) string {
	if n == 1 {
		return what + " is"
	}
	return fmt.Sprintf("%ss are", what)
}

func orNone(node string) string {
	if node == "" {
		return "no node"
	}
	return node
}
