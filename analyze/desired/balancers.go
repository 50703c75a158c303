package desired

import (
	"slices"
	"strings"

	"azlb/analyze/topology"
)

// balancersAnnotation names the load balancers, of several, among which the
// Service may be placed (cloud-provider-azure 1.28 on).
const balancersAnnotation = "service.beta.kubernetes.io/azure-load-balancer-configurations"

// BalancersOf are the load balancers that the Service names, in lower case; none:
// every one that azure.json has. The key is compared without case, alone among all
// annotations (GetLoadBalancerConfigurationsNames).
func BalancersOf(s *topology.Service) Value[[]string] {
	v := Value[[]string]{Because: "the Service names no load balancer"}
	var keys []string
	for key := range s.Annotations {
		if strings.EqualFold(key, balancersAnnotation) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	for _, key := range keys {
		v.Because, v.Pointer = "annotation "+key, "/metadata/annotations/"+strings.ReplaceAll(key, "/", "~1")
		for _, name := range strings.Split(s.Annotations[key], ",") {
			v.V = append(v.V, strings.ToLower(strings.TrimSpace(name)))
		}
	}
	return v
}
