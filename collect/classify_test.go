package collect

import (
	"strings"
	"testing"

	bundle "azlb/bundle-schema"
)

func TestClassify(t *testing.T) {
	lb := Command{Evidence: &bundle.LoadBalancers, Program: bundle.Az, Args: []string{"network", "lb", "list"}}
	get := Command{Evidence: &bundle.Nodes, Program: bundle.Kubectl, Args: []string{"get", "nodes"}}
	logs := Command{Evidence: &bundle.ControllerLog, Program: bundle.Kubectl, Args: []string{"logs", "p"}}
	tests := []struct {
		name   string
		c      Command
		o      Outcome
		status bundle.Status
		reason string // a part of it
		want   ending // its flags
	}{
		{"az missing", lb, Outcome{Missing: true}, bundle.StatusSkipped, "install the Azure CLI", ending{Stops: true}},
		{"az missing on Windows", lb, Outcome{Exit: 1, Stderr: "'az' is not recognized as an internal or external command,\r\noperable program or batch file."}, bundle.StatusSkipped, "install the Azure CLI", ending{Stops: true}},
		{"never logged in", lb, Outcome{Exit: 1, Stderr: "ERROR: Please run 'az login' to setup account.\n"}, bundle.StatusFailed, "run `az login`", ending{Stops: true}},
		{"expired login", lb, Outcome{Exit: 1, Stderr: "ERROR: AADSTS700082: The refresh token has expired due to inactivity. The token was issued on ...\nInteractive authentication is needed. Please run:\naz login --scope https://management.core.windows.net//.default\n"}, bundle.StatusFailed, "run `az login`", ending{Stops: true}},
		{"expired secret", lb, Outcome{Exit: 1, Stderr: "ERROR: AADSTS7000222: The provided client secret keys for app 'x' are expired.\nInteractive authentication is needed. Please run:\naz login\n"}, bundle.StatusFailed, "service principal", ending{Stops: true}},
		{"denied", lb, Outcome{Exit: 1, Stderr: "ERROR: (AuthorizationFailed) The client 'x' with object id 'y' does not have authorization to perform action 'Microsoft.Network/loadBalancers/read' over scope '/subscriptions/s' or the scope is invalid.\nCode: AuthorizationFailed\n"}, bundle.StatusDenied, "Microsoft.Network/loadBalancers/read", ending{NeedsRight: true}},
		{"denied by rest", lb, Outcome{Exit: 1, Stderr: `ERROR: Forbidden({"error":{"code":"AuthorizationFailed","message":"x"}})`}, bundle.StatusDenied, "may not read", ending{NeedsRight: true}},
		{"no group", lb, Outcome{Exit: 3, Stderr: "ERROR: (ResourceGroupNotFound) Resource group 'x' could not be found.\nCode: ResourceGroupNotFound"}, bundle.StatusNotFound, "does not exist", ending{}},
		{"no resource", lb, Outcome{Exit: 3, Stderr: "ERROR: (ResourceNotFound) The Resource 'Microsoft.Compute/virtualMachineScaleSets/x' under resource group 'rg' was not found."}, bundle.StatusNotFound, "no such resource", ending{}},
		{"wrong account", lb, Outcome{Exit: 1, Stderr: "ERROR: The subscription of 'x' doesn't exist in cloud 'AzureCloud'."}, bundle.StatusDenied, "does not see the subscription", ending{Unseen: true}},
		{"throttled", lb, Outcome{Exit: 1, Stderr: "ERROR: (OperationNotAllowed) The server rejected the request because too many requests have been received for this subscription.\nCode: OperationNotAllowed\nTarget: HighCostGet30Min"}, bundle.StatusThrottled, "throttles", ending{}},
		{"broken", lb, Outcome{Exit: 1, Stderr: "ERROR: The command failed with an unexpected error. Here is the traceback:\nERROR: 'NoneType' object has no attribute 'standard_medium'\nTraceback (most recent call last):\n"}, bundle.StatusFailed, "damaged", ending{Fallback: true, Damaged: true}},
		{"killed", get, Outcome{Exit: -1, Killed: "signal: killed"}, bundle.StatusFailed, "ended from outside while it ran (signal: killed)", ending{}},
		{"old cloud", lb, Outcome{Exit: 1, Stderr: `ERROR: Bad Request({"error":{"code":"NoRegisteredProviderFound","message":"No registered resource provider found"}})`}, bundle.StatusFailed, "API version", ending{Fallback: true, Version: true}},
		{"old", lb, Outcome{Exit: 2, Stderr: "usage: az network private-link-service [-h] ...\naz network: error: argument _subcommand: invalid choice: 'private-link-service'"}, bundle.StatusFailed, "update az", ending{Fallback: true}},
		{"offline", lb, Outcome{Exit: 1, Stderr: "ERROR: HTTPSConnectionPool(host='management.azure.com', port=443): Max retries exceeded with url: /subscriptions"}, bundle.StatusFailed, "HTTPS_PROXY", ending{Unreachable: true}},
		{"TLS proxy", lb, Outcome{Exit: 1, Stderr: "ERROR: HTTPSConnectionPool(host='management.azure.com', port=443): Max retries exceeded (Caused by SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self signed')))"}, bundle.StatusFailed, "REQUESTS_CA_BUNDLE", ending{Unreachable: true}},
		{"page of a proxy", lb, Outcome{Exit: 1, Stderr: "ERROR: The command failed with an unexpected error. Here is the traceback:\nERROR: (\", AttributeError: 'str' object has no attribute 'get'\", 'Unable to deserialize to object: type', AttributeError(\"'str' object has no attribute 'get'\"))\nTraceback (most recent call last):\n  File \"/usr/lib/python3/dist-packages/azure/mgmt/network/_serialization.py\", line 1430, in _deserialize\n"}, bundle.StatusFailed, "a proxy that shows a page of its own", ending{Fallback: true}},
		{"something else of az", lb, Outcome{Exit: 1, Stderr: "ERROR: first\nERROR: a new text"}, bundle.StatusFailed, "az failed: ERROR: a new text", ending{Fallback: true}},

		{"kubectl missing", get, Outcome{Missing: true}, bundle.StatusSkipped, "install kubectl", ending{Stops: true, Unreachable: true}},
		{"refused", get, Outcome{Exit: 1, Stderr: "E1124 memcache.go:265] couldn't get current server API group list: dial tcp 127.0.0.1:8080: connect: connection refused\nThe connection to the server localhost:8080 was refused - did you specify the right host or port?"}, bundle.StatusFailed, "could not be reached", ending{Unreachable: true}},
		{"no DNS", get, Outcome{Exit: 1, Stderr: "Unable to connect to the server: dial tcp: lookup x.hcp.westeurope.azmk8s.io: no such host"}, bundle.StatusFailed, "could not be reached", ending{Unreachable: true}},
		{"no such context", get, Outcome{Exit: 1, Stderr: "Error in configuration: context was not found for specified context: foo"}, bundle.StatusFailed, "get-contexts", ending{Unreachable: true}},
		{"not logged in", get, Outcome{Exit: 1, Stderr: "error: You must be logged in to the server (Unauthorized)"}, bundle.StatusDenied, "log in again", ending{Unreachable: true}},
		{"forbidden", get, Outcome{Exit: 1, Stderr: `Error from server (Forbidden): nodes is forbidden: User "x" cannot list resource "nodes" in API group "" at the cluster scope`}, bundle.StatusDenied, "needs the right list nodes", ending{NeedsRight: true}},
		{"old cluster", get, Outcome{Exit: 1, Stderr: `error: the server doesn't have a resource type "endpointslices"`}, bundle.StatusNotFound, "does not have it", ending{}},

		{"tunnel", logs, Outcome{Exit: 1, Stderr: "Error from server: error dialing backend: dial tcp 10.240.0.4:10250: i/o timeout"}, bundle.StatusFailed, "no load balancer fault", ending{}},
		{"konnectivity", logs, Outcome{Exit: 1, Stderr: `Error from server: Get "https://aks-1:10250/containerLogs/kube-system/p/c": No agent available`}, bundle.StatusFailed, "cannot reach the node's kubelet", ending{}},
		{"kubelet silent", logs, Outcome{Exit: 1, Stderr: `Error from server: Get "https://10.240.0.4:10250/containerLogs/kube-system/p/c?timestamps=true": dial tcp 10.240.0.4:10250: i/o timeout`}, bundle.StatusFailed, "kubelet", ending{}},
		{"API server silent", logs, Outcome{Exit: 1, Stderr: "Unable to connect to the server: dial tcp 10.0.0.1:443: i/o timeout"}, bundle.StatusFailed, "could not be reached", ending{Unreachable: true}},
		{"no restart", logs, Outcome{Exit: 1, Stderr: `Error from server (BadRequest): previous terminated container "c" in pod "p" not found`}, bundle.StatusNotFound, "has not restarted", ending{}},
		{"unrecorded", logs, Outcome{Unrecorded: true}, bundle.StatusFailed, "recording", ending{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := classify(tt.c, tt.o)
			if got.Status != tt.status || !strings.Contains(got.Reason, tt.reason) || strings.HasSuffix(got.Reason, ".") {
				t.Errorf("%s: %q, want %s with %q", got.Status, got.Reason, tt.status, tt.reason)
			}
			got.Status, got.Reason = "", ""
			if got != tt.want {
				t.Errorf("flags = %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestAnswer(t *testing.T) {
	tests := []struct {
		e         *bundle.Evidence
		raw       string
		malformed bool
		empty     bool
	}{
		{&bundle.Nodes, "apiVersion: v1\nitems:\n- kind: Node\nkind: List\n", false, false},
		{&bundle.Nodes, "apiVersion: v1\nitems: []\nkind: List\n", false, true},
		{&bundle.Nodes, "<html>login</html>", true, false},
		{&bundle.Nodes, "", true, false},
		{&bundle.LoadBalancers, "[]\n", false, true},
		{&bundle.LoadBalancers, "[ {} ]", false, false},
		{&bundle.LoadBalancers, `{"value": []}`, false, true},
		{&bundle.LoadBalancers, `{"value": [{}]}`, false, false},
		{&bundle.LoadBalancers, "Traceback", true, false},
	}
	for _, tt := range tests {
		if got := malformed(tt.e, []byte(tt.raw)) != ""; got != tt.malformed {
			t.Errorf("malformed(%q) = %v", tt.raw, got)
		}
		if got := !tt.malformed && empty(tt.e, []byte(tt.raw)); got != tt.empty {
			t.Errorf("empty(%q) = %v", tt.raw, got)
		}
	}
}
