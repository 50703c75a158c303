package rules

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"azlb/analyze/rule"
	"azlb/analyze/rule/ruletest"
	"azlb/report"
)

// hostile is a name as strangers write them: it would end a quotation, or run.
const hostile = `x'"$(touch pwned);(a)`

// group is a resource group's name that Azure allows and a shell does not.
const group = "rg-(prod)"

// TestCommands lets a shell read every command of every sample, with parentheses in
// the names of its resource groups: what is pasted must be one command.
func TestCommands(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no shell on this machine")
	}
	bundles, err := filepath.Glob("../../samples/*/bundle")
	if err != nil || len(bundles) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	groups := regexp.MustCompile(`(?i)(/resourceGroups/)([^/"'\s\\]+)`)
	for _, dir := range bundles {
		t.Run(filepath.Base(filepath.Dir(dir)), func(t *testing.T) {
			files, err := ruletest.Load(dir)
			if err != nil {
				t.Fatal(err)
			}
			for path, b := range files.Content {
				files.Content[path] = groups.ReplaceAll(b, []byte("${1}"+group))
			}
			for i := range files.Manifest.Entries {
				if s := files.Manifest.Entries[i].Scope; s["resourceGroup"] != "" {
					s["resourceGroup"] = group
				}
			}
			for _, f := range every(rule.Evaluate(files.World(t), All()).Findings) {
				for _, step := range f.Fix {
					if step.Run == "" {
						continue
					}
					if said, err := exec.Command(sh, "-n", "-c", step.Run).CombinedOutput(); err != nil {
						t.Errorf("%s: a shell does not read %q: %s", f.Rule, step.Run, said)
					}
				}
			}
		})
	}
}

// TestHostileNames looks for the text of a stranger in commands: it stands there in
// single quotes, or not at all.
func TestHostileNames(t *testing.T) {
	files, err := ruletest.Load("../../samples/healthy/bundle")
	if err != nil {
		t.Fatal(err)
	}
	if err := files.Apply([]ruletest.Edit{
		{In: "Service shop/storefront", Set: map[string]any{"/status/loadBalancer": map[string]any{}, "/metadata/annotations": map[string]any{"service.beta.kubernetes.io/azure-pip-name": hostile,
			"service.beta.kubernetes.io/azure-pls-crate": hostile, "service.beta.kubernetes.io/azure-allowed-ip-ranges": hostile + "/8"}}},
		{In: "Service shop/storefront", Event: &ruletest.Event{Reason: "SyncLoadBalancerFailed", Ago: "1s", Message: "Error syncing load balancer: failed to ensure load balancer: failed to find PIP " + strings.ReplaceAll(hostile, " ", "${IFS}") + " in resource group rg-lab1"}},
		{In: "nsgs nsg-node", Set: map[string]any{"/securityRules/-": map[string]any{"name": hostile, "priority": 300, "direction": "Inbound", "access": "Deny", "protocol": "*",
			"sourcePortRange": "*", "sourceAddressPrefix": "*", "destinationAddressPrefix": "*", "destinationPortRange": "9090"}}},
	}); err != nil {
		t.Fatal(err)
	}
	quoted := regexp.MustCompile(`'[^']*'|\\'`)
	found := map[string]bool{}
	for _, f := range every(rule.Evaluate(files.World(t), All()).Findings) {
		found[f.Rule] = true
		for _, step := range f.Fix {
			if bare := quoted.ReplaceAllString(step.Run, ""); strings.Contains(bare, "touch") || strings.Contains(step.Run, `[?name=='x'`) {
				t.Errorf("%s: %q would run it", f.Rule, step.Run)
			}
		}
	}
	for _, id := range []string{"AZLB-PIP02", "AZLB-NSG01", "AZLB-ANN05"} {
		if !found[id] {
			t.Errorf("%s found nothing, so nothing was tested", id)
		}
	}
}

// every is the findings with those folded below them.
func every(list []report.Finding) []report.Finding {
	var out []report.Finding
	for _, f := range list {
		out = append(append(out, f), every(f.Consequences)...)
	}
	return out
}
