package publicip

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
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

// PIP08 is a public IP that two clusters in one resource group mix up.
var PIP08 = &rule.Rule{
	ID:       "AZLB-PIP08",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "two clusters with a Service of the same name keep their public IPs in one resource group",
		Symptom: "A Service stays pending although its own address is free, events or the log tell of PublicIPAddressCannotBeDeleted for an address of the other cluster; or `reconcilePublicIP …: pip(…) not found` for an address that is there.",
		Cause: "The provider knows the public IPs of a Service by tags: the Service's namespace and name, and the name of the cluster. It looks at all addresses of the resource group. " +
			"An address that another cluster of the same name (on AKS all are called kubernetes) uses for a Service of the same name it takes for an old one of its own and tries to delete it; one with the name of another cluster it does not take for its own, even if the Service asks for it.",
		Fix: []report.Step{
			{Say: "See the tags of the address.", Run: "az network public-ip show -g GROUP -n PUBLIC_IP --query tags"},
			{Say: "Keep the addresses of each cluster in a resource group of their own, and name that in the Service.", Run: "kubectl annotate service -n NAMESPACE SERVICE --overwrite service.beta.kubernetes.io/azure-load-balancer-resource-group=GROUP", Changes: true},
			{Say: "Or take the tags off an address that you made yourself: without a tag the provider neither deletes nor tags it (since 1.23.30, 1.24.17, 1.25.11 and 1.26.7).", Run: "az network public-ip update -g GROUP -n PUBLIC_IP --remove tags.k8s-azure-service --remove tags.k8s-azure-cluster-name", Changes: true},
		},
		References: []string{"kubernetes-sigs/cloud-provider-azure#699", "kubernetes/kubernetes#77630", "serviceOwnsPublicIP and shouldReleaseExistingOwnedPublicIP in kubernetes-sigs/cloud-provider-azure"},
		Healthy:    "Clusters of different names may share a resource group: each leaves the addresses with the other's name alone. An old address of the same cluster, on its own load balancer or on none, is a leftover and another matter.",
	},
	Needs: rule.Needs{Any: []*bundle.Evidence{&bundle.PublicIPs}, All: []*bundle.Evidence{&bundle.Services}},
	Texts: []rule.Text{refusedDelete, {Pattern: lostPIP}},
	Check: checkPIP08,
}

// refusedDelete is Azure's answer to the deletion of an address that is in use.
var refusedDelete = rule.Codes("PublicIPAddressCannotBeDeleted")

// lostPIP is the provider's text for an address that it does not take for its own.
var lostPIP = regexp.MustCompile(`reconcilePublicIPs? for service ?\([^()]*\): pip\(([^()\s]+)\) not found`)

func checkPIP08(p *rule.Pass) {
	for _, s := range p.Graph.Services {
		if !public(p, s) || s.UID == "" {
			continue
		}
		own := mine(p, s)
		group := p.Wants.Of(s.Key()).PublicIPGroup.V
		for i := range p.Snapshot.PublicIPs {
			pip := &p.Snapshot.PublicIPs[i]
			if !strings.EqualFold(az.GroupOf(pip.ID), group) || !tagged(pip, s.Key()) {
				continue
			}
			cluster := azname.ClusterOfTags(pip.Tags)
			switch same := cluster == "" || strings.EqualFold(cluster, p.Graph.ClusterName); {
			case same && !slices.Contains(own, pip):
				foreign(p, s, pip)
			case !same && nameKnown(p) && asksFor(p, s, pip) && !serves(s, pip) && stranger(p, pip) == "":
				disowned(p, s, pip, cluster)
			}
		}
	}
}

// tagged reports whether the address carries the Service's name.
func tagged(pip *snapshot.PublicIP, key string) bool {
	return slices.ContainsFunc(azname.ServicesOfTag(pip.Tags), func(name string) bool { return strings.EqualFold(name, key) })
}

func asksFor(p *rule.Pass, s *topology.Service, pip *snapshot.PublicIP) bool {
	return slices.ContainsFunc(pins(p, s), func(x pin) bool { return x.pip == pip })
}

// nameKnown reports whether the cluster's name is told by something else than the
// tags of addresses, which may be another cluster's.
func nameKnown(p *rule.Pass) bool {
	return slices.ContainsFunc(p.Snapshot.Logs, func(l snapshot.LogFile) bool { return l.Flags["cluster-name"] == p.Graph.ClusterName }) ||
		slices.ContainsFunc(p.Graph.Services, func(s *topology.Service) bool {
			return slices.ContainsFunc(s.Frontends, func(f topology.Frontend) bool { return f.Own && p.Graph.OwnLoadBalancer(f.LB) })
		})
}

// foreign is an address on the load balancer of another cluster that the provider
// takes for an old one of the Service.
func foreign(p *rule.Pass, s *topology.Service, pip *snapshot.PublicIP) {
	user, lb := "", ""
	if pip.IPConfiguration != nil {
		user = pip.IPConfiguration.ID
	}
	if id, ok := az.ParseID(user); ok && id.Name("loadBalancers") != "" {
		lb = id.Name("loadBalancers") + " in resource group " + id.Group
		groups := p.Graph.ProviderGroups()
		if h := holder(p, pip); h != nil && ours(p, h.lb) || h == nil && (len(groups) == 0 || slices.Contains(groups, strings.ToLower(id.Group))) {
			return
		}
	}
	if lb == "" {
		return
	}
	errs := p.Current(func(e *errtext.Error) bool {
		return refusedDelete.Matches(e) && strings.Contains(strings.ToLower(e.Message+" "+e.Target), strings.ToLower(pip.ID))
	})
	told := rule.Tell(errs)
	f := rule.Finding{Subject: report.Object{Kind: "PublicIP", Name: pip.Name}, Services: []string{s.Key()}, Severity: report.Warning,
		Cites: append(told.Cites, pip.Doc.Cite(pip.At+"/tags"), pip.Doc.Cite(pip.At+"/ipConfiguration/id"), s.Doc.Cite("/metadata/name"))}
	f.Message = fmt.Sprintf("Public IP %s (%s) is on load balancer %s, which is not this cluster's, but its tags name %s and no other cluster. So this cluster's provider takes it for an old address of its Service and tries to delete it at every sync.",
		pip.Name, cmp.Or(pip.IPAddress, "no address"), lb, s.Key())
	switch {
	case len(errs) > 0 && len(s.Status.LoadBalancer.Ingress) == 0:
		f.Severity = report.Error
		f.Message += fmt.Sprintf(" Azure refused that %s, and the Service waits for its own address.", told.Span())
	case len(errs) > 0:
		f.Message += fmt.Sprintf(" Azure refused that %s.", told.Span())
	default:
		f.Confidence, f.Why = report.Likely, "the bundle has no failure of it; while the address is in use Azure refuses to delete it, and since 1.20 the provider only logs that"
	}
	f.Fix = untag(pip, "Take the tags off, if you made the address yourself: without one the provider leaves it alone.")
	f.Fix = append(f.Fix, report.Step{Say: "Keep the addresses of the two clusters in resource groups of their own; name this cluster's in the Service.", Changes: true,
		Run: fmt.Sprintf("kubectl annotate service -n %s %s --overwrite service.beta.kubernetes.io/azure-load-balancer-resource-group=GROUP", rule.Word(s.Namespace, "NAMESPACE"), rule.Word(s.Name, "SERVICE"))})
	p.Find(f)
}

// disowned is the address that a Service asks for, with the name of another cluster.
func disowned(p *rule.Pass, s *topology.Service, pip *snapshot.PublicIP, cluster string) {
	errs := p.Current(func(e *errtext.Error) bool {
		m := lostPIP.FindStringSubmatch(e.Message)
		return m != nil && e.Service == s.Key() && strings.EqualFold(m[1], pip.Name)
	})
	told := rule.Tell(errs)
	f := rule.Finding{Subject: report.Object{Kind: "PublicIP", Name: pip.Name}, Services: []string{s.Key()},
		Cites: append(told.Cites, pip.Doc.Cite(pip.At+"/tags"))}
	for _, x := range pins(p, s) {
		if x.pip == pip {
			f.Cites = append(f.Cites, s.Doc.Cite(x.pointer))
		}
	}
	f.Message = fmt.Sprintf("%s asks for public IP %s (%s), whose tags say that it is of %s in cluster %s. This cluster is %s, so its provider does not take the address for its own and does not find it.",
		s.Key(), pip.Name, cmp.Or(pip.IPAddress, "no address"), s.Key(), cluster, p.Graph.ClusterName)
	if len(errs) > 0 {
		f.Message += fmt.Sprintf(" It failed %s.", told.Span())
	} else {
		f.Severity, f.Confidence, f.Why = report.Warning, report.Likely, "the bundle has no failure of it"
	}
	f.Fix = untag(pip, "If the other cluster does not use the address any more, take its tags off; the next try of the controller succeeds then.")
	p.Find(f)
}

// untag takes the provider's tags off an address.
func untag(pip *snapshot.PublicIP, say string) []report.Step {
	at := fmt.Sprintf("-g %s -n %s", rule.Word(az.GroupOf(pip.ID), "GROUP"), rule.Word(pip.Name, "PUBLIC_IP"))
	remove := ""
	for _, key := range slices.Sorted(maps.Keys(pip.Tags)) {
		for _, ours := range []string{azname.ServiceTag, azname.LegacyServiceTag, azname.ClusterTag, azname.LegacyClusterTag} {
			if strings.EqualFold(key, ours) {
				remove += " --remove tags." + rule.Word(key, "TAG")
			}
		}
	}
	return []report.Step{
		{Say: "See the tags of the address.", Run: "az network public-ip show " + at + " --query tags"},
		{Say: say, Run: "az network public-ip update " + at + remove, Changes: true},
	}
}
