package analyze

import (
	"slices"
	"strings"

	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// cluster identifies the cluster from whatever says it.
func cluster(w *rule.World) report.Cluster {
	s := w.Snapshot
	c := report.Cluster{UID: s.KubeSystemUID, Kubernetes: s.Kubernetes, AzCLI: s.AzCLI, ResourceGroups: w.Graph.NodeGroups,
		Provider: provider(w), Managed: w.Graph.Managed()}
	if m := s.Manifest; m != nil {
		c.Context = m.Cluster.Context
		c.Region = m.Cluster.Region
		if len(m.Cluster.ResourceGroups) > 0 {
			c.ResourceGroups = m.Cluster.ResourceGroups
		}
	}
	for _, n := range s.Nodes {
		if id, ok := az.ParseID(n.Spec.ProviderID); ok && c.Subscription == "" {
			c.Subscription = id.Subscription
		}
		if c.Region == "" {
			c.Region = n.Labels["topology.kubernetes.io/region"]
		}
	}
	if c.Subscription == "" && s.Account != nil {
		c.Subscription = s.Account.ID
	}
	if s.Account != nil {
		c.Azure = s.Account.Cloud
	}
	if c.Region == "" && len(s.Loads) > 0 {
		c.Region = s.Loads[0].Location
	}
	return c
}

// provider names the controller that writes the load balancers.
func provider(w *rule.World) string {
	s := w.Snapshot
	for _, want := range []snapshot.LogKind{snapshot.CloudController, snapshot.KubeController} {
		for _, p := range s.Pods {
			if p.Namespace != "kube-system" || !strings.Contains(p.Name, string(want)) {
				continue
			}
			for _, c := range p.Spec.Containers {
				if strings.Contains(c.Image, string(want)) || c.Name == string(want) {
					return strings.TrimSpace(string(want) + " " + tag(c.Image))
				}
			}
		}
		i := slices.IndexFunc(s.Logs, func(l snapshot.LogFile) bool { return l.Kind == want && l.Version != "" })
		if i >= 0 {
			return string(want) + " " + s.Logs[i].Version
		}
	}
	if w.Graph.Managed() {
		return "cloud-controller-manager of AKS (not visible)"
	}
	return ""
}

// tag of an image reference, empty where it has none.
func tag(image string) string {
	image, _, _ = strings.Cut(image, "@")
	if i := strings.LastIndex(image, ":"); i > strings.LastIndex(image, "/") {
		return image[i+1:]
	}
	return ""
}
