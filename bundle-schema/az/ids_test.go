package az

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	vm    = "/subscriptions/s1/resourceGroups/MC_g/providers/Microsoft.Compute/virtualMachineScaleSets/pool1/virtualMachines/0"
	vmNIC = vm + "/networkInterfaces/nic/ipConfigurations/ipconfig1"
)

func TestParseID(t *testing.T) {
	types := []string{"virtualMachineScaleSets", "virtualMachines"}
	tests := []struct {
		id   string
		want ID
		ok   bool
	}{
		{vm, ID{"s1", "MC_g", "Microsoft.Compute", types, []string{"pool1", "0"}}, true},
		{vm + "/", ID{"s1", "MC_g", "Microsoft.Compute", types, []string{"pool1", "0"}}, true},
		{"azure://" + vm, ID{"s1", "MC_g", "Microsoft.Compute", types, []string{"pool1", "0"}}, true},
		{"/subscriptions/s1/resourcegroups/g", ID{Subscription: "s1", Group: "g"}, true},
		{"/subscriptions/***", ID{Subscription: "***"}, true},
		{"/subscriptions/s1/providers/Microsoft.Authorization/roleDefinitions/r",
			ID{Subscription: "s1", Provider: "Microsoft.Authorization", Types: []string{"roleDefinitions"}, Names: []string{"r"}}, true},
		{"", ID{}, false},
		{"***", ID{}, false},
		{"/subscriptions/s1/resourceGroups", ID{}, false},
		{"/subscriptions//resourceGroups/g", ID{}, false},
		{"/subscriptions/s1/other/g", ID{}, false},
		{"aws:///eu-west-1a/i-0123", ID{}, false},
		{"aks-nodepool1-vmss000000", ID{}, false},
	}
	for _, tt := range tests {
		got, ok := ParseID(tt.id)
		if ok != tt.ok || !cmp.Equal(got, tt.want) {
			t.Errorf("ParseID(%q) = %+v, %v", tt.id, got, ok)
		}
	}
}

func TestIDParts(t *testing.T) {
	id, _ := ParseID(vmNIC)
	if got := id.Name("VirtualMachineScaleSets"); got != "pool1" {
		t.Errorf("Name = %q", got)
	}
	if id.Is("microsoft.compute", "virtualMachineScaleSets") || !id.Is("microsoft.compute", "virtualmachinescalesets", "virtualMachines", "networkInterfaces", "ipConfigurations") {
		t.Error("Is does not see the whole type")
	}
	if id.String() != vmNIC {
		t.Errorf("String = %q", id.String())
	}
	if GroupOf(vmNIC) != "MC_g" || LastName(vmNIC) != "ipconfig1" || LastName("/subscriptions/s/resourceGroups/g") != "g" || GroupOf("x") != "" {
		t.Error("GroupOf or LastName")
	}
	up := vmNIC
	for _, want := range []string{vm + "/networkInterfaces/nic", vm, "/subscriptions/s1/resourceGroups/MC_g/providers/Microsoft.Compute/virtualMachineScaleSets/pool1",
		"/subscriptions/s1/resourceGroups/MC_g", "/subscriptions/s1", ""} {
		if up = Parent(up); up != want {
			t.Fatalf("Parent = %q, want %q", up, want)
		}
	}
}

func TestSameID(t *testing.T) {
	const net = "/providers/Microsoft.Network/loadBalancers/kubernetes"
	tests := []struct {
		a, b string
		want bool
	}{
		{"/subscriptions/S/resourceGroups/MC_G" + net, "/subscriptions/s/resourcegroups/mc_g/providers/microsoft.network/LoadBalancers/Kubernetes/", true},
		{"azure://" + vm, vm, true},
		{"/subscriptions/s/resourceGroups/g" + net, "/subscriptions/s/resourceGroups/h" + net, false},
		{"", "", false},
		{"***", "***", false},
		{"/subscriptions/***/resourceGroups/g" + net, "/subscriptions/***/resourceGroups/g" + net, true},
		{"/subscriptions/***/resourceGroups/g" + net, "/subscriptions/<sub>/resourceGroups/g" + net, true},
		{"/subscriptions/***/resourceGroups/g" + net, "/subscriptions/s/resourceGroups/g" + net, false},
		{"/subscriptions/s/resourceGroups/***" + net, "/subscriptions/s/resourceGroups/***" + net, false},
		{"/subscriptions/s/resourceGroups/<rg>" + net, "/subscriptions/s/resourceGroups/<rg>" + net, false},
	}
	for _, tt := range tests {
		if got := SameID(tt.a, tt.b); got != tt.want {
			t.Errorf("SameID(%q, %q) = %v", tt.a, tt.b, got)
		}
	}
}

func TestMasked(t *testing.T) {
	for s, want := range map[string]bool{
		"***": true, "<sub>": true, "[REDACTED]": true, "xxxx": true, "XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX": true,
		"6f5a8a52-xxxx-xxxx-xxxx-xxxxxxxxxxxx": true, "6f5a****": true, "6f5a...": true, "$SUBSCRIPTION": true,
		"00000000-0000-0000-0000-000000000000": true, "/subscriptions/s/resourceGroups/***": true,
		"": false, "kubernetes": false, "6f5a8a52-3c1e-4d0f-9b5e-2f6d7c8a9b10": false, "maxxxx": false, "x": false, "-": false, "---": false,
		"aks-x-x-x-x": false, "/subscriptions/***/resourceGroups/g": false, "00000000-0000-0000-0000-0000000000aa": false,
	} {
		if got := Masked(s); got != want {
			t.Errorf("Masked(%q) = %v", s, got)
		}
	}
}
