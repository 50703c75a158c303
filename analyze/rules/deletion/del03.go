package deletion

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/bundle-schema/azname"
	"azlb/report"
)

// DEL03 is what a Service left in Azure.
var DEL03 = &rule.Rule{
	ID:       "AZLB-DEL03",
	Severity: report.Warning,
	Doc: report.Doc{
		Title:   "a Service that no longer exists left a public IP, a frontend or rules in Azure",
		Symptom: "Addresses in the cluster's resource group that nothing uses and that cost money; later the limits of public IPs or of frontends are reached although few Services exist, or a DNS label is taken.",
		Cause: "The provider cleans up when a Service is deleted. What it could not delete at that time stays: a lock or a missing role stood in the way and somebody took the Service's finalizer off, the controller was down (before 1.16 there was no finalizer to wait for it), or an old version forgot it. " +
			"Nobody looks again: without the Service there is nothing left that the controller would reconcile.",
		Fix: []report.Step{
			{Say: "Remove it in this order, as Azure deletes nothing that something refers to: rules, probes, frontend, public IP.",
				Run: "az network lb rule delete -g GROUP --lb-name kubernetes -n RULE && az network lb probe delete -g GROUP --lb-name kubernetes -n PROBE && az network lb frontend-ip delete -g GROUP --lb-name kubernetes -n FRONTEND && az network public-ip delete -g GROUP -n PUBLIC_IP", Changes: true},
			{Say: "Up to 1.9.3: upgrade; 1.9.4 and 1.10 are the first that delete the address of a Service whose frontend was never made."},
			{Say: "Do not take finalizers off Services by hand while a deletion fails; repair what stands in its way."},
		},
		References: []string{"kubernetes/kubernetes#59255", "kubernetes/kubernetes#59340", "kubernetes/kubernetes#43730", "Azure/acs-engine#690", "Azure/acs-engine#916", "Azure/AKS#2239"},
		Healthy: "Addresses and load balancers that users made themselves, those that AKS makes for outbound traffic, those of another cluster in the same resource group (other names or another cluster's tag), and an address that a Service keeps by asking for it. " +
			"A Service that is being deleted still exists. Nothing is said unless all Services of the cluster are in the bundle.",
	},
	Needs: rule.Needs{
		Any: []*bundle.Evidence{&bundle.PublicIPs, &bundle.LoadBalancers},
		All: []*bundle.Evidence{&bundle.Services, &bundle.CloudConfig},
	},
	FollowsFrom: []string{"AZLB-DEL01", "AZLB-DEL02", "AZLB-LOCK02", "AZLB-SYNC05"},
	Check:       checkDEL03,
}

func checkDEL03(p *rule.Pass) {
	for _, l := range p.Graph.Leftovers {
		p.Find(left(p, l))
	}
	for _, stray := range strays(p) {
		p.Find(astray(p, stray.All))
	}
}

func left(p *rule.Pass, l topology.Leftover) rule.Finding {
	f := rule.Finding{Fix: rule.Remove(l), Absence: []*bundle.Evidence{&bundle.Services}}
	who := "a Service that no longer exists"
	switch {
	case l.Service != "" && p.Exists(l.Service):
		who = "an earlier Service of the name " + l.Service
	case l.Service != "":
		f.Services = []string{l.Service}
		who = l.Service + ", which no longer exists"
	}
	var what []string
	if pip := l.PublicIP; pip != nil {
		f.Subject = report.Object{Kind: "PublicIP", Name: pip.Name}
		what = append(what, fmt.Sprintf("public IP %s (%s)", pip.Name, cmp.Or(pip.IPAddress, "no address")))
		f.Cites = append(f.Cites, pip.Doc.Cite(pip.At+"/name"))
	}
	if fe := l.Frontend; fe != nil {
		if l.PublicIP == nil {
			f.Subject = report.Object{Kind: "LoadBalancer", Name: fe.LB.Name + "/" + fe.Name}
		}
		what = append(what, fmt.Sprintf("frontend %s of load balancer %s with %s and %s", fe.Name, fe.LB.Name, count(len(l.Rules), "rule"), count(len(l.Probes), "probe")))
		f.Cites = append(f.Cites, fe.LB.Doc.Cite(fe.At+"/name"))
	}
	f.Message = fmt.Sprintf("Left behind by %s: %s.", who, rule.List(what))
	f.Confidence, f.Why = ours(p, l, groupOf(l), l.Frontend != nil, &f)
	if e := reason(p, l); e != nil {
		f.Cites = append(f.Cites, e.Cites[:min(1, len(e.Cites))]...)
		if e.Has("ScopeLocked") {
			f.Message += fmt.Sprintf(" Its deletion failed with ScopeLocked: a lock on %s forbids it.", cmp.Or(e.Scope, "the resource group"))
			f.Fix = append([]report.Step{{Say: "Look whether the lock is still there; it must go first (az lock delete --ids ID).", Run: "az lock list --resource-group " + rule.Word(groupOf(l), "GROUP") + " -o table"}}, f.Fix...)
		} else {
			f.Message += fmt.Sprintf(" Its deletion failed with %s: %s", cmp.Or(e.Code, "an error"), snapshot.Quote(e.Message))
		}
	}
	f.Fix = append([]report.Step{{Say: "Make sure that nobody uses the address any more, for example by a DNS record; once deleted it is gone for good."}}, f.Fix...)
	return f
}

// ours says how sure it is that the dead Service was of this cluster: another
// cluster of the same name in the same resource group derives the same names. inside
// says that something of it is in the load balancer itself.
func ours(p *rule.Pass, l topology.Leftover, group string, inside bool, f *rule.Finding) (report.Confidence, string) {
	if c, ok := witness(p, l); ok {
		f.Cites = append(f.Cites, c)
		return report.Certain, ""
	}
	mine, strangers := false, ""
	for i := range p.Snapshot.Loads {
		lb := &p.Snapshot.Loads[i]
		if !p.Graph.OwnLoadBalancer(lb) || !strings.EqualFold(az.GroupOf(lb.ID), group) {
			continue
		}
		for j := range lb.Pools {
			for _, m := range p.Graph.Members(&lb.Pools[j]) {
				if m.Node == nil {
					strangers = lb.Name
				} else {
					mine = true
				}
			}
		}
	}
	switch {
	case strangers != "":
		return report.Possible, "the pool of load balancer " + strangers + " has machines that are no nodes of this cluster: another cluster of the same name may be in the resource group, and the Service one of its"
	case mine && inside:
		return report.Certain, ""
	case mine:
		return report.Likely, "no event and no log line names the Service; the address has this cluster's name, and the load balancer beside it only nodes of this cluster"
	}
	return report.Possible, "nothing proves that the Service was of this cluster and not of another of the same name"
}

// witness is an event, an error or a log record of this cluster about the dead
// Service. A record must name the Service too: the load balancers that the
// controller logs show another cluster's frontends as well.
func witness(p *rule.Pass, l topology.Leftover) (report.Cite, bool) {
	if l.Prefix == "" {
		return report.Cite{}, false
	}
	for i := range p.Snapshot.Events {
		if e := &p.Snapshot.Events[i]; e.UID != "" && azname.Prefix(e.UID) == l.Prefix {
			return e.Doc.Cite("/involvedObject/uid"), true
		}
	}
	for _, e := range p.Errors.All {
		if e.UID != "" && azname.Prefix(e.UID) == l.Prefix && len(e.Cites) > 0 {
			return e.Cites[0], true
		}
	}
	for _, r := range p.Snapshot.Records {
		if l.Service != "" && strings.Contains(r.Text, l.Service) && strings.Contains(strings.ToLower(r.Text), l.Prefix) {
			return r.Cite(""), true
		}
	}
	return report.Cite{}, false
}

// reason is the newest failure of the deletion, nil where the bundle tells of none.
// The rule claims all of them: with the Service gone nothing tries again.
func reason(p *rule.Pass, l topology.Leftover) *errtext.Error {
	errs := p.Current(func(e *errtext.Error) bool {
		if l.Service != "" && e.Service == l.Service && !p.Exists(l.Service) {
			return true
		}
		return l.PublicIP != nil && e.Target != "" && az.SameID(e.Target, l.PublicIP.ID)
	})
	for _, e := range slices.Backward(errs) {
		if !e.Transient && strings.Contains(strings.ToLower(e.Reason+" "+e.Raw), "delet") {
			return e
		}
	}
	return nil
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func groupOf(l topology.Leftover) string {
	if l.PublicIP != nil {
		return az.GroupOf(l.PublicIP.ID)
	}
	return az.GroupOf(l.Frontend.LB.ID)
}
