package probe

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/rule"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// PROBE07 is the IPv6 health probe, which Cilium may drop.
var PROBE07 = &rule.Rule{
	ID:       "AZLB-PROBE07",
	Severity: report.Info,
	Doc: report.Doc{
		Title:   "Cilium may drop the health probe of the IPv6 frontend",
		Symptom: "The Service's IPv6 address times out from outside while its IPv4 address works; Azure shows the backends as unhealthy for IPv6 only.",
		Cause: "Azure's IPv6 health probe comes from a link-local address (fe80::1234:5678:9abc), which by the rules of IPv6 no router passes on. On its way to a pod it has to be passed on, so nodes must give it another source address first; AKS nodes do that with nftables. " +
			"Where Cilium does the work of kube-proxy, the answer of the pod found no way back, or the probe was dropped, in several releases of Cilium.",
		Fix: []report.Step{
			{Say: "See whether Azure finds the backends healthy for the IPv6 frontend.", Run: "az monitor metrics list --resource LOAD_BALANCER_ID --metric DipAvailability --interval PT1M --dimension BackendIPAddress FrontendIPAddress -o table"},
			{Say: "See on a node whether Cilium drops the probe.", Run: "kubectl exec -n kube-system CILIUM_POD -- cilium-dbg monitor --type drop"},
			{Say: "With externalTrafficPolicy Local the node answers the probe itself, and nothing has to be passed on; then every node that is to serve needs a pod.", Run: "kubectl patch service -n NAMESPACE SERVICE -p '{\"spec\":{\"externalTrafficPolicy\":\"Local\"}}'", Changes: true},
		},
		References: []string{"cilium/cilium#25242", "cilium/cilium#31326", "Azure/AgentBaker#2393"},
		Affects:    "Cilium in the place of kube-proxy, with IPv6 and externalTrafficPolicy Cluster",
		Healthy:    "Every dual-stack cluster with Cilium has these signs, and newer ones work: without Azure's metric of the probe it is never more than a possible information, and of no Service. Where kube-proxy runs, or with externalTrafficPolicy Local, the rule is silent.",
	},
	Needs: rule.Needs{Any: []*bundle.Evidence{&bundle.LoadBalancers, &bundle.ControllerPods}, All: []*bundle.Evidence{&bundle.Services, &bundle.LoadBalancers, &bundle.ControllerPods}, Clean: rule.Backends},
	Check: checkPROBE07,
}

func checkPROBE07(p *rule.Pass) {
	asked := false
	for _, s := range p.Graph.Served() {
		i := slices.IndexFunc(s.Paths, func(x *topology.Path) bool { return x.Family == corev1.IPv6Protocol && x.Probe.To != nil })
		if i < 0 {
			continue
		}
		asked = true
		x := s.Paths[i]
		if s.Local() || x.Probe.To.Port == proxyPort || x.Probe.To.Port == relayPort {
			continue // the node answers
		}
		for _, m := range x.Members {
			if m.Node == nil {
				continue
			}
			agent := p.Graph.Proxy(m.Node)
			c, ok := agent.Cite()
			if agent.Name != "Cilium" || !ok {
				continue
			}
			lb := x.Frontend.To.LB
			f := rule.Finding{Subject: rule.Subject(s.Key()), Confidence: report.Possible, Why: "whether the probe is dropped is not in the bundle; Azure's metric of the probe (DipAvailability) tells",
				Message: fmt.Sprintf("%s has an IPv6 frontend whose health probe goes through Cilium to a pod (port %d). Some releases of Cilium drop it, as it comes from a link-local address. Look here if only the IPv6 address times out.", s.Key(), x.Probe.To.Port),
				Cites:   []report.Cite{lb.Doc.Cite(x.Probe.To.At + "/port"), c}}
			f.Fix = []report.Step{
				{Say: "See whether Azure finds the backends healthy for the IPv6 frontend.", Run: "az monitor metrics list --resource " + rule.Word(lb.ID, "LOAD_BALANCER_ID") + " --metric DipAvailability --interval PT1M --dimension BackendIPAddress FrontendIPAddress -o table"},
				{Say: "See on a node whether Cilium drops the probe.", Run: "kubectl exec -n kube-system " + rule.Word(agent.Pod.Name, "CILIUM_POD") + " -- cilium-dbg monitor --type drop"},
			}
			p.Find(f)
			break
		}
	}
	if !asked {
		p.NotApplicable("no Service has an IPv6 frontend with a health probe")
	}
}
