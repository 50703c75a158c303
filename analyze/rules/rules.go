// Package rules is the list of all rules, topic by topic in the order in which a
// packet, and the controller before it, meets them.
package rules

import (
	"slices"

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

// All returns every rule.
func All() []*rule.Rule {
	return slices.Concat(
		auth.Rules,
		policy.Rules,
		lock.Rules,
		config.Rules,
		annotation.Rules,
		throttling.Rules,
		quota.Rules,
		sku.Rules,
		multislb.Rules,
		publicip.Rules,
		internallb.Rules,
		ipv6.Rules,
		nsg.Rules,
		route.Rules,
		privatelink.Rules,
		probe.Rules,
		datapath.Rules,
		outbound.Rules,
		pool.Rules,
		deletion.Rules,
		platform.Rules,
		sync.Rules,
		control.Rules,
	)
}
