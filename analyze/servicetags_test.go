package analyze

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	bundle "azlb/bundle-schema"
	"azlb/report"
)

// TestServiceTags: whether a client is in a service tag that a security rule names is
// known where the addresses of the tag are in the bundle. Tags alone make no finding: who
// lets in a tag only means to.
func TestServiceTags(t *testing.T) {
	const list = `{"id": "x", "changeNumber": "7", "values": [{"name": "Sql", "properties": {"addressPrefixes": ["13.66.60.119/32"]}}]}`
	const denyTag = `"securityRules": [{"name": "deny-tag", "priority": 100, "direction": "Inbound", "access": "Deny", "protocol": "*", "sourcePortRange": "*",
		"destinationPortRange": "*", "sourceAddressPrefix": "Sql", "destinationAddressPrefix": "*"},`
	for name, tt := range map[string]struct {
		deny    bool // a rule drops the tag; else the provider's rule lets in only the tag
		list    string
		verdict report.HopVerdict
	}{
		"a deny rule, addresses not known":  {true, "", report.VerdictUnknown},
		"a deny rule, another's addresses":  {true, list, report.Passes},
		"a deny rule, the client's address": {true, strings.Replace(list, "13.66.60.119/32", "198.51.100.0/24", 1), report.Blocks},
		"only the tag, addresses not known": {false, "", report.VerdictUnknown},
		"only the tag, another's addresses": {false, list, report.VerdictUnknown},
		"a tag without addresses":           {true, strings.Replace(list, `"13.66.60.119/32"`, "", 1), report.VerdictUnknown},
	} {
		files := opened(t, filepath.Join("..", "samples", "healthy", "bundle"))
		path := "azure/rg-lab1/nsg.json"
		text := string(files.Content[path])
		if tt.deny {
			text = strings.Replace(text, `"securityRules": [`, denyTag, 1)
		} else {
			text = strings.ReplaceAll(text, `"sourceAddressPrefix": "Internet"`, `"sourceAddressPrefix": "Sql"`)
		}
		if text == string(files.Content[path]) {
			t.Fatal("the security group is not as expected")
		}
		files.Content[path] = []byte(text)
		if tt.list != "" {
			to := "azure/locations/westeurope/service-tags.json"
			files.Content[to] = []byte(tt.list)
			files.Manifest.Entries = append(files.Manifest.Entries, bundle.Entry{Evidence: bundle.ServiceTags.ID, Path: to, Status: bundle.StatusOK, Argv: []string{}, Scope: map[string]string{"location": "westeurope"}})
		}
		files.Seal()
		r := analysed(t, laidDown(t, files))
		var got []report.HopVerdict
		for _, s := range r.Services {
			if s.Key() != "shop/storefront" {
				continue
			}
			for _, p := range s.Paths {
				for _, h := range p.Hops {
					if h.Kind == "nsg" {
						got = append(got, h.Verdict)
					}
				}
			}
		}
		if len(got) == 0 || slices.ContainsFunc(got, func(v report.HopVerdict) bool { return v != tt.verdict }) {
			t.Errorf("%s: the security group's verdict is %v, want %v", name, got, tt.verdict)
		}
		blocked := slices.ContainsFunc(r.Findings, func(f report.Finding) bool { return f.Rule == "AZLB-NSG01" && f.Severity == report.Error })
		if blocked != (tt.verdict == report.Blocks) {
			t.Errorf("%s: AZLB-NSG01 is told: %v", name, blocked)
		}
	}
}

// TestUnreadEvidenceIsNoGap: what was asked for in vain and nothing in the analysis reads
// stands in the manifest, and not among the gaps of the report.
func TestUnreadEvidenceIsNoGap(t *testing.T) {
	files := opened(t, filepath.Join("..", "samples", "healthy", "bundle"))
	for _, e := range []*bundle.Evidence{&bundle.ResourceHealth, &bundle.KubeProxy, &bundle.RuleHealth, &bundle.RoleAssignments} {
		files.Manifest.Entries = append(files.Manifest.Entries, bundle.Entry{Evidence: e.ID, Status: bundle.StatusDenied, Reason: "no", Argv: []string{}, Scope: map[string]string{}})
	}
	files.Seal()
	var got []string
	for _, e := range analysed(t, laidDown(t, files)).Coverage.Evidence {
		if e.Status == string(bundle.StatusDenied) {
			got = append(got, e.ID)
		}
	}
	if !slices.Equal(got, []string{bundle.RoleAssignments.ID}) {
		t.Errorf("gaps %v", got)
	}
}
