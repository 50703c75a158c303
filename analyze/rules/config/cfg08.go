package config

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/topology"
	"azlb/analyze/walk"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// CFG08 is a Service for which the service controller found no node.
var CFG08 = &rule.Rule{
	ID:       "AZLB-CFG08",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "no node is available for the load balancer",
		Symptom: "An event UnAvailableLoadBalancer says `There are no available nodes for LoadBalancer`. The Service gets an address that nobody answers at, or keeps the backends that it had.",
		Cause: "Before the provider is asked, the service controller chooses the nodes that may be behind a load balancer: none that is labelled to be kept out, is being deleted or is about to be deleted by the autoscaler; in older releases none that is not Ready, cordoned or of the control plane either. " +
			"If no node is left it says so and goes on: the load balancer is made or kept without a new backend. Releases up to 2022 empty the pools then, newer ones leave the last members in.",
		Fix: []report.Step{
			{Say: "See the nodes, their labels and their state.", Run: "kubectl get nodes --show-labels"},
			{Say: "Take the label off the nodes that should get traffic.", Run: "kubectl label node NODE node.kubernetes.io/exclude-from-external-load-balancers-", Changes: true},
			{Say: "Or repair or add a node; the controller sees it by itself."},
		},
		References: []string{"kubernetes/kubernetes#53196", "https://kubernetes.io/docs/reference/labels-annotations-taints/#node-kubernetes-io-exclude-from-external-load-balancers", "listWithPredicates and ensureLoadBalancer in k8s.io/cloud-provider"},
		Affects:    "the event exists since 1.10; which nodes are left out changed in 1.19, 1.21 and 1.27",
		Healthy:    "A Service that was made before the first node joined has this event too; so has any once its nodes were away for a moment. The rule speaks only while no node is available in the bundle either.",
	},
	Needs:       rule.Needs{All: []*bundle.Evidence{&bundle.Services, &bundle.Nodes}, Any: []*bundle.Evidence{&bundle.Events, &bundle.ControllerLog, &bundle.KubeVersion}},
	FollowsFrom: []string{"AZLB-POOL02", "AZLB-POOL03", "AZLB-POOL04", "AZLB-POOL19", "AZLB-DATA01"},
	Texts:       []rule.Text{rule.Reasons("UnAvailableLoadBalancer"), rule.Says(`(?i)there are no available nodes for loadbalancer`)},
	Check:       checkCFG08,
}

func checkCFG08(p *rule.Pass) {
	errs := slices.DeleteFunc(p.Current(p.Knows), func(e *errtext.Error) bool {
		s := p.Graph.Service(e.Service)
		return s == nil || s.Foreign() || s.Deleting()
	})
	if len(errs) == 0 || !p.Complete(&bundle.Nodes, "") {
		return
	}
	byReason := map[string][]string{}
	var reasons []string
	var cites []report.Cite
	for _, n := range p.Graph.Nodes {
		reason, pointer := leftOut(n, p.Graph.Minor())
		if reason == "" {
			return // a node is there again, and the controller will have seen it
		}
		if byReason[reason] == nil {
			reasons = append(reasons, reason)
			cites = append(cites, n.Doc.Cite(pointer))
		}
		byReason[reason] = append(byReason[reason], n.Name)
	}
	say := "The cluster has no node."
	if len(reasons) > 0 {
		var parts []string
		slices.Sort(reasons)
		for _, r := range reasons {
			slices.Sort(byReason[r])
			parts = append(parts, rule.List(byReason[r])+" "+r)
		}
		say = "Every node is left out: " + strings.Join(parts, "; ") + "."
	}
	var dead, alive []*errtext.Error
	for _, e := range errs {
		if backless(p, e.Service) {
			dead = append(dead, e)
		} else {
			alive = append(alive, e)
		}
	}
	if len(dead) > 0 {
		f := unavailable(p, dead, cites, say)
		f.Message += fmt.Sprintf(" %s has no backend.", rule.List(f.Services))
		p.Find(f)
	}
	if len(alive) > 0 {
		f := unavailable(p, alive, cites, say)
		f.Severity = report.Warning
		f.Message += fmt.Sprintf(" Whether %s still has backends depends on what its pools keep; no node joins them.", rule.List(f.Services))
		p.Find(f)
	}
}

// leftOut is why the service controller passes a node over, with its place in the node's
// document; empty: it does not. minor is that of the API server; the controller's may be
// one less. Where it is 0, not known, only what counts in every release does.
func leftOut(n *topology.Node, minor int) (why, pointer string) {
	until := func(last int) bool { return minor != 0 && minor <= last+1 }
	label := func(key string) string { return "/metadata/labels/" + strings.ReplaceAll(key, "/", "~1") }
	for _, key := range []string{topology.ExcludeLabel, topology.AlphaExcludeLabel} {
		if _, ok := n.Labels[key]; ok && (key == topology.ExcludeLabel || until(18)) {
			return "labelled " + key, label(key)
		}
	}
	if n.DeletionTimestamp != nil {
		return "being deleted", "/metadata/deletionTimestamp"
	}
	for i, t := range n.Spec.Taints {
		if t.Key == topology.AutoscalerTaint {
			return "about to be deleted by the cluster autoscaler", fmt.Sprintf("/spec/taints/%d/key", i)
		}
	}
	switch {
	case n.Ready() != corev1.ConditionTrue && until(26):
		return "not Ready", "/status/conditions"
	case n.Spec.Unschedulable && until(18):
		return "cordoned", "/spec/unschedulable"
	case n.ControlPlane() && until(21):
		return "of the control plane", "/metadata/labels"
	}
	return "", ""
}

// backless reports whether a Service is known to have no backend, or no address at all.
func backless(p *rule.Pass, key string) bool {
	return len(p.Graph.Service(key).Status.LoadBalancer.Ingress) == 0 || slices.ContainsFunc(p.Walks.Of(key), func(w *walk.Walk) bool {
		h := w.Hop(walk.Pool)
		return h != nil && h.Verdict == report.Blocks
	})
}

// unavailable is the finding about Services with the event.
func unavailable(p *rule.Pass, errs []*errtext.Error, cites []report.Cite, say string) rule.Finding {
	told := rule.Tell(errs)
	f := rule.Finding{Subject: report.Object{Kind: "Node", Name: "of the cluster"}, Services: told.Services, Cites: append(told.Cites, cites...),
		Message: fmt.Sprintf("The service controller found no node for %s (%q, %s). %s", rule.List(told.Services), errs[len(errs)-1].Message, told.Span(), say)}
	if len(cites) == 0 {
		f.Absence = []*bundle.Evidence{&bundle.Nodes}
	}
	f.Fix = []report.Step{{Say: "See the nodes, their labels and their state.", Run: "kubectl get nodes --show-labels"}}
	for _, n := range p.Graph.Nodes {
		if _, ok := n.Labels[topology.ExcludeLabel]; ok && len(f.Fix) < 4 {
			f.Fix = append(f.Fix, report.Step{Say: fmt.Sprintf("Take the label off %s if it should get traffic.", n.Name), Changes: true, Run: fmt.Sprintf("kubectl label node %s %s-", rule.Word(n.Name, "NODE"), topology.ExcludeLabel)})
		}
	}
	return f
}
