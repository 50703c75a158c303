package collect

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	bundle "azlb/bundle-schema"
)

// TestTagsOf: the service tags of security rules, and nothing else that stands there.
func TestTagsOf(t *testing.T) {
	named := map[string]bool{}
	tagsOf([]byte(`{"value": [{"name": "AzureCloud", "properties": {"securityRules": [{"properties": {"description": "Sql",
		"sourceAddressPrefix": "AzureFrontDoor.Backend", "destinationAddressPrefixes": ["VirtualNetwork", "10.0.0.0/8", "fd00::/8", "10.0.0.1-10.0.0.9", "Storage.WestEurope", ""],
		"sourcePortRange": "Any"}}],
		"defaultSecurityRules": [{"properties": {"sourceAddressPrefix": "AZURE_LOADBALANCER", "destinationAddressPrefix": "*"}}]}}]}`), named)
	if got := slices.Sorted(maps.Keys(named)); fmt.Sprint(got) != "[azurefrontdoor.backend storage.westeurope]" {
		t.Errorf("tags = %v", got)
	}
}

// TestCutTags keeps the named tags with their addresses, in each shape of the list.
func TestCutTags(t *testing.T) {
	named := map[string]bool{"sql": true}
	for _, text := range []string{
		`{"id": "x", "changeNumber": "7", "values": [{"id": "Sql", "name": "Sql", "properties": {"changeNumber": "1", "region": "", "addressPrefixes": ["13.66.60.119/32"]}}, {"name": "Storage", "properties": {"addressPrefixes": ["20.0.0.0/8"]}}]}`,
		`{"id": "x", "changeNumber": "7", "values": [{"name": "Sql", "addressPrefixes": ["13.66.60.119/32"], "resourceGroup": null}, {"name": "Storage", "addressPrefixes": ["20.0.0.0/8"]}]}`,
	} {
		cut := string(cutTags([]byte(text), named))
		if !strings.Contains(cut, "13.66.60.119/32") || strings.Contains(cut, "20.0.0.0") || strings.Contains(cut, "region") || !json.Valid([]byte(cut)) {
			t.Errorf("cut to %s", cut)
		}
	}
	for _, other := range []string{`[]`, `{"error": 1}`, `no`} {
		if got := string(cutTags([]byte(other), named)); got != other {
			t.Errorf("%s became %s", other, got)
		}
	}
}

// TestFurtherIsBounded: however many rules and subnets there are, a few are asked for, and
// the bundle says that there are more.
func TestFurtherIsBounded(t *testing.T) {
	var rules, nics []string
	for i := range 300 {
		rules = append(rules, fmt.Sprintf(`{"name": "r%03d"}`, i))
		nics = append(nics, fmt.Sprintf(`{"subnet": {"id": "/subscriptions/%s/resourceGroups/hub/providers/Microsoft.Network/virtualNetworks/v/subnets/s%03d"}}`, testSub, i))
	}
	a := cluster()
	a.by["az network lb list"] = says(`[{"name": "kubernetes", "sku": {"name": "Standard"}, "loadBalancingRules": [` + strings.Join(rules, ",") + `]}]`)
	a.by["az network nic list --resource-group rg"] = says(`[{"ipConfigurations": [` + strings.Join(nics, ",") + `]}]`)
	a.by["az network vnet list --resource-group hub"] = fails("ERROR: (AuthorizationFailed) no")
	o := options(t, a)
	o.Deep = true
	count := map[string]map[bundle.Status]int{}
	told := false
	for _, e := range manifestOf(t, o).Entries {
		if count[e.Evidence] == nil {
			count[e.Evidence] = map[bundle.Status]int{}
		}
		count[e.Evidence][e.Status]++
		told = told || e.Evidence == bundle.RuleHealth.ID && strings.Contains(e.Reason, "at most 20 rules")
	}
	ran := func(id string) int { return count[id][bundle.StatusOK] + count[id][bundle.StatusEmpty] }
	if ran(bundle.RuleHealth.ID) != ruleCap || !told {
		t.Errorf("rule health: %v, told %v", count[bundle.RuleHealth.ID], told)
	}
	if ran(bundle.Subnets.ID) != subnetCap || count[bundle.Subnets.ID][bundle.StatusSkipped] == 0 {
		t.Errorf("subnets: %v", count[bundle.Subnets.ID])
	}
}

// TestPrefixGroup: the group of a prefix that a Service's annotation names is read, and a
// value that is no id leads nowhere.
func TestPrefixGroup(t *testing.T) {
	service := func(value string) string {
		return "apiVersion: v1\nitems:\n- metadata:\n    name: web\n    namespace: shop\n    annotations:\n      service.beta.kubernetes.io/azure-pip-prefix-id: " + value + "\n  spec:\n    type: LoadBalancer\nkind: List\n"
	}
	id := "/subscriptions/" + testSub + "/resourceGroups/prefixes/providers/Microsoft.Network/publicIPPrefixes/p"
	for value, want := range map[string]int{id: 1, "prefixes": 0, "/subscriptions/x/resourceGroups/y": 0} {
		if d := discovered(t, "apiVersion: v1\nitems: []\n", service(value), "apiVersion: v1\nitems: []\n"); len(d.Groups) != want || want == 1 && d.Groups[0].Name != "prefixes" {
			t.Errorf("%s leads to %+v", value, d.Groups)
		}
	}
}
