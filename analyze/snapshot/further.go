package snapshot

import (
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
)

// further is the evidence of an object of Azure whose id is none of its own, or below that
// of another resource; nil: it is none of these.
func further(item az.Item) *bundle.Evidence {
	switch {
	case item.IsInventory():
		return &bundle.Resources
	case item.IsHealth():
		return &bundle.ResourceHealth
	case item.IsDiagnosticSetting():
		return &bundle.DiagnosticSettings
	case item.IsPolicyState():
		return &bundle.PolicyStates
	case item.IsRuleHealth():
		return &bundle.RuleHealth
	case item.IsServiceTags():
		return &bundle.ServiceTags
	}
	return nil
}

// systemKinds are the kinds of which only those of the control plane are evidence.
var systemKinds = map[string]*bundle.Evidence{
	"DaemonSet": &bundle.SystemDaemonSets, "Deployment": &bundle.SystemDeployments, "ConfigMap": &bundle.KubeProxy, "Lease": &bundle.Leases,
	"IngressClass": &bundle.IngressClasses, "ClusterRole": &bundle.ProviderRoles, "ClusterRoleBinding": &bundle.ProviderRoleBindings,
}

// system is the evidence that an object of such a kind is, nil for other people's ones.
// The analysis keeps no table of them.
func system(kind, namespace, name string) *bundle.Evidence {
	switch kind {
	case "ConfigMap":
		if namespace != kubeSystem || name != "kube-proxy" {
			return nil
		}
	case "DaemonSet", "Deployment", "Lease":
		if namespace != kubeSystem {
			return nil
		}
	case "ClusterRole", "ClusterRoleBinding":
		if !contains(bundle.ProviderRoles.Args, name) {
			return nil
		}
	}
	return systemKinds[kind]
}
