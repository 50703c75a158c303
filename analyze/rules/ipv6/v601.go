package ipv6

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/bundle-schema/azname"
	"azlb/report"
)

// V601 is an IPv6 frontend without an IPv4 one beside it.
var V601 = &rule.Rule{
	ID:       "AZLB-V601",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "a load balancer of Azure cannot have an IPv6 frontend alone",
		Symptom: "A Service with IPv6 only stays pending; events show the code AtleastOneIpV4RequiredForIpV6LbFrontendIpConfiguration. The same Service works in a cluster that has an IPv4 Service already.",
		Cause: "Azure wants at least one IPv4 frontend on a load balancer before it takes an IPv6 one. The provider writes one frontend for each address family of the Service. " +
			"On AKS the outbound address is the IPv4 frontend; a cluster that sends its traffic out another way has none until the first IPv4 Service.",
		Fix: []report.Step{
			{Say: "Ask for both families (cloud-provider-azure 1.27.8 and 1.28 on).", Run: `kubectl patch service -n NAMESPACE SERVICE -p '{"spec":{"ipFamilyPolicy":"RequireDualStack"}}'`, Changes: true},
			{Say: "Or have some IPv4 Service of type LoadBalancer, of the same kind (public or internal), before the IPv6 one.", Changes: true},
		},
		References: []string{"kubernetes-sigs/cloud-provider-azure#1831", "https://learn.microsoft.com/azure/aks/configure-dual-stack", "https://cloud-provider-azure.sigs.k8s.io/topics/loadbalancer/"},
		Healthy:    "An IPv6 Service beside IPv4 ones, or beside the outbound frontend of AKS, is fine. Once the load balancer has an IPv4 frontend the next try succeeds, and the refusal is history.",
	},
	Needs: rule.Needs{
		Any:     []*bundle.Evidence{&bundle.Services, &bundle.LoadBalancers, &bundle.Events, &bundle.ControllerLog},
		Refutes: []*bundle.Evidence{&bundle.LoadBalancers}, // it may have an IPv4 frontend by now
	},
	Texts: []rule.Text{rule.Codes("AtleastOneIpV4RequiredForIpV6LbFrontendIpConfiguration")},
	Check: checkV601,
}

// refusing is the load balancer that Azure's message names.
var refusing = regexp.MustCompile(`(?i)load balancer '([^']+)'`)

// alone is one load balancer that has, or is to have, IPv6 frontends only.
type alone struct {
	name     string
	lb       *snapshot.LoadBalancer // nil: not in the bundle
	errs     []*errtext.Error
	services []string // that the state alone shows
	cites    []report.Cite
}

func checkV601(p *rule.Pass) {
	byName := map[string]*alone{}
	var order []*alone
	get := func(n string) *alone {
		key := strings.ToLower(n)
		if byName[key] == nil {
			byName[key] = &alone{name: n}
			order = append(order, byName[key])
			for i := range p.Snapshot.Loads {
				if lb := &p.Snapshot.Loads[i]; strings.EqualFold(lb.Name, n) && p.Graph.OwnLoadBalancer(lb) {
					byName[key].lb = lb
				}
			}
		}
		return byName[key]
	}
	for _, e := range p.Current(p.Knows) {
		id := e.Target
		if m := refusing.FindStringSubmatch(e.Message); m != nil {
			id = m[1]
		}
		if !p.Gone(e) {
			a := get(cmp.Or(az.LastName(id), p.Graph.ClusterName))
			a.errs = append(a.errs, e)
		}
	}
	if c := p.Snapshot.Config; p.Graph.Whole(&bundle.LoadBalancers) && (c == nil || len(c.MultipleLoadBalancers) == 0) && !hasIPv4(p, nil) {
		for _, s := range p.Graph.Served() {
			if want := p.Wants.Of(s.Key()); only6(s) && want != nil && !want.Internal.V && len(s.Status.LoadBalancer.Ingress) == 0 {
				a := get(p.Graph.ClusterName)
				a.services = append(a.services, s.Key())
				a.cites = append(a.cites, citeFamilies(s))
			}
		}
	}
	for _, a := range order {
		p.Find(a.finding(p))
	}
}

// hasIPv4 reports whether the load balancer has an IPv4 frontend; nil: any public
// one of the cluster.
func hasIPv4(p *rule.Pass, only *snapshot.LoadBalancer) bool {
	for i := range p.Snapshot.Loads {
		lb := &p.Snapshot.Loads[i]
		if only != nil && lb != only || only == nil && (!p.Graph.OwnLoadBalancer(lb) || azname.IsInternalName(lb.Name)) {
			continue
		}
		for _, f := range lb.Frontends {
			pip := p.Graph.PublicIP(f.PublicIP)
			if !strings.HasSuffix(f.Name, "-IPv6") && !strings.EqualFold(f.PrivateIPAddressVersion, "IPv6") && (pip == nil || !strings.EqualFold(pip.Version, "IPv6")) {
				return true
			}
		}
	}
	return false
}

func (a *alone) finding(p *rule.Pass) rule.Finding {
	told := rule.Tell(a.errs)
	f := rule.Finding{Subject: report.Object{Kind: "LoadBalancer", Name: a.name}, Cites: append(told.Cites, a.cites...)}
	waiting, working := p.Named(a.errs)
	if len(a.services) > 0 {
		f.Services = slices.Concat(a.services, waiting)
		slices.Sort(f.Services)
		f.Services = slices.Compact(f.Services) // both the state and an error may tell of one
		f.Absence = []*bundle.Evidence{&bundle.LoadBalancers}
	} else {
		f.Errors = a.errs
		settle(waiting, working, &f)
	}
	if a.lb != nil {
		f.Cites = append(f.Cites, a.lb.Doc.Cite(a.lb.At+"/frontendIPConfigurations"))
	}
	f.Message = fmt.Sprintf("Azure gives load balancer %s no IPv6 frontend for %s while it has no IPv4 frontend.", a.name, rule.List(orKnown(f.Services)))
	switch {
	case len(a.errs) > 0:
		f.Message += fmt.Sprintf(" The sync fails before any node is added and is repeated (AtleastOneIpV4RequiredForIpV6LbFrontendIpConfiguration, %s).", told.Span())
	default:
		f.Message += " Every sync of it must fail."
		f.Confidence, f.Why = report.Likely, "Azure's refusal itself is in no event and no log of the bundle"
	}
	if a.lb != nil && hasIPv4(p, a.lb) {
		f.Severity, f.Confidence = report.Warning, report.Possible
		f.Why = "the load balancer has an IPv4 frontend now, so the next try should succeed"
	}
	for _, key := range f.Services {
		f.Fix = append(f.Fix, report.Step{Say: "Ask for both families (cloud-provider-azure 1.27.8 and 1.28 on; the cluster's Service range must have IPv4).", Changes: true,
			Run: rule.Kubectl("patch", key, `-p '{"spec":{"ipFamilyPolicy":"RequireDualStack"}}'`)})
	}
	f.Fix = append(f.Fix, report.Step{Say: "Or have some IPv4 Service of type LoadBalancer on " + a.name + " first; the sync is tried again by itself.", Changes: true})
	return f
}

// orKnown stands for the Services of errors that name none.
func orKnown(services []string) []string {
	if len(services) == 0 {
		return []string{"a Service that the error does not name"}
	}
	return services
}
