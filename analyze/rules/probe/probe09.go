package probe

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/azname"
	"azlb/report"
)

// PROBE09 is a fault of the shared probe mode: the one probe of all Services is gone
// or altered, or kube-proxy, which answers it, is not ready.
var PROBE09 = &rule.Rule{
	ID:       "AZLB-PROBE09",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the shared health probe of all Services is missing, is altered, or kube-proxy does not answer it",
		Symptom: "All Services with externalTrafficPolicy Cluster lose their traffic at once, or nodes leave the load balancer although their pods are well; or every sync fails with InvalidResourceReference.",
		Cause: "With clusterServiceLoadBalancerHealthProbeMode shared one probe, " + azname.SharedProbe + ", stands for all Services of a load balancer. kube-proxy answers it on every node, by default at port 10256 with the path /healthz (on AKS at 10356, through a relay beside it): the probe tells whether the node can pass packets on, not whether an application answers. " +
			"A node whose kube-proxy is not ready gets no traffic for any of these Services. A build before the first releases with the mode deleted the probe together with one Service while others used it, so that Azure refused every later write.",
		Fix: []report.Step{
			{Say: "See whether kube-proxy runs on every node.", Run: "kubectl get pods -n kube-system -l k8s-app=kube-proxy -o wide"},
			{Say: "See the probe.", Run: "az network lb probe show -g GROUP --lb-name kubernetes -n " + azname.SharedProbe},
			{Say: "Make the provider sync one of the Services; it then writes the probe anew.", Run: "kubectl annotate service -n NAMESPACE SERVICE azlb-resync=\"$(date +%s)\" --overwrite", Changes: true},
			{Say: "Run a released cloud-controller-manager of 1.28.5, 1.29.0 or later.", Changes: true},
		},
		References: []string{"https://learn.microsoft.com/azure/aks/shared-health-probes", "kubernetes-sigs/cloud-provider-azure#5042", "kubernetes-sigs/cloud-provider-azure#8732"},
		Affects:    "the mode: 1.28.5 and 1.29.0; a probe that stays when no Service uses it any more: fixed in 1.29.14, 1.30.11, 1.31.5, 1.32.4 and 1.33.0",
		Healthy:    "A cluster without the shared mode has no such probe. One kube-proxy of several that restarts, as in an update, is told as an information. Nodes without a kube-proxy pod run it otherwise (Windows, k3s) or have a replacement: nothing is said of them.",
	},
	Needs:       rule.Needs{Any: []*bundle.Evidence{&bundle.LoadBalancers, &bundle.ControllerPods}, All: compared.All, Clean: []*bundle.Evidence{&bundle.CloudConfig, &bundle.KubeVersion, &bundle.Nodes, &bundle.Events, &bundle.ControllerLog}},
	FollowsFrom: []string{"AZLB-DATA09", "AZLB-DATA06", "AZLB-DATA01", "AZLB-POOL18", "AZLB-POOL19"},
	Texts:       []rule.Text{{Codes: []string{"InvalidResourceReference"}, Pattern: regexp.MustCompile("/probes/" + azname.SharedProbe), Raw: true}},
	Check:       checkPROBE09,
}

func checkPROBE09(p *rule.Pass) {
	for _, probes := range together(changed(p), (*altered).shared) {
		p.Find(told(p, probes.All, ""))
	}
	if errs := p.Current(p.Knows); len(errs) > 0 {
		p.Find(refused(errs))
	}
	inUse := false
	for i := range p.Snapshot.Loads {
		lb := &p.Snapshot.Loads[i]
		probe := present(lb, azname.SharedProbe)
		if probe == nil || !p.Graph.OwnLoadBalancer(lb) {
			continue
		}
		services := probed(p, lb)
		if len(services) == 0 {
			p.Find(unused(lb, probe.At))
			continue
		}
		inUse = true
		unanswered(p, lb, probe.At, services)
	}
	if !inUse && !p.Wants.Settings.SharedProbe.V {
		p.NotApplicable("no load balancer has the probe of the shared mode, and no setting asks for it")
	}
}

// refused tells of Azure's refusal of a load balancer whose rules refer to the shared
// probe that it no longer has.
func refused(errs []*errtext.Error) rule.Finding {
	t := rule.Tell(errs)
	return rule.Finding{Subject: report.Object{Kind: "Probe", Name: azname.SharedProbe}, Services: t.Services, Cites: t.Cites, Errors: errs,
		Message: fmt.Sprintf("Azure refuses the load balancer with InvalidResourceReference, %s: its rules refer to the shared probe %s, which is no longer in it. The sync fails until the probe is written again.", t.Span(), azname.SharedProbe)}
}

// probed are the Services with a rule that has the shared probe.
func probed(p *rule.Pass, lb *snapshot.LoadBalancer) []*topology.Service {
	var out []*topology.Service
	for _, s := range p.Graph.Services {
		if slices.ContainsFunc(s.Paths, func(x *topology.Path) bool {
			return x.Probe.To != nil && x.Frontend.To.LB == lb && strings.EqualFold(x.Probe.To.Name, azname.SharedProbe)
		}) {
			out = append(out, s)
		}
	}
	return out
}

func unused(lb *snapshot.LoadBalancer, at string) rule.Finding {
	return rule.Finding{Subject: report.Object{Kind: "LoadBalancer", Name: lb.Name + "/" + azname.SharedProbe}, Severity: report.Info, Cites: []report.Cite{lb.Doc.Cite(at + "/name")},
		Message: fmt.Sprintf("No Service of the bundle uses the shared probe of %s. It stays when the last Service changes to externalTrafficPolicy Local, and harms nothing.", lb.Name)}
}

// unanswered tells of nodes in the pool whose kube-proxy is not ready.
func unanswered(p *rule.Pass, lb *snapshot.LoadBalancer, at string, services []*topology.Service) {
	var pool, keys, down []string
	cites := []report.Cite{lb.Doc.Cite(at + "/port")}
	var fix []report.Step
	for _, s := range services {
		keys = append(keys, s.Key())
		pool = append(pool, s.PoolNodes()...)
	}
	slices.Sort(pool)
	pool = slices.Compact(pool)
	for _, n := range p.Graph.Nodes {
		x := p.Graph.Proxy(n)
		if x.State != topology.ProxyDown || !slices.Contains(pool, n.Name) {
			continue
		}
		if c, ok := x.Cite(); ok {
			cites = append(cites, c)
		}
		down = append(down, n.Name)
		fix = append(fix, report.Step{Say: fmt.Sprintf("See why %s of %s is not ready.", x.Name, n.Name), Run: "kubectl describe pod -n kube-system " + rule.Word(x.Pod.Name, "POD")})
	}
	if len(down) == 0 {
		return
	}
	slices.Sort(down)
	f := rule.Finding{Subject: report.Object{Kind: "LoadBalancer", Name: lb.Name + "/" + azname.SharedProbe}, Cites: cites[:min(len(cites), 4)], Fix: fix[:min(len(fix), 3)]}
	f.Message = fmt.Sprintf("kube-proxy answers the shared probe of %s, and it is not ready on %s: Azure sends nothing there.", lb.Name, rule.List(down))
	if len(down) < len(pool) {
		f.Severity = report.Info
		f.Message += fmt.Sprintf(" %d other nodes carry the Services.", len(pool)-len(down))
	} else {
		f.Services = keys
		f.Message += fmt.Sprintf(" No other node carries %s.", rule.List(keys))
	}
	p.Find(f)
}
