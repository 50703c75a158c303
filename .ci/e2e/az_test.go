package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// The subscription of the recorded worlds, and the login that reads it.
const (
	subscription = "6f5a8a52-3c1e-4d0f-9b5e-2f6d7c8a9b10"
	tenant       = "c9d0e1f2-1234-4abc-8def-0123456789ab"
	principal    = "11111111-1111-1111-1111-111111111111"
)

// seed makes a configuration folder in which az speaks to that ARM and is logged in,
// without a login command.
func seed(t *testing.T, arm string) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) { must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600)) }
	asJSON := func(v any) string {
		raw, err := json.Marshal(v)
		must(t, err)
		return string(raw)
	}
	// With /adfs at its end az takes the authority for one of Active Directory Federation
	// Services, and asks nobody else for it.
	write("clouds.config", fmt.Sprintf("[E2E]\nendpoint_management = %[1]s\nendpoint_resource_manager = %[1]s\n"+
		"endpoint_active_directory = %[1]s/adfs\nendpoint_active_directory_resource_id = %[1]s\n"+
		"endpoint_active_directory_graph_resource_id = %[1]s\nendpoint_microsoft_graph_resource_id = %[1]s\nsubscription = %[2]s\n", arm, subscription))
	write("config", "[cloud]\nname = E2E\n[core]\ncollect_telemetry = no\n[extension]\nuse_dynamic_install = no\n")
	write("azureProfile.json", asJSON(object{"installationId": "11111111-0000-0000-0000-000000000000", "subscriptions": []object{{
		"id": subscription, "name": "e2e", "state": "Enabled", "user": object{"name": principal, "type": "servicePrincipal"}, "isDefault": true,
		"tenantId": tenant, "environmentName": "E2E", "homeTenantId": tenant, "managedByTenants": []string{}}}}))
	write("service_principal_entries.json", asJSON([]object{{"client_id": principal, "tenant": tenant, "client_secret": "e2e-secret"}}))
	return dir
}

// shim gives Debian's az the versions of the ARM API that Debian's SDK has. The package
// asks for others, so that its network and compute modules do not load.
const shim = `import importlib, importlib.abc, importlib.util, sys

NETWORK, COMPUTE = "2022-07-01", "2022-08-01"


class Operations(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """The operations of the network API stand in a package without a version."""

    name = "azure.mgmt.network.v" + NETWORK.replace("-", "_") + ".operations"

    def find_spec(self, name, path=None, target=None):
        return importlib.util.spec_from_loader(name, self) if name == self.name else None

    def create_module(self, spec):
        return importlib.import_module("azure.mgmt.network.operations")

    def exec_module(self, module):
        pass


try:
    from azure.cli.core.profiles import _shared as shared
except ImportError:
    pass  # another program
else:
    sys.meta_path.append(Operations())
    latest = shared.AZURE_API_PROFILES["latest"]
    latest[shared.ResourceType.MGMT_NETWORK] = NETWORK
    compute = latest[shared.ResourceType.MGMT_COMPUTE].profile
    compute.update({k: COMPUTE for k, v in compute.items() if v == "2022-11-01"})
`

// shimFolder is what PYTHONPATH must name to make Debian's az whole.
func shimFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "sitecustomize.py"), []byte(shim), 0o600))
	return dir
}
