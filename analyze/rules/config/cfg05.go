package config

import (
	"fmt"
	"slices"
	"strconv"

	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/azname"
	"azlb/report"
)

// CFG05 is a cluster whose name looks like that of an internal load balancer.
var CFG05 = &rule.Rule{
	ID:       "AZLB-CFG05",
	Severity: report.Error,
	Doc: report.Doc{
		Title:   "the cluster's name ends in -internal",
		Symptom: "Public Services stay pending or get the frontends of internal ones, and what was made for one kind is removed for the other at the next sync.",
		Cause: "The provider names the public load balancer after --cluster-name and the internal one the same with -internal, and tells the two kinds apart by this ending alone. " +
			"With a cluster name (or loadBalancerName in azure.json) that itself ends so, the public load balancer is taken for an internal one.",
		Fix: []report.Step{
			{Say: "Give the controller a name without this ending (--cluster-name, or loadBalancerName in azure.json), in all its replicas. Load balancers, pools and public IPs get new names: move the Services one by one, and delete the old ones last.", Changes: true},
			{Say: "See which name the controller has.", Run: "kubectl -n kube-system get pods -l component=cloud-controller-manager -o yaml | grep cluster-name"},
		},
		References: []string{"https://cloud-provider-azure.sigs.k8s.io/topics/loadbalancer/", "isInternalLoadBalancer in cloud-provider-azure"},
		Healthy:    "A load balancer named NAME-internal is every cluster's internal one; only the controller's own flag, azure.json or a cluster's tag on a public IP tell the cluster's name. Where Services have their addresses all the same the finding is a warning.",
	},
	Needs: rule.Needs{Any: []*bundle.Evidence{&bundle.ControllerLog, &bundle.ControllerPods, &bundle.CloudConfig, &bundle.PublicIPs}, All: []*bundle.Evidence{&bundle.CloudConfig}},
	Check: checkCFG05,
}

func checkCFG05(p *rule.Pass) {
	name, cites := named(p)
	if name == "" {
		return
	}
	f := rule.Finding{Subject: report.Object{Kind: "Controller", Name: "of the cloud provider"}, Cites: cites,
		Message: fmt.Sprintf("The provider builds its names from %s, and takes every load balancer whose name ends in -internal for an internal one: the public one as well.", name)}
	waiting := p.Waiting()
	for _, s := range p.Graph.Services {
		if want := p.Wants.Of(s.Key()); !s.Foreign() && !want.Internal.V && slices.Contains(waiting, s.Key()) {
			f.Services = append(f.Services, s.Key())
		}
	}
	if len(f.Services) == 0 {
		f.Severity = report.Warning
		f.Message += " No public Service waits for an address at present."
	} else {
		f.Message += fmt.Sprintf(" %s waits.", rule.List(f.Services))
	}
	p.Find(f)
}

// named is the name that the load balancers are derived from, where it ends in
// -internal, with the places that tell it. azure.json counts before the flag.
func named(p *rule.Pass) (string, []report.Cite) {
	if c := p.Snapshot.Config; c != nil && c.LoadBalancerName != "" {
		if azname.IsInternalName(c.LoadBalancerName) {
			return c.LoadBalancerName, []report.Cite{c.Doc.Cite("/loadBalancerName")}
		}
		return "", nil
	}
	for _, l := range p.Snapshot.Logs {
		azure := l.Flags["cloud-provider"] == "azure" || l.Kind == snapshot.CloudController
		if n := l.Flags["cluster-name"]; azure && azname.IsInternalName(n) {
			return n, []report.Cite{{File: l.File, Line: l.FlagLines["cluster-name"], Quote: snapshot.Quote("--cluster-name=" + strconv.Quote(n))}}
		}
	}
	for i := range p.Snapshot.PublicIPs {
		pip := &p.Snapshot.PublicIPs[i]
		if n := azname.ClusterOfTags(pip.Tags); n == p.Graph.ClusterName && azname.IsInternalName(n) {
			return n, []report.Cite{pip.Doc.Cite(pip.At + "/tags")}
		}
	}
	return "", nil
}
