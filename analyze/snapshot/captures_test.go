package snapshot

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	bundle "azlb/bundle-schema"

	"github.com/google/go-cmp/cmp"
)

// TestCaptures loads every capture: each file is recognised, by its content alone
// but for empty lists.
func TestCaptures(t *testing.T) {
	dir := os.Getenv("AZLB_CAPTURES")
	if dir == "" {
		t.Skip("AZLB_CAPTURES names no folder of captures")
	}
	captures, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(captures) == 0 {
		t.Fatalf("no captures in %s: %v", dir, err)
	}
	want := map[string]string{"az-account-show": "Azure subscription", "az-lb-list": "Load balancers", "az-nic-list": "Network interfaces",
		"az-nsg-list": "Network security groups", "az-private-link-service-list": "Private link services", "az-public-ip-list-shared": "Public IP addresses",
		"az-public-ip-list": "Public IP addresses", "az-route-table-list": "Route tables", "az-version": "Azure CLI version",
		"az-vmss-list-instances": "Scale-set instances", "az-vmss-list": "Scale sets", "az-vmss-nic-list": "Network interfaces of scale-set instances",
		"az-vnet-list": "Virtual networks", "azure": "Cloud provider configuration (azure.json)", "ccm": "Log of the controller manager", "kcm": "Log of the controller manager",
		"kubectl-endpointslices": "EndpointSlices", "kubectl-events": "Events", "kubectl-nodes": "Nodes", "kubectl-pods": "Pods behind LoadBalancer Services, Pods of kube-system",
		"kubectl-services": "Services", "kubectl-version": "Kubernetes version"}
	for _, capture := range captures {
		t.Run(filepath.Base(capture), func(t *testing.T) {
			paths, err := filepath.Glob(filepath.Join(capture, "*"))
			if err != nil {
				t.Fatal(err)
			}
			var files, shuffled []file
			as := map[string]string{}
			for i, p := range paths {
				if name := filepath.Base(p); name != "truth.yaml" {
					raw, err := os.ReadFile(p)
					if err != nil {
						t.Fatal(err)
					}
					files = append(files, file{name: name, text: string(raw)})
					if len(strings.TrimSpace(string(raw))) > 2 {
						name = fmt.Sprintf("%03d.dat", (i*37)%101)
					}
					shuffled = append(shuffled, file{name: name, text: string(raw)})
					for stem, title := range want {
						if rest, ok := strings.CutPrefix(filepath.Base(p), stem); ok && (rest == ".json" || rest == ".yaml" || rest == ".log" || strings.HasPrefix(rest, "-k8s-")) {
							as[name], as[filepath.Base(p)] = title, title
						}
					}
				}
			}
			slices.SortFunc(shuffled, func(a, b file) int { return strings.Compare(a.name, b.name) })
			s, other := loaded(nil, files...), loaded(nil, shuffled...)
			for _, f := range append(s.Files, other.Files...) {
				if f.As != as[f.Name] || f.As == "" || f.Note != "" {
					t.Errorf("%s was read as %q, note %q, want %q", f.Name, f.As, f.Note, as[f.Name])
				}
			}
			if len(s.Files) != len(files) {
				t.Errorf("%d of %d files are listed", len(s.Files), len(files))
			}
			places := cmp.FilterPath(func(p cmp.Path) bool {
				f, ok := p.Last().(cmp.StructField)
				return ok && (f.Name() == "Doc" || f.Name() == "View" || f.Name() == "Files" || f.Name() == "Log" || f.Name() == "Logs" || f.Name() == "Records" || f.Name() == "Gaps")
			}, cmp.Ignore())
			if d := cmp.Diff(s, other, places, cmp.AllowUnexported(Snapshot{}, extent{}, bundle.Manifest{})); d != "" {
				t.Errorf("the names of files show in the snapshot:\n%s", d)
			}
			texts := map[string]string{}
			for _, f := range files {
				texts[f.name] = f.text
			}
			for _, x := range s.Services {
				for _, p := range []string{"", "/spec/type", "/status/loadBalancer", "/spec/ports/0/port"} {
					cited(t, x.Doc.Cite(p), texts[x.Doc.File])
				}
			}
			for _, lb := range s.Loads {
				cited(t, lb.Doc.Cite(lb.At), texts[lb.Doc.File])
				cited(t, lb.Doc.Cite(lb.At+"/sku/name"), texts[lb.Doc.File])
				for _, r := range lb.Rules {
					c := lb.Doc.Cite(r.At + "/frontendPort")
					cited(t, c, texts[lb.Doc.File])
					if c.Quote != fmt.Sprintf(`"frontendPort": %d`, r.FrontendPort) {
						t.Errorf("rule %s has port %d, quoted %q", r.Name, r.FrontendPort, c.Quote)
					}
				}
			}
			if s.Config == nil || !s.Config.HasSecret && s.Config.AADClientID != "" && s.Config.AADClientID != "msi" || strings.Contains(string(s.Config.Doc.Raw), "Lab8Q") {
				t.Errorf("config %+v", s.Config)
			}
			for _, e := range bundle.Catalogue {
				switch e {
				case &bundle.KubeContext, &bundle.Endpoints, &bundle.KubeSystem, &bundle.ControllerLogPrevious, &bundle.LogFile, &bundle.Group, &bundle.VMs, &bundle.VMInstanceViews:
				default:
					if !e.Extra && !s.Complete(e, "") {
						t.Errorf("%s is not complete: %v", e.ID, gapsOf(s))
					}
				}
			}
		})
	}
}
