package analyze

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"azlb/analyze/rule/ruletest"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// refused is what the controller logs where it may not write a public IP, line by line as
// the agent of AKS sends it.
var refused = []string{
	`E1126 07:00:00.000001       1 controller.go:302] "Unhandled Error" err=<`,
	"\terror processing service shop/web (retrying with exponential backoff): failed to ensure load balancer: PUT https://management.azure.com/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/publicIPAddresses/p",
	"\t--------------------------------------------------------------------------------",
	"\tRESPONSE 403: 403 Forbidden",
	"\tERROR CODE: AuthorizationFailed",
	"\t--------------------------------------------------------------------------------",
	"\t{",
	"\t  \"error\": {",
	"\t    \"code\": \"AuthorizationFailed\",",
	"\t    \"message\": \"The client 'c' with object id '0b1f6471-1bf0-4dda-aec3-cb9272f09590' does not have authorization to perform action 'Microsoft.Network/publicIPAddresses/write' over scope '/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/publicIPAddresses/p' or the scope is invalid. If access was recently granted, please refresh your credentials.\"",
	"\t  }",
	"\t}",
	"\t--------------------------------------------------------------------------------",
	" >",
}

// TestErrorOnlyInLogAnalytics: on AKS an error may stand nowhere but in the log that Log
// Analytics has. It is diagnosed in both forms of the table, also where the events were
// refused, and a success that came after it makes it history.
func TestErrorOnlyInLogAnalytics(t *testing.T) {
	succeeded := `I1126 07:01:00.000001       1 event.go:389] "Event occurred" object="shop/web" fieldPath="" kind="Service" apiVersion="v1" type="Normal" reason="EnsuredLoadBalancer" message="Ensured load balancer"`
	for name, tt := range map[string]struct {
		evidence *bundle.Evidence
		events   bundle.Status
		lines    []string
		address  bool
		want     string
	}{
		"AKSControlPlane":    {&bundle.AKSLog, bundle.StatusEmpty, refused, false, "AZLB-AUTH02 error"},
		"AzureDiagnostics":   {&bundle.AKSLogShared, bundle.StatusEmpty, refused, false, "AZLB-AUTH02 error"},
		"no events":          {&bundle.AKSLog, bundle.StatusDenied, refused, false, "AZLB-AUTH02 error"},
		"a success followed": {&bundle.AKSLog, bundle.StatusEmpty, append(slices.Clone(refused), succeeded), true, ""},
		// Lines arrive there minutes later: that none is newer than the Service proves
		// nothing, and what is said rests on the events alone.
		"older than the Service": {&bundle.AKSLog, bundle.StatusEmpty, []string{`I1126 06:00:00.000001       1 leaderelection.go:260] successfully acquired lease kube-system/cloud-controller-manager`}, false, "AZLB-CFG06 warning"},
	} {
		t.Run(name, func(t *testing.T) {
			path := "azure/rg/aks/prod/x.json"
			files := &ruletest.Files{Content: map[string][]byte{}, Manifest: bundle.Manifest{Schema: 1, MinReader: 1, Redaction: "secrets",
				Finished: time.Date(2026, 11, 26, 7, 10, 0, 0, time.UTC), Cluster: bundle.Cluster{Managed: true, Subscriptions: []string{"s"}, ResourceGroups: []string{"rg"}}}}
			add := func(e *bundle.Evidence, path string, status bundle.Status, text string) {
				entry := bundle.Entry{Evidence: e.ID, Status: status, Argv: []string{}, Scope: map[string]string{}}
				if text != "" {
					entry.Path, files.Content[path] = path, []byte(text)
				}
				files.Manifest.Entries = append(files.Manifest.Entries, entry)
			}
			created := "2026-11-26T06:59:00Z"
			if name == "older than the Service" {
				created = "2026-11-26T07:02:00Z"
			}
			status := "{}"
			if tt.address {
				status = "{loadBalancer: {ingress: [{ip: 20.1.2.3}]}}"
			}
			add(&bundle.Services, bundle.Services.Path, bundle.StatusOK, "apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Service\n  metadata:\n    name: web\n    namespace: shop\n    uid: 052d4f7a-27d9-49c3-abb9-baae9c589b9f\n    creationTimestamp: \""+created+"\"\n  spec:\n    type: LoadBalancer\n    ports:\n    - port: 80\n      protocol: TCP\n  status: "+status+"\nkind: List\n")
			add(&bundle.Events, bundle.Events.Path, tt.events, "")
			add(tt.evidence, path, bundle.StatusOK, table(tt.evidence, tt.lines))
			files.Seal()
			r := analysed(t, laidDown(t, files))
			var got []string
			for _, f := range r.Findings {
				if f.Severity == report.Info {
					continue
				}
				got = append(got, f.Rule+" "+string(f.Severity))
				if f.Rule == "AZLB-CFG06" {
					if strings.Contains(f.Message, " ends at ") {
						t.Errorf("the end of an excerpt proves that the controller stopped: %s", f.Message)
					}
					continue
				}
				if len(f.Cites) == 0 || f.Cites[0].File != path || f.Cites[0].Line == 0 {
					t.Errorf("%s cites %+v", f.Rule, f.Cites)
				}
			}
			if strings.Join(got, ", ") != tt.want {
				t.Errorf("findings %q, want %q", got, tt.want)
			}
		})
	}
}

// table is the newest-first answer of Log Analytics, as az prints it.
func table(e *bundle.Evidence, lines []string) string {
	columns := []string{"TimeGenerated", "Category", "PodName", "Level", "Message"}
	if e == &bundle.AKSLogShared {
		columns = []string{"TimeGenerated", "Category", "pod_s", "log_s"}
	}
	var doc struct {
		Tables []any `json:"tables"`
	}
	type column struct {
		Name string `json:"name"`
	}
	var t struct {
		Columns []column   `json:"columns"`
		Name    string     `json:"name"`
		Rows    [][]string `json:"rows"`
	}
	for _, c := range columns {
		t.Columns = append(t.Columns, column{c})
	}
	for i, line := range lines {
		row := []string{fmt.Sprintf("2026-11-26T07:00:%02d.5Z", i), "cloud-controller-manager", "ccm-0"}
		if e == &bundle.AKSLog {
			row = append(row, map[byte]string{'E': "ERROR", 'I': "INFO"}[line[0]])
		}
		t.Rows = append([][]string{append(row, line)}, t.Rows...)
	}
	doc.Tables = append(doc.Tables, t)
	raw, _ := json.MarshalIndent(doc, "", "  ") // of strings never fails
	return string(raw)
}
