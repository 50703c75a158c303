package analyze

import (
	"slices"
	"strings"
	"testing"

	"azlb/analyze/rule/ruletest"
	"azlb/analyze/signature"
	"azlb/analyze/snapshot"
	"azlb/report"
)

const ofTeam = `signatures:
- id: ACME-NET01
  severity: error
  title: our subnet plan is full <script>alert(1)</script> | [x](http://evil.example)
  symptom: pending
  cause: full
  fix: [{say: ask the network team, run: "echo '</code><script>'"}]
  match: [{codes: [SubnetIsFull]}]
  matches: ['Code="SubnetIsFull" Message="full"']
- id: ACME-GATE01
  severity: error
  title: the gate is closed
  symptom: pending
  cause: closed
  fix: [{say: wait}]
  match: [{pattern: the gate is closed}]
  matches: [the gate is closed]
- id: ACME-GATE02
  severity: error
  title: the gate
  symptom: pending
  cause: closed
  fix: [{say: wait}]
  match: [{pattern: the gate}]
  matches: [the gate is closed]
`

// TestSignatures: a signature tells what no built-in rule knows, and leaves to these what
// they do; the first one that knows an error tells it; the net keeps still.
func TestSignatures(t *testing.T) {
	team, err := signature.Load("team.yaml", []byte(ofTeam))
	if err != nil {
		t.Fatal(err)
	}
	s := edited(t, []ruletest.Edit{
		{In: "Service shop/storefront", Unset: []string{"/status/loadBalancer/ingress"}},
		{In: "Service shop/storefront", Event: &ruletest.Event{Reason: "SyncLoadBalancerFailed", Ago: "10s", Message: "Error syncing load balancer: failed to ensure load balancer: the gate is closed"}},
		{In: "Service shop/orders", Event: &ruletest.Event{Reason: "SyncLoadBalancerFailed", Ago: "10s", Message: `Error syncing load balancer: failed to ensure load balancer: Code="SubnetIsFull" Message="Subnet nodes with address prefix 10.0.0.0/29 does not have enough capacity for 1 IP addresses."`}},
	})
	r := Snapshot(s, "test", team)
	var told []string
	for _, f := range r.Findings {
		told = append(told, f.Rule)
		for _, c := range f.Consequences {
			told = append(told, f.Rule+" > "+c.Rule)
		}
	}
	for _, id := range []string{"ACME-GATE01", "AZLB-ILB03"} {
		if !slices.Contains(told, id) {
			t.Errorf("%s is not told: %v", id, told)
		}
	}
	for _, id := range told {
		for _, silent := range []string{"ACME-NET01", "ACME-GATE02", "AZLB-SYNC00"} {
			if strings.Contains(id, silent) {
				t.Errorf("%s is told: %v", silent, told)
			}
		}
	}
	ends := map[string]report.Verdict{}
	for _, v := range r.Verdicts {
		ends[v.Rule] = v
	}
	for id, other := range map[string]string{"ACME-NET01": "AZLB-ILB03", "ACME-GATE02": "ACME-GATE01"} {
		if v := ends[id]; v.State != report.NotApplicable || !strings.Contains(v.Reason, other) {
			t.Errorf("%s ends with %+v, not as left to %s", id, v, other)
		}
	}
	if len(r.Signatures) != 1 || r.Signatures[0].Rules != 3 || r.Signatures[0].SHA256 != team.SHA256 {
		t.Errorf("the report names %+v", r.Signatures)
	}
	without := Snapshot(s, "test")
	if i := slices.IndexFunc(without.Findings, func(f report.Finding) bool { return f.Rule == "AZLB-SYNC00" }); i < 0 {
		t.Error("without the file the net does not tell the error, so nothing was tested")
	}
	var page strings.Builder
	if err := report.HTML(&page, r); err != nil || strings.Contains(page.String(), "<script>alert") {
		t.Errorf("HTML: %v", err)
	}
	page.Reset()
	if err := report.Catalogue(&page, Catalogue(team)); err != nil || strings.Contains(page.String(), "<script>alert") || !strings.Contains(page.String(), "`[x](http://evil.example)`") {
		t.Errorf("the catalogue: %v", err)
	}
}

// TestSignaturesLeaveTheNet: a note hides no error of a Service that waits, nor does a
// signature of what the provider tries again by itself, before it tells of it.
func TestSignaturesLeaveTheNet(t *testing.T) {
	for _, c := range []struct{ name, text, message string }{
		{"a note", strings.Replace(ofTeam, "severity: error\n  title: the gate is closed", "severity: info\n  title: the gate is closed", 1), "the gate is closed"},
		{"not yet", strings.ReplaceAll(ofTeam, "SubnetIsFull", "OddConflict"), `Code=\"Conflict\" Message=\"odd\" Details=[{\"code\":\"OddConflict\",\"message\":\"odd\"}]`},
	} {
		team, err := signature.Load("team.yaml", []byte(strings.Replace(c.text, "- id: ACME-GATE02", "- id: ACME-OTHER1", 1)))
		if err != nil {
			t.Fatal(err)
		}
		team.Rules = team.Rules[:2]
		s := edited(t, []ruletest.Edit{
			{In: "Service shop/storefront", Unset: []string{"/status/loadBalancer/ingress"}},
			{In: "Service shop/storefront", Event: &ruletest.Event{Reason: "SyncLoadBalancerFailed", Ago: "10s", Message: "Error syncing load balancer: failed to ensure load balancer: " + c.message}},
		})
		net := func(r *report.Report) (all []string) {
			for _, f := range r.Findings {
				if f.Rule == "AZLB-SYNC00" {
					all = append(all, string(f.Severity)+" "+string(f.Confidence)+" "+f.Message)
				}
			}
			return all
		}
		if with, without := net(Snapshot(s, "test", team)), net(Snapshot(s, "test")); len(without) != 1 || !slices.Equal(with, without) {
			t.Errorf("%s: the net says %v with the file, %v without", c.name, with, without)
		}
	}
}

// TestSignaturesRankBelow: of equal severity, what is built in stands first, however many
// Services the other harms.
func TestSignaturesRankBelow(t *testing.T) {
	team, err := signature.Load("team.yaml", []byte(ofTeam))
	if err != nil {
		t.Fatal(err)
	}
	gate := "Error syncing load balancer: failed to ensure load balancer: the gate is closed"
	s := edited(t, []ruletest.Edit{
		{In: "Service shop/storefront", Unset: []string{"/status/loadBalancer/ingress"}},
		{In: "Service shop/storefront", Event: &ruletest.Event{Reason: "SyncLoadBalancerFailed", Ago: "10s", Message: gate}},
		{In: "nsgs nsg-node", Set: map[string]any{"/securityRules/-": map[string]any{"name": "deny", "priority": 300, "direction": "Inbound", "access": "Deny", "protocol": "*",
			"sourcePortRange": "*", "sourceAddressPrefix": "*", "destinationAddressPrefix": "*", "destinationPortRange": "*"}}},
	})
	findings := Snapshot(s, "test", team).Findings
	ours, theirs := -1, -1
	for i, f := range findings {
		if f.Severity == report.Error && strings.HasPrefix(f.Rule, "AZLB-") {
			ours = i
		}
		if f.Rule == "ACME-GATE01" && f.Severity == report.Error {
			theirs = i
		}
	}
	if ours < 0 || theirs < ours {
		t.Errorf("built-in at %d, signature at %d of %d", ours, theirs, len(findings))
	}
}

// edited is the healthy sample with edits.
func edited(t *testing.T, edits []ruletest.Edit) *snapshot.Snapshot {
	t.Helper()
	files, err := ruletest.Load("../samples/healthy/bundle")
	if err != nil {
		t.Fatal(err)
	}
	if err := files.Apply(edits); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := files.Write(dir); err != nil {
		t.Fatal(err)
	}
	return snapshotOf(t, dir)
}
