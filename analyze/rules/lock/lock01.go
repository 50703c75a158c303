package lock

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/rule"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/bundle-schema/azname"
	"azlb/report"
)

// LOCK01 is a lock that forbids changes.
var LOCK01 = &rule.Rule{
	ID:       "AZLB-LOCK01",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "a ReadOnly lock in Azure forbids what the controller has to change",
		Symptom: "What exists keeps working, but new Services stay pending, changed ports do not arrive and new nodes get no traffic; events show 409 ScopeLocked, `cannot perform write operation`.",
		Cause: "A lock at a resource, at its group or at the subscription forbids changes to everybody, whatever roles they have. ReadOnly forbids every write and every delete. " +
			"The controller writes the load balancer, its public IPs and the network security group at every change of a Service and of the nodes. Locks are often set to protect a security group from the rules that the controller adds, or a whole group from mistakes.",
		Fix: []report.Step{
			{Say: "See the locks, and ask who set them, and why.", Run: "az lock list --resource-group GROUP -o table"},
			{Say: "Take the lock away.", Run: "az lock delete --ids LOCK_ID", Changes: true},
			{Say: "To keep others out of a Service, name who may in: the controller then writes the security rule so.", Run: "kubectl patch service -n NAMESPACE SERVICE -p '{\"spec\":{\"loadBalancerSourceRanges\":[\"RANGE\"]}}'", Changes: true},
		},
		References: []string{docs, "Azure/AKS#329", "Azure/AKS#3291", "https://learn.microsoft.com/azure/aks/support-policies"},
		Healthy:    "A lock at something that the provider does not write, such as the virtual network, an address of the customer's own or another resource group. While no change is refused everything works, so that the lock alone is a warning.",
	},
	Needs: rule.Needs{Any: evidence, Clean: []*bundle.Evidence{&bundle.Services, &bundle.LoadBalancers, &bundle.PublicIPs, &bundle.NSGs, &bundle.ScaleSets, &bundle.Nodes}},
	Texts: []rule.Text{{Codes: []string{"ScopeLocked"}, Pattern: writing}},
	// The same lock, told by what it refused.
	FollowsFrom: []string{"AZLB-LOCK02"},
	Check:       checkLOCK01,
}

func checkLOCK01(p *rule.Pass) {
	errs := refused(p)
	for _, h := range holds(p, errs, readOnly) {
		switch written := writes(p, h.scope); {
		case len(h.errs) > 0:
			p.Find(noWrite(p, h))
		case len(written) > 0:
			p.Find(rule.Finding{Subject: h.subject(), Severity: report.Warning, Cites: h.cites(), Fix: append(h.unlock("; until then nothing there can be changed."), narrow(p, h.scope)...),
				Message: fmt.Sprintf("A ReadOnly lock on %s%s forbids every change of %s. %s Nothing in the bundle was refused yet.", h.place(), h.which(), rule.List(written), h.follows())})
		}
	}
}

// follows says what cannot be done while a place may only be read.
func (h *hold) follows() string {
	id, _ := az.ParseID(h.scope)
	typ := ""
	if len(id.Types) > 0 {
		typ = strings.ToLower(id.Types[0])
	}
	switch typ {
	case "publicipaddresses":
		return "The Service that has the address keeps working, but its address cannot be changed or deleted, so that its deletion does not end."
	case "virtualmachinescalesets":
		return "What is there keeps working, but machines can neither be put into backend pools nor taken out, so that new nodes get no traffic."
	case "networksecuritygroups":
		return "What is there keeps working, but no Service can be made or deleted, and none can get other ports or sources."
	}
	return "What is there keeps working, but no Service can be made, changed or deleted, and new nodes get no traffic."
}

// noWrite is a place where Azure refused a write.
func noWrite(p *rule.Pass, h *hold) rule.Finding {
	told := rule.Tell(h.errs)
	f := rule.Finding{Subject: h.subject(), Cites: append(told.Cites, h.cites()...), Fix: append(h.unlock(tries), narrow(p, h.scope)...)}
	if len(h.locks) == 0 {
		f.Errors = h.errs
	}
	waiting, working := p.Named(h.errs)
	f.Message = fmt.Sprintf("A lock on %s%s forbids to change %s: Azure answered ScopeLocked %s.", h.place(), h.which(), rule.List(h.targets()), told.Span())
	h.lift(&f)
	if f.Services = waiting; len(waiting) > 0 {
		f.Message += fmt.Sprintf(" %s waits for it.", rule.List(waiting))
		return f
	}
	f.Severity, f.Services = report.Warning, working
	f.Message += " What is there keeps working, but no change arrives, and new nodes get no traffic."
	return f
}

// narrow keeps others out without a lock, where it may be the security group that people
// want to protect: the steps are of Services that have no ranges.
func narrow(p *rule.Pass, scope string) []report.Step {
	if id, ok := az.ParseID(scope); ok && len(id.Names) > 0 && id.Name("networkSecurityGroups") == "" {
		return nil
	}
	for _, s := range p.Graph.Served() {
		if len(s.Spec.LoadBalancerSourceRanges) == 0 && p.Wants.Of(s.Key()) != nil && !p.Wants.Of(s.Key()).Internal.V {
			return []report.Step{{Say: "If the lock was to keep others out of a Service, name who may in instead; the controller then writes the security rule so.", Changes: true,
				Run: rule.Kubectl("patch", s.Key(), `-p '{"spec":{"loadBalancerSourceRanges":["RANGE"]}}'`)}}
		}
	}
	return nil
}

// writes lists what the provider writes within a place: load balancers, addresses that
// it made, the security group, the nodes' scale sets.
func writes(p *rule.Pass, scope string) []string {
	var out []string
	add := func(id, say string) {
		if az.Within(id, scope) {
			out = append(out, say)
		}
	}
	for i := range p.Snapshot.Loads {
		if lb := &p.Snapshot.Loads[i]; p.Graph.OwnLoadBalancer(lb) {
			add(lb.ID, "load balancer "+lb.Name)
		}
	}
	for i := range p.Snapshot.PublicIPs {
		if pip := &p.Snapshot.PublicIPs[i]; made(p, pip.Name) {
			add(pip.ID, "public IP "+pip.Name)
		}
	}
	for i := range p.Snapshot.NSGs {
		g := &p.Snapshot.NSGs[i]
		ours := slices.ContainsFunc(g.SecurityRules, func(r az.SecurityRule) bool { return azname.IsManagedSecurityRule(r.Name) })
		if c := p.Snapshot.Config; c != nil && c.SecurityGroupName != "" {
			ours = strings.EqualFold(g.Name, c.SecurityGroupName)
		}
		if ours {
			add(g.ID, "network security group "+g.Name)
		}
	}
	for i := range p.Snapshot.ScaleSets {
		s := &p.Snapshot.ScaleSets[i]
		if slices.ContainsFunc(p.Graph.Nodes, func(n *topology.Node) bool {
			return strings.EqualFold(n.ScaleSet, s.Name) && strings.EqualFold(n.Group, az.GroupOf(s.ID))
		}) {
			add(s.ID, "scale set "+s.Name)
		}
	}
	return out
}

// made reports whether a public IP has the name that the provider gives one of a living
// Service.
func made(p *rule.Pass, name string) bool {
	return slices.ContainsFunc(p.Graph.Services, func(s *topology.Service) bool {
		return s.Prefix != "" && strings.Contains(strings.ToLower(name), s.Prefix)
	})
}
