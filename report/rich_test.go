package report

import (
	"strings"
	"time"
)

// rich is a report made by hand: several Services, one root cause that two of
// them share, consequences, gaps, and evidence that wants to break out.
func rich() *Report {
	nsg := Finding{Rule: "AZLB-NSG01", Severity: Error, Confidence: Certain,
		Subject: Object{Kind: "NetworkSecurityGroup", Name: "aks-agentpool-nsg"}, Services: []string{"shop/web"},
		Title:   "A network security group denies the traffic of the Service",
		Message: "The rule `deny-inet` (priority 120, Deny) of aks-agentpool-nsg comes before the rule that the cloud provider made for shop/web (priority 500). Packets from the Internet to 20.50.1.7:443 end there.",
		Cites: []Cite{
			{File: "azure/mc_shop_weu/nsg.json", Line: 214, Pointer: "/0/securityRules/3", Quote: `"name": "deny-inet", "priority": 120, "access": "Deny", "destinationPortRange": "443"`},
			{File: "k8s/services.yaml", Line: 88, Pointer: "/items/4/status/loadBalancer/ingress/0/ip", Quote: "ip: 20.50.1.7"},
		},
		Fix: []Step{
			{Say: "Look at the rules in the order in which they are evaluated.", Run: "az network nsg rule list --subscription 00000000-1111-2222-3333-444444444444 --resource-group mc_shop_weu --nsg-name aks-agentpool-nsg --output table"},
			{Say: "Let the port through before the deny, or remove the deny.", Run: "az network nsg rule create --subscription 00000000-1111-2222-3333-444444444444 --resource-group mc_shop_weu --nsg-name aks-agentpool-nsg --name allow-shop-web --priority 110 --access Allow --protocol Tcp --destination-address-prefixes 20.50.1.7 --destination-port-ranges 443", Changes: true},
			{Say: "Ask whoever owns the group why the rule is there."},
		},
		References: []string{"https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview", "kubernetes-sigs/cloud-provider-azure#1234"},
	}
	auth := Finding{Rule: "AZLB-AUTH02", Severity: Error, Confidence: Likely,
		Why:      "the role assignments themselves are not in the bundle",
		Subject:  Object{Kind: "Identity", Name: "6f0f2f4e-****-****-****-0d7c8a9b1c2d"},
		Services: []string{"pay/api", "pay/callback"},
		Title:    "The identity of the cluster may not write load balancers",
		Message:  "Azure answers 403 AuthorizationFailed to Microsoft.Network/loadBalancers/write in mc_shop_weu. Nothing about these Services can be created until the role is assigned.",
		Cites: []Cite{
			{File: "k8s/events.yaml", Line: 1402, Pointer: "/items/77/message", Quote: `Error syncing load balancer: failed to ensure load balancer: PUT https://management.azure.com/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/mc_shop_weu/providers/Microsoft.Network/loadBalancers/kubernetes RESPONSE 403: 403 Forbidden ERROR CODE: AuthorizationFailed`},
			{File: "logs/cloud-controller-manager-7d9f.ccm.log", Line: 90211, Quote: "E0612 09:14:02.118311       1 controller.go:310] error processing service pay/api (retrying with exponential backoff)"},
		},
		Fix: []Step{{Say: "Assign the role to the identity.", Run: "az role assignment create --assignee 6f0f2f4e-aaaa-bbbb-cccc-0d7c8a9b1c2d --role 'Network Contributor' --scope /subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/mc_shop_weu", Changes: true}},
		Consequences: []Finding{
			{Rule: "AZLB-PIP01", Severity: Error, Confidence: Certain, Subject: Object{Kind: "Service", Namespace: "pay", Name: "api"}, Services: []string{"pay/api"},
				Title: "The Service has no public address", Message: "No public IP of pay/api exists in mc_shop_weu.",
				Cites: []Cite{{File: "azure/mc_shop_weu/public-ip.json", Quote: "[]"}}},
			{Rule: "AZLB-PIP01", Severity: Error, Confidence: Certain, Subject: Object{Kind: "Service", Namespace: "pay", Name: "callback"},
				Title: "The Service has no public address", Message: "No public IP of pay/callback exists in mc_shop_weu."},
		},
		References: []string{"https://learn.microsoft.com/azure/aks/concepts-identity"},
	}
	probe := Finding{Rule: "AZLB-PROBE04", Severity: Warning, Confidence: Possible, Why: "two restarts in one hour",
		Subject: Object{Kind: "Service", Namespace: "shop", Name: "search", Port: 80}, Services: []string{"shop/search"},
		Title:   "Pods behind the Service take traffic before they are ready",
		Message: "search-5f6 restarted twice and has no readinessProbe.",
		Cites:   []Cite{{File: "k8s/pods/shop.yaml", Line: 12, Quote: "restartCount: 2"}},
		Fix:     []Step{{Say: "Give the container a readinessProbe."}},
		Hidden: []Hidden{
			{Rule: "AZLB-DATA01", Title: "the nodes that carry the Service are down", Missing: "Nodes", Supply: "grant the right to list nodes, then: kubectl get nodes -o yaml --context prod"},
			{Rule: "AZLB-POOL03", Title: "a virtual node has no machine", Missing: "Nodes", Supply: "grant the right to list nodes, then: kubectl get nodes -o yaml --context prod"},
			{Rule: "AZLB-AUTH08", Missing: "Cloud provider configuration (azure.json)", Supply: "read /etc/kubernetes/azure.json, or give it with --cloud-config"},
			{Rule: "AZLB-SKU03", Title: "a Basic load balancer reaches one set only", Missing: "Nodes", Supply: "kubectl get nodes -o yaml"},
		}}
	designed := []Finding{
		{Rule: "AZLB-OK04", Severity: Info, Confidence: Certain, AsDesigned: true, Subject: Object{Kind: "Service", Namespace: "shop", Name: "search"},
			Title: "only nodes with a pod pass the probe", Message: "shop/search has `externalTrafficPolicy: Local`: 1 of 3 nodes has a pod.",
			Cites: []Cite{{File: "k8s/services.yaml", Line: 140, Quote: "externalTrafficPolicy: Local"}}, Fix: []Step{{Say: "Nothing."}}},
		{Rule: "AZLB-OK07", Severity: Info, Confidence: Likely, Why: "the log of the controller is not in the bundle", AsDesigned: true,
			Subject: Object{Kind: "Service", Namespace: "shop", Name: "new"}, Services: []string{"shop/new"}, Title: "the Service is still being made",
			Message: "The sync of shop/new began 40 seconds before the end of the collection.", Cites: []Cite{{File: "k8s/events.yaml", Line: 77, Quote: "reason: EnsuringLoadBalancer"}}},
	}
	hop := func(kind, name string, s HopState, v HopVerdict, say string, cites ...Cite) Hop {
		return Hop{Kind: kind, Name: name, State: s, Verdict: v, Say: say, Cites: cites}
	}
	lb := Cite{File: "azure/mc_shop_weu/lb.json", Line: 31, Pointer: "/0/frontendIPConfigurations/1", Quote: `"name": "a4711aaaabbbbcccc"`}
	serving := []Hop{
		hop("public-ip", "kubernetes-a0815", HopFound, Passes, "Standard, static, associated", lb),
		hop("frontend", "a0815ddddeeeeffff", HopFound, Passes, "has the address"),
		hop("rule", "a0815ddddeeeeffff-TCP-80", HopFound, Passes, "port 80, floating IP on"),
		hop("nsg", "aks-agentpool-nsg", HopFound, Passes, "allowed by k8s-azure-lb_allow_IPv4 (priority 501)"),
		hop("probe", "a0815ddddeeeeffff-TCP-80", HopFound, Passes, "TCP on node port 31080"),
		hop("pool", "kubernetes", HopFound, Passes, "3 of 3 nodes are members"),
		hop("node", "3 nodes", HopFound, Passes, "all Ready"),
		hop("endpoint", "3 endpoints", HopFound, Passes, "all ready"),
	}
	return &Report{Schema: SchemaVersion, Tool: "azlb-analyze v0.1.0 (45d1f97)",
		Bundle: Bundle{Name: "bundle.tgz", Collected: time.Date(2026, 6, 12, 9, 20, 11, 0, time.UTC), Collector: "azlb-collect v0.1.0 (45d1f97)",
			Files: []File{
				{Name: "k8s/services.yaml", As: "Services"},
				{Name: "azure/mc_shop_weu/lb.json", As: "Load balancers"},
				{Name: "notes | of `us`.txt", As: "", Note: "no known form; searched for error codes"},
				{Name: "k8s/events.yaml", As: "Events", Note: "line 2210 does not parse: found character that cannot start any token"},
			}},
		Cluster: Cluster{Context: "shop-prod-weu", UID: "0b6c2d7e-1f5a-4a56-9d30-0f1a6e4a2b11", Subscription: "00000000-1111-2222-3333-444444444444",
			ResourceGroups: []string{"mc_shop_weu", "shop-network"}, Region: "westeurope", Kubernetes: "v1.31.4",
			Provider: "cloud-controller-manager v1.31.2", AzCLI: "2.67.0", Managed: true},
		Headline: []string{
			"shop/web cannot be reached: the rule deny-inet of aks-agentpool-nsg comes first.",
			"pay/api and pay/callback get no address: the identity of the cluster may not write load balancers.",
			"1 of 5 Services has nothing against it in what could be looked at; 2 kinds of evidence are missing.",
		},
		Findings: append([]Finding{nsg, auth, hostileFinding(), probe}, designed...),
		Services: []Service{
			{Namespace: "shop", Name: "web", Status: Broken, Addresses: []string{"20.50.1.7"}, RootCause: "AZLB-NSG01", Summary: "Packets end at the network security group.",
				Paths: []Path{
					{Port: 443, Protocol: "TCP", Family: "IPv4", Address: "20.50.1.7", Hops: []Hop{
						hop("public-ip", "kubernetes-a4711aaaabbbbcccc", HopFound, Passes, "Standard, static, associated", lb),
						hop("frontend", "a4711aaaabbbbcccc", HopFound, Passes, "has the address", lb),
						hop("rule", "a4711aaaabbbbcccc-TCP-443", HopFound, Passes, "port 443, floating IP on"),
						hop("nsg", "aks-agentpool-nsg", HopFound, Blocks, "denied by `deny-inet` (priority 120)", nsg.Cites[0]),
						hop("probe", "a4711aaaabbbbcccc-TCP-443", HopFound, Passes, "TCP on node port 32443"),
						hop("pool", "kubernetes", HopFound, Passes, "3 of 3 nodes are members"),
						hop("node", "3 nodes", HopFound, Passes, "all Ready"),
						hop("endpoint", "", HopUnknown, VerdictUnknown, "EndpointSlices are not in the bundle"),
					}},
				}},
			{Namespace: "pay", Name: "api", Status: Pending, RootCause: "AZLB-AUTH02", Summary: "No address yet.",
				Paths: []Path{{Port: 8443, Protocol: "TCP", Family: "IPv4", Hops: []Hop{
					hop("public-ip", "", HopAbsent, Blocks, "no public IP is tagged pay/api"),
					hop("frontend", "", HopAbsent, Blocks, "no frontend is named after the Service"),
					hop("rule", "", HopAbsent, Blocks, ""),
					hop("nsg", "aks-agentpool-nsg", HopFound, VerdictUnknown, "no destination to evaluate it for"),
					hop("probe", "", HopAbsent, VerdictUnknown, ""),
					hop("pool", "kubernetes", HopFound, Passes, "3 of 3 nodes are members"),
					hop("node", "3 nodes", HopFound, Passes, "all Ready"),
					hop("endpoint", "2 endpoints", HopFound, Passes, "all ready"),
				}}}},
			{Namespace: "pay", Name: "callback", Status: Pending, RootCause: "AZLB-AUTH02", Summary: "No address yet."},
			{Namespace: "shop", Name: "new", Status: Pending, RootCause: "AZLB-OK07", Summary: "the Service is still being made; no external address yet"},
			hostileService(),
			{Namespace: "shop", Name: "search", Status: Serving, Addresses: []string{"20.50.1.9", "2603:1020:200::7a"}, Summary: "",
				Paths: []Path{{Port: 80, Protocol: "TCP", Family: "IPv4", Address: "20.50.1.9", Hops: serving}}},
		},
		Verdicts: []Verdict{
			{Rule: "AZLB-AUTH02", Subject: "Identity 6f0f2f4e-****-****-****-0d7c8a9b1c2d", State: Found, Reason: "Azure answers 403"},
			{Rule: "AZLB-DATA01", State: NotEvaluated, Reason: "missing: EndpointSlices"},
			{Rule: "AZLB-DATA04", State: NotEvaluated, Reason: "missing: EndpointSlices, Log of the controller manager"},
			{Rule: "AZLB-POOL03", State: Clean},
			{Rule: "AZLB-SKU01", State: NotApplicable, Reason: "no Basic load balancer"},
			{Rule: "AZLB-THR01", State: BrokenRule, Reason: "the rule stopped: index out of range [3] with length 3"},
		},
		Drift: []Drift{{Service: "shop/web", Services: []string{"shop/web"}, Heals: true, Kind: "different", Hop: "rule", Object: "a4711aaaabbbbcccc-TCP-443", Field: "idleTimeoutInMinutes", Want: "30", Got: "4", Because: "annotation service.beta.kubernetes.io/azure-load-balancer-tcp-idle-timeout"},
			{Services: []string{"shop/web", "shop/api"}, Kind: "different", Hop: "nsg", Object: "subnet nodes", Field: "networkSecurityGroup", Want: "nsg-node", Got: "nsg-corporate",
				Because: "securityGroupName in azure.json", Why: "the provider associates no group with a subnet"}},
		DriftCompared: Compared{Objects: 14, Fields: 96, Hops: []HopCompared{{Hop: "public-ip", Objects: 2, Fields: 16}, {Hop: "rule", Objects: 12, Fields: 80}},
			Skipped: []Skipped{{Service: "shop/new", Reason: "it has no address yet: its first sync has not ended"}}, Provider: "The cloud provider is release 1.31.2 (the image of ccm-0)."},
		Coverage: Coverage{Evidence: []Evidence{
			{ID: "services", Title: "Services", Status: "ok"},
			{ID: "route-tables", Title: "Route tables", Status: "empty"},
			{ID: "endpointslices", Title: "EndpointSlices", Status: "denied", Reason: `endpointslices.discovery.k8s.io is forbidden: User "jo@shop.example" cannot list resource`,
				Without: "whether a Service has ready pods behind it is not known", Supply: "the right to list endpointslices.discovery.k8s.io in all namespaces"},
			{ID: "controller-log", Title: "Log of the controller manager", Status: "skipped", Reason: "on AKS the controller runs outside of the cluster",
				Without: "errors that no event shows, or that are older than an hour, are not seen", Supply: "az monitor log-analytics query --workspace <workspace-id> --analytics-query \"AKSControlPlane | where Category == 'cloud-controller-manager'\""},
		}},
		Notes:      []string{"Events live for one hour: what failed before 2026-06-12 08:20 UTC shows only in the controller's log.", "The load balancer is Standard; Basic was retired on 2025-09-30."},
		Inventory:  Inventory{Items: []Count{{"Services of type LoadBalancer", 5}, {"Nodes", 3}, {"Load balancers", 1}, {"Public IP addresses", 2}}},
		Signatures: []Signatures{{Name: "team.yaml", Rules: 2, SHA256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}},
	}
}

// hostile are the strings that evidence can hold and that must stay text.
var hostile = []string{
	"a | pipe | in a cell",
	`</script><img src=x onerror=alert(1)>`,
	"ping @team and @octo-org/admins about #123, octo/repo#7 and GH-9, fixes octo/repo@0123abcd",
	"[x](javascript:alert(1)) ![i](https://evil.example/p.png) <https://evil.example> www.evil.example jo@evil.example",
	"a ``` fence ```` and a `tick",
	"~~~\n# heading\n\n- list\n1. one\n---\n> quote\n    code",
	"\x1b[31mred\x1b[0m \x1b]0;title\x07 \x9b2J bell\a back\b",
	"right\u202eto left\u202c zero\u200bwidth\u2060 bom\ufeff",
	"***bold*** __under__ ~~gone~~ \\ $x^2$ :smile: &lt;b&gt; [^1] 0123456789abcdef",
	strings.Repeat("verylongword", 20),
	"{{template}} ${jndi} %s %!d 表示幅の広い文字は二桁 e\u0301 🚀",
	"a\r\nb\n| c | d |\n| - | - |",
}

func hostileFinding() Finding {
	f := Finding{Rule: "AZLB-SYNC00", Severity: Warning, Confidence: Possible, Why: hostile[2], Subject: Object{Kind: "Service", Namespace: "odd", Name: hostile[0]},
		Title: "An error that no rule knows", Message: "Azure said: " + strings.Join(hostile[:4], " "),
		Fix: []Step{{Say: hostile[3], Run: "echo '" + hostile[4] + "'\n" + hostile[9]}}, References: []string{hostile[3]}}
	for i, h := range hostile {
		f.Cites = append(f.Cites, Cite{File: "k8s/odd.yaml", Line: i + 1, Pointer: "/a|b", Quote: h})
	}
	return f
}

func hostileService() Service {
	return Service{Namespace: "odd", Name: hostile[0], Status: Degraded, RootCause: "AZLB-SYNC00", Summary: hostile[1], Addresses: []string{"<none>"}, Internal: true,
		Paths: []Path{{Port: 53, Protocol: "UDP", Family: "IPv6", Address: hostile[7], Hops: []Hop{
			{Kind: "frontend", Name: hostile[9], State: HopFound, Verdict: Passes, Say: hostile[10]},
			{Kind: "nsg", Name: hostile[2], State: HopFound, Verdict: Blocks, Say: hostile[3], Cites: []Cite{{File: hostile[0], Line: 3, Quote: hostile[5]}}},
			{Kind: "probe", Name: hostile[6], State: HopAbsent, Verdict: VerdictUnknown, Say: hostile[11]},
		}}}}
}

// bare is the report on a cluster without Services of type LoadBalancer.
func bare() *Report {
	return &Report{Schema: SchemaVersion, Tool: "azlb-analyze v0.1.0 (45d1f97)", Bundle: Bundle{Name: "loose", Loose: true, Partial: "unexpected end of file after k8s/nodes.yaml"}}
}

// topics are two entries of a catalogue.
func topics() []Topic {
	return []Topic{
		{ID: "AZLB-SKU02", Severity: Error, Codes: []string{"PublicIPAndLBSkuDoNotMatch", "DifferentSkuLoadBalancersAndPublicIPAddressNotAllowed"}, Doc: Doc{Title: "The SKU of the address does not fit the load balancer",
			Symptom: "The Service stays without an address; the event says `PublicIPAndLBSkuDoNotMatch`.",
			Cause:   "A load balancer takes only public addresses of its own SKU. Basic and Standard differ in more than the price, as the comparison shows.",
			Fix: []Step{{Say: "Look at both.", Run: "az network lb list --resource-group <node resource group> --query '[].{name:name, sku:sku.name}' --output table"},
				{Say: "Make an address of the right SKU.", Run: "az network public-ip create --resource-group <group> --name <name> --sku Standard --allocation-method Static", Changes: true}},
			References: []string{"https://learn.microsoft.com/azure/load-balancer/skus", "kubernetes/kubernetes#61484"},
			Affects:    "all; Basic was retired on 2025-09-30", Healthy: "Addresses of both SKUs in one group are no fault.",
			Tables: []Table{{Title: "Load balancer", Head: []string{"", "Basic", "Standard", "Source"},
				Rows: [][]string{{"Backend pool size", "up to 300 instances", "up to 5000 instances", "https://learn.microsoft.com/azure/load-balancer/skus"}, {"HA ports", "not available", "internal only", "https://learn.microsoft.com/azure/load-balancer/load-balancer-ha-ports-overview"}}}}}},
		{ID: "AZLB-SYNC00", Severity: Warning, Doc: Doc{Title: "An error that no rule knows", Symptom: "…", Cause: "…"}},
	}
}

func chapters() []Chapter {
	return []Chapter{
		{Name: "sku", Title: "Kinds of load balancer", About: "Do the kinds of load balancer and address go together.", Topics: topics()[:1]},
		{Name: "sync", Title: "Syncs", About: "What no other rule explains.", Topics: topics()[1:]},
	}
}
