package report

import (
	"io"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTerminalLines(t *testing.T) {
	r := &Report{Tool: "azlb-analyze v1", Headline: []string{"shop/web: the pool is empty."},
		Services: []Service{{Namespace: "shop", Name: "web", Status: Broken, Addresses: []string{"20.0.0.1"}, RootCause: "AZLB-POOL03",
			Paths: []Path{{Port: 80, Protocol: "TCP", Family: "IPv4", Address: "20.0.0.1", Hops: []Hop{
				{Kind: "public-ip", Name: "表示", State: HopFound, Verdict: Passes, Say: "associated"},
				{Kind: "pool", State: HopFound, Verdict: Blocks, Say: "no member"},
				{Kind: "node", State: HopUnknown, Verdict: VerdictUnknown},
			}}}}},
		Findings: []Finding{{Rule: "AZLB-POOL03", Severity: Error, Confidence: Certain, Subject: Object{Kind: "Service", Namespace: "shop", Name: "web"},
			Title: "The pool is empty", Message: "No node is a member.", Cites: []Cite{{File: "lb.json", Line: 3, Quote: "[]"}},
			Fix: []Step{{Say: "Restart the controller.", Run: "kubectl rollout restart deploy/ccm", Changes: true}}}},
	}
	want := `
WHAT IS BROKEN AND WHY

shop/web: the pool is empty.

SERVICES

1 broken

shop/web · BROKEN · public · 20.0.0.1
  Port 80/TCP IPv4 at 20.0.0.1
┌──────┬───────────┬─────────┬────────┬────────────┐
│      │ Hop       │ Verdict │ Object │ Why        │
├──────┼───────────┼─────────┼────────┼────────────┤
│ ✓    │ public IP │ passes  │ 表示   │ associated │
│ ✗ << │ pool      │ blocks  │        │ no member  │
│ ?    │ node      │ unknown │        │            │
└──────┴───────────┴─────────┴────────┴────────────┘

  F1 AZLB-POOL03 · ERROR · The pool is empty
  at fault    Service shop/web
  confidence  certain

  No node is a member.

  Proof
  - lb.json:3
    | []

  Fix
  1. [CHANGES] Restart the controller.
     kubectl rollout restart deploy/ccm

CLUSTER-WIDE AND FURTHER FINDINGS

None.

COMPARED WITH WHAT THE CLOUD PROVIDER WOULD BUILD

Nothing could be compared.

WHAT COULD NOT BE EVALUATED

No evidence is reported as missing.

INVENTORY

`
	got := written(t, func(w io.Writer) error { return Terminal(w, r, 80) })
	_, got, _ = strings.Cut(got, "Bundle           not known\n")
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// A command breaks behind an operator or in front of a flag, not between a flag
// and its value.
func TestShellBreaksWhereAReaderWould(t *testing.T) {
	for run, want := range map[string][]string{
		"az network lb rule delete -g GROUP -n RULE && az network lb probe delete -g GROUP":        {"az network lb rule delete -g GROUP -n RULE && \\", "  az network lb probe delete -g GROUP"},
		"az role assignment create --assignee-principal-type x --role 'Network Contributor' --s y": {"az role assignment create --assignee-principal-type x \\", "  --role 'Network Contributor' --s y"},
		"kubectl annotate service aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbb ccccccccccccc":  {"kubectl annotate service aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa \\", "  bbbbbbbbbbbbbbbb ccccccccccccc"},
	} {
		if d := cmp.Diff(want, shell(run, "", 60)); d != "" {
			t.Errorf("%s: %s", run, d)
		}
	}
}

// What a shell makes of a broken command is what it makes of the whole one.
func TestShellReadsTheSameCommand(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no sh on this machine to read the commands")
	}
	read := func(script string) string {
		out, err := exec.Command(sh, "-c", "show() { for a in \"$@\"; do printf '[%s]' \"$a\"; done; }\n"+script).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v: %s", script, err, out)
		}
		return string(out)
	}
	long := strings.Repeat("0123456789", 12)
	for _, run := range []string{
		"show --name short",
		"show --resource-group mc_shop_westeurope --query '[].{name: name, sku: sku.name, and: more.things}' --output table",
		"show /subscriptions/" + long + " next",
		"show '" + strings.ReplaceAll(long, "5", " ") + "' next",
		`show "` + strings.ReplaceAll(long, "5", " ") + `" next`,
		`show "a \" b" c\ d\ e ` + long,
		"show 'two\nlines " + long + "' end\nshow second",
		`show ` + strings.Repeat(`\\`, 90),
	} {
		lines := shell(run, "     ", 60)
		for _, line := range lines {
			if cells(line) > 60 {
				t.Errorf("over 60 cells: %s", line)
			}
		}
		if got, want := read(strings.Join(lines, "\n")), read(run); got != want {
			t.Errorf("%s\nreads as %s\nwant     %s", strings.Join(lines, "\n"), got, want)
		}
	}
}
