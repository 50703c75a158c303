package collect

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	bundle "azlb/bundle-schema"
)

func summaryOf(t *testing.T, r Result) string {
	t.Helper()
	var b strings.Builder
	r.Write(&b, 80)
	for line := range strings.SplitSeq(b.String(), "\n") {
		if len([]rune(line)) >= 80 {
			t.Errorf("wider than a terminal: %s", line)
		}
	}
	return b.String()
}

// gap is an entry of a command that did not get its answer.
func gap(e *bundle.Evidence, scope Values, status bundle.Status, reason string) bundle.Entry {
	return gapEntry(e, []string{"az"}, scope, status, reason)
}

// TestSummary: the last lines where nothing is missing, where a role is, and where other
// attempts or other evidence filled what is.
func TestSummary(t *testing.T) {
	const role = "this login may not read it" + needsRight
	rg, hub := Values{"group": "rg"}, Values{"group": "hub"}
	for name, tt := range map[string]struct {
		entries []bundle.Entry
		want    string
	}{
		"whole": {[]bundle.Entry{
			gap(&bundle.NSGs, rg, bundle.StatusThrottled, "once more"), gap(&bundle.NSGs, rg, bundle.StatusOK, ""),
			gap(&bundle.EndpointSlices, nil, bundle.StatusDenied, "no"), gap(&bundle.Endpoints, nil, bundle.StatusEmpty, ""),
			gapEntry(&bundle.LogFile, nil, nil, bundle.StatusSkipped, "nobody had one"),
		}, `
Wrote azlb-lab.tgz (1.5 MiB): 3 of 3 commands were answered.

Nothing that was asked for is missing.

Next: send it, or see what is wrong:  azlb-analyze azlb-lab.tgz
What is in it, before you send it:    tar -tzf azlb-lab.tgz
`},
		"a role": {[]bundle.Entry{
			gap(&bundle.Services, nil, bundle.StatusOK, ""),
			gap(&bundle.NATGateways, rg, bundle.StatusFailed, "az failed: ERROR: a new text"),
			gap(&bundle.NSGs, rg, bundle.StatusDenied, role+bundle.NSGs.Right),
			gap(&bundle.LoadBalancers, rg, bundle.StatusDenied, role+bundle.LoadBalancers.Right),
			gap(&bundle.LoadBalancers, hub, bundle.StatusDenied, role+bundle.LoadBalancers.Right),
		}, `
Wrote azlb-lab.tgz (1.5 MiB): 1 of 5 commands were answered.

What is missing, and what it costs:
- Load balancers, Network security groups of rg, hub: this login may not read
  it. It needs the right Microsoft.Network/loadBalancers/read and 1 more.
  Without it frontends, load balancing rules, probes and backend pools cannot
  be compared with the Services, among others.
- NAT gateways of rg: az failed: ERROR: a new text. Without it whether a NAT
  gateway carries the outbound connections of the nodes' subnet is not known.

Next: send it, or see what is wrong:  azlb-analyze azlb-lab.tgz
What is in it, before you send it:    tar -tzf azlb-lab.tgz
`},
	} {
		t.Run(name, func(t *testing.T) {
			r := Result{Path: "azlb-lab.tgz", Size: 3 << 19, Missing: missing(tt.entries, false)}
			r.Commands, r.Answered = counted(tt.entries)
			if d := cmp.Diff(tt.want, "\n"+summaryOf(t, r)); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestSummaryIsShort: whatever fails, the gaps stay one screen; each reason stands once.
func TestSummaryIsShort(t *testing.T) {
	var login, all []bundle.Entry
	for _, e := range bundle.Catalogue {
		login = append(login, gap(e, nil, bundle.StatusSkipped, azMissing.Reason))
		all = append(all, gap(e, Values{"group": "a-group"}, bundle.StatusFailed, "a text of its own about "+e.ID))
	}
	for name, entries := range map[string][]bundle.Entry{"no az": login, "all different": all} {
		s := summaryOf(t, Result{Path: "b.tgz", Missing: missing(entries, false)})
		if n := strings.Count(s, "\n"); n > summaryLines+8 {
			t.Errorf("%s: %d lines\n%s", name, n, s)
		}
		if strings.Count(s, "run `az login`") != map[bool]int{true: 1}[name == "no az"] || strings.Contains(s, "more, all in manifest.json") != (name != "no az") {
			t.Errorf("%s:\n%s", name, s)
		}
	}
}

// TestCosts: each gap says what it costs in the words of the catalogue, and nothing else does.
func TestCosts(t *testing.T) {
	a := cluster()
	a.by["az network lb list"] = fails("ERROR: (AuthorizationFailed) no")
	a.by["az network nsg list"] = func(call int) (string, Outcome) {
		if call == 1 {
			return "", Outcome{Exit: 1, Stderr: "ERROR: (TooManyRequests)"}
		}
		return "[]", Outcome{}
	}
	a.by["kubectl get endpointslices"] = fails("Error from server (Forbidden): no")
	m := manifestOf(t, options(t, a))
	seen := 0
	for _, e := range m.Entries {
		want := ""
		if !e.Status.Complete() && e.Evidence != bundle.NSGs.ID && e.Evidence != bundle.EndpointSlices.ID {
			want = bundle.ByID(e.Evidence).Without
			seen++
		}
		if e.Costs != want {
			t.Errorf("%s %s: %q, want %q", e.Evidence, e.Status, e.Costs, want)
		}
	}
	if seen < 2 {
		t.Errorf("only %d gaps", seen)
	}
}

// TestEarly: the summary says that the collection did not come to its end.
func TestEarly(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	a := cluster()
	a.by["az group"] = func(int) (string, Outcome) {
		cancel(ErrInterrupted)
		return "", Outcome{Exit: -1, Err: context.Canceled}
	}
	r, err := Collect(ctx, options(t, a))
	if err != nil || r.Early != reasonInterrupted {
		t.Errorf("%v, early %q", err, r.Early)
	}
	o := options(t, cluster())
	o.Timeout = time.Nanosecond
	if r, err := Collect(t.Context(), o); err != nil || !strings.Contains(r.Early, "total timeout") {
		t.Errorf("%v, early %q", err, r.Early)
	}
}
