package outbound

import (
	"fmt"
	"regexp"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// SNAT05 is an outbound address that AKS knows and that is gone.
var SNAT05 = &rule.Rule{
	ID:       "AZLB-SNAT05",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "an outbound address of the AKS cluster no longer exists",
		Symptom: "Scaling, upgrading and every other change of the cluster fails with InvalidLoadBalancerProfileOutboundIPs, LoadBalancerProfileOutboundIPNotExist; the cluster is in state Failed while workloads may run on.",
		Cause: "AKS remembers the public IPs or prefixes through which nodes leave, as they were given to it, and checks them before every change. " +
			"One that was deleted, or moved to another resource group, is not found, and nothing can be changed any more until AKS is told addresses that exist.",
		Fix: []report.Step{
			{Say: "See which addresses AKS looks for.", Run: "az aks show -g GROUP -n CLUSTER --query networkProfile.loadBalancerProfile"},
			{Say: "Tell AKS addresses that exist. Nodes leave through them from then on: allow-lists of others must have them.", Run: "az aks update -g GROUP -n CLUSTER --load-balancer-outbound-ips PUBLIC_IP_IDS", Changes: true},
			{Say: "Or let AKS make its own.", Run: "az aks update -g GROUP -n CLUSTER --load-balancer-managed-outbound-ip-count 1", Changes: true},
		},
		References: []string{"https://learn.microsoft.com/azure/aks/load-balancer-standard#provide-your-own-outbound-public-ips-or-prefixes", "Azure/AKS#3247"},
		Healthy:    "An address that AKS names and that is in its resource group, attached to the load balancer, is as it should be, and one whose resource group was not read whole says nothing.",
	},
	Needs: rule.Needs{Any: []*bundle.Evidence{&bundle.AKSCluster, &bundle.PublicIPs, &bundle.Events, &bundle.ControllerLog}},
	Texts: rule.InLogs(
		rule.Codes(outboundGone, "LoadBalancerProfileOutboundIPPrefixNotExist"),
		rule.Text{Codes: []string{"InvalidLoadBalancerProfileOutboundIPs", "InvalidLoadBalancerProfileOutboundIPPrefixes"}, Pattern: regexp.MustCompile(`LoadBalancerProfileOutboundIP(?:Prefix)?NotExist`)},
	),
	Check: checkSNAT05,
}

// outboundGone is the code of AKS for an address.
const outboundGone = "LoadBalancerProfileOutboundIPNotExist"

// aks is the cluster as the object at fault, by no name: what Azure says has none.
var aks = report.Object{Kind: "Cluster", Name: "AKS"}

func checkSNAT05(p *rule.Pass) {
	errs := p.Current(p.Knows)
	for i := range p.Snapshot.AKS {
		c := &p.Snapshot.AKS[i]
		if gone := missing(p, c); len(gone) > 0 {
			p.Find(deleted(c, gone, errs))
			errs = nil
		}
	}
	if len(errs) > 0 {
		t := rule.Tell(errs)
		p.Find(rule.Finding{Subject: aks, Severity: report.Warning, Confidence: report.Possible, Why: "no state of the cluster in the bundle shows it: it may be over", Cites: t.Cites,
			Message: fmt.Sprintf("AKS refuses every change of the cluster, because an outbound address that it was given no longer exists (%s, %s). Which one is not in the bundle.", outboundGone, t.Span())})
	}
}

// missing lists the outbound addresses that AKS names and that are known not to exist.
func missing(p *rule.Pass, c *snapshot.AKSCluster) []az.Ref {
	l := c.Network.LoadBalancer
	if l == nil {
		return nil
	}
	refs := l.Effective
	if l.PublicIPs != nil {
		refs = append(append([]az.Ref{}, l.PublicIPs.All...), refs...)
	}
	own, _ := az.ParseID(c.ID)
	var out []az.Ref
	seen := map[string]bool{}
	for _, r := range refs {
		id, ok := az.ParseID(r.ID)
		key := az.Key(r.ID)
		if !ok || key == "" || seen[key] || !id.Is("Microsoft.Network", "publicIPAddresses") || !strings.EqualFold(id.Subscription, own.Subscription) {
			continue // of another subscription, whose group of that name was not read
		}
		seen[key] = true
		if p.Graph.PublicIP(&r) == nil && p.Complete(&bundle.PublicIPs, id.Group) {
			out = append(out, r)
		}
	}
	return out
}

func deleted(c *snapshot.AKSCluster, gone []az.Ref, errs []*errtext.Error) rule.Finding {
	var names []string
	f := rule.Finding{Subject: aks, Severity: report.Warning, Absence: []*bundle.Evidence{&bundle.PublicIPs}}
	for _, r := range gone {
		names = append(names, az.LastName(r.ID))
		f.Cites = append(f.Cites, c.Doc.Cite(r.At+"/id"))
	}
	f.Message = fmt.Sprintf("AKS cluster %s lets its nodes out through %s, which resource group %s does not have.", c.Name, rule.List(names), az.GroupOf(gone[0].ID))
	if strings.EqualFold(c.ProvisioningState, "Failed") || len(errs) > 0 {
		f.Severity = report.Error
		f.Message += " AKS checks that before every change: scaling and upgrades fail until it is told addresses that exist."
	} else {
		f.Message += " AKS checks that before every change: the next scaling or upgrade will fail."
	}
	if strings.EqualFold(c.ProvisioningState, "Failed") {
		f.Cites = append(f.Cites, c.Doc.Cite(c.At+"/provisioningState"))
	}
	f.Cites = append(f.Cites, rule.Tell(errs).Cites...)
	f.Fix = []report.Step{
		{Say: "See which addresses AKS looks for.", Run: fmt.Sprintf("az aks show -g %s -n %s --query networkProfile.loadBalancerProfile", rule.Word(az.GroupOf(c.ID), "GROUP"), rule.Word(c.Name, "CLUSTER"))},
		{Say: "Tell AKS addresses that exist. Nodes leave through them from then on: allow-lists of others must have them.", Run: update(c, "--load-balancer-outbound-ips PUBLIC_IP_IDS"), Changes: true},
		{Say: "Or let AKS make its own.", Run: update(c, "--load-balancer-managed-outbound-ip-count 1"), Changes: true},
	}
	return f
}
