package sync

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	"azlb/analyze/walk"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/bundle-schema/azname"
	"azlb/report"
)

// SYNC05 are two controllers that write one load balancer.
var SYNC05 = &rule.Rule{
	ID:       "AZLB-SYNC05",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "two controllers write the same load balancer and undo each other's work",
		Symptom: "Addresses, rules and backends come and go: what one sync writes the next one removes. Events repeat 412 and superseded operations although nobody else works on the cluster; nodes of another cluster stand in the backend pool.",
		Cause: "The provider takes the load balancer that is named after its cluster for its own alone, and removes from it and from its pool what it does not know. Two clusters with the same --cluster-name in one resource group, or two controllers in one cluster (the kube-controller-manager with --cloud-provider=azure beside the cloud-controller-manager, or several copies without leader election, in which they agree that only one of them works), " +
			"so write over each other. Only the name tells clusters apart; the default is kubernetes for all.",
		Fix: []report.Step{
			{Say: "One cluster: leave Services to one controller. The kube-controller-manager gets --cloud-provider=external: it then leaves load balancers to the other one.", Run: "sudoedit /etc/kubernetes/manifests/kube-controller-manager.yaml", Changes: true},
			{Say: "Several copies of one controller need --leader-elect=true.", Run: "kubectl -n kube-system edit deployment cloud-controller-manager", Changes: true},
			{Say: "Two clusters: give each a resource group of its own, or another --cluster-name to the younger one; its Services then get a new load balancer and new addresses.", Run: "kubectl -n kube-system edit deployment cloud-controller-manager", Changes: true},
		},
		References: []string{"https://cloud-provider-azure.sigs.k8s.io/install/azure-ccm/", "kubernetes/kubernetes#77630", "https://kubernetes.io/docs/tasks/administer-cluster/running-cloud-controller/"},
		Healthy: "Several copies of one controller with leader election: one works, the others wait. A kube-controller-manager with --cloud-provider=external leaves load balancers alone, as does any without the service controller. Machines in the pool that are no nodes yet, or no more, are of a scale set of which others are nodes; " +
			"leftovers of dead Services without foreign machines are told by AZLB-DEL03, addresses that two clusters mix up by AZLB-PIP08.",
	},
	Needs: rule.Needs{
		Any:   []*bundle.Evidence{&bundle.ControllerPods, &bundle.LoadBalancers},
		All:   []*bundle.Evidence{&bundle.Services, &bundle.Nodes},
		Clean: []*bundle.Evidence{&bundle.NICs, &bundle.ScaleSetNICs},
	},
	Check: checkSYNC05,
}

func checkSYNC05(p *rule.Pass) {
	if f, ok := twoControllers(p); ok {
		p.Find(f)
	}
	for i := range p.Snapshot.Loads {
		if lb := &p.Snapshot.Loads[i]; p.Graph.OwnLoadBalancer(lb) {
			if f, ok := twoClusters(p, lb); ok {
				p.Find(f)
			}
		}
	}
}

// twoControllers are two that run in this cluster and both reconcile Services.
func twoControllers(p *rule.Pass) (rule.Finding, bool) {
	var at []topology.Controller
	programs := map[snapshot.LogKind]bool{}
	loose := map[snapshot.LogKind]int{} // copies without leader election
	for _, c := range p.Graph.Controllers() {
		why, _ := c.Down()
		if why != "" || c.CloudProvider != "azure" && c.Program == snapshot.KubeController || c.Pod.DeletionTimestamp != nil || !runsServices(c) {
			continue
		}
		if c.Program == snapshot.CloudController && !c.Serves() {
			continue
		}
		programs[c.Program] = true
		if flag(c, "leader-elect") == "false" {
			loose[c.Program]++
		}
		at = append(at, c)
	}
	f := rule.Finding{Subject: report.Object{Kind: "Controller", Name: "of the cloud provider"}}
	switch {
	case len(programs) > 1:
		f.Message = "Two controllers of this cluster reconcile Services in Azure, the kube-controller-manager (--cloud-provider=azure) and the cloud-controller-manager:"
		f.Fix = []report.Step{
			{Say: "Leave Services to the cloud-controller-manager: give the kube-controller-manager --cloud-provider=external on each control-plane machine; it restarts by itself.", Run: "sudoedit /etc/kubernetes/manifests/kube-controller-manager.yaml", Changes: true}}
	case loose[snapshot.CloudController] > 1, loose[snapshot.KubeController] > 1:
		at = slices.DeleteFunc(at, func(c topology.Controller) bool { return flag(c, "leader-elect") != "false" })
		f.Message = "Several copies of a controller run with --leader-elect=false, so that each reconciles every Service in Azure:"
		f.Fix = []report.Step{{Say: "Let them elect a leader: remove --leader-elect=false.", Run: "kubectl -n kube-system edit pod " + rule.Word(at[0].Pod.Name, "POD") + " # or what makes it", Changes: true}}
		if at[0].Static() {
			f.Fix[0].Run = fmt.Sprintf("sudoedit /etc/kubernetes/manifests/%s.yaml", at[0].Program)
		} else {
			f.Fix[0].Run = fmt.Sprintf("kubectl -n kube-system edit deployment %s", at[0].Program)
		}
	default:
		return f, false
	}
	var names []string
	for _, c := range at {
		names = append(names, c.Pod.Name)
		f.Cites = append(f.Cites, c.Pod.Doc.Cite("/metadata/name"))
	}
	f.Message += " " + rule.List(names) + ". They write over each other's work."
	f.Cites = f.Cites[:min(len(f.Cites), 3)]
	harmed(p, &f, "")
	return f, true
}

// runsServices reports whether the controller's flags leave it its service controller.
func runsServices(c topology.Controller) bool {
	list := strings.Split(flag(c, "controllers"), ",")
	switch {
	case slices.Contains(list, "-service"), slices.Contains(list, "-service-lb-controller"):
		return false
	case list[0] == "":
		return true
	}
	return slices.Contains(list, "*") || slices.Contains(list, "service") || slices.Contains(list, "service-lb-controller")
}

// flag is the value of a flag of the controller's command, empty where it is not given.
func flag(c topology.Controller, name string) string {
	for _, k := range c.Pod.Spec.Containers {
		for _, a := range slices.Concat(k.Command, k.Args) {
			if v, ok := strings.CutPrefix(strings.TrimLeft(a, "-"), name+"="); ok {
				return v
			}
		}
	}
	return ""
}

// twoClusters is a load balancer with frontends of Services that are not of this cluster,
// before machines of scale sets that are not of this cluster either.
func twoClusters(p *rule.Pass, lb *snapshot.LoadBalancer) (rule.Finding, bool) {
	if !p.Complete(&bundle.Services, "") || !p.Complete(&bundle.Nodes, "") {
		return rule.Finding{}, false
	}
	mine := map[string]bool{}
	for _, n := range p.Graph.Nodes {
		mine[strings.ToLower(n.Group+"/"+n.ScaleSet)] = true
	}
	var sets, frontends []string
	f := rule.Finding{Subject: report.Object{Kind: "LoadBalancer", Name: lb.Name}}
	for i := range lb.Pools {
		for _, m := range p.Graph.Members(&lb.Pools[i]) {
			id, ok := az.ParseID(m.ID)
			set := id.Name("virtualMachineScaleSets")
			if !ok || m.Node != nil || set == "" || mine[strings.ToLower(id.Group+"/"+set)] || slices.Contains(sets, set) {
				continue
			}
			sets = append(sets, set)
			f.Cites = append(f.Cites, lb.Doc.Cite(m.At))
		}
	}
	for _, fe := range lb.Frontends {
		prefix, ok := azname.ParsePrefix(fe.Name)
		if ok && !slices.ContainsFunc(p.Graph.Services, func(s *topology.Service) bool { return s.Prefix == prefix || s.UID == "" }) {
			frontends = append(frontends, fe.Name)
			if len(frontends) <= 2 {
				f.Cites = append(f.Cites, lb.Doc.Cite(fe.At+"/name"))
			}
		}
	}
	if len(sets) == 0 || len(frontends) == 0 {
		return f, false
	}
	f.Cites = f.Cites[:min(len(f.Cites), 4)]
	f.Confidence, f.Why = report.Likely, "the other cluster itself is not in the bundle"
	f.Message = fmt.Sprintf("Another cluster of the same name uses load balancer %s as well: machines of scale set %s, of which none is a node of this cluster, stand in its pool, and frontend %s belongs to no Service of this cluster. Each cluster's controller removes what it does not know.",
		lb.Name, rule.List(sets), rule.List(frontends))
	f.Fix = []report.Step{
		{Say: "Find the other cluster by its machines.", Run: fmt.Sprintf("az vmss show -g %s -n %s --query tags", rule.Word(az.GroupOf(lb.ID), "GROUP"), rule.Word(sets[0], "SCALESET"))},
		{Say: "Give one of the two, best the younger, another name (--cluster-name of its controller) or a resource group of its own; its Services then get a new load balancer and new addresses.", Run: "kubectl -n kube-system edit deployment cloud-controller-manager", Changes: true},
	}
	harmed(p, &f, lb.ID)
	return f, true
}

// harmed names the Services that had what only the provider makes and have lost it, and
// those that wait since their writes of an object meet others for long, of any object where
// id is empty; none: nobody is harmed yet, and it is a warning.
func harmed(p *rule.Pass, f *rule.Finding, id string) {
	for _, s := range p.Graph.Served() {
		lacks := slices.ContainsFunc(p.Walks.Of(s.Key()), func(w *walk.Walk) bool {
			h := w.Blocked()
			return h != nil && h.State == report.HopAbsent && slices.Contains([]string{walk.Frontend, walk.Rule, walk.Pool}, h.Kind)
		})
		if lacks && len(s.Status.LoadBalancer.Ingress) > 0 {
			f.Services = append(f.Services, s.Key())
		}
	}
	if waiting, errs := meeting(p, id); len(errs) > 0 {
		told := rule.Tell(errs)
		f.Message += fmt.Sprintf(" Writes %s meet others, %s.", of(waiting), told.Span())
		f.Cites = append(f.Cites, told.Cites...)
		f.Services = append(f.Services, waiting...)
		slices.Sort(f.Services)
		f.Services = slices.Compact(f.Services)
	}
	if len(f.Services) == 0 {
		f.Severity = report.Warning
	}
}

// meeting are the Services that wait since their writes of an object, of any where id is
// empty, meet others for long, and the errors that say so.
func meeting(p *rule.Pass, id string) ([]string, []*errtext.Error) {
	var meet []*errtext.Error
	for _, s := range p.Graph.Served() {
		for _, e := range p.Errors.Current(s.Key()) {
			if (rule.IsStale(e) || rule.Overlapped(e)) && (id == "" || strings.EqualFold(whole(e.Target), id)) {
				meet = append(meet, e)
			}
		}
	}
	var f rule.Finding
	if errs := p.Retried(&f, meet); len(errs) > 0 && f.Severity == "" && len(f.Services) > 0 {
		return f.Services, errs
	}
	return nil, nil
}
