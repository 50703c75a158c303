package quota

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// QUOTA02 is a load balancer that takes no further frontend.
var QUOTA02 = &rule.Rule{
	ID:       "AZLB-QUOTA02",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the load balancer has no room for another frontend IP configuration",
		Symptom: "The newest Services stay pending while older ones work; events show LoadBalancerFrontendIPConfigurationCountLimitReached. In 1.9.0 to 1.9.3 each of them leaves a public IP behind when it is deleted.",
		Cause: "Every Service of type LoadBalancer with an address of its own is one frontend IP configuration of the one load balancer of the cluster, and Azure limits their number. " +
			"A Basic load balancer took 5 in 2016, 10 by default in 2017 and 2018 and 30 on request, and 200 today; a Standard one takes 600. " +
			"Frontends of Services that no longer exist count as well.",
		Fix: []report.Step{
			{Say: "Count the frontends, and look for those of Services that no longer exist.", Run: "az network lb frontend-ip list -g GROUP --lb-name kubernetes -o table"},
			{Say: "Remove what is left of dead Services in this order: rules, probes, frontend, public IP.",
				Run: "az network lb rule delete -g GROUP --lb-name kubernetes -n RULE && az network lb probe delete -g GROUP --lb-name kubernetes -n PROBE && az network lb frontend-ip delete -g GROUP --lb-name kubernetes -n FRONTEND && az network public-ip delete -g GROUP -n PUBLIC_IP", Changes: true},
			{Say: "Let several Services share one address: an ingress controller in front of them, or, from 1.20 on, the same spec.loadBalancerIP on other ports."},
			{Say: "Move a Basic load balancer to Standard (600 frontends). On AKS:", Run: "az aks update -g GROUP -n CLUSTER --load-balancer-sku standard", Changes: true},
			{Say: "Ask Azure support to raise the limit of frontend IP configurations for the subscription, if more Services than the limit are really needed."},
		},
		References: []string{"https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits#azure-networking-limits",
			"kubernetes/kubernetes#59255", "Azure/acs-engine#447", "Azure/acs-engine#737", "Azure/acs-engine#916"},
		Affects: "all versions; most often Basic load balancers of 2016 to 2018",
		Healthy: "A load balancer below its limit, however many frontends it has. Ten frontends on a Basic load balancer are no sign by themselves: the limit was raised for many subscriptions and is 200 today, so without a Service that waits the rule speaks of ten only on clusters of that time.",
	},
	Needs: rule.Needs{Any: []*bundle.Evidence{&bundle.Events, &bundle.ControllerLog, &bundle.LoadBalancers}},
	Texts: []rule.Text{rule.Codes(limitReached)},
	Check: checkQUOTA02,
}

const limitReached = "LoadBalancerFrontendIPConfigurationCountLimitReached"

// basicIn2018 was the default of the years in which it was met most.
const basicIn2018 = 10

// limits of frontends per load balancer today, by SKU (azure-subscription-service-limits, 2026).
var limits = map[string]int{"basic": 200, "standard": 600}

// full is one load balancer at its limit, as told, as seen, or both.
type full struct {
	name string
	lb   *snapshot.LoadBalancer // nil: it is not in the bundle
	errs []*errtext.Error
}

func checkQUOTA02(p *rule.Pass) {
	byName := map[string]*full{}
	var order []*full
	get := func(name string) *full {
		key := strings.ToLower(name)
		if byName[key] == nil {
			byName[key] = &full{name: name}
			order = append(order, byName[key])
		}
		return byName[key]
	}
	for _, e := range refused(p) {
		x := get(balancer(p, e))
		x.errs = append(x.errs, e)
	}
	for i := range p.Snapshot.Loads {
		lb := &p.Snapshot.Loads[i]
		if n := len(lb.Frontends); n > 0 && p.Graph.OwnLoadBalancer(lb) && (byName[strings.ToLower(lb.Name)] != nil || n >= basicIn2018) {
			get(lb.Name).lb = lb
		}
	}
	for _, x := range order {
		if f, ok := x.finding(p); ok {
			p.Find(f)
		}
	}
}

var inMessage = regexp.MustCompile(`(?i)load balancer (\S+) cannot have more than (\d+)`)
var number = regexp.MustCompile(`cannot have more than (\d+)`)

// balancer is the load balancer that an error is about: the one it names, else
// the cluster's.
func balancer(p *rule.Pass, e *errtext.Error) string {
	if id, ok := az.ParseID(e.Target); ok && id.Name("loadBalancers") != "" {
		return id.Name("loadBalancers")
	}
	if m := inMessage.FindStringSubmatch(e.Message); m != nil && az.LastName(m[1]) != "" {
		return az.LastName(m[1])
	}
	if want := p.Wants.Of(e.Service); want != nil && want.Internal.V {
		return p.Graph.ClusterName + "-internal"
	}
	return p.Graph.ClusterName
}

// finding weighs what is told against what is seen.
func (x *full) finding(p *rule.Pass) (rule.Finding, bool) {
	told := rule.Tell(x.errs)
	f := rule.Finding{Subject: report.Object{Kind: "LoadBalancer", Name: x.name}, Errors: x.errs, Cites: told.Cites}
	var dead []topology.Leftover
	room := "How many frontends load balancer " + x.name + " has is not in the bundle"
	count, limit := 0, 0
	if lb := x.lb; lb != nil {
		count, limit = len(lb.Frontends), limits[strings.ToLower(lb.SKU.Name)]
		room = fmt.Sprintf("Load balancer %s (%s) has %s", lb.Name, orUnknown(lb.SKU.Name), frontends(count))
		f.Cites = append(f.Cites, lb.Doc.Cite(lb.At+"/name"), lb.Doc.Cite(lb.Frontends[count-1].At+"/name"))
		for _, l := range p.Graph.Leftovers {
			if l.Frontend != nil && l.Frontend.LB == lb {
				dead = append(dead, l)
			}
		}
	}
	waiting := x.waiting(p)
	old := x.lb != nil && strings.EqualFold(x.lb.SKU.Name, "Basic") && count == basicIn2018
	switch {
	case len(x.errs) > 0:
		x.refused(p, &f, room, count)
	case limit > 0 && count >= limit && len(waiting) > 0:
		f.Services, f.Confidence, f.Why = waiting, report.Likely, "no error in the bundle says it; the number of frontends and the Services without any do"
		f.Message = fmt.Sprintf("%s, as many as Azure allows for this SKU (%d); %s cannot get one.", room, limit, rule.List(waiting))
	case old && len(waiting) > 0:
		f.Services, f.Confidence, f.Why = waiting, report.Likely, "no error in the bundle says it, and the limit of the subscription may be another than the default of 2018"
		f.Message = fmt.Sprintf("%s, which was the default limit of a Basic load balancer (%d); %s has none and waits.", room, basicIn2018, rule.List(waiting))
	case limit > 0 && count >= limit:
		f.Severity = report.Warning
		f.Message = fmt.Sprintf("%s, as many as Azure allows for this SKU (%d). The next Service with an address of its own will stay pending.", room, limit)
	case old && before1_12(p.Snapshot.Kubernetes):
		f.Severity, f.Confidence, f.Why = report.Warning, report.Possible, "the limit of the subscription may have been raised"
		f.Message = fmt.Sprintf("%s, which was the default limit of a Basic load balancer (%d). Unless it was raised the next Service will stay pending.", room, basicIn2018)
	default:
		return f, false
	}
	if len(dead) > 0 {
		f.Message += fmt.Sprintf(" Frontends of no living Service: %d; removing them makes room.", len(dead))
		for _, l := range dead {
			f.Cites = append(f.Cites, l.Frontend.LB.Doc.Cite(l.Frontend.At+"/name"))
		}
	}
	f.Fix = x.fix(p, dead)
	return f, true
}

// refused tells of what Azure said: of Services that wait for a frontend, or of a
// limit that holds nobody up any more.
func (x *full) refused(p *rule.Pass, f *rule.Finding, room string, count int) {
	var working []string
	f.Services, working = p.Named(x.errs)
	most, limit := "", 0
	if m := number.FindStringSubmatch(x.errs[len(x.errs)-1].Message); m != nil {
		most = ": the limit is " + m[1]
		limit, _ = strconv.Atoi(m[1])
	}
	said := fmt.Sprintf("(%s, %s)%s", limitReached, rule.Tell(x.errs).Span(), most)
	switch {
	case len(f.Services) == 0:
		f.Severity, f.Services = report.Warning, working
		f.Message = fmt.Sprintf("%s; Azure refused another %s.", room, said)
		if len(working) > 0 {
			f.Message += fmt.Sprintf(" %s has an address and waits for nothing.", rule.List(working))
		}
	case x.lb != nil && count < limit:
		f.Severity, f.Confidence, f.Why = report.Warning, report.Possible, "there is room now: a frontend was probably removed after the newest error, and the next try should succeed"
		f.Message = fmt.Sprintf("%s; Azure refused another %s. %s had no address yet.", room, said, rule.List(f.Services))
	default:
		f.Message = fmt.Sprintf("%s; Azure refuses another %s. Without it %s cannot get an address.", room, said, rule.List(f.Services))
	}
}

func frontends(n int) string {
	if n == 1 {
		return "1 frontend"
	}
	return fmt.Sprintf("%d frontends", n)
}

// waiting lists the Services that wait for a frontend of this load balancer and of
// which no other error is known.
func (x *full) waiting(p *rule.Pass) []string {
	if x.lb == nil {
		return nil
	}
	var out []string
	for _, s := range p.Graph.Services {
		want := p.Wants.Of(s.Key())
		if s.Foreign() || s.Deleting() || len(s.Status.LoadBalancer.Ingress) > 0 || len(s.Frontends) > 0 || want == nil || want.Internal.V != internal(x.name) {
			continue
		}
		if !slices.ContainsFunc(p.Errors.Current(s.Key()), func(e *errtext.Error) bool { return e.Code != "" && !e.Transient }) {
			out = append(out, s.Key())
		}
	}
	return out
}

// fix makes room first and then asks for more.
func (x *full) fix(p *rule.Pass, dead []topology.Leftover) []report.Step {
	group := ""
	if x.lb != nil {
		group = az.GroupOf(x.lb.ID)
	} else if g := p.Graph.ProviderGroups(); len(g) == 1 {
		group = g[0]
	}
	steps := []report.Step{{Say: "See all frontends of the load balancer.",
		Run: fmt.Sprintf("az network lb frontend-ip list -g %s --lb-name %s -o table", rule.Word(group, "GROUP"), rule.Word(x.name, "kubernetes"))}}
	const most = 3
	for _, l := range dead[:min(len(dead), most)] {
		steps = append(steps, rule.Remove(l)...)
	}
	if len(dead) > most {
		steps = append(steps, report.Step{Say: fmt.Sprintf("Remove what is left of the other %d dead Services in the same order: rules, probes, frontend, public IP.", len(dead)-most)})
	}
	steps = append(steps, report.Step{Say: "Let several Services share one address: an ingress controller in front of them, or, from 1.20 on, the same spec.loadBalancerIP on other ports."})
	if x.lb == nil || !strings.EqualFold(x.lb.SKU.Name, "Standard") {
		if p.Graph.Managed() {
			steps = append(steps, report.Step{Say: "Move the cluster to the Standard SKU, which takes 600 frontends.", Run: "az aks update -g GROUP -n CLUSTER --load-balancer-sku standard", Changes: true})
		} else {
			steps = append(steps, report.Step{Say: "Move the cluster to the Standard SKU, which takes 600 frontends: loadBalancerSku standard in azure.json (1.11 and later), and new load balancers and addresses."})
		}
	}
	return append(steps, report.Step{Say: "Ask Azure support to raise the limit of frontend IP configurations for the subscription, if that many Services need addresses of their own."})
}

func internal(name string) bool { return strings.HasSuffix(strings.ToLower(name), "-internal") }

func orUnknown(sku string) string {
	if sku == "" {
		return "SKU not known"
	}
	return sku
}

// before1_12 reports whether the server is of the time of the old limit.
func before1_12(version string) bool {
	for minor := range 12 {
		if strings.HasPrefix(version, fmt.Sprintf("v1.%d.", minor)) {
			return true
		}
	}
	return false
}
