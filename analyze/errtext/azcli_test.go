package errtext

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
)

// TestAzRefusals: what az prints of its own failures, in a list of its own.
func TestAzRefusals(t *testing.T) {
	const denied = "The client 'c' with object id 'o' does not have authorization to perform action 'Microsoft.Network/loadBalancers/read' over scope '/subscriptions/s/resourceGroups/rg' or the scope is invalid. If access was recently granted, please refresh your credentials."
	for name, tc := range map[string]struct{ stderr, want string }{
		"az": {"WARNING: a notice\nERROR: (AuthorizationFailed) " + denied + "\nCode: AuthorizationFailed\nMessage: " + denied,
			"Action: Microsoft.Network/loadBalancers/read\nClientID: c\nCode: AuthorizationFailed\nMessage: " + denied + "\nObjectID: o\nScope: /subscriptions/s/resourceGroups/rg\nTarget: /subscriptions/s/resourceGroups/rg\n"},
		"az rest": {`ERROR: Forbidden({"error":{"code":"AuthorizationFailed","message":"no"}})`, "Code: AuthorizationFailed\nMessage: no\nStatus: 403\n"},
		"no group": {"ERROR: (ResourceGroupNotFound) Resource group 'rg' could not be found.\nCode: ResourceGroupNotFound\nMessage: Resource group 'rg' could not be found.",
			"Code: ResourceGroupNotFound\nMessage: Resource group 'rg' could not be found.\n"},
		"subscription": {"ERROR: (ReadOnlyDisabledSubscription) The subscription 's' is disabled and therefore marked as read only.", "Code: ReadOnlyDisabledSubscription\nMessage: The subscription 's' is disabled and therefore marked as read only.\n"},
		"details": {"ERROR: (OperationNotAllowed) The server rejected the request because too many requests have been received for this subscription.\nCode: OperationNotAllowed\nMessage: The server rejected the request because too many requests have been received for this subscription.\nException Details:\t(TooManyRequests) {\"operationGroup\":\"HighCostGet30Min\",\"allowedRequestCount\":800,\"measuredRequestCount\":1238}\n\tCode: TooManyRequests\n\tMessage: {\"operationGroup\":\"HighCostGet30Min\",\"allowedRequestCount\":800,\"measuredRequestCount\":1238}\n\tTarget: HighCostGet30Min",
			"Allowed: 800\nCode: OperationNotAllowed\nInner: TooManyRequests\nMeasured: 1238\nMessage: The server rejected the request because too many requests have been received for this subscription.\nOperationGroup: HighCostGet30Min\n"},
		"login":     {"ERROR: AADSTS7000222: The provided client secret keys for app 'a' are expired. Trace ID: x", "Code: AADSTS7000222\nMessage: AADSTS7000222: The provided client secret keys for app 'a' are expired.\nToken: true\n"},
		"no answer": {"ERROR: The subscription of 's' doesn't exist in cloud 'AzureCloud'.", "Message: The subscription of 's' doesn't exist in cloud 'AzureCloud'.\n"},
	} {
		t.Run(name, func(t *testing.T) {
			s := world(nil)
			entry := bundle.Entry{Evidence: bundle.LoadBalancers.ID, Status: bundle.StatusDenied, Stderr: tc.stderr, Scope: map[string]string{"group": "rg"}}
			s.Refusals = []snapshot.Refusal{{Entry: entry, At: "/entries/0", Doc: &snapshot.Doc{File: bundle.ManifestName, Line: 1, Raw: []byte(`{"entries": [{"stderr": "x"}]}`)}}}
			e := Scan(s)
			if len(e.All) > 0 || len(e.Az) != 1 {
				t.Fatalf("%d errors of the provider, %d of az", len(e.All), len(e.Az))
			}
			got := e.Az[0]
			if d := cmp.Diff(tc.want, fields(got.Error)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if c := got.Cites[0]; c.File != bundle.ManifestName || c.Pointer != "/entries/0/stderr" || !strings.Contains(c.Quote, "stderr") || got.Evidence != bundle.LoadBalancers.ID || got.Of["group"] != "rg" || got.Where[0] != InAz {
				t.Errorf("%+v, of %s %v", c, got.Evidence, got.Of)
			}
		})
	}
}
