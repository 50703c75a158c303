package bundle

// The evidence of what runs in kube-system beside the controllers' pods: kube-proxy, the
// CNI, who leads, and what the provider may do. Each is one command for a whole cluster.
var (
	SystemDaemonSets = system("system-daemonsets", "DaemonSets of kube-system", "daemonsets.apps",
		"which kube-proxy and which CNI run, in which version and with which flags, is not known")
	SystemDeployments = system("system-deployments", "Deployments of kube-system", "deployments.apps",
		"which controllers are meant to run, in which version and with which flags, is not known")
	// KubeProxy is a ConfigMap, which may hold anything: a list of settings stays of it.
	KubeProxy = extra(Evidence{ID: "kube-proxy", Title: "Settings of kube-proxy", Path: "k8s/kube-proxy.yaml", Program: Kubectl,
		Args: []string{"get", "configmaps", "kube-proxy", "--namespace", kubeSystem, "-o", "yaml"}, Scope: PerCluster, Format: YAML, Redaction: RedactProxy, Cap: mib,
		Without: "how kube-proxy hands a node's packets on to pods is not known", Right: "get configmaps named kube-proxy in kube-system"})
	Leases = system("leases", "Leases of kube-system", "leases.coordination.k8s.io",
		"which copy of a controller leads, and since when, is not known")
	IngressClasses = extra(Evidence{ID: "ingress-classes", Title: "Ingress classes", Path: "k8s/ingressclasses.yaml", Program: Kubectl,
		Args: []string{"get", "ingressclasses.networking.k8s.io", "-o", "yaml"}, Scope: PerCluster, Format: YAML, Redaction: RedactObject, Cap: mib,
		Without: "which Ingress controllers stand behind a Service is not known", Right: "list ingressclasses.networking.k8s.io"})
	// ProviderRoles are fetched by name: other roles are none of our business. One that is
	// not there is left out of the answer.
	ProviderRoles = named("provider-roles", "ClusterRoles of the cloud provider", "clusterroles",
		"whether the cloud provider may read Services and nodes and write events is not known")
	ProviderRoleBindings = named("provider-role-bindings", "ClusterRoleBindings of the cloud provider", "clusterrolebindings",
		"which account has the roles of the cloud provider is not known")
)

const kubeSystem = "kube-system"

// providerRoles are the names of the provider's ClusterRoles and of their bindings: of its
// Helm chart, of its documentation, and of the service controller in Kubernetes itself.
var providerRoles = []string{"system:cloud-controller-manager", "system:azure-cloud-provider", "system:controller:service-controller", "cloud-node-manager"}

// system is a list of one kind of kube-system.
func system(id, title, resource, without string) Evidence {
	return extra(Evidence{ID: id, Title: title, Path: "k8s/" + id + ".yaml", Program: Kubectl,
		Args: []string{"get", resource, "--namespace", kubeSystem, "-o", "yaml"}, Scope: PerCluster, Format: YAML, Redaction: RedactObject, Cap: 16 * mib,
		Without: without, Right: "list " + resource + " in kube-system"})
}

// named fetches the provider's own of one kind of the RBAC API.
func named(id, title, resource, without string) Evidence {
	resource += ".rbac.authorization.k8s.io"
	right := "get " + resource + " named "
	for i, name := range providerRoles {
		if i > 0 {
			right += ","
		}
		right += name
	}
	args := append([]string{"get", resource}, providerRoles...)
	return extra(Evidence{ID: id, Title: title, Path: "k8s/" + id + ".yaml", Program: Kubectl,
		Args: append(args, "--ignore-not-found", "-o", "yaml"), Scope: PerCluster, Format: YAML, Redaction: RedactObject, Cap: mib,
		Without: without, Right: right})
}
