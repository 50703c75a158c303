package snapshot

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	bundle "azlb/bundle-schema"
)

// The log of the AKS controller in both forms of the table, newest first as it is asked
// for: an error of three lines, a milestone, a line of another pod.
const (
	dedicatedTable = `{"tables": [{"name": "PrimaryResult",
  "columns": [{"name": "TimeGenerated", "type": "datetime"}, {"name": "Category", "type": "string"}, {"name": "PodName", "type": "string"}, {"name": "Level", "type": "string"}, {"name": "Message", "type": "string"}],
  "rows": [
    ["2026-11-26T07:00:05Z", "cloud-controller-manager", "ccm-1", "WARNING", "a line without a header"],
    ["2026-11-26T07:00:01.2Z", "cloud-controller-manager", "ccm-0", "", " > logger=\"reconcileService\" service=\"shop/web\""],
    ["2026-11-26T07:00:01.1Z", "cloud-controller-manager", "ccm-0", "", "\tERROR CODE: AuthorizationFailed"],
    ["2026-11-26T07:00:01Z", "cloud-controller-manager", "ccm-0", "ERROR", "E1126 07:00:00.900000       1 azure_loadbalancer.go:143] \"Failed to reconcile LoadBalancer\" err=<"],
    ["2026-11-26T07:00:00Z", "cloud-controller-manager", "ccm-0", "INFO", "I1126 06:59:59.900000       1 event.go:377] \"Event occurred\" reason=\"EnsuringLoadBalancer\""]]}]}
`
	sharedTable = `{"tables": [{"name": "PrimaryResult",
  "columns": [{"name": "TimeGenerated", "type": "datetime"}, {"name": "Category", "type": "string"}, {"name": "pod_s", "type": "string"}, {"name": "log_s", "type": "string"}],
  "rows": [
    ["2026-11-26T07:00:01.2Z", "cloud-controller-manager", "ccm-0", " > logger=\"reconcileService\" service=\"shop/web\""],
    ["2026-11-26T07:00:01.1Z", "cloud-controller-manager", "ccm-0", "\tERROR CODE: AuthorizationFailed"],
    ["2026-11-26T07:00:01Z", "cloud-controller-manager", "ccm-0", "E1126 07:00:00.900000       1 azure_loadbalancer.go:143] \"Failed to reconcile LoadBalancer\" err=<"],
    ["2026-11-26T07:00:00Z", "cloud-controller-manager", "ccm-0", "I1126 06:59:59.900000       1 event.go:377] \"Event occurred\" reason=\"EnsuringLoadBalancer\""]]}]}
`
)

// TestLogTable: a log of Log Analytics is read as the controller's, of the manifest or
// given by hand, and nothing is concluded from its end.
func TestLogTable(t *testing.T) {
	failed := func(line string) []string {
		return []string{line + ` I event.go:377 "Event occurred" reason="EnsuringLoadBal @2026-11-26T07:00:00`,
			string(line[0]-1) + ` E azure_loadbalancer.go:143 "Failed to reconcile LoadBalancer" err=< …  > logger="reconcileService" service="sh @2026-11-26T07:00:01`}
	}
	for name, tt := range map[string]struct {
		evidence *bundle.Evidence
		text     string
		logs     int
		records  []string
	}{
		"AKSControlPlane":  {&bundle.AKSLog, dedicatedTable, 2, append(failed("8"), "4 W  a line without a header @2026-11-26T07:00:05")},
		"AzureDiagnostics": {&bundle.AKSLogShared, sharedTable, 1, failed("7")},
	} {
		path := "azure/rg/aks/prod/x.json"
		m := &bundle.Manifest{Finished: time.Date(2026, 11, 26, 7, 10, 0, 0, time.UTC), Entries: []bundle.Entry{{Evidence: tt.evidence.ID, Path: path, Status: bundle.StatusOK}}}
		for _, s := range []*Snapshot{loaded(m, file{path, tt.text, &m.Entries[0]}), loaded(nil, file{"export.json", tt.text, nil})} {
			var got []string
			for _, r := range s.Records {
				got = append(got, rec(r))
				if !r.Log.Serves() || !r.Log.Excerpt {
					t.Errorf("%s: %s is no excerpt of a controller's log", name, r.Text)
				}
			}
			if diff := cmp.Diff(tt.records, got); diff != "" || len(s.Logs) != tt.logs {
				t.Errorf("%s: %d logs (-want +got):\n%s", name, len(s.Logs), diff)
			}
			if !s.Have(&bundle.ControllerLog) || s.Complete(&bundle.ControllerLog, "") || !s.Have(tt.evidence) {
				t.Errorf("%s: an excerpt is the log, or none", name)
			}
			if as := s.Files[0].As; as != tt.evidence.Title || s.Files[0].Note != "" {
				t.Errorf("%s: read as %q, %q", name, as, s.Files[0].Note)
			}
		}
	}
}

// TestFurtherEvidence: no file of what the collector brings is unknown, also without the
// manifest; what looks like it and is other people's stays apart.
func TestFurtherEvidence(t *testing.T) {
	const sub = "/subscriptions/6f5a8a52-3c1e-4d0f-9b5e-2f6d7c8a9b10/resourceGroups/rg/providers/"
	arm := func(typ string) string { return `[{"id": "` + sub + typ + `/x", "name": "x", "properties": {}}]` }
	kube := func(kind, namespace, name string) string {
		return "apiVersion: v1\nkind: " + kind + "\nmetadata:\n  name: " + name + "\n  namespace: " + namespace + "\n"
	}
	for text, want := range map[string]string{
		arm("Microsoft.Network/publicIPPrefixes"):                                                           bundle.PublicIPPrefixes.Title,
		arm("Microsoft.Network/applicationSecurityGroups"):                                                  bundle.ASGs.Title,
		arm("Microsoft.Compute/availabilitySets"):                                                           bundle.AvailabilitySets.Title,
		arm("Microsoft.Network/privateEndpoints"):                                                           bundle.PrivateEndpoints.Title,
		arm("Microsoft.Network/applicationGateways"):                                                        bundle.ApplicationGateways.Title,
		arm("Microsoft.Network/azureFirewalls"):                                                             bundle.Firewalls.Title,
		arm("Microsoft.Network/virtualNetworks/v/subnets"):                                                  bundle.Subnets.Title,
		arm("Microsoft.OperationalInsights/workspaces"):                                                     bundle.Workspace.Title,
		arm("Microsoft.Network/loadBalancers/k/providers/Microsoft.ResourceHealth/availabilityStatuses"):    bundle.ResourceHealth.Title,
		arm("Microsoft.ContainerService/managedClusters/c/providers/Microsoft.Insights/diagnosticSettings"): bundle.DiagnosticSettings.Title,
		`[{"id": "` + sub + `Microsoft.Network/loadBalancers/k", "name": "k", "type": "Microsoft.Network/loadBalancers", "changedTime": "x", "createdTime": "x"}]`: bundle.Resources.Title,
		`[{"complianceState": "NonCompliant", "policyAssignmentId": "` + sub + `x"}]`:                                                                              bundle.PolicyStates.Title,
		`{"up": 1, "down": 1, "loadBalancerBackendAddresses": []}`:                                                                                                 bundle.RuleHealth.Title,
		`{"id": "x", "changeNumber": "7", "values": [{"name": "Sql", "properties": {"addressPrefixes": ["13.66.60.119/32"]}}]}`:                                    bundle.ServiceTags.Title,
		kube("DaemonSet", "kube-system", "kube-proxy"):                                                                                                             bundle.SystemDaemonSets.Title,
		kube("DaemonSet", "shop", "web"):                                    "",
		kube("Deployment", "kube-system", "coredns"):                        bundle.SystemDeployments.Title,
		kube("ConfigMap", "kube-system", "kube-proxy"):                      bundle.KubeProxy.Title,
		kube("ConfigMap", "kube-system", "coredns"):                         "",
		kube("Lease", "kube-system", "cloud-controller-manager"):            bundle.Leases.Title,
		kube("Lease", "kube-node-lease", "node"):                            "",
		kube("IngressClass", "", "nginx"):                                   bundle.IngressClasses.Title,
		kube("ClusterRole", "", "'system:cloud-controller-manager'"):        bundle.ProviderRoles.Title,
		kube("ClusterRole", "", "cluster-admin"):                            "",
		kube("ClusterRoleBinding", "", "'system:cloud-controller-manager'"): bundle.ProviderRoleBindings.Title,
	} {
		s := loaded(nil, file{"given", text, nil})
		if got := s.Files[0]; got.As != want || want != "" && got.Note != "" || len(s.Loads) > 0 {
			t.Errorf("read as %q (%s), want %q:\n%s", got.As, got.Note, want, text)
		}
		e := titled(want)
		if e == nil {
			continue
		}
		m := &bundle.Manifest{Entries: []bundle.Entry{{Evidence: e.ID, Path: "p", Status: bundle.StatusOK}}}
		if s := loaded(m, file{"p", text, &m.Entries[0]}); s.Files[0].As != want || s.Files[0].Note != "" || !s.Have(e) || strings.Contains(strings.Join(gapsOf(s), "\n"), e.ID) {
			t.Errorf("%s of a manifest: read as %q (%s)", e.ID, s.Files[0].As, s.Files[0].Note)
		}
	}
}

func titled(title string) *bundle.Evidence {
	for _, e := range bundle.Catalogue {
		if e.Title == title {
			return e
		}
	}
	return nil
}
