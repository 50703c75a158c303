package bundle

import "fmt"

const mib = 1 << 20

// CatalogueDate is the day on which the catalogue last changed, for --version.
const CatalogueDate = "2026-11-26"

// The evidence of a cluster.
var (
	KubeContext = Evidence{ID: "kube-context", Title: "Current kube context", Path: "k8s/context.txt", Program: Kubectl,
		Args: []string{"config", "current-context"}, Scope: PerCluster, Format: Log, Redaction: RedactText, Cap: mib,
		Without: "which cluster kubectl spoke to is not certain", Right: "none"}
	KubeVersion = Evidence{ID: "kube-version", Title: "Kubernetes version", Path: "k8s/version.json", Program: Kubectl,
		Args: []string{"version", "-o", "json"}, Scope: PerCluster, Format: JSON, Redaction: RedactText, Cap: mib,
		Without: "known bugs of a version and the defaults of the cloud provider cannot be told apart", Right: "get /version"}
	Events = Evidence{ID: "events", Title: "Events", Path: "k8s/events.yaml", Program: Kubectl,
		Args: []string{"get", "events", "--all-namespaces", "-o", "yaml"}, Scope: PerCluster, Format: YAML, Redaction: RedactObject, Cap: 64 * mib,
		Without: "errors that the controller reported on a Service within the last hour are not seen", Right: "list events in all namespaces"}
	Services = Evidence{ID: "services", Title: "Services", Path: "k8s/services.yaml", Program: Kubectl,
		Args: []string{"get", "services", "--all-namespaces", "-o", "yaml"}, Scope: PerCluster, Format: YAML, Redaction: RedactObject, Cap: 64 * mib,
		Without: "no Service can be judged at all", Right: "list services in all namespaces"}
	Nodes = Evidence{ID: "nodes", Title: "Nodes", Path: "k8s/nodes.yaml", Program: Kubectl,
		Args: []string{"get", "nodes", "-o", "yaml"}, Scope: PerCluster, Format: YAML, Redaction: RedactObject, Cap: 128 * mib,
		Without: "neither the backend pool's members nor the resource groups of the cluster are known", Right: "list nodes"}
	EndpointSlices = Evidence{ID: "endpointslices", Title: "EndpointSlices", Path: "k8s/endpointslices.yaml", Program: Kubectl,
		Args: []string{"get", "endpointslices.discovery.k8s.io", "--all-namespaces", "-o", "yaml"}, Scope: PerCluster, Format: YAML, Redaction: RedactObject, Cap: 128 * mib,
		Without: "whether a Service has ready pods behind it is not known", Right: "list endpointslices.discovery.k8s.io in all namespaces"}
	Endpoints = Evidence{ID: "endpoints", Title: "Endpoints (clusters before 1.21)", Path: "k8s/endpoints.yaml", Program: Kubectl,
		Args: []string{"get", "endpoints", "--all-namespaces", "-o", "yaml"}, Scope: PerCluster, Format: YAML, Redaction: RedactObject, Cap: 128 * mib,
		Without: "whether a Service has ready pods behind it is not known on a cluster without EndpointSlices", Right: "list endpoints in all namespaces"}
	KubeSystem = Evidence{ID: "kube-system", Title: "Namespace kube-system (identity of the cluster)", Path: "k8s/namespace-kube-system.yaml", Program: Kubectl,
		Args: []string{"get", "namespace", "kube-system", "-o", "yaml"}, Scope: PerCluster, Format: YAML, Redaction: RedactObject, Cap: mib,
		Without: "two bundles cannot be told to come from the same cluster by its uid", Right: "get namespaces"}
	ControllerPods = Evidence{ID: "controller-pods", Title: "Pods of kube-system", Path: "k8s/pods-kube-system.yaml", Program: Kubectl,
		Args: []string{"get", "pods", "--namespace", "kube-system", "-o", "yaml"}, Scope: PerCluster, Format: YAML, Redaction: RedactObject, Cap: 64 * mib,
		Without: "whether a controller-manager runs, and in which version, is not known", Right: "list pods in kube-system"}
	Pods = Evidence{ID: "pods", Title: "Pods behind LoadBalancer Services", Path: "k8s/pods/{namespace}.yaml", Program: Kubectl,
		Args: []string{"get", "pods", "--namespace", "{namespace}", "-o", "yaml"}, Scope: PerNamespace, Format: YAML, Redaction: RedactObject, Cap: 64 * mib,
		Without: "container ports, readiness probes and restarts behind a Service are not known", Right: "list pods in the namespaces of LoadBalancer Services"}
	ControllerLog = Evidence{ID: "controller-log", Title: "Log of the controller manager", Path: "logs/{pod}.{container}.log", Program: Kubectl,
		Args: []string{"logs", "--namespace", "{namespace}", "{pod}", "--container", "{container}", "--timestamps"}, Scope: PerContainer, Format: Log, Redaction: RedactText, Cap: 64 * mib,
		Without: "errors that no event shows, or that are older than an hour, are not seen", Right: "get pods/log in kube-system"}
	ControllerLogPrevious = Evidence{ID: "controller-log-previous", Title: "Log of the controller manager before its last restart", Path: "logs/{pod}.{container}.previous.log", Program: Kubectl,
		Args: []string{"logs", "--namespace", "{namespace}", "{pod}", "--container", "{container}", "--timestamps", "--previous"}, Scope: PerContainer, Format: Log, Redaction: RedactText, Cap: 64 * mib,
		Without: "why the controller restarted is not seen", Right: "get pods/log in kube-system"}
)

// The evidence of Azure.
var (
	AzVersion = Evidence{ID: "az-version", Title: "Azure CLI version", Path: "azure/version.json", Program: Az,
		Args: []string{"version"}, Scope: PerSubscription, Format: JSON, Redaction: RedactText, Cap: mib,
		Without: "which shape the az output has is inferred from its keys", Right: "none"}
	// Cloud is what az's configuration says, without a request: a registered cloud such as
	// Azure Stack Hub has its ARM at an address of its own.
	Cloud = Evidence{ID: "cloud", Title: "Cloud that az speaks to", Path: "azure/cloud.json", Program: Az,
		Args: []string{"cloud", "show"}, Scope: PerSubscription, Format: JSON, Redaction: RedactText, Cap: mib, Extra: true,
		Without: "which cloud of Azure it is can only be told from the subscription", Right: "none"}
	Account = Evidence{ID: "account", Title: "Azure subscription", Path: "azure/account.json", Program: Az,
		Args: []string{"account", "show"}, Scope: PerSubscription, Format: JSON, Redaction: RedactARM, Cap: mib,
		Without: "the subscription's name and tenant are not known", Right: "az login"}
	// Accounts is asked for only where a subscription is not seen.
	Accounts = Evidence{ID: "accounts", Title: "Subscriptions that the login sees", Path: "azure/accounts.json", Program: Az,
		Args: []string{"account", "list", "--all"}, Scope: PerSubscription, Format: JSON, Redaction: RedactARM, Cap: mib, Extra: true,
		Without: "which other subscriptions this login sees is not known", Right: "az login"}
	Group = Evidence{ID: "group", Title: "Resource group", Path: "azure/{group}/group.json", Program: Az,
		Args: []string{"group", "show", "--name", "{group}"}, Rest: "/subscriptions/{subscription}/resourceGroups/{group}", RestVersion: "2021-04-01",
		Scope: PerGroup, Format: JSON, Redaction: RedactARM, Cap: mib,
		Without: "whether the group exists and which AKS cluster manages it is not known", Right: "Microsoft.Resources/subscriptions/resourceGroups/read"}
	LoadBalancers = network("load-balancers", "Load balancers", "lb", []string{"network", "lb", "list"}, "loadBalancers",
		"frontends, load balancing rules, probes and backend pools cannot be compared with the Services")
	PublicIPs = network("public-ips", "Public IP addresses", "public-ip", []string{"network", "public-ip", "list"}, "publicIPAddresses",
		"whether a public address exists, in which group, with which SKU and who uses it is not known")
	NSGs = network("nsgs", "Network security groups", "nsg", []string{"network", "nsg", "list"}, "networkSecurityGroups",
		"whether a network security group blocks the traffic is not known")
	VNets = network("vnets", "Virtual networks", "vnet", []string{"network", "vnet", "list"}, "virtualNetworks",
		"which security group and route table the nodes' subnet has is not known")
	NICs = network("nics", "Network interfaces", "nic", []string{"network", "nic", "list"}, "networkInterfaces",
		"the backend pool's members that are no scale-set instances cannot be matched to nodes")
	RouteTables = network("route-tables", "Route tables", "route-table", []string{"network", "route-table", "list"}, "routeTables",
		"whether a user-defined route sends the answers elsewhere is not known")
	PrivateLinkServices = network("private-link-services", "Private link services", "private-link-service", []string{"network", "private-link-service", "list"}, "privateLinkServices",
		"private link services in front of a frontend are not seen")
	NATGateways = extra(network("nat-gateways", "NAT gateways", "nat-gateway", []string{"network", "nat", "gateway", "list"}, "natGateways",
		"whether a NAT gateway carries the outbound connections of the nodes' subnet is not known"))
	ScaleSets = compute("scale-sets", "Scale sets", "azure/{group}/vmss.json", PerGroup, []string{"vmss", "list", "--resource-group", "{group}"},
		"/virtualMachineScaleSets", nil, "which scale sets the nodes belong to is not known", "Microsoft.Compute/virtualMachineScaleSets/read")
	ScaleSetInstances = compute("scale-set-instances", "Scale-set instances", "azure/{group}/vmss/{scaleset}/instances.json", PerScaleSet,
		[]string{"vmss", "list-instances", "--resource-group", "{group}", "--name", "{scaleset}", "--expand", "instanceView"},
		"/virtualMachineScaleSets/{scaleset}/virtualMachines", []string{"$expand=instanceView"},
		"power and provisioning state of the nodes' instances are not known", "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/read")
	ScaleSetNICs = since("2018-10-01", compute("scale-set-nics", "Network interfaces of scale-set instances", "azure/{group}/vmss/{scaleset}/nics.json", PerScaleSet,
		[]string{"vmss", "nic", "list", "--resource-group", "{group}", "--vmss-name", "{scaleset}"},
		"/virtualMachineScaleSets/{scaleset}/networkInterfaces", nil,
		"addresses, security groups and pool membership of the nodes' interfaces are not known", "Microsoft.Compute/virtualMachineScaleSets/networkInterfaces/read"))
	VMs = compute("vms", "Virtual machines", "azure/{group}/vm.json", PerGroup, []string{"vm", "list", "--resource-group", "{group}"},
		"/virtualMachines", nil, "nodes that are plain virtual machines cannot be matched to their interfaces", "Microsoft.Compute/virtualMachines/read")
	VMInstanceViews = compute("vm-instance-views", "State of virtual machines", "azure/{group}/vm/{vm}.json", PerVM,
		[]string{"vm", "get-instance-view", "--resource-group", "{group}", "--name", "{vm}"},
		"/virtualMachines/{vm}", []string{"$expand=instanceView"},
		"power and provisioning state of nodes that are plain virtual machines are not known", "Microsoft.Compute/virtualMachines/instanceView/read")
	// VMStatuses is one list in place of as many calls as there are plain virtual machines;
	// az itself has no command for it. It came with version 2019-07-01 and exists for a whole
	// subscription only: the collector keeps what is in the groups of the nodes.
	VMStatuses = Evidence{ID: "vm-statuses", Title: "State of all virtual machines", Path: "azure/vm-statuses.json", Program: Az,
		Rest: "/subscriptions/{subscription}/providers/Microsoft.Compute/virtualMachines", RestVersion: "2024-07-01", RestParams: []string{"statusOnly=true"},
		Scope: PerSubscription, Format: JSON, Redaction: RedactARM, Cap: 256 * mib, Extra: true,
		Without: "power and provisioning state of nodes that are plain virtual machines are not known", Right: "Microsoft.Compute/virtualMachines/read"}
	// ActivityLog is asked for the fields that tell who wrote what, and why a write failed,
	// which stands among its properties: the bodies of requests and answers that stand there
	// too go at once, the caller's token and address are not asked for. It has no fallback,
	// because ARM wants a time in its filter.
	ActivityLog = Evidence{ID: "activity-log", Title: "Activity log of the resource group", Path: "azure/{group}/activity-log.json", Program: Az,
		Args: []string{"monitor", "activity-log", "list", "--resource-group", "{group}", "--offset", "24h", "--max-events", "500",
			"--select", "caller", "eventTimestamp", "operationName", "properties", "resourceId", "status", "subStatus"},
		Scope: PerGroup, Format: JSON, Redaction: RedactActivity, Cap: 32 * mib, Extra: true,
		Without: "who changed something in Azure within the last day is not known", Right: "Microsoft.Insights/eventtypes/values/read"}
	ProbeMetrics = metrics("probe-metrics", "Health probe status of the last hour", []string{"DipAvailability"}, "Average",
		[]string{"BackendIPAddress", "BackendPort", "FrontendIPAddress", "FrontendPort"},
		"which nodes' health probes Azure saw fail is not known")
	PathMetrics = metrics("path-metrics", "Data path availability of the last hour", []string{"VipAvailability"}, "Average",
		[]string{"FrontendIPAddress", "FrontendPort"},
		"whether Azure itself reached the nodes through a frontend is not known")
	SNATConnectionMetrics = metrics("snat-connection-metrics", "Outbound connections of the last hour", []string{"SnatConnectionCount"}, "Total",
		[]string{"ConnectionState"},
		"whether outbound connections failed for want of a SNAT port is not known")
	// By protocol as well: one that uses no port would halve the share of the other.
	SNATPortMetrics = metrics("snat-port-metrics", "SNAT ports of the last hour", []string{"AllocatedSnatPorts", "UsedSnatPorts"}, "Average",
		[]string{"BackendIPAddress", "ProtocolType"},
		"how many of its SNAT ports each node uses is not known")
	AKSCluster = Evidence{ID: "aks-cluster", Title: "AKS cluster", Path: "azure/{group}/aks/{cluster}.json", Program: Az,
		Args: []string{"aks", "show", "--resource-group", "{group}", "--name", "{cluster}"},
		Rest: "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.ContainerService/managedClusters/{cluster}", RestVersion: "2024-09-01",
		Scope: PerAKSCluster, Format: JSON, Redaction: RedactARM, Cap: 16 * mib, Extra: true,
		Without: "what AKS was told about outbound connections, node pools and their largest size is not known", Right: "Microsoft.ContainerService/managedClusters/read"}
)

// The evidence of what Azure allows. Deny assignments are not asked for: az has no
// command for them, and a refusal for their sake has a text of its own that names one.
var (
	// RoleAssignments are those at the subscription, below it, and of what is above it
	// what this login may see. A right that comes through a group of the directory
	// stands there under the group. az asks the directory for names as well and goes on
	// without them where it may not.
	RoleAssignments = authorization("role-assignments", "Role assignments", []string{"role", "assignment", "list", "--all"}, "roleAssignments", "2022-04-01", nil,
		"which roles the controller's identity has, where and since when, is not known")
	// RoleDefinitions are the custom roles only: what the built-in ones allow is known.
	RoleDefinitions = authorization("role-definitions", "Custom roles", []string{"role", "definition", "list", "--custom-role-only", "true"}, "roleDefinitions", "2022-04-01",
		[]string{"$filter=type eq 'CustomRole'"}, "what a custom role allows is not known")
	// SubscriptionLocks and Locks overlap where Azure lists the ones below or above too.
	SubscriptionLocks = authorization("subscription-locks", "Locks of the subscription", []string{"lock", "list"}, "locks", "2016-09-01", nil,
		"whether a lock of the whole subscription forbids changes is not known")
	Locks = authorizationOf("locks", "Locks of the resource group", []string{"lock", "list", "--resource-group", "{group}"}, "locks", "2016-09-01",
		"whether a lock forbids changes in the resource group is not known")
	// PolicyAssignments are those at the group, above and below it; az would throw away
	// all but the first without the flag. What a policy forbids stands in its definition,
	// which is not asked for.
	PolicyAssignments = authorizationOf("policy-assignments", "Policy assignments", []string{"policy", "assignment", "list", "--resource-group", "{group}", "--disable-scope-strict-match"},
		"policyAssignments", "2021-06-01", "which policies of Azure hold in the resource group is not known")
	NetworkUsages = Evidence{ID: "network-usages", Title: "Limits of the network and their use", Path: "azure/locations/{location}/network-usages.json", Program: Az,
		Args: []string{"network", "list-usages", "--location", "{location}"},
		Rest: "/subscriptions/{subscription}/providers/Microsoft.Network/locations/{location}/usages", RestVersion: "2024-05-01",
		Scope: PerLocation, Format: JSON, Redaction: RedactARM, Cap: mib, Extra: true,
		Without: "how much of the subscription's limits of addresses and load balancers is used is not known", Right: "Microsoft.Network/locations/usages/read"}
)

// Files that the customer's machine has or the customer names.
var (
	CloudConfig = Evidence{ID: "cloud-config", Title: "Cloud provider configuration (azure.json)", Path: "config/azure.json", Program: Local,
		Scope: PerFile, Format: JSON, Redaction: RedactConfig, Cap: mib,
		Without: "settings of the cloud provider are inferred from what it built", Right: "read /etc/kubernetes/azure.json, or give it with --cloud-config"}
	LogFile = Evidence{ID: "log-file", Title: "Log file that the customer added", Path: "logs/files/{name}", Program: Local,
		Scope: PerFile, Format: Log, Redaction: RedactText, Cap: 64 * mib,
		Without: "logs that kubectl cannot read (kubelet, AKS control plane) are not seen", Right: "give it with --log-file"}
)

// Catalogue lists all evidence in the order in which it is collected: events
// first of all that is asked of the cluster, because the API server keeps them
// for an hour only.
var Catalogue = []*Evidence{
	&KubeContext, &Events, &KubeVersion, &Services, &Nodes, &EndpointSlices, &Endpoints, &KubeSystem, &ControllerPods, &Pods,
	&SystemDaemonSets, &SystemDeployments, &KubeProxy, &Leases, &IngressClasses, &ProviderRoles, &ProviderRoleBindings,
	&ControllerLog, &ControllerLogPrevious, &CloudConfig, &LogFile,
	&AzVersion, &Cloud, &Account, &Accounts, &Group, &LoadBalancers, &PublicIPs, &NSGs, &VNets, &NICs, &RouteTables, &PrivateLinkServices, &NATGateways,
	&ScaleSets, &ScaleSetInstances, &ScaleSetNICs, &VMs, &VMStatuses, &VMInstanceViews, &ActivityLog,
	&ProbeMetrics, &PathMetrics, &SNATConnectionMetrics, &SNATPortMetrics, &AKSCluster,
	&RoleAssignments, &RoleDefinitions, &SubscriptionLocks, &Locks, &PolicyAssignments, &NetworkUsages,
	&Resources, &PublicIPPrefixes, &ASGs, &AvailabilitySets, &PrivateEndpoints, &ApplicationGateways, &Firewalls, &Subnets, &ServiceTags, &ResourceHealth,
	&DiagnosticSettings, &Workspace, &AKSLog, &AKSLogShared, &PolicyStates, &RuleHealth,
}

// ByID returns the evidence of that id, or nil.
func ByID(id string) *Evidence {
	for _, e := range Catalogue {
		if e.ID == id {
			return e
		}
	}
	return nil
}

// network is a list of one type of Microsoft.Network per resource group; without args
// only ARM is asked.
func network(id, title, file string, args []string, arm, without string) Evidence {
	if args != nil {
		args = append(args, "--resource-group", "{group}")
	}
	return Evidence{ID: id, Title: title, Path: "azure/{group}/" + file + ".json", Program: Az, Args: args,
		Rest: "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network/" + arm, RestVersion: "2024-05-01",
		Scope: PerGroup, Format: JSON, Redaction: RedactARM, Cap: 256 * mib, Without: without, Right: "Microsoft.Network/" + arm + "/read"}
}

// authorization is a list of Microsoft.Authorization of a whole subscription, such as its
// role assignments.
func authorization(id, title string, args []string, arm, version string, params []string, without string) Evidence {
	return Evidence{ID: id, Title: title, Path: "azure/" + id + ".json", Program: Az, Args: args,
		Rest: "/subscriptions/{subscription}/providers/Microsoft.Authorization/" + arm, RestVersion: version, RestParams: params,
		Scope: PerSubscription, Format: JSON, Redaction: RedactARM, Cap: 64 * mib, Extra: true, Without: without, Right: "Microsoft.Authorization/" + arm + "/read"}
}

// authorizationOf is the same of one resource group.
func authorizationOf(id, title string, args []string, arm, version, without string) Evidence {
	e := authorization(id, title, args, arm, version, nil, without)
	e.Path, e.Rest, e.Scope = "azure/{group}/"+id+".json", "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Authorization/"+arm, PerGroup
	return e
}

// metrics is one set of metrics of a load balancer in buckets of five minutes, one series
// for each value of the dimensions. It has no fallback, because ARM wants a span of time.
func metrics(id, title string, names []string, aggregation string, dimensions []string, without string) Evidence {
	args := append([]string{"monitor", "metrics", "list", "--resource", "{loadbalancer}", "--resource-group", "{group}", "--resource-type", "Microsoft.Network/loadBalancers", "--metrics"}, names...)
	args = append(args, "--aggregation", aggregation, "--interval", "PT5M", "--offset", "1h", "--dimension")
	return Evidence{ID: id, Title: title, Path: "azure/{group}/lb/{loadbalancer}/" + id + ".json", Program: Az,
		Args:  append(append(args, dimensions...), "--top", fmt.Sprint(MostSeries)),
		Scope: PerLoadBalancer, Format: JSON, Redaction: RedactARM, Cap: 64 * mib, Extra: true, Without: without, Right: "Microsoft.Insights/metrics/read"}
}

// MostSeries is how many series of a metric are asked for: an answer of as many may
// lack some.
const MostSeries = 500

// extra marks evidence that older bundles do not miss.
func extra(e Evidence) Evidence {
	e.Extra = true
	return e
}

// since pins the API version of an ARM path that newer versions do not serve.
func since(version string, e Evidence) Evidence {
	e.RestVersion = version
	return e
}

// compute is a reading of Microsoft.Compute.
func compute(id, title, path string, scope Scope, args []string, arm string, params []string, without, right string) Evidence {
	return Evidence{ID: id, Title: title, Path: path, Program: Az, Args: args,
		Rest: "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute" + arm, RestVersion: "2024-07-01", RestParams: params,
		Scope: scope, Format: JSON, Redaction: RedactARM, Cap: 256 * mib, Without: without, Right: right}
}
