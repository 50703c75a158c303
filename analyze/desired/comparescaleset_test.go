package desired

import (
	"testing"

	"azlb/bundle-schema/az"
)

// TestNamesPool compares ids of which something is masked by their names.
func TestNamesPool(t *testing.T) {
	masked := "/subscriptions/s/resourceGroups/***/providers/Microsoft.Network/loadBalancers/"
	for _, c := range []struct {
		name string
		refs []az.Ref
		pool string
		want Answer
	}{
		{"it is there", refs(thisGroup+"kubernetes-internal/backendAddressPools/kubernetes", thisGroup+thisPool), thisGroup + thisPool, Yes},
		{"it is not", refs(thisGroup + "kubernetes-internal/backendAddressPools/kubernetes"), thisGroup + thisPool, No},
		{"in another group", refs("/subscriptions/s/resourceGroups/other/providers/Microsoft.Network/loadBalancers/" + thisPool), thisGroup + thisPool, No},
		{"both masked", refs(masked + "Kubernetes/backendAddressPools/kubernetes"), masked + thisPool, Yes},
		{"one masked", refs(masked + thisPool), thisGroup + thisPool, Yes},
		{"masked, of another load balancer", refs(masked + "kubernetes-internal/backendAddressPools/kubernetes"), masked + thisPool, Perhaps},
		{"masked to the end", refs(masked + "***/backendAddressPools/***"), masked + "***/backendAddressPools/***", Perhaps},
		{"nothing but a mask", refs("***"), thisGroup + thisPool, Perhaps},
		{"nothing, and the pool is masked", nil, masked + thisPool, No},
		{"the subscription masked in one", refs("/subscriptions/***/resourceGroups/rg/providers/Microsoft.Network/loadBalancers/" + thisPool), thisGroup + thisPool, Yes},
		{"the subscription masked in both", refs("/subscriptions/***/resourceGroups/rg/providers/Microsoft.Network/loadBalancers/kubernetes-internal/backendAddressPools/kubernetes"),
			"/subscriptions/***/resourceGroups/rg/providers/Microsoft.Network/loadBalancers/" + thisPool, No},
	} {
		if got := NamesPool(c.refs, c.pool); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
