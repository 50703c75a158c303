package multislb

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"azlb/analyze/desired"
	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// MSLB02 is a Service that no load balancer may take.
var MSLB02 = &rule.Rule{
	ID:       "AZLB-MSLB02",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "none of the cluster's load balancers may take the Service",
		Symptom: "In a cluster with several load balancers one Service stays pending; events say that it `selects … load balancers` of which some have `AllowServicePlacement set to false` or do not match a selector, or that `none of them is defined in cloud provider configuration`.",
		Cause: "The provider takes the load balancers that the Service's annotation azure-load-balancer-configurations names, else all; strikes out those with allowServicePlacement false that do not carry the Service yet, and those whose serviceLabelSelector or serviceNamespaceSelector does not match; and fails the sync when none is left. " +
			"Names of the annotation that azure.json does not have are passed over.",
		Fix: []report.Step{
			{Say: "Name a load balancer that exists, or take the annotation away.", Run: "kubectl annotate service -n NAMESPACE SERVICE service.beta.kubernetes.io/azure-load-balancer-configurations-", Changes: true},
			{Say: "Or give the Service the label that a selector wants.", Run: "kubectl label service -n NAMESPACE SERVICE KEY=VALUE", Changes: true},
			{Say: "Or let a load balancer of azure.json take it.", Run: "sudoedit /etc/kubernetes/azure.json", Changes: true},
		},
		References: []string{docs, "https://learn.microsoft.com/azure/aks/use-multiple-standard-load-balancer"},
		Affects:    "cloud-provider-azure 1.28 and later",
		Healthy:    "A load balancer that is being emptied keeps the Services that it carries. A selector for namespaces is not judged here, since the bundle has no labels of namespaces. A refusal that a later success followed is history.",
	},
	Needs:       rule.Needs{Any: []*bundle.Evidence{&bundle.CloudConfig, &bundle.Events, &bundle.ControllerLog}, All: []*bundle.Evidence{&bundle.Services, &bundle.KubeVersion}, Clean: []*bundle.Evidence{&bundle.LoadBalancers}},
	FollowsFrom: []string{"AZLB-MSLB03"},
	Texts:       []rule.Text{{Pattern: undefined}, {Pattern: struck}},
	Check:       checkMSLB02,
}

// The provider's two texts; the second one says how many were struck out for what.
var (
	undefined = regexp.MustCompile(`selects \d+ load balancers by annotation, but none of them is defined in cloud provider configuration`)
	struck    = regexp.MustCompile(`selects \d+ load balancers \(([^)]*)\), but \d+ of them \(([^)]*)\) have AllowServicePlacement set to false and the service is not using any of them, \d+ of them \(([^)]*)\) do not match the service label selector, and \d+ of them \(([^)]*)\) do not match the service namespace selector`)
)

func checkMSLB02(p *rule.Pass) {
	byService := map[string][]*errtext.Error{}
	for _, e := range p.Current(p.Knows) {
		if !p.Gone(e) {
			byService[e.Service] = append(byService[e.Service], e)
		}
	}
	c := config(p)
	for _, s := range p.Graph.Served() {
		errs := byService[s.Key()]
		delete(byService, s.Key())
		var why choice
		if c != nil && (p.Graph.Minor() == 0 || p.Graph.Minor() >= 28) {
			why = choose(p, c, s)
		}
		if len(errs) > 0 || why.none {
			p.Find(unplaced(p, s.Key(), s, errs, why))
		}
	}
	var rest []string // Services that are not in the bundle
	for key := range byService {
		rest = append(rest, key)
	}
	slices.Sort(rest)
	for _, key := range rest {
		p.Find(unplaced(p, key, nil, byService[key], choice{}))
	}
	if c == nil && single(p) {
		p.NotApplicable("azure.json has one load balancer", &bundle.CloudConfig)
	}
}

// choice is what is left of the load balancers for one Service.
type choice struct {
	none  bool     // nothing
	say   []string // why each was struck out
	cites []report.Cite
}

// choose follows getEligibleLoadBalancersForService as far as the bundle goes.
func choose(p *rule.Pass, c *snapshot.CloudConfig, s *topology.Service) choice {
	named := desired.BalancersOf(s)
	out := choice{none: true}
	picked := 0
	for i, b := range c.MultipleLoadBalancers {
		if len(named.V) > 0 && !slices.Contains(named.V, strings.ToLower(b.Name)) {
			continue
		}
		picked++
		at := fmt.Sprintf("/multipleStandardLoadBalancerConfigurations/%d", i)
		switch {
		case b.AllowServicePlacement != nil && !*b.AllowServicePlacement && !p.Graph.Whole(&bundle.LoadBalancers):
			return choice{} // it may carry the Service already
		case b.AllowServicePlacement != nil && !*b.AllowServicePlacement && !carries(s, b.Name):
			out.say = append(out.say, b.Name+" takes no new Services (allowServicePlacement)")
			out.cites = append(out.cites, c.Doc.Cite(at+"/allowServicePlacement"))
		case !matches(b.ServiceLabelSelector, s.Labels):
			out.say = append(out.say, b.Name+" wants labels that the Service does not have (serviceLabelSelector "+metav1.FormatLabelSelector(b.ServiceLabelSelector)+")")
			out.cites = append(out.cites, c.Doc.Cite(at+"/serviceLabelSelector"))
		default:
			return choice{} // or a namespace selector decides, which is not known
		}
	}
	if picked == 0 {
		out.say = []string{"azure.json has none of the load balancers that it names (" + strings.Join(named.V, ", ") + ")"}
		out.cites = []report.Cite{c.Doc.Cite("/multipleStandardLoadBalancerConfigurations")}
	}
	if named.Pointer != "" {
		out.cites = append(out.cites, s.Doc.Cite(named.Pointer))
	}
	return out
}

// carries reports whether the load balancer or its internal twin has the Service.
func carries(s *topology.Service, lb string) bool {
	return slices.ContainsFunc(s.Frontends, func(f topology.Frontend) bool { return base(f.LB.Name) == strings.ToLower(lb) })
}

// matches reports whether a selector lets the labels in; one that is missing, or
// that the provider cannot read either, does.
func matches(selector *metav1.LabelSelector, have map[string]string) bool {
	if selector == nil {
		return true
	}
	sel, err := metav1.LabelSelectorAsSelector(selector)
	return err != nil || sel.Matches(labels.Set(have))
}

func unplaced(p *rule.Pass, key string, s *topology.Service, errs []*errtext.Error, why choice) rule.Finding {
	told := rule.Tell(errs)
	f := rule.Finding{Subject: rule.Subject(key), Services: []string{key}, Cites: append(told.Cites, why.cites...)}
	if waiting, _ := p.Named(errs); len(waiting) == 0 && (s == nil || len(s.Status.LoadBalancer.Ingress) > 0) {
		f.Severity = report.Warning
	}
	if !why.none {
		f.Errors = errs
		why.say = reasons(errs[len(errs)-1].Message)
	}
	f.Message = fmt.Sprintf("No load balancer may take %s: %s. The provider fails the sync.", key, strings.Join(why.say, "; "))
	if len(errs) > 0 {
		f.Message = strings.TrimSuffix(f.Message, ".") + ", " + told.Span() + "."
	} else {
		f.Confidence, f.Why = report.Likely, "the provider's refusal itself is in no event and no log of the bundle: the controller that runs may have read another azure.json"
	}
	if s != nil && desired.BalancersOf(s).Pointer != "" {
		f.Fix = append(f.Fix, report.Step{Say: "Name a load balancer that azure.json has and that takes the Service, or take the annotation away, which means all of them.", Changes: true,
			Run: rule.Kubectl("annotate", key, "service.beta.kubernetes.io/azure-load-balancer-configurations-")})
	}
	give := "Give"
	if len(f.Fix) > 0 {
		give = "Or give"
	}
	f.Fix = append(f.Fix,
		report.Step{Say: give + " the Service the labels that a serviceLabelSelector wants.", Changes: true, Run: rule.Kubectl("label", key, "KEY=VALUE")},
		edit(p, "Or let a load balancer take it: allowServicePlacement true, or a selector that matches."))
	return f
}

// reasons says in words why each load balancer was struck out.
func reasons(message string) []string {
	m := struck.FindStringSubmatch(message)
	if m == nil {
		return []string{"the provider's configuration has none of the load balancers that it names"}
	}
	var out []string
	for i, why := range []string{"take no new Services (allowServicePlacement)", "want other labels (serviceLabelSelector)", "want another namespace (serviceNamespaceSelector)"} {
		if m[i+2] != "" {
			out = append(out, m[i+2]+" "+why)
		}
	}
	if len(out) == 0 {
		return []string{"it may use " + m[1] + " only"}
	}
	return out
}
