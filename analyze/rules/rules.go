// Package rules is the list of all rules, topic by topic in the order in which a
// packet, and the controller before it, meets them.
package rules

import (
	"azlb/analyze/rule"
	"azlb/analyze/rules/annotation"
	"azlb/analyze/rules/auth"
	"azlb/analyze/rules/config"
	"azlb/analyze/rules/control"
	"azlb/analyze/rules/datapath"
	"azlb/analyze/rules/deletion"
	"azlb/analyze/rules/internallb"
	"azlb/analyze/rules/ipv6"
	"azlb/analyze/rules/lock"
	"azlb/analyze/rules/multislb"
	"azlb/analyze/rules/nsg"
	"azlb/analyze/rules/outbound"
	"azlb/analyze/rules/platform"
	"azlb/analyze/rules/policy"
	"azlb/analyze/rules/pool"
	"azlb/analyze/rules/privatelink"
	"azlb/analyze/rules/probe"
	"azlb/analyze/rules/publicip"
	"azlb/analyze/rules/quota"
	"azlb/analyze/rules/route"
	"azlb/analyze/rules/sku"
	"azlb/analyze/rules/sync"
	"azlb/analyze/rules/throttling"
)

// Topic is a group of rules: one folder.
type Topic struct {
	Name  string // its folder, by which `rules TOPIC` finds it
	Title string // a heading
	About string // what its rules are about, in one sentence
	Rules []*rule.Rule
}

// Topics lists the topics in the order in which the controller and then a packet meets them.
func Topics() []Topic {
	return []Topic{
		{"auth", "Identity and rights", "May the controller call Azure at all? Its identity, its secret, its roles.", auth.Rules},
		{"policy", "Policies", "Does a policy of the organisation forbid what the controller has to make?", policy.Rules},
		{"lock", "Locks", "Does a lock keep something in Azure from being changed or deleted?", lock.Rules},
		{"config", "Configuration of the controller", "Is azure.json, the controller's own configuration, what the cluster needs, and does a controller run that acts on Services?", config.Rules},
		{"annotation", "Settings of the Service", "Do the Service's own settings, its annotations and its spec, say what they are meant to?", annotation.Rules},
		{"throttling", "Throttling", "Do too many calls, by Azure's count or by the controller's own, keep the changes waiting?", throttling.Rules},
		{"quota", "Limits", "Is a limit reached, of the subscription, of one load balancer, of one security group?", quota.Rules},
		{"sku", "Kinds of load balancer", "Do the kinds (Basic or Standard) of load balancer, address and machines go together?", sku.Rules},
		{"multislb", "Several load balancers", "In a cluster with several load balancers: which of them takes the Service and the node?", multislb.Rules},
		{"publicip", "Public addresses", "The public address: is it there, is it free, is it the one that the Service asks for?", publicip.Rules},
		{"internallb", "Internal load balancers", "The private address of an internal Service, and the subnet that it is taken from.", internallb.Rules},
		{"ipv6", "IPv6", "What is different where a Service or the cluster has IPv6.", ipv6.Rules},
		{"nsg", "Security groups", "The security group, Azure's packet filter: does it let the clients in, and can the controller write it?", nsg.Rules},
		{"route", "Routes", "The route table: do packets find the pods of each node, and answers the way back?", route.Rules},
		{"privatelink", "Private link services", "A private link service in front of an internal Service.", privatelink.Rules},
		{"probe", "Health probes", "The health probe, by which the load balancer decides which nodes get packets.", probe.Rules},
		{"datapath", "From the node to the pod", "On the node and behind it: kube-proxy, endpoints, pods, ports, source addresses.", datapath.Rules},
		{"outbound", "Outbound traffic", "How the nodes themselves reach the internet, which hangs on the same load balancer.", outbound.Rules},
		{"pool", "Backend pools", "The backend pool: which nodes are in it, and why a node is not.", pool.Rules},
		{"deletion", "Deletion", "What keeps a Service or its Azure objects from going away.", deletion.Rules},
		{"platform", "Azure and the cluster themselves", "What Azure itself does or has taken away, what somebody else changed beside the controller, and what hides in the cluster.", platform.Rules},
		{"sync", "Syncs", "The controller's round as a whole: what makes it start over and over, and what no other rule explains.", sync.Rules},
		{"control", "Works as designed", "What looks like a fault and works as designed.", control.Rules},
	}
}

// All returns every rule, topic by topic.
func All() []*rule.Rule {
	var all []*rule.Rule
	for _, t := range Topics() {
		all = append(all, t.Rules...)
	}
	return all
}
