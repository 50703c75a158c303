package analyze

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// build puts the report together; nothing is decided after it.
func build(w *rule.World, o rule.Outcome, tool string) *report.Report {
	s := w.Snapshot
	r := &report.Report{
		Schema:   report.SchemaVersion,
		Tool:     tool,
		Bundle:   source(s),
		Cluster:  cluster(w),
		Findings: o.Findings,
		Services: services(w, o.Findings),
		Verdicts: o.Verdicts,
		Coverage: coverage(s, o.Lacking),

		Drift:         drift(w),
		DriftCompared: driftCompared(w, w.Compared.Checks, slices.Sorted(maps.Keys(w.Compared.Skipped))),
	}
	r.Notes = notes(w, r)
	r.Inventory = inventory(s)
	r.Headline = headline(r)
	return r
}

// source says what was read.
func source(s *snapshot.Snapshot) report.Bundle {
	b := report.Bundle{Name: s.Name, Loose: s.Manifest == nil, Partial: s.Partial, Collected: s.Now, Files: s.Files}
	if m := s.Manifest; m != nil {
		b.Collector = strings.TrimSpace(m.Tool.Name + " " + m.Tool.Version)
	}
	return b
}

// coverage lists every kind of evidence with what is missing of it. What nobody asked
// for and nobody misses is optional, and told only where a rule lacks it; so is what was
// asked for in vain and no rule needs.
func coverage(s *snapshot.Snapshot, lacking []*bundle.Evidence) report.Coverage {
	var c report.Coverage
	for _, e := range bundle.Catalogue {
		gaps := slices.DeleteFunc(slices.Clone(s.Gaps), func(g bundle.Gap) bool {
			return g.Evidence.ID != e.ID || e == &bundle.LogFile && g.Status == bundle.StatusSkipped // nobody had one to add
		})
		if len(gaps) > 0 && slices.Contains(unread, e) {
			continue
		}
		if len(gaps) == 0 {
			if s.Have(e) {
				c.Evidence = append(c.Evidence, report.Evidence{ID: e.ID, Title: e.Title, Status: string(bundle.StatusOK)})
			}
			for _, g := range s.Spare {
				if g.Evidence == e && slices.Contains(lacking, e) {
					c.Evidence = append(c.Evidence, spare(s, g))
				}
			}
			continue
		}
		row := report.Evidence{ID: e.ID, Title: e.Title, Status: string(gaps[0].Status), Without: e.Without, Supply: gaps[0].Supply}
		var reasons []string
		for _, g := range gaps {
			if !slices.Contains(reasons, g.Reason) {
				reasons = append(reasons, g.Reason)
			}
		}
		row.Reason = strings.Join(reasons, "; ")
		c.Evidence = append(c.Evidence, row)
	}
	return c
}

// unread is evidence that no rule needs and no other part of the analysis reads: people do.
var unread = []*bundle.Evidence{&bundle.SystemDaemonSets, &bundle.SystemDeployments, &bundle.KubeProxy, &bundle.Leases, &bundle.IngressClasses,
	&bundle.ProviderRoles, &bundle.ProviderRoleBindings, &bundle.Resources, &bundle.PublicIPPrefixes, &bundle.ASGs, &bundle.AvailabilitySets, &bundle.PrivateEndpoints,
	&bundle.ApplicationGateways, &bundle.Firewalls, &bundle.Subnets, &bundle.ResourceHealth, &bundle.DiagnosticSettings, &bundle.Workspace, &bundle.PolicyStates, &bundle.RuleHealth}

// spare is a piece of evidence that is optional. The collector that asks for one asks for
// all of them.
func spare(s *snapshot.Snapshot, g bundle.Gap) report.Evidence {
	row := report.Evidence{ID: g.Evidence.ID, Title: g.Evidence.Title, Status: report.Optional, Reason: g.Reason, Without: g.Evidence.Without, Supply: g.Supply}
	if s.Manifest != nil {
		row.Reason, row.Supply = g.Reason+"; a present azlb-collect asks for it", ""
	}
	return row
}

// notes are facts for the reader that are no findings.
func notes(w *rule.World, r *report.Report) []string {
	var out []string
	if w.Snapshot.Partial != "" {
		out = append(out, "The archive could not be read to its end: "+w.Snapshot.Partial+". What follows rests on the part before that.")
	}
	if controllerLogHidden(r) {
		out = append(out, "AKS: azlb-collect asks Log Analytics for the log where a diagnostic setting sends it there; `azlb-collect --log-file FILE` adds an exported one. Query of the workspace: "+
			"`AzureDiagnostics | where Category == \"cloud-controller-manager\"` or, in resource-specific mode, `AKSControlPlane | where Category == \"cloud-controller-manager\"` "+
			"(kube-controller-manager before Kubernetes 1.22). Setting: `az monitor diagnostic-settings create` on the AKS resource.")
	}
	for _, svc := range w.Graph.Services {
		if svc.Guessed() {
			out = append(out, fmt.Sprintf("Service %s has no usable uid in the evidence; it was matched to its frontend by %s.", svc.Key(), svc.Join))
		}
	}
	return out
}

// inventory counts what the bundle holds.
func inventory(s *snapshot.Snapshot) report.Inventory {
	var inv report.Inventory
	add := func(what string, n int) { inv.Items = append(inv.Items, report.Count{What: what, N: n}) }
	balancers := 0
	for _, svc := range s.Services {
		if svc.Spec.Type == "LoadBalancer" {
			balancers++
		}
	}
	add("Services", len(s.Services))
	add("Services of type LoadBalancer", balancers)
	add("Nodes", len(s.Nodes))
	add("EndpointSlices", len(s.Slices))
	add("Pods", len(s.Pods))
	add("Events", len(s.Events))
	add("Log files", len(s.Logs))
	add("Log records kept", len(s.Records))
	add("Load balancers", len(s.Loads))
	add("Public IPs", len(s.PublicIPs))
	add("Network security groups", len(s.NSGs))
	add("Virtual networks", len(s.VNets))
	add("Network interfaces", len(s.NICs))
	add("Route tables", len(s.Routes))
	add("Private link services", len(s.Links))
	add("Scale sets", len(s.ScaleSets))
	add("Virtual machines and instances", len(s.VMs))
	return inv
}
