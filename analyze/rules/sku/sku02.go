package sku

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// SKU02 is a load balancer or an address of a SKU that Azure no longer supports.
var SKU02 = &rule.Rule{
	ID:       "AZLB-SKU02",
	Severity: report.Warning,
	Doc: report.Doc{
		Title:   "the cluster uses Basic load balancers or addresses, which are retired",
		Symptom: "Nothing at first: what exists may work on. Or everything behind it stops one day after 30 September 2025, or a new Service gets no load balancer.",
		Cause: "Azure retired the Basic SKU of load balancers and of public IPs on 30 September 2025: no new ones, no support, no SLA, and those that exist may be stopped at any time. " +
			"Standard is also closed by default, so a security group must let the traffic in; the provider makes that rule for each Service.",
		Fix: []report.Step{
			{Say: "AKS: move the cluster in place. Needs Kubernetes 1.27 and az 2.76; outbound addresses change, there is an interruption, and no way back.", Run: "az aks update -g GROUP -n CLUSTER --load-balancer-sku standard", Changes: true},
			{Say: "Self-managed: note the addresses, delete the Services (or make new ones beside them), set loadBalancerSku to standard in azure.json on every control-plane machine, restart the controller, and make the Services again.", Run: "sudoedit /etc/kubernetes/azure.json", Changes: true},
			{Say: "Keep an address: make it static, take it off its frontend, then make it Standard.",
				Run: "az network public-ip update -g GROUP -n PUBLIC_IP --allocation-method Static && az network public-ip update -g GROUP -n PUBLIC_IP --sku Standard", Changes: true},
			{Say: "A new cluster beside the old one is the safer way where an interruption counts."},
		},
		References: append(slices.Clone(pages), "https://learn.microsoft.com/azure/aks/upgrade-basic-load-balancer-on-aks", "feiskyer/kubernetes-handbook", "Azure/AKS#5020"),
		Healthy:    "A Basic address or load balancer that no Service of the cluster uses is not this fault, nor is a Basic address that the provider is about to make Standard. In a bundle from before the retirement this is only a note.",
		Tables:     []report.Table{loadBalancers, publicIPs},
	},
	Needs: rule.Needs{Any: []*bundle.Evidence{&bundle.LoadBalancers, &bundle.PublicIPs}, Clean: []*bundle.Evidence{&bundle.Services}},
	Check: checkSKU02,
}

// retired is the day after which Basic load balancers and addresses have no support.
var retired = time.Date(2025, 9, 30, 0, 0, 0, 0, time.UTC)

func checkSKU02(p *rule.Pass) {
	var lbs, addresses, services []string
	var cites []report.Cite
	var first *snapshot.LoadBalancer
	for i := range p.Snapshot.Loads {
		lb := &p.Snapshot.Loads[i]
		if basic(lb.SKU.Name) && (p.Graph.OwnLoadBalancer(lb) || len(behind(p, lb)) > 0) {
			lbs = append(lbs, lb.Name)
			services = append(services, behind(p, lb)...)
			if len(lbs) <= proofs {
				cites = append(cites, lb.Doc.Cite(lb.At+"/sku/name"))
			}
			if first == nil {
				first = lb
			}
		}
	}
	var one *snapshot.PublicIP
	for i := range p.Snapshot.PublicIPs {
		pip := &p.Snapshot.PublicIPs[i]
		if !basic(pip.SKU.Name) {
			continue
		}
		if users := usersOf(p, pip); len(users) > 0 {
			addresses = append(addresses, pip.Name)
			services = append(services, users...)
			if len(addresses) <= proofs {
				cites = append(cites, pip.Doc.Cite(pip.At+"/sku/name"))
			}
			if one == nil {
				one = pip
			}
		}
	}
	if len(lbs)+len(addresses) == 0 {
		return
	}
	f := rule.Finding{Subject: report.Object{Kind: "LoadBalancer"}, Services: working(p, services), Cites: cites, Fix: modernise(p, one)}
	if first != nil {
		f.Subject.Name = first.Name
	} else {
		f.Subject = report.Object{Kind: "PublicIP", Name: one.Name}
	}
	f.Message = fmt.Sprintf("The cluster uses %s. Azure retired the Basic SKU on 30 September 2025: no support, no SLA, and what exists may be stopped at any time.", counted(lbs, addresses))
	if now := p.Snapshot.Now; !now.IsZero() && now.Before(retired) {
		f.Severity = report.Info
		f.Message = fmt.Sprintf("The cluster uses %s. The Basic SKU was in support when the bundle was made; Azure retired it on 30 September 2025.", counted(lbs, addresses))
		if len(f.Services) > 0 {
			slices.Sort(f.Services)
			f.Message += fmt.Sprintf(" In use for %s.", rule.List(f.Services))
		}
		f.Services = nil // a note harms nobody
	}
	p.Find(f)
}

// proofs is how many objects of a kind are cited; the message counts them all.
const proofs = 3

// counted says how many Basic objects of each kind there are, and which.
func counted(lbs, addresses []string) string {
	var parts []string
	for _, k := range []struct {
		one, many string
		names     []string
	}{{"load balancer", "load balancers", lbs}, {"public IP", "public IPs", addresses}} {
		switch n := len(k.names); n {
		case 0:
		case 1:
			parts = append(parts, "the Basic "+k.one+" "+k.names[0])
		default:
			parts = append(parts, fmt.Sprintf("%d Basic %s (%s)", n, k.many, rule.List(k.names)))
		}
	}
	return strings.Join(parts, " and ")
}

// behind lists the Services that have a frontend on the load balancer.
func behind(p *rule.Pass, lb *snapshot.LoadBalancer) []string {
	var out []string
	for _, s := range p.Graph.Services {
		if slices.ContainsFunc(s.Frontends, func(f topology.Frontend) bool { return f.LB == lb }) {
			out = append(out, s.Key())
		}
	}
	return out
}

// usersOf lists the Services whose frontend has the public IP.
func usersOf(p *rule.Pass, pip *snapshot.PublicIP) []string {
	var out []string
	for _, s := range p.Graph.Services {
		if carries(s, pip) {
			out = append(out, s.Key())
		}
	}
	return out
}

// working keeps the Services that have an address and an unbroken path: what is
// broken has another cause, which a warning about the SKU must not hide.
func working(p *rule.Pass, services []string) []string {
	var out []string
	for _, key := range services {
		s := p.Graph.Service(key)
		if s.Foreign() || s.Deleting() || len(s.Status.LoadBalancer.Ingress) == 0 || len(p.Errors.Current(key)) > 0 {
			continue
		}
		broken := false
		for _, w := range p.Walks.Of(key) {
			broken = broken || w.Blocked() != nil
		}
		if !broken && !slices.Contains(out, key) {
			out = append(out, key)
		}
	}
	return out
}

func modernise(p *rule.Pass, pip *snapshot.PublicIP) []report.Step {
	var steps []report.Step
	if p.Graph.Managed() {
		steps = append(steps, report.Step{Say: "Move the cluster in place. Needs Kubernetes 1.27 and az 2.76; outbound addresses change, there is an interruption, and no way back.", Run: "az aks update " + p.AKS("-n") + " --load-balancer-sku standard", Changes: true})
	} else {
		steps = append(steps, report.Step{Say: "Note the addresses, delete the Services (or make new ones beside them), set loadBalancerSku to standard in azure.json on every control-plane machine, restart the controller, and make the Services again.", Run: "sudoedit /etc/kubernetes/azure.json", Changes: true})
	}
	if pip != nil {
		where := "-g " + rule.Word(az.GroupOf(pip.ID), "GROUP") + " -n " + rule.Word(pip.Name, "PUBLIC_IP")
		static := ""
		if !strings.EqualFold(pip.AllocationMethod, "Static") {
			static = "az network public-ip update " + where + " --allocation-method Static && "
		}
		steps = append(steps, report.Step{Say: "Keep an address: make it static, take it off its frontend, then make it Standard. The provider deletes an address of its own with its Service, so a static one that it made must lose the Service's tag first.", Run: static + "az network public-ip update " + where + " --sku Standard", Changes: true})
	}
	return append(steps, report.Step{Say: "A new cluster beside the old one is the safer way where an interruption counts."})
}
