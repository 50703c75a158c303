package datapath

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/desired"
	"azlb/analyze/rule"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// DATA09 is a load balancer, a frontend or a public IP that is gone while the Service
// still shows its address.
var DATA09 = &rule.Rule{
	ID:       "AZLB-DATA09",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the load balancer, the frontend or the public IP is gone while the Service still shows its address",
		Symptom: "The Service keeps its EXTERNAL-IP, no event warns, and every connection to it times out.",
		Cause: "Somebody deleted the load balancer, the frontend or the public IP in Azure: a clean-up of resources that looked unused, Terraform, a hand in the portal. Kubernetes does not notice: the provider looks at Azure only when the Service or the nodes change, and the status keeps the old address until then. " +
			"At the next sync it makes the frontend and the public IP anew. A public address comes back as another one; one that the Service names itself is not made again, so that the sync fails.",
		Fix: []report.Step{
			{Say: "Find out who deleted it; Terraform or a clean-up will do it again.", Run: "az monitor activity-log list -g GROUP --offset 30d --query \"[?contains(operationName.value,'delete')]\" -o table"},
			{Say: "Make the provider sync the Service; it then makes frontend and public IP anew.", Run: "kubectl annotate service -n NAMESPACE SERVICE azlb-resync=\"$(date +%s)\" --overwrite", Changes: true},
			{Say: "Bring DNS records and allow-lists up to date with the new address.", Run: "kubectl get service -n NAMESPACE SERVICE"},
		},
		References: []string{"reconcileFrontendIPConfigs and ensurePublicIPExists in kubernetes-sigs/cloud-provider-azure", "https://learn.microsoft.com/azure/aks/support-policies", "https://learn.microsoft.com/azure/aks/static-ip"},
		Healthy: "A Service without an address yet, one that another controller serves, one that is being deleted, and one that keeps its address behind another Service's frontend. Nothing is said unless the resource group's load balancers and public IPs are completely in the bundle. " +
			"A Service whose old frontend is still there, because it was just made internal or moved to another subnet, is told as a warning.",
	},
	Needs:       rule.Needs{Any: []*bundle.Evidence{&bundle.LoadBalancers, &bundle.PublicIPs}, All: compared.All, Clean: []*bundle.Evidence{&bundle.KubeVersion}},
	FollowsFrom: failedSync,
	Check:       checkDATA09,
}

func checkDATA09(p *rule.Pass) {
	p.NotCompared()
	covered := map[string]bool{} // by the finding about their load balancer
	for _, c := range p.Compared.Drift() {
		if c.Kind == desired.Missing && c.Hop == desired.HopBalancer {
			for _, key := range c.Services {
				covered[key] = true
			}
			p.Find(gone(p, c.Services, append([]desired.Check{c}, of(p, c.Services)...)))
		}
	}
	for _, same := range differences(p, isGone) {
		if !slices.ContainsFunc(same.All[0].Services, func(key string) bool { return covered[key] }) {
			p.Find(gone(p, same.All[0].Services, same.All))
		}
	}
}

func isGone(c desired.Check) bool {
	return c.Kind == desired.Missing && (c.Hop == desired.HopFrontend || c.Hop == desired.HopPublicIP)
}

// of are the public IPs that went with the load balancer of these Services.
func of(p *rule.Pass, services []string) []desired.Check {
	var out []desired.Check
	for _, c := range p.Compared.Drift() {
		if isGone(c) && slices.ContainsFunc(c.Services, func(key string) bool { return slices.Contains(services, key) }) {
			out = append(out, c)
		}
	}
	return out
}

// gone is what is missing of some Services, the outermost first.
func gone(p *rule.Pass, services []string, checks []desired.Check) rule.Finding {
	first := checks[0]
	f := rule.Finding{Subject: report.Object{Kind: "LoadBalancer", Name: first.Object}, Services: services, Severity: report.Error, Cites: rule.Proofs(checks)}
	var what, lost, kept []string
	heals, anew := true, false
	for _, c := range checks {
		switch c.Hop {
		case desired.HopBalancer:
			what = append(what, "load balancer "+c.Object)
			f.Cites = append(f.Cites, others(p)...)
			f.Absence = append(f.Absence, &bundle.LoadBalancers)
		case desired.HopFrontend:
			f.Subject.Name = c.Object
			what = append(what, "frontend "+c.Object)
		case desired.HopPublicIP:
			if len(checks) == 1 {
				f.Subject = report.Object{Kind: "PublicIP", Name: c.Object}
			}
			what, anew = append(what, "public IP "+c.Object), true
			f.Absence = append(f.Absence, &bundle.PublicIPs)
		}
		heals = heals && c.Heals
	}
	for _, key := range services {
		s := p.Graph.Service(key)
		for _, a := range s.Addresses() {
			if slices.ContainsFunc(s.Frontends, func(x topology.Frontend) bool { return x.Address == a }) {
				kept = append(kept, a)
			} else {
				lost = append(lost, a)
			}
		}
	}
	staying, cites := stays(p, lost)
	f.Cites = append(f.Cites, cites...)
	anew = anew || len(staying) < len(lost) && slices.ContainsFunc(lost, func(a string) bool { return p.Graph.PublicIPByAddress(a) != nil })
	verb := "do not exist"
	if len(what) == 1 {
		verb = "does not exist"
	}
	who := rule.List(services)
	if len(lost) > 0 {
		f.Message = fmt.Sprintf("In Azure %s of %s %s, but the status still shows %s: what is sent there gets no answer.", rule.List(what), who, verb, rule.List(lost))
	} else {
		f.Severity = report.Warning
		f.Message = fmt.Sprintf("In Azure %s, which %s asks for now, %s; what it asked for before still serves its address %s. No sync has brought the last change of the Service to Azure.", rule.List(what), who, verb, rule.List(kept))
	}
	switch {
	case !heals:
		f.Message += " The provider does not make a public IP that the Service names itself: the next sync fails."
	case len(lost) == 0:
	case len(staying) == len(lost):
		f.Message += fmt.Sprintf(" The provider notices only at the next sync, and then makes anew what is missing. The address stays: %s.", rule.List(staying))
	case anew:
		f.Message += " The provider notices only at the next sync, and then makes anew what is missing, with another address."
	default:
		f.Message += " The provider notices only at the next sync, and then makes anew what is missing, with the same address if that is free."
	}
	if len(lost) == 0 {
		f.Fix = bring(p, services)
	} else {
		f.Fix = append(p.LastWritten(&f, remover(p), removed(p, checks)...), restore(p, services, checks, len(staying) == len(lost))...)
	}
	p.Doubt(&f, p.Balancer(first.Object))
	return f
}

// stays are those of the addresses that are kept by a public IP which is still there
// and static, in words, with the proofs.
func stays(p *rule.Pass, addresses []string) (say []string, cites []report.Cite) {
	for _, a := range addresses {
		if pip := p.Graph.PublicIPByAddress(a); pip != nil && strings.EqualFold(pip.AllocationMethod, "Static") {
			say = append(say, fmt.Sprintf("public IP %s with %s is still there, and static", pip.Name, a))
			cites = append(cites, pip.Doc.Cite(pip.At+"/ipAddress"))
		}
	}
	return say, cites
}

// others prove that a load balancer is not in the list: these are.
func others(p *rule.Pass) []report.Cite {
	var out []report.Cite
	for i := range p.Snapshot.Loads[:min(len(p.Snapshot.Loads), 2)] {
		lb := &p.Snapshot.Loads[i]
		out = append(out, lb.Doc.Cite(lb.At+"/name"))
	}
	return out
}

// bring are the steps that bring the last change of Services to Azure.
func bring(p *rule.Pass, services []string) []report.Step {
	return append(rule.Describe(services), p.ResyncAll(services, "Make the provider sync the Service, unless the change was a mistake; its address changes with it.")...)
}

// remover asks Azure who deleted what is gone.
func remover(p *rule.Pass) report.Step {
	return report.Step{Say: "Find out who deleted it: a clean-up, Terraform or a template will do it again.",
		Run: "az monitor activity-log list -g " + rule.Word(p.Wants.Settings.Group.V, "GROUP") + " --offset 30d --query \"[?contains(operationName.value,'delete') || contains(operationName.value,'loadBalancers/write')].{time:eventTimestamp, by:caller, what:operationName.value, on:resourceId, how:status.value}\" -o table"}
}

// removed are the ids of the outermost of what is gone that the activity log knows: of
// an object that is gone its last event is the deletion, a frontend goes with a write
// of its load balancer.
func removed(p *rule.Pass, checks []desired.Check) []string {
	ids := map[string][]string{}
	for _, c := range checks {
		group, kind, name := p.Wants.Settings.Group.V, "loadBalancers", c.Object
		switch lb := p.Balancer(c.Object); {
		case c.Hop == desired.HopPublicIP:
			group, kind = p.Wants.Of(c.Services[0]).PublicIPGroup.V, "publicIPAddresses"
		case lb != nil:
			ids[c.Hop] = append(ids[c.Hop], lb.ID)
			continue
		}
		if group != "" {
			ids[c.Hop] = append(ids[c.Hop], "/resourceGroups/"+group+"/providers/Microsoft.Network/"+kind+"/"+name)
		}
	}
	for _, hop := range []string{desired.HopBalancer, desired.HopPublicIP} {
		if _, ok := p.LastWriter(ids[hop]...); ok {
			return ids[hop]
		}
	}
	return ids[desired.HopFrontend]
}

// restore are the steps that bring back what is gone; same says that the address stays.
func restore(p *rule.Pass, services []string, checks []desired.Check, same bool) []report.Step {
	var steps []report.Step
	for _, c := range checks {
		if c.Hop != desired.HopPublicIP || c.Heals {
			continue
		}
		want := p.Wants.Of(c.Services[0])
		if want.PublicIPName.V == "" {
			steps = append(steps, report.Step{Say: fmt.Sprintf("The address %s cannot be ordered again: make another public IP, and let the Service ask for that one.", c.Object),
				Run: fmt.Sprintf("az network public-ip create -g %s -n NAME --sku %s --allocation-method Static", rule.Word(want.PublicIPGroup.V, "GROUP"), rule.Word(want.SKU.V, "Standard")), Changes: true})
			continue
		}
		steps = append(steps, report.Step{Say: "Make a public IP of the name that the Service gives.", Changes: true,
			Run: fmt.Sprintf("az network public-ip create -g %s -n %s --sku %s --allocation-method Static", rule.Word(want.PublicIPGroup.V, "GROUP"), rule.Word(c.Object, "NAME"), rule.Word(want.SKU.V, "Standard"))})
	}
	steps = append(steps, p.ResyncAll(services, "Make the provider sync the Service.")...)
	say := "See the new address, and bring DNS records and allow-lists up to date with it."
	if same {
		say = "See that it has the same address again."
	}
	for _, key := range services[:min(len(services), 3)] {
		steps = append(steps, report.Step{Say: say, Run: rule.Kubectl("get", key, "")})
	}
	return steps
}
