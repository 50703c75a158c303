package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"azlb/analyze/desired"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/bundle-schema/azname"
	"azlb/report"
)

// CFG10 is a provider that is told to make what Azure makes no more.
var CFG10 = &rule.Rule{
	ID:       "AZLB-CFG10",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the provider asks for the Basic SKU, of which Azure makes nothing new",
		Symptom: "New public Services stay pending; events show IPv4BasicSkuPublicIpCountLimitReached, `Cannot create more than 0 IPv4 Basic SKU public IP addresses`. A quota request does not help.",
		Cause: "loadBalancerSku in azure.json decides whether the provider makes Basic or Standard load balancers and addresses. Where it is not set, providers up to 1.26 make Basic ones, later ones Standard. " +
			"Azure takes no new Basic load balancers and addresses since 31 March 2025, and retired the SKU on 30 September 2025.",
		Fix: []report.Step{
			{Say: "Self-managed: set loadBalancerSku to standard in azure.json on every control-plane machine, and restart the controller.", Run: "sudoedit /etc/kubernetes/azure.json", Changes: true},
			{Say: "AKS: move the cluster in place. Needs Kubernetes 1.27 and az 2.76; outbound addresses change, there is an interruption, and no way back.", Run: "az aks update -g GROUP -n CLUSTER --load-balancer-sku standard", Changes: true},
			{Say: "Standard is closed by default: the provider opens each Service in the security group that azure.json names, so that one must be on the nodes' subnet or interfaces."},
		},
		References: []string{"https://learn.microsoft.com/azure/load-balancer/skus", "https://learn.microsoft.com/azure/virtual-network/ip-services/public-ip-basic-upgrade-guidance", "https://cloud-provider-azure.sigs.k8s.io/install/configs/", "kubermatic/kubermatic#13328"},
		Affects:    "loadBalancerSku exists since 1.11; without it Basic up to 1.26, Standard from 1.27 on",
		Healthy:    "A cluster whose Basic load balancers exist is told by AZLB-SKU02, not here, as long as Azure refuses nothing. A key that is not set is no sign with a provider of 1.27 or later, nor where the cluster's load balancers are Standard: the controller then reads another file.",
	},
	Needs: rule.Needs{
		All: []*bundle.Evidence{&bundle.Services, &bundle.LoadBalancers},
		Any: []*bundle.Evidence{&bundle.CloudConfig, &bundle.Events, &bundle.ControllerLog, &bundle.ControllerPods, &bundle.KubeVersion},
	},
	FollowsFrom: []string{"AZLB-SKU01", "AZLB-SKU02"},
	Texts:       []rule.Text{{Codes: []string{"IPv4BasicSkuPublicIpCountLimitReached", "IPv6BasicSkuPublicIpCountLimitReached"}, Pattern: noBasic}},
	Check:       checkCFG10,
}

var (
	// retired is the day after which Basic load balancers and addresses have no support.
	retired = time.Date(2025, 9, 30, 0, 0, 0, 0, time.UTC)
	// standardByDefault is since when the provider makes Standard where azure.json is silent.
	standardByDefault = azname.Since("1.27")
	// noBasic is a quota of none; one that is only used up is another fault.
	noBasic = regexp.MustCompile(`(?i)cannot create more than 0 \S+ basic sku`)
)

func checkCFG10(p *rule.Pass) {
	errs := slices.DeleteFunc(p.Current(p.Knows), p.Gone)
	ask, cites := asksBasic(p)
	f := rule.Finding{Subject: report.Object{Kind: "CloudConfig", Name: "azure.json"}, Fix: standard(p)}
	switch {
	case len(errs) > 0:
		told := rule.Tell(errs)
		waiting, working := p.Named(errs)
		f.Errors, f.Services, f.Cites = errs, waiting, append(told.Cites, cites...)
		f.Message = fmt.Sprintf("Azure makes no Basic public IP any more (%s, %s): “%s”. The provider asks for Basic ones%s.", errs[len(errs)-1].Code, told.Span(), snapshot.Quote(errs[len(errs)-1].Message), because(ask))
		if len(waiting) == 0 {
			f.Severity, f.Services = report.Warning, working
		}
	case ask != "" && p.Snapshot.Now.After(retired) && p.Complete(&bundle.LoadBalancers, "") && !uses(p, "Basic") && (p.Snapshot.Config.LoadBalancerSKU != "" || !uses(p, "Standard")):
		f.Severity, f.Cites = report.Warning, cites
		f.Message = fmt.Sprintf("The provider makes Basic load balancers and addresses (%s), and Azure makes no new ones since the SKU was retired on 30 September 2025.", ask)
		for _, s := range p.Graph.Served() {
			if len(s.Status.LoadBalancer.Ingress) == 0 {
				f.Services = append(f.Services, s.Key())
			}
		}
		if len(f.Services) > 0 {
			f.Confidence, f.Why = report.Likely, "no refusal of Azure for this reason is in the bundle"
			f.Message += fmt.Sprintf(" %s waits for an address.", rule.List(f.Services))
		} else {
			f.Message += " The next new address or load balancer will be refused."
		}
		if uses(p, "Standard") {
			f.Confidence, f.Why = report.Likely, "the cluster's load balancers are Standard: the controller may not have read this azure.json yet, or reads another one"
		}
	default:
		return
	}
	p.Find(f)
}

func because(ask string) string {
	if ask == "" {
		return ""
	}
	return " (" + ask + ")"
}

// asksBasic says why the provider makes Basic load balancers; empty: it does not, or
// that is not known.
func asksBasic(p *rule.Pass) (because string, cites []report.Cite) {
	c := p.Snapshot.Config
	switch {
	case c == nil || c.Invalid != "":
	case strings.EqualFold(c.LoadBalancerSKU, "basic"):
		return "loadBalancerSku in azure.json is " + c.LoadBalancerSKU, []report.Cite{c.Doc.Cite("/loadBalancerSku")}
	case c.LoadBalancerSKU == "" && p.Wants.Provider.Has(standardByDefault) == desired.No:
		return "azure.json does not set loadBalancerSku, and Basic is the default up to 1.26", []report.Cite{c.Doc.CiteWhole()}
	}
	return "", nil
}

// uses reports whether the cluster has load balancers of a SKU. Of Basic ones another
// rule tells; Standard ones show that the controller has gone by another configuration.
func uses(p *rule.Pass, sku string) bool {
	return slices.ContainsFunc(p.Snapshot.Loads, func(lb snapshot.LoadBalancer) bool {
		return strings.EqualFold(lb.SKU.Name, sku) && (p.Graph.OwnLoadBalancer(&lb) || slices.ContainsFunc(p.Graph.Services, func(s *topology.Service) bool {
			return slices.ContainsFunc(s.Frontends, func(f topology.Frontend) bool { return az.SameID(f.LB.ID, lb.ID) })
		}))
	})
}

// standard moves the provider to the SKU that is left.
func standard(p *rule.Pass) []report.Step {
	steps := []report.Step{{Say: "Set loadBalancerSku to standard in azure.json on every control-plane machine, and restart the controller. Basic load balancers that exist must go first, with their Services' addresses.", Run: "sudoedit /etc/kubernetes/azure.json", Changes: true}}
	if p.Graph.Managed() {
		steps = []report.Step{{Say: "Move the cluster in place. Needs Kubernetes 1.27 and az 2.76; outbound addresses change, there is an interruption, and no way back.", Run: "az aks update " + p.AKS("-n") + " --load-balancer-sku standard", Changes: true}}
	}
	return append(steps, report.Step{Say: "Standard is closed by default: the provider opens each Service in the security group that azure.json names, so that one must be on the nodes' subnet or interfaces."})
}
