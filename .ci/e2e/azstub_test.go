package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"testing"
)

// TestAz: out of the stub's ARM the real az makes what was recorded of it, so that the
// stub's form is ARM's.
func TestAz(t *testing.T) {
	w := &world{bundle: filepath.Join(tree, "samples", "healthy", "bundle")}
	s := startStub(t, w.arm(t))
	who := customer{az: true, config: seed(t, s.URL), trust: s.ca.file, shim: shimFolder(t)}
	env := who.environment(t)
	for file, args := range map[string][]string{
		"lb": {"network", "lb", "list"}, "public-ip": {"network", "public-ip", "list"}, "nsg": {"network", "nsg", "list"},
		"vnet": {"network", "vnet", "list"}, "vmss": {"vmss", "list"}, "nic": {"network", "nic", "list"},
		"vmss/k8s-pool1-vmss/nics":      {"vmss", "nic", "list", "--vmss-name", "k8s-pool1-vmss"},
		"vmss/k8s-pool1-vmss/instances": {"vmss", "list-instances", "--name", "k8s-pool1-vmss", "--expand", "instanceView"},
	} {
		cmd := exec.Command(azure, append(args, "--resource-group", "rg-lab1", "-o", "json", "--only-show-errors")...)
		cmd.Env, cmd.Stderr = env, os.Stderr
		raw, err := cmd.Output()
		if err != nil {
			t.Errorf("%v: %v", args, err)
			continue
		}
		recorded, err := os.ReadFile(filepath.Join(w.bundle, "azure", "rg-lab1", file+".json"))
		must(t, err)
		var got, want any
		must(t, json.Unmarshal(raw, &got))
		must(t, json.Unmarshal(recorded, &want))
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%v: not what was recorded:\n%s", args, raw)
		}
	}
}
