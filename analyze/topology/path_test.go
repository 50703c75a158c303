package topology_test

import (
	"os"
	"path/filepath"
	"testing"

	"azlb/analyze/rule/ruletest"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// TestMaskedReference takes a public IP whose id is masked for neither found nor
// absent: a masked value matches nothing and breaks nothing.
func TestMaskedReference(t *testing.T) {
	files, err := ruletest.Load("../../samples/healthy/bundle")
	if err != nil {
		t.Fatal(err)
	}
	if err := files.Apply([]ruletest.Edit{{Replace: map[string]string{"rg-lab1": "xxxx"}}}); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := files.Write(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, bundle.ManifestName)); err != nil { // as a customer mails it
		t.Fatal(err)
	}
	for _, path := range ruletest.World(t, dir).Graph.Service("shop/storefront").Paths {
		if path.PublicIP.State == report.HopAbsent {
			t.Errorf("port %d: the public IP is called absent: %s", path.Port.Port, path.PublicIP.Why)
		}
	}
}
