package snapshot

import (
	"testing"
	"time"

	bundle "azlb/bundle-schema"

	"github.com/google/go-cmp/cmp"
)

// TestManifestDecides loads a bundle with a failed command, a retried one, a
// truncated one and one that is missing.
func TestManifestDecides(t *testing.T) {
	group := map[string]string{"group": "MC_Rg", "subscription": "s"}
	set := func(name string) map[string]string {
		return map[string]string{"group": "MC_Rg", "subscription": "s", "scaleset": name}
	}
	m := &bundle.Manifest{Finished: time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC),
		Cluster: bundle.Cluster{ResourceGroups: []string{"MC_Rg"}, Subscriptions: []string{"s"}, Context: "prod"},
		Entries: []bundle.Entry{
			{Evidence: "services", Path: "k8s/services.yaml", Status: bundle.StatusOK},
			{Evidence: "events", Status: bundle.StatusDenied, Reason: "forbidden.", Scope: map[string]string{"context": "prod"}},
			{Evidence: "nodes", Path: "k8s/nodes.yaml", Status: bundle.StatusTruncated, Reason: "it was cut at 1 MiB"},
			{Evidence: "load-balancers", Status: bundle.StatusFailed, Reason: "az is broken", Scope: group},
			{Evidence: "load-balancers", Path: "azure/mc_rg/lb.json", Status: bundle.StatusOK, Scope: group},
			{Evidence: "public-ips", Status: bundle.StatusEmpty, Scope: group},
			{Evidence: "private-link-services", Status: bundle.StatusFailed, Reason: "az is broken", Scope: group},
			{Evidence: "private-link-services", Status: bundle.StatusEmpty, Scope: group},
			{Evidence: "scale-set-nics", Path: "a.json", Status: bundle.StatusOK, Scope: set("a")},
			{Evidence: "scale-set-nics", Status: bundle.StatusTimeout, Reason: "it took longer than 30 s", Scope: set("b")},
			{Evidence: "nsgs", Path: "azure/mc_rg/nsg.json", Status: bundle.StatusOK, Scope: group},
			{Evidence: "controller-log", Path: "logs/x.cloud-controller-manager.log", Status: bundle.StatusOK},
			{Evidence: "vnets", Path: "azure/mc_rg/vnet.json", Status: bundle.StatusOK, Scope: group},
		}}
	text := map[string]string{
		"k8s/services.yaml":                   "apiVersion: v1\nitems: []\nkind: List\n",
		"k8s/nodes.yaml":                      "apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Node\n  metadata: {name: n}\n- apiVersion: v1\n  kind: Node\n  metadata: {na",
		"azure/mc_rg/lb.json":                 `{"value": [{"id": "***", "name": "kubernetes"}]}`,
		"azure/mc_rg/nsg.json":                `[{"name": "n", "securityRules": 3}]`,
		"a.json":                              `[]`,
		"logs/x.cloud-controller-manager.log": "2026-11-23T23:59:00.5Z something odd\nE1231 23:00:00.000000       1 azure.go:1] code\n",
	}
	var files []file
	for i := range m.Entries {
		if e := &m.Entries[i]; text[e.Path] != "" {
			files = append(files, file{e.Path, text[e.Path], e})
		}
	}
	s := loaded(m, files...)
	want := []string{
		"events map[context:prod] denied: forbidden",
		"kube-version map[] skipped: not collected",
		"nodes map[] truncated: it was cut at 1 MiB",
		"nodes map[] failed: k8s/nodes.yaml line 8 does not parse: the List ends early: what follows its items is missing",
		"endpointslices map[] skipped: not collected",
		"controller-pods map[] skipped: not collected",
		"pods map[] skipped: not collected",
		"cloud-config map[] skipped: not collected",
		"account map[] skipped: not collected",
		"nsgs map[] failed: azure/mc_rg/nsg.json line 1 does not parse: /0/securityRules: a list is expected, found \"3\"",
		"vnets map[group:MC_Rg subscription:s] truncated: azure/mc_rg/vnet.json is not in the bundle",
		"nics map[] skipped: not collected",
		"route-tables map[] skipped: not collected",
		"scale-sets map[] skipped: not collected",
		"scale-set-instances map[] skipped: not collected",
		"scale-set-nics map[group:MC_Rg scaleset:b subscription:s] timeout: it took longer than 30 s",
		"vms map[] skipped: not collected",
	}
	if d := cmp.Diff(want, gapsOf(s)); d != "" {
		t.Errorf("gaps (-want +got):\n%s", d)
	}
	if g := s.Gaps[0]; g.Supply != "grant the right to list events in all namespaces, then: kubectl get events --all-namespaces -o yaml --context prod" {
		t.Errorf("supply %q", g.Supply)
	}
	for e, want := range map[*bundle.Evidence][2]bool{
		&bundle.Services: {true, true}, &bundle.Events: {false, false}, &bundle.Nodes: {true, false}, &bundle.LoadBalancers: {true, true},
		&bundle.PublicIPs: {true, true}, &bundle.NSGs: {true, false}, &bundle.ScaleSetNICs: {true, false}, &bundle.VNets: {false, false}, &bundle.ControllerLog: {true, true},
	} {
		if got := [2]bool{s.Have(e), s.Complete(e, "mc_RG")}; got != want {
			t.Errorf("%s: have, complete = %v, want %v", e.ID, got, want)
		}
	}
	if len(s.Loads) != 1 || s.Loads[0].Name != "kubernetes" || len(s.Nodes) != 1 {
		t.Errorf("%d load balancers, %d nodes", len(s.Loads), len(s.Nodes))
	}
	if !s.Now.Equal(m.Finished) || s.Records[0].Time.Year() != 2025 {
		t.Errorf("clock %v, record %v: a date after the clock is of the year before", s.Now, s.Records[0].Time)
	}
	if s.Logs[0].Kind != CloudController {
		t.Errorf("log of kind %q", s.Logs[0].Kind)
	}
}
