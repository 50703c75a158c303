package collect

import (
	"fmt"
	"strings"
	"testing"

	bundle "azlb/bundle-schema"
)

// TestBalancers: metrics are asked for Standard load balancers only, and of a few; where
// there is none the bundle says how sure that is.
func TestBalancers(t *testing.T) {
	states := func(change func(*answers)) map[string][]string {
		a := cluster()
		change(a)
		got := map[string][]string{}
		for _, e := range manifestOf(t, options(t, a)).Entries {
			if ev := bundle.ByID(e.Evidence); ev.Scope == bundle.PerLoadBalancer || ev.Scope == bundle.PerAKSCluster {
				got[e.Evidence] = append(got[e.Evidence], strings.TrimSpace(e.Scope["loadbalancer"]+e.Scope["cluster"]+" "+string(e.Status)))
			}
		}
		return got
	}
	var many []string
	for i := range balancerCap + 1 {
		many = append(many, fmt.Sprintf(`{"name": "lb%02d", "sku": {"name": "standard"}}`, i))
	}
	aks := "/subscriptions/" + testSub + "/resourcegroups/clusters/providers/Microsoft.ContainerService/managedClusters/prod"
	for name, tt := range map[string]struct {
		change      func(*answers)
		probes, aks string
	}{
		"none": {func(*answers) {}, "[empty]", "[empty]"},
		"Basic": {func(a *answers) {
			a.by["az network lb list"] = says(`[{"name": "kubernetes", "sku": {"name": "Basic"}}]`)
		}, "[empty]", "[empty]"},
		"ARM": {func(a *answers) {
			a.by["az network lb list"] = says(`{"value": [{"name": "kubernetes", "sku": {"name": "Standard"}, "properties": {}}]}`)
		}, "[kubernetes empty]", "[empty]"},
		"not read": {func(a *answers) { a.by["az network lb list"] = fails("ERROR: (AuthorizationFailed) no") }, "[skipped]", "[empty]"},
		"no metrics": {func(a *answers) {
			a.by["az network lb list"] = says(`[` + many[0] + `]`)
			a.by["az monitor metrics"] = fails("ERROR: (AuthorizationFailed) no")
		}, "[lb00 denied]", "[empty]"},
		"a name": {func(a *answers) {
			a.by["az network lb list"] = says(`[{"name": "--ids", "sku": {"name": "Standard"}}]`)
		}, "[skipped]", "[empty]"},
		"AKS": {func(a *answers) { a.by["az group show"] = says(`{"id": "/x", "managedBy": "` + aks + `"}`) }, "[empty]", "[prod empty]"},
		"tags": {func(a *answers) {
			a.by["az vmss list --"] = says(`[{"name": "ss", "tags": {"aks-managed-cluster-rg": "clusters", "aks-managed-cluster-name": "prod"}}]`)
		}, "[empty]", "[prod empty]"},
		"no groups": {func(a *answers) { a.by["az group show"] = fails("ERROR: (AuthorizationFailed) no") }, "[empty]", "[skipped]"},
		"only a sign": {func(a *answers) {
			a.by["az vmss list --"] = says(`[{"name": "ss", "tags": {"aks-managed-cluster-rg": "clusters"}}]`)
		}, "[empty]", "[skipped]"},
		"many": {func(a *answers) { a.by["az network lb list"] = says("[" + strings.Join(many, ",") + "]") },
			"[lb00 empty lb01 empty lb02 empty lb03 empty lb04 empty lb05 empty lb06 empty lb07 empty lb08 empty lb09 empty lb10 skipped]", "[empty]"},
	} {
		got := states(tt.change)
		for id, want := range map[string]string{bundle.ProbeMetrics.ID: tt.probes, bundle.SNATPortMetrics.ID: tt.probes, bundle.AKSCluster.ID: tt.aks} {
			if id == bundle.ProbeMetrics.ID && name == "a name" {
				want = "[--ids skipped]" // where the refusal stands
			}
			if s := fmt.Sprint(got[id]); s != want {
				t.Errorf("%s: %s ended %s, want %s", name, id, s, want)
			}
		}
	}
}
