package errtext

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
)

// loadCapture reads one recorded cluster as loose files.
func loadCapture(t *testing.T, name string) *snapshot.Snapshot {
	t.Helper()
	dir := os.Getenv("AZLB_CAPTURES")
	if dir == "" {
		t.Skip("AZLB_CAPTURES names no folder of captures")
	}
	// Without the truth: what it says of the cause would be read as text.
	recorded, blind := os.DirFS(filepath.Join(dir, name)), t.TempDir()
	if err := os.CopyFS(blind, recorded); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(blind, "truth.yaml")); err != nil {
		t.Fatal(err)
	}
	b, err := bundle.Open([]string{blind}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	s, err := snapshot.Load(b)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestCaptures: what recorded runs of the real provider tell, nothing more and
// nothing less. One line per failure that is current.
func TestCaptures(t *testing.T) {
	const gateway = "payments/gateway"
	for _, tc := range []struct{ name, service, code, status, message, action, scope, node string }{
		{name: "auth-forbidden", service: gateway, code: "AuthorizationFailed", action: "Microsoft.Network/publicIPAddresses/write", scope: "/publicIPAddresses/kubernetes-a"},
		{name: "auth-bad-secret", code: "AADSTS7000215", message: "AADSTS7000215: Invalid client secret provided."},
		{name: "linked-auth-subnet", service: gateway, code: "LinkedAuthorizationFailed", action: "Microsoft.Network/virtualNetworks/subnets/join/action", scope: "/subnets/restricted-subnet"},
		{name: "throttled-429", service: "payments/tenant-0", message: "throttled due to too many requests"},
		{name: "throttled-429", service: "payments/tenant-1", message: "throttled due to too many requests"},
		{name: "pip-quota", service: gateway, code: "PublicIPCountLimitReached", message: "Cannot create more than 3 public IP addresses"},
		{name: "policy-denied", service: gateway, code: "RequestDisallowedByPolicy", message: "require-cost-center-tag"},
		{name: "scope-locked-delete", service: gateway, code: "ScopeLocked", action: "delete", scope: "/resourceGroups/rg-lab1"},
		{name: "sku-mismatch", service: gateway, code: "PublicIPAndLBSkuDoNotMatch", message: "Basic sku load balancer"},
		{name: "pip-not-found", service: gateway, message: "cannot find public IP with IP address 20.61.100.12 in resource group rg-lab1"},
		{name: "subnet-full", service: gateway, code: "SubnetIsFull", message: "tiny-subnet"},
		{name: "etag-mismatch", service: gateway, code: "PreconditionFailed"},
		{name: "invalid-allowed-ranges", service: gateway, message: "should be properly masked like 203.0.113.0/24"},
		{name: "vmss-scaled-away", node: "k8s-pool2-vmss000001", message: "instance not found"},
	} {
		t.Run(tc.name+" "+tc.service, func(t *testing.T) {
			got := Scan(loadCapture(t, tc.name)).Current(tc.service)
			if len(got) != 1 {
				t.Fatalf("%d current errors, want one: %s", len(got), brief(got))
			}
			e := got[0]
			action, scope := e.Action, e.Scope
			if e.LinkedAction != "" {
				action, scope = e.LinkedAction, e.LinkedScope
			}
			if e.Code != tc.code || action != tc.action || e.Node != tc.node || !strings.Contains(e.Message, tc.message) || !strings.Contains(scope, tc.scope) {
				t.Errorf("got\n%s", fields(*e))
			}
			if len(e.Cites) == 0 || e.Cites[0].File == "" || e.Raw == "" {
				t.Errorf("no proof: %+v", e.Cites)
			}
		})
	}
}

func TestHealthyCapturesAreSilent(t *testing.T) {
	dir := os.Getenv("AZLB_CAPTURES")
	if dir == "" {
		t.Skip("AZLB_CAPTURES names no folder of captures")
	}
	all, err := filepath.Glob(filepath.Join(dir, "healthy-*"))
	if err != nil || len(all) == 0 {
		t.Fatalf("no healthy captures in %s: %v", dir, err)
	}
	for _, d := range all {
		s := loadCapture(t, filepath.Base(d))
		e := Scan(s)
		if len(e.Successes) == 0 {
			t.Errorf("%s: no success was seen, so silence proves nothing", filepath.Base(d))
		}
		for _, x := range e.All {
			if !x.Transient {
				t.Errorf("%s: %s", filepath.Base(d), brief([]*Error{x}))
			}
		}
	}
}
