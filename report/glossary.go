package report

// glossary explains the words of each half to readers of the other, in the order in
// which they are needed.
var glossary = []struct {
	title string
	terms []field
}{
	{"Of Kubernetes", []field{
		{"pod, node", "A pod is one running copy of an application, with an address of its own. A node is a machine that runs pods: on Azure a virtual machine, or an instance of a scale set."},
		{"Service", "A name and ports under which a group of pods is reached. Of type LoadBalancer: with an address for clients outside of the cluster, which stands in its status once it is there; until then it is pending."},
		{"namespace, label, selector", "A namespace is a folder for names: shop/web is the Service web in the namespace shop. A label is a word on an object; a selector names labels, and by it a Service finds its pods."},
		{"EndpointSlice", "The list of the pods behind a Service, with their addresses, and whether each is ready. A pod says so itself, by its readiness probe, which Azure's probe has nothing to do with."},
		{"control plane", "The API server, which everybody asks, and the controllers: on machines of their own, or on AKS with Microsoft."},
		{"cloud provider", "The controller that writes the Azure objects of Services: cloud-controller-manager, or in old clusters a part of kube-controller-manager (in-tree). On AKS Microsoft runs it, out of sight."},
		{"sync", "One round of that controller for one Service: read what is there, write what differs. A failed one is tried again, after five minutes at the latest."},
		{"azure.json", "The cloud provider's own configuration, on the control-plane machines: identity, resource groups, names, kinds."},
		{"annotation", "A setting on an object that Kubernetes itself does not read. Those that begin with service.beta.kubernetes.io/azure- tell the cloud provider what the Service wants."},
		{"event", "What a controller says about an object, kept for an hour; kubectl describe shows it."},
		{"node port", "A port that every node opens for a Service. Old load balancer rules, and some of today, send packets there."},
		{"kubelet", "The program on each node that starts its pods, asks after their health, and makes the node known to the cluster."},
		{"network plugin", "What gives pods their addresses. With kubenet they are outside of the virtual network, and a route table leads to them; with Azure CNI they are of the nodes' subnet, or of a network laid over it (overlay). Cilium also does kube-proxy's work."},
		{"dual-stack", "A cluster whose pods and Services have IPv4 and IPv6 addresses."},
		{"kube-proxy", "The program on each node that passes packets for a Service on to one of its pods, on whatever node that is."},
		{"externalTrafficPolicy", "Cluster: every node takes packets of the Service and passes them on. Local: only nodes with a ready pod do, and the client's address is kept; the probe keeps the other nodes out."},
		{"ingress controller", "A program in pods that speaks HTTP and passes requests on by name and path, so that many web sites need one Service of type LoadBalancer."},
		{"finalizer", "A mark that keeps a deleted object until its controller has cleaned up; a Service that hangs in its deletion has one."},
	}},
	{"Of Azure", []field{
		{"ARM", "Azure Resource Manager, the one door to everything in Azure. It answers refusals with a code, such as SubnetIsFull, and names each object by an id: /subscriptions/…/resourceGroups/…/providers/…"},
		{"subscription, region", "A subscription is what is billed; most limits hold for one of them in one region. A region is a place with data centres; its zones fail apart from each other. The tenant is the organisation's directory of identities (Microsoft Entra ID, once Azure AD or AAD)."},
		{"resource group", "A folder for Azure objects. AKS puts those of a cluster's nodes and Services into a second one, the node resource group (MC_…)."},
		{"identity", "The account with which the controller calls ARM: a service principal with a secret, or a managed identity. Roles at a scope (an object, a group, a subscription) say what it may do."},
		{"lock, policy", "Both forbid, whatever roles one has: a lock to change or to delete an object or all of a group, a policy (Azure Policy) to make what does not keep to the rules of the organisation."},
		{"activity log", "Who wrote what in Azure, and how it ended, kept for 90 days."},
		{"etag", "A mark of an object's version. Who writes with the mark of an old one is refused with HTTP 412, so that no change of another gets lost."},
		{"Terraform", "Not of Azure: a program with which teams write Azure objects from files. What somebody else changed it sets back at its next run."},
		{"virtual network", "The private network of the machines (VNet). It is divided into subnets; each machine has a network interface (NIC) with an address out of one. Peering joins two such networks."},
		{"route table", "Where a subnet sends packets, if not straight to where they want to go: to a firewall, to the node that has a pod."},
		{"load balancer", "Passes packets for an address on to machines, without opening them. Usually a cluster has one for all public Services, named kubernetes, and one for the internal ones, named kubernetes-internal."},
		{"frontend", "An address of a load balancer: a public IP, or a private address out of a subnet (then the load balancer is internal)."},
		{"load balancing rule", "Which port of a frontend leads to which backend pool, and which probe decides."},
		{"probe", "The question that the load balancer asks every machine of a pool: may you get packets? It comes from 168.63.129.16. A machine that does not answer gets none."},
		{"backend pool", "The list of machines behind a rule: network interfaces, or plain addresses. The cloud provider puts the nodes there."},
		{"floating IP", "Packets reach the machine with the frontend's address unchanged; kube-proxy knows that address. It is the default for Services."},
		{"NSG", "Network security group: a packet filter on a subnet or a network interface. Its rules are read by priority, the lowest number first; the first that fits decides. Without one that allows it, traffic from the internet is dropped."},
		{"service tag", "A name for a list of addresses that Azure keeps, such as Internet, VirtualNetwork or AzureLoadBalancer (its probes)."},
		{"scale set", "A group of equal machines (VMSS), as AKS makes node pools. A flexible one holds machines that also stand for themselves. An availability set is an older way to group machines."},
		{"SKU", "The kind of an object and its price. Load balancers and public IPs are Basic (retired in September 2025) or Standard, and the two do not go together."},
		{"outbound rule", "How machines behind a load balancer reach the internet: under which address, with how many ports (SNAT). A NAT gateway at the subnet does the same and goes before it."},
		{"HA ports", "One load balancing rule for all ports and protocols; only internal Standard load balancers have it."},
		{"private link service", "Lets other networks reach an internal load balancer through an address of their own."},
	}},
}
