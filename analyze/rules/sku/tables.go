package sku

import "azlb/report"

// The comparisons of the owner's page (feiskyer/kubernetes-handbook,
// en/troubleshooting/azure.md) with what became of them.
var (
	thenAndNow = []string{"topic", "Basic 2018", "Standard 2018", "2026", "source"}

	loadBalancers = report.Table{Title: "Load balancer: Basic and Standard in 2018 (feiskyer/kubernetes-handbook), and today. The source of today is the reference below with that word in its address.", Head: thenAndNow, Rows: [][]string{
		{"Pool size", "100 at most", "1,000 at most", "Basic 300 (IP addresses of machines), Standard 5,000", limitsPage},
		{"Pool boundary", "one availability set", "the virtual network, in one region", "Basic one availability set or one scale set, Standard one virtual network", skuPage},
		{"Pool members", "machines of the availability set, or of one scale set", "any machine of the virtual network", "Basic unchanged; Standard any machine or scale-set instance, by network interface or by IP address", poolPage},
		{"HA ports", "no", "yes", "Basic no; Standard on internal frontends only, one such rule per frontend", skuPage},
		{"Diagnostics", "few, public frontends only", "yes", "Basic none; Standard metrics, health events and Resource Health", monitorPage},
		{"Availability of the VIP", "not measured", "measured", "Basic no SLA, and out of support since 30 Sep 2025; Standard a metric, and an SLA of 99.99 %", monitorPage},
		{"Moving the address fast", "no", "yes", "no longer compared by Microsoft; a Standard address is static and stays the same when another frontend takes it over", pipPage},
		{"Availability zones", "zonal", "zonal, or over all zones", "Basic none; Standard in one zone, over all zones or without; a public IP made without a zone is over all zones", skuPage},
		{"Outbound SNAT ports", "given on demand", "given in advance", "Basic unchanged; Standard 64,000 per frontend IP, in advance: 1,024 per machine up to 50 machines, 32 at 801 to 1,000, or set by an outbound rule in steps of 8", snatPage},
		{"Outbound address", "not selectable, any of several", "can be narrowed down", "Basic not selectable; Standard selected by an outbound rule (600 at most), a NAT gateway goes before it", snatPage},
		{"Security group", "optional, on interface or subnet", "required", "Basic open by default; Standard closed: without a rule that allows it nothing reaches a public frontend", skuPage},
	}}

	publicIPs = report.Table{Title: "Public IP: Basic and Standard in 2018 and today, with the same sources", Head: thenAndNow, Rows: [][]string{
		{"Availability zones", "zonal", "over all zones by default, zonal on request", "Basic none; Standard over all zones by default where the region has zones, or in one", pipPage},
		{"Moving the address fast", "no", "yes", "no longer compared; Standard is static only and keeps its address on another frontend; a static Basic one that nothing uses can be made Standard and keeps it too", upgradePage},
		{"Availability of the VIP", "not measured", "measured", "Basic no, and retired since 30 Sep 2025; Standard has a metric of it", monitorPage},
		{"Counters", "no", "yes", "Basic no; Standard bytes, packets, SYN packets and DDoS counters as metrics", monitorPage},
		{"Security group", "optional, on the interface", "required", "Basic open by default; Standard closed until a security group lets the traffic in", pipPage},
	}}
)

// The pages that say so, by a word of their address; the rule's references have
// the addresses.
const (
	skuPage     = "skus"
	limitsPage  = "limits"
	poolPage    = "backend-pool"
	monitorPage = "monitor" // load-balancer/monitor…, ip-services/monitor… for public IPs
	snatPage    = "outbound"
	pipPage     = "addresses"
	upgradePage = "ip-basic"
)

var pages = []string{
	"https://learn.microsoft.com/azure/load-balancer/skus",
	"https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits",
	"https://learn.microsoft.com/azure/load-balancer/backend-pool-management",
	"https://learn.microsoft.com/azure/load-balancer/monitor-load-balancer-reference",
	"https://learn.microsoft.com/azure/load-balancer/load-balancer-outbound-connections",
	"https://learn.microsoft.com/azure/virtual-network/ip-services/public-ip-addresses",
	"https://learn.microsoft.com/azure/virtual-network/ip-services/public-ip-basic-upgrade-guidance",
	"https://learn.microsoft.com/azure/virtual-network/ip-services/monitor-public-ip-reference",
}
