package snapshot

import (
	"testing"

	bundle "azlb/bundle-schema"
)

// TestStatesOfAllMachines: the list of the states of a subscription's machines gives each
// its state, whatever the casing of its id, and leaves what else is known of it; it stands
// for the states of single machines, unless it is not whole.
func TestStatesOfAllMachines(t *testing.T) {
	const list = `[{"id": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/a", "name": "a", "networkProfile": {"networkInterfaces": [{"id": "/n"}]}}]`
	const states = `{"value": [{"id": "/subscriptions/s/resourceGroups/RG/providers/Microsoft.Compute/virtualMachines/A", "properties": {"instanceView": {"statuses": [{"code": "PowerState/deallocated"}]}}},
		{"id": "/subscriptions/s/resourceGroups/RG/providers/Microsoft.Compute/virtualMachines/other", "properties": {}}]}`
	const node = "apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Node\n  metadata: {name: a}\n  spec: {providerID: azure:///subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/a}\nkind: List\n"
	for status, whole := range map[bundle.Status]bool{bundle.StatusOK: true, bundle.StatusTruncated: false} {
		group := map[string]string{"subscription": "s", "group": "rg"}
		m := &bundle.Manifest{Cluster: bundle.Cluster{ResourceGroups: []string{"rg"}}, Entries: []bundle.Entry{
			{Evidence: "nodes", Path: "k8s/nodes.yaml", Status: bundle.StatusOK},
			{Evidence: "vms", Path: "azure/rg/vm.json", Status: bundle.StatusOK, Scope: group},
			{Evidence: "vm-statuses", Path: "azure/vm-statuses.json", Status: status, Reason: "x", Scope: map[string]string{"subscription": "s"}},
		}}
		s := loaded(m, file{"k8s/nodes.yaml", node, &m.Entries[0]}, file{"azure/rg/vm.json", list, &m.Entries[1]}, file{"azure/vm-statuses.json", states, &m.Entries[2]})
		if len(s.VMs) != 1 || s.VMs[0].InstanceView == nil || len(s.VMs[0].Network.NICs) != 1 {
			t.Fatalf("machines %+v", s.VMs)
		}
		vm := s.VMs[0]
		if c := vm.View.Cite(vm.InstanceView.Statuses[0].At + "/code"); vm.Doc.File != "azure/rg/vm.json" || c.File != "azure/vm-statuses.json" || c.Line != 1 {
			t.Errorf("%s is cited as %+v", vm.Doc.File, c)
		}
		if got := s.Complete(&bundle.VMInstanceViews, "rg"); got != whole {
			t.Errorf("%s: the states are whole: %v", status, got)
		}
	}
}
