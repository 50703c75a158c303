// Package config holds the rules about how the cluster is set up to use the cloud
// provider: its controller, its configuration, its flags.
package config

import "azlb/analyze/rule"

// Rules of this topic.
var Rules = []*rule.Rule{CFG05, CFG02, CFG06, CFG01, CFG03, CFG10, CFG08, CFG07, CFG04, CFG09}
