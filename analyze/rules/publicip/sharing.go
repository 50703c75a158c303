package publicip

import "azlb/analyze/rule"

// Sharing an address among Services came with 1.20 for the address itself
// (kubernetes/kubernetes#94991), and later for its name (cloud-provider-azure#4243).
var (
	cannotShare       = rule.Bug{FromInTree: "all", FixedInTree: "1.20"}
	cannotShareByName = rule.Bug{From: "all", Fixed: "1.25.16/1.26.12/1.27.6/1.28", FromInTree: "all"}
)
