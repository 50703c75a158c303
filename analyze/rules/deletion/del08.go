package deletion

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"azlb/analyze/desired"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/bundle-schema/azname"
	"azlb/report"
)

// DEL08 is what a Service left in Azure when it stopped being a LoadBalancer.
var DEL08 = &rule.Rule{
	ID:       "AZLB-DEL08",
	Severity: report.Warning,
	Doc: report.Doc{
		Title:   "a Service that is no LoadBalancer any more still has a frontend, rules or a public IP in Azure",
		Symptom: "The type of a Service was changed to ClusterIP, NodePort or ExternalName; its old public address still answers or times out instead of being gone, and it is still paid for. New Services may reach limits early.",
		Cause: "When the type changes, the service controller asks the provider to delete everything that it made for the Service, and takes its finalizer off the Service when that is done. " +
			"For ExternalName the provider did not do so before 1.28.14, 1.29.12, 1.30.8, 1.31.2 and 1.32. In other cases the clean-up has failed or is not finished; as long as the finalizer is there the controller tries again.",
		Fix: []report.Step{
			{Say: "Look whether the Service still has the finalizer service.kubernetes.io/load-balancer-cleanup: then the controller tries by itself, and its errors say what stands in the way.", Run: "kubectl get service -n NAMESPACE SERVICE -o yaml"},
			{Say: "Else remove what is left, in this order.", Run: "az network lb rule delete -g GROUP --lb-name kubernetes -n RULE && az network lb probe delete -g GROUP --lb-name kubernetes -n PROBE && az network lb frontend-ip delete -g GROUP --lb-name kubernetes -n FRONTEND && az network public-ip delete -g GROUP -n PUBLIC_IP", Changes: true},
		},
		References: []string{"kubernetes-sigs/cloud-provider-azure#7568", "https://cloud-provider-azure.sigs.k8s.io/topics/loadbalancer/"},
		Affects:    "ExternalName: before 1.28.14, 1.29.12, 1.30.8, 1.31.2 and 1.32",
		Healthy:    "Services of other types never had anything in Azure. A frontend that a Service of type LoadBalancer shares stays with the name of the first, whatever became of that. What a deleted Service left is another matter.",
	},
	Needs: rule.Needs{
		Any: []*bundle.Evidence{&bundle.PublicIPs, &bundle.LoadBalancers},
		All: []*bundle.Evidence{&bundle.Services},
	},
	FollowsFrom: []string{"AZLB-LOCK02"},
	Check:       checkDEL08,
}

// keepsExternalName is the provider that does not clean up after a Service which
// became an ExternalName.
var keepsExternalName = rule.Bug{From: "all", Fixed: "1.28.14/1.29.12/1.30.8/1.31.2/1.32", FromInTree: "all"}

func checkDEL08(p *rule.Pass) {
	for i := range p.Snapshot.Services {
		s := &p.Snapshot.Services[i]
		if s.UID == "" || s.Spec.Type == corev1.ServiceTypeLoadBalancer {
			continue
		}
		if left := remains(p, azname.Prefix(string(s.UID))); len(left) > 0 {
			p.Find(retired(p, s, left))
		}
	}
}

// remains lists what bears the prefix and nobody else uses: frontends with their
// rules and probes, rules on the frontend of another Service, a public IP on no
// frontend. The rules of a leftover without a frontend stand on another's.
func remains(p *rule.Pass, prefix string) []topology.Leftover {
	is := func(name string) bool {
		x, ok := azname.ParsePrefix(name)
		return ok && x == prefix
	}
	var out []topology.Leftover
	var addresses []*snapshot.PublicIP
	for i := range p.Snapshot.Loads {
		lb := &p.Snapshot.Loads[i]
		if !p.Graph.OwnLoadBalancer(lb) {
			continue
		}
		for j := range lb.Frontends {
			fe := &lb.Frontends[j]
			l := topology.Leftover{Prefix: prefix, Frontend: &topology.Frontend{Frontend: fe, LB: lb, PublicIP: p.Graph.PublicIP(fe.PublicIP)}}
			for k := range lb.Rules {
				if r := &lb.Rules[k]; is(r.Name) && r.Frontend != nil && az.SameID(r.Frontend.ID, fe.ID) {
					l.Rules = append(l.Rules, r)
				}
			}
			for k := range lb.Probes {
				if slices.ContainsFunc(l.Rules, func(r *az.LBRule) bool { return r.Probe != nil && az.SameID(r.Probe.ID, lb.Probes[k].ID) }) && is(lb.Probes[k].Name) {
					l.Probes = append(l.Probes, &lb.Probes[k])
				}
			}
			shared := inUse(p, l.Frontend)
			if shared && l.Frontend.PublicIP != nil {
				addresses = append(addresses, l.Frontend.PublicIP)
			}
			if pip := l.Frontend.PublicIP; pip != nil && !shared && strings.Contains(strings.ToLower(pip.Name), prefix) && !wanted(p, pip) {
				l.PublicIP = pip // a name that the provider derives: not the user's own address
			}
			if is(fe.Name) && !shared || len(l.Rules) > 0 {
				out = append(out, l)
				addresses = append(addresses, l.Frontend.PublicIP)
			}
		}
	}
	for i := range p.Snapshot.PublicIPs {
		pip := &p.Snapshot.PublicIPs[i]
		rest, derived := strings.CutPrefix(strings.ToLower(pip.Name), strings.ToLower(p.Graph.ClusterName)+"-")
		if derived && is(rest) && !slices.Contains(addresses, pip) && !wanted(p, pip) {
			out = append(out, topology.Leftover{Prefix: prefix, PublicIP: pip})
		}
	}
	return out
}

// inUse reports whether a Service of type LoadBalancer is served by the frontend.
func inUse(p *rule.Pass, fe *topology.Frontend) bool {
	return slices.ContainsFunc(p.Graph.Services, func(s *topology.Service) bool {
		return slices.ContainsFunc(s.Frontends, func(f topology.Frontend) bool { return f.Frontend == fe.Frontend })
	})
}

// wanted reports whether a Service of type LoadBalancer asks for the address.
func wanted(p *rule.Pass, pip *snapshot.PublicIP) bool {
	return slices.ContainsFunc(p.Graph.Services, func(s *topology.Service) bool {
		want := p.Wants.Of(s.Key())
		return pip.IPAddress != "" && (want.Address.V == pip.IPAddress || slices.Contains(s.Addresses(), pip.IPAddress)) || strings.EqualFold(want.PublicIPName.V, pip.Name)
	})
}

func retired(p *rule.Pass, s *snapshot.Service, left []topology.Leftover) rule.Finding {
	key := s.Namespace + "/" + s.Name
	f := rule.Finding{Subject: report.Object{Kind: "Service", Namespace: s.Namespace, Name: s.Name}, Services: []string{key}, Cites: []report.Cite{s.Doc.Cite("/spec/type")}, Absence: []*bundle.Evidence{&bundle.Services}}
	var what []string
	for _, l := range left {
		if l.Frontend == nil {
			what = append(what, fmt.Sprintf("public IP %s (%s)", l.PublicIP.Name, cmp.Or(l.PublicIP.IPAddress, "no address")))
			f.Cites = append(f.Cites, l.PublicIP.Doc.Cite(l.PublicIP.At+"/name"))
			f.Fix = append(f.Fix, rule.Remove(l)...)
			continue
		}
		fe := l.Frontend
		if x, _ := azname.ParsePrefix(fe.Name); x != l.Prefix || inUse(p, fe) {
			what = append(what, fmt.Sprintf("%s on frontend %s of load balancer %s, which is not its alone", count(len(l.Rules), "rule"), fe.Name, fe.LB.Name))
			f.Cites = append(f.Cites, fe.LB.Doc.Cite(l.Rules[0].At+"/name"))
			f.Fix = append(f.Fix, withoutFrontend(l))
			continue
		}
		text := fmt.Sprintf("frontend %s of load balancer %s with %s", fe.Name, fe.LB.Name, count(len(l.Rules), "rule"))
		if fe.PublicIP != nil {
			text += fmt.Sprintf(" and public IP %s", cmp.Or(fe.PublicIP.IPAddress, fe.PublicIP.Name))
		}
		what = append(what, text)
		f.Cites = append(f.Cites, fe.LB.Doc.Cite(fe.At+"/name"))
		f.Fix = append(f.Fix, rule.Remove(l)...)
	}
	f.Message = fmt.Sprintf("%s is of type %s now, but the provider's work for it is still in Azure: %s.", key, cmp.Or(string(s.Spec.Type), "ClusterIP"), rule.List(what))
	if why(p, s, &f); slices.Contains(s.Finalizers, topology.Cleanup) && !(s.Spec.Type == corev1.ServiceTypeExternalName && p.Runs(keepsExternalName) == desired.Yes) {
		f.Message += " It still has the finalizer " + topology.Cleanup + ": the service controller cleans up by itself and tries again until that is done, so nothing need be deleted by hand now."
		f.Fix = append([]report.Step{
			{Say: "See whether the clean-up fails, and repair what it fails with.", Run: rule.Kubectl("describe", key, "")},
			{Say: "Only if something is still there when the finalizer is gone, delete it, in the order of the steps below.", Run: rule.Kubectl("get", key, "-o jsonpath='{.metadata.finalizers}'")},
		}, f.Fix...)
	}
	f.Fix = append([]report.Step{{Say: "Make sure that nobody uses the address any more, for example by a DNS record; once deleted it is gone for good."}}, f.Fix...)
	return f
}

// why says what kept the provider from cleaning up, as far as the bundle tells.
func why(p *rule.Pass, s *snapshot.Service, f *rule.Finding) {
	external := s.Spec.Type == corev1.ServiceTypeExternalName
	runs := p.Runs(keepsExternalName)
	errs := p.Errors.Current(s.Namespace + "/" + s.Name)
	switch {
	case external && runs == desired.Yes:
		f.Message += fmt.Sprintf(" That is a known error of %s: it does not clean up after a Service that becomes an ExternalName.", p.Culprit(keepsExternalName))
		f.Fix = append(f.Fix, report.Step{Say: "Upgrade so that the provider is " + keepsExternalName.Repaired() + ".", Changes: true})
	case len(errs) > 0:
		last := errs[len(errs)-1]
		f.Message += fmt.Sprintf(" The clean-up fails: %s", snapshot.Quote(cmp.Or(last.Code+": "+last.Message, last.Raw)))
		f.Cites = append(f.Cites, last.Cites[:min(1, len(last.Cites))]...)
	case slices.Contains(s.Finalizers, topology.Cleanup):
		f.Confidence, f.Why = report.Possible, "the Service still has the provider's finalizer and the bundle has no error: the clean-up may be under way"
	case external && runs == desired.Perhaps:
		f.Message += " Releases before " + keepsExternalName.Ends() + " do not clean up after a Service that becomes an ExternalName."
	}
	if f.Confidence == "" && !p.Complete(&bundle.Services, "") {
		f.Confidence, f.Why = report.Likely, "the Services are not completely in the bundle, and one that is missing may share the frontend"
	}
}

// withoutFrontend takes rules and probes off a frontend that stays.
func withoutFrontend(l topology.Leftover) report.Step {
	where := " -g " + rule.Word(az.GroupOf(l.Frontend.LB.ID), "GROUP") + " --lb-name " + rule.Word(l.Frontend.LB.Name, "LOAD_BALANCER") + " -n "
	var commands []string
	for _, r := range l.Rules {
		commands = append(commands, "az network lb rule delete"+where+rule.Word(r.Name, "RULE"))
	}
	for _, x := range l.Probes {
		commands = append(commands, "az network lb probe delete"+where+rule.Word(x.Name, "PROBE"))
	}
	return report.Step{Say: "Delete its rules and probes; the frontend stays.", Run: strings.Join(commands, " && "), Changes: true}
}
