package collect

import (
	"slices"
	"strings"
	"testing"
	"time"

	bundle "azlb/bundle-schema"
)

const testSub = "6f5a8a52-3c1e-4d0f-9b5e-2f6d7c8a9b10"

// everyValue fills every blank of the catalogue.
var everyValue = Values{"subscription": testSub, "group": "rg", "scaleset": "ss", "vm": "vm0", "loadbalancer": "kubernetes", "rule": "a1-TCP-80", "vnet": "v", "subnet": "nodes",
	"cluster": "prod", "workspace": "logs", "workspaceid": testSub, "logs": "https://api.loganalytics.io", "location": "westeurope", "namespace": "shop", "pod": "p-0", "container": "c"}

// TestAllowedCatalogue: whatever the builder makes, the runner lets through.
func TestAllowedCatalogue(t *testing.T) {
	for _, b := range []builder{{}, {context: "lab", since: time.Hour, tail: 500}} {
		for _, e := range bundle.Catalogue {
			if e.Program == bundle.Local {
				continue
			}
			c, err := b.command(e, everyValue)
			if err != nil {
				t.Fatalf("%s: %v", e.ID, err)
			}
			if err := Allowed(c, false); err != nil {
				t.Error(err)
			}
			if e.Rest == "" {
				continue
			}
			for _, endpoint := range append(slices.Clone(endpoints), "https://management.local.azurestack.external") {
				b.endpoint = endpoint
				r, err := b.restCommand(c, e.RestVersion)
				if err != nil {
					t.Fatalf("%s: %v", e.ID, err)
				}
				if err := Allowed(r, true); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

func TestAllowed(t *testing.T) {
	const arm = "https://management.azure.com/subscriptions/" + testSub + "/resourceGroups/rg/providers/Microsoft.Network/loadBalancers"
	rest := "az rest --method get --url " + arm + " --url-parameters api-version=2024-05-01"
	const rule = "/subscriptions/" + testSub + "/resourceGroups/rg/providers/Microsoft.Network/loadBalancers/kubernetes/loadBalancingRules"
	tail := " --subscription " + testSub + " -o json --only-show-errors"
	tests := []struct {
		argv string
		want bool
	}{
		{"kubectl get nodes -o yaml", true},
		{"kubectl get nodes -o yaml --context lab", true},
		{"kubectl get nodes -o yaml --context --kubeconfig=x", false},
		{"kubectl get nodes -o yaml --context lab --kubeconfig x", false},
		{"kubectl get secrets --all-namespaces -o yaml", false},
		{"kubectl get nodes,secrets -o yaml", false},
		{"kubectl get --raw /version", false},
		{"kubectl get --raw /api/v1/secrets", false},
		{"kubectl delete nodes -o yaml", false},
		{"kubectl exec p -- sh", false},
		{"kubectl", false},
		{"kubectl config current-context", true},
		{"kubectl config view --raw", false},
		{"kubectl logs --namespace kube-system p --container c --timestamps --since 24h0m0s --context lab", true},
		{"kubectl logs --namespace kube-system p --container c --timestamps --since -1h", false},
		{"kubectl logs --namespace kube-system p --container c --timestamps --since 24h0m0s --tail 500 --context lab", true},
		{"kubectl logs --namespace kube-system p --container c --timestamps --previous --tail 500", true},
		{"kubectl logs --namespace kube-system p --container c --timestamps --tail -1", false},
		{"kubectl logs --namespace kube-system p --container c --timestamps --tail --follow", false},
		{"kubectl get nodes -o yaml --tail 5", false},
		{"kubectl logs --namespace kube-system p --container c --timestamps --follow", false},
		{"kubectl logs --namespace kube-system --all-containers --container c --timestamps", false},
		{"az version -o json --only-show-errors", true},
		{"az account show -o json --only-show-errors", true},
		{"az account show" + tail, true},
		{"az account list --all -o json --only-show-errors", true},
		{"az account list --all --refresh -o json --only-show-errors", false},
		{"az account get-access-token" + tail, false},
		{"az network lb list --resource-group rg" + tail, true},
		{"az monitor activity-log list --resource-group rg --offset 24h --max-events 500 --select caller eventTimestamp operationName properties resourceId status subStatus" + tail, true},
		{"az monitor activity-log list --resource-group rg --offset 24h --max-events 500 --select caller eventTimestamp operationName properties resourceId status subStatus claims" + tail, false},
		{"az monitor activity-log list --resource-group rg --offset 24h --max-events 500" + tail, false},
		{"az monitor activity-log list --resource-group rg --offset 90d --max-events 500 --select caller eventTimestamp operationName properties resourceId status subStatus" + tail, false},
		{"az monitor metrics list --resource kubernetes --resource-group rg --resource-type Microsoft.Network/loadBalancers --metrics SnatConnectionCount --aggregation Total --interval PT5M --offset 1h --dimension ConnectionState --top 500" + tail, true},
		{"az monitor metrics list --resource kubernetes --resource-group rg --resource-type Microsoft.KeyVault/vaults --metrics SnatConnectionCount --aggregation Total --interval PT5M --offset 1h --dimension ConnectionState --top 500" + tail, false},
		{"az monitor metrics list --resource /x/y --resource-group rg --resource-type Microsoft.Network/loadBalancers --metrics SnatConnectionCount --aggregation Total --interval PT5M --offset 1h --dimension ConnectionState --top 500" + tail, false},
		{"az aks show --resource-group rg --name prod" + tail, true},
		{"az aks get-credentials --resource-group rg --name prod" + tail, false},
		{"az network lb list --resource-group rg --debug -o json --only-show-errors", false},
		{"az network lb list --resource-group -o" + tail, false},
		{"az network lb list" + tail, false},
		{"az network lb delete --resource-group rg" + tail, false},
		{"az network lb list --resource-group rg -o json", false},
		{"az vm run-command invoke --resource-group rg" + tail, false},
		{rest + tail, true},
		{rest + " $skipToken=abc" + tail, true},
		{strings.Replace(rest, "get", "delete", 1) + tail, false},
		{strings.Replace(rest, "get", "post", 1) + tail, false},
		{rest + " --body @x" + tail, false},
		{rest + " --headers a=b" + tail, false},
		{rest + " $filter=x" + tail, false},
		{strings.Replace(rest, "management.azure.com", "evil.example.com", 1) + tail, false},
		{strings.Replace(rest, "management.azure.com", "management.azure.com@evil.example.com", 1) + tail, false},
		{strings.Replace(rest, "https:", "http:", 1) + tail, false},
		{strings.Replace(rest, "loadBalancers", "loadBalancers?a=b", 1) + tail, false},
		{strings.Replace(rest, "loadBalancers", "loadBalancers/x/../../y", 1) + tail, false},
		{strings.Replace(rest, "resourceGroups/rg", "resourceGroups/%2e%2e", 1) + tail, false},
		{strings.Replace(rest, "loadBalancers", "connections/x/sharedKey", 1) + tail, false},
		{"helm list", false},
		{"az -o json --only-show-errors", false},
		{"az resource invoke-action --action health --ids " + rule + "/a1-TCP-80 --api-version 2024-05-01" + tail, true},
		{"az resource invoke-action --action start --ids " + rule + "/a1-TCP-80 --api-version 2024-05-01" + tail, false},
		{"az resource invoke-action --action health --ids " + rule + "/a/b --api-version 2024-05-01" + tail, false},
		{"az resource invoke-action --action health --ids " + strings.Replace(rule, "loadBalancingRules", "inboundNatRules", 1) + "/a1 --api-version 2024-05-01" + tail, false},
		{"kubectl get configmaps kube-proxy --namespace kube-system -o yaml", true},
		{"kubectl get configmaps --namespace kube-system -o yaml", false},
		{"kubectl get configmaps coredns --namespace kube-system -o yaml", false},
	}
	for _, tt := range tests {
		words := strings.Fields(tt.argv)
		err := Allowed(Command{Program: bundle.Program(words[0]), Args: words[1:]}, false)
		if (err == nil) != tt.want {
			t.Errorf("%s\n allowed = %v, want %v", tt.argv, err == nil, tt.want)
		}
	}
}

// TestProcessesRefuse: the last gate stands in the runner itself.
func TestProcessesRefuse(t *testing.T) {
	o := Processes{}.Run(t.Context(), Command{Evidence: &bundle.Nodes, Program: bundle.Kubectl, Args: []string{"delete", "node", "x"}}, nil)
	if !o.Refused || o.Err == nil {
		t.Errorf("outcome = %+v, want a refusal", o)
	}
}

// TestAllowedQuery: Log Analytics is asked one query, of one cluster, at one of its known
// addresses, and nothing in a name can change the query.
func TestAllowedQuery(t *testing.T) {
	c, err := (builder{}).command(&bundle.AKSLog, everyValue)
	if err != nil {
		t.Fatal(err)
	}
	if err := Allowed(c, true); err != nil {
		t.Errorf("on Windows: %v", err)
	}
	for _, change := range [][2]string{
		{"get", "post"},
		{"https://api.loganalytics.io", "https://api.loganalytics.io.evil.example.com"},
		{"https://api.loganalytics.io/v1", "https://evil.example.com/v1"},
		{"https://api.loganalytics.io", "http://api.loganalytics.io"},
		{testSub + "/query", testSub + "/../x/query"},
		{"managedClusters/prod'", "managedClusters/prod' or true or ''=='"},
		{"managedClusters/prod'", "managedClusters/p/d'"},
		{"AKSControlPlane", "SecurityEvent"},
		{"5000", "500000"},
		{"P1D", "P90D"},
	} {
		changed := slices.Clone(c.Args)
		for i, word := range changed {
			changed[i] = strings.Replace(word, change[0], change[1], 1)
		}
		if slices.Equal(changed, c.Args) {
			t.Errorf("%s changes nothing", change[0])
		}
		if Allowed(Command{Program: c.Program, Args: changed}, false) == nil {
			t.Errorf("%s is allowed", quote(changed))
		}
	}
	for blank, value := range map[string]string{"cluster": "p' or 'a'=='a", "workspaceid": "x", "logs": "https://evil.example.com", "group": "g'"} {
		v := Values{}
		for k, x := range everyValue {
			v[k] = x
		}
		v[blank] = value
		if c, err := (builder{}).command(&bundle.AKSLog, v); err == nil {
			t.Errorf("%s fills a blank: %s", value, c)
		}
	}
}
