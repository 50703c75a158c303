package collect

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	bundle "azlb/bundle-schema"
)

// TestWaitOf: the texts of Azure Resource Manager, of its providers and of HTTP.
func TestWaitOf(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"ERROR: (SubscriptionRequestsThrottled) Number of read requests for subscription 's' exceeded the limit of '12000' for time interval '01:00:00'. Please try again after '372' seconds.":                                             373 * time.Second,
		`ERROR: Too Many Requests({"error":{"code":"ResourceRequestsThrottled","message":"Number of requests for Microsoft.Authorization exceeded the limit of '120' for time interval '00:01:00'. Please try again after '5' seconds."}})`: 6 * time.Second,
		"exceeded the backend storage limit. Please try again after '6' seconds.": 7 * time.Second,
		"Please retry after 2 minutes.":                                           121 * time.Second,
		"Please try again after '00:05:00'.":                                      301 * time.Second,
		"Retry-After: 20":                                                         21 * time.Second,
		`"retry-after": "17"`:                                                     18 * time.Second,
		"retry-after-ms: 900":                                                     unasked,
		"ERROR: (OperationNotAllowed) too many requests have been received. HighCostGet30Min": unasked,
		"Please try again later.":            unasked,
		"Please try again after '' seconds.": unasked,
	} {
		if got := waitOf(text); got != want {
			t.Errorf("%s\n %v, want %v", text, got, want)
		}
	}
}

// ticking is a clock that only pauses move.
type ticking struct {
	mu     sync.Mutex
	at     time.Time
	pauses []time.Duration
}

func (c *ticking) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *ticking) pause(_ context.Context, d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at, c.pauses = c.at.Add(d), append(c.pauses, d)
}

func throttled(t *testing.T, a *answers) (map[string][]bundle.Entry, *ticking) {
	clock := &ticking{at: time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)}
	o := options(t, a)
	o.Now, o.Pause = clock.now, clock.pause
	got := map[string][]bundle.Entry{}
	for _, e := range manifestOf(t, o).Entries {
		got[e.Evidence] = append(got[e.Evidence], e)
	}
	return got, clock
}

func statuses(entries []bundle.Entry) string {
	var list []string
	for _, e := range entries {
		list = append(list, string(e.Status))
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

// TestThrottledWaitsAsTold: once, as long as Azure says, and every other command of az
// waits with it.
func TestThrottledWaitsAsTold(t *testing.T) {
	a := cluster()
	a.by["az network lb list"] = func(call int) (string, Outcome) {
		if call == 1 {
			return "", Outcome{Exit: 1, Stderr: "ERROR: (SubscriptionRequestsThrottled) Please try again after '17' seconds."}
		}
		return "[]", Outcome{}
	}
	got, clock := throttled(t, a)
	if s := statuses(got["load-balancers"]); s != "empty throttled" {
		t.Errorf("the load balancers are %s", s)
	}
	if len(clock.pauses) == 0 || clock.pauses[0] != 18*time.Second {
		t.Errorf("pauses %v", clock.pauses)
	}
	for _, e := range got["load-balancers"] {
		if e.Status == bundle.StatusThrottled && !strings.Contains(e.Reason, "asked again after 18s") {
			t.Errorf("reason %q", e.Reason)
		}
	}
}

// TestThrottledTwice: the second refusal counts; there is no third time.
func TestThrottledTwice(t *testing.T) {
	a := cluster()
	a.by["az network nsg list"] = fails("ERROR: (TooManyRequests) wait")
	got, _ := throttled(t, a)
	if s := statuses(got["nsgs"]); s != "throttled throttled" || a.calls["az network nsg list"] != 2 {
		t.Errorf("the security groups are %s after %d calls", s, a.calls["az network nsg list"])
	}
}

// TestThrottledTooLong: what does not fit into the rest of the collection is not waited for.
func TestThrottledTooLong(t *testing.T) {
	a := cluster()
	a.by["az network nsg list"] = fails("ERROR: (SubscriptionRequestsThrottled) Please try again after '372' seconds.")
	got, clock := throttled(t, a)
	if s := statuses(got["nsgs"]); s != "throttled" || len(clock.pauses) > 0 || !strings.Contains(got["nsgs"][0].Reason, "raise it with --timeout") {
		t.Errorf("the security groups are %s %q, pauses %v", s, got["nsgs"][0].Reason, clock.pauses)
	}
}

// TestThrottledRest: pages of the fallback wait as well.
func TestThrottledRest(t *testing.T) {
	a := cluster()
	a.by["az network lb list"] = fails("Here is the traceback")
	a.by["az rest --method get --url https://management.azure.com/subscriptions/"+testSub+"/resourceGroups/rg/providers/Microsoft.Network/loadBalancers"] = func(call int) (string, Outcome) {
		next := fmt.Sprintf(`"https://management.azure.com/subscriptions/%s/resourceGroups/rg/providers/Microsoft.Network/loadBalancers?api-version=2024-05-01&$skipToken=a"`, testSub)
		switch call {
		case 1, 3:
			return "", Outcome{Exit: 1, Stderr: "ERROR: Too Many Requests({})"}
		case 2:
			return `{"value": [{"name": "a"}], "nextLink": ` + next + `}`, Outcome{}
		}
		return `{"value": [{"name": "b"}]}`, Outcome{}
	}
	got, clock := throttled(t, a)
	if s := statuses(got["load-balancers"]); s != "failed ok ok throttled throttled" {
		t.Errorf("the load balancers are %s", s)
	}
	if fmt.Sprint(clock.pauses) != "[10s 10s]" {
		t.Errorf("pauses %v", clock.pauses)
	}
}

// TestHeldTogether: while one command waits no other of az asks.
func TestHeldTogether(t *testing.T) {
	clock := &ticking{}
	x := &executor{now: clock.now, pause: clock.pause, progress: Silent{}}
	x.hold(time.Minute)
	x.await(t.Context(), Command{Program: bundle.Kubectl})
	if len(clock.pauses) > 0 {
		t.Error("kubectl waited")
	}
	x.await(t.Context(), Command{Program: bundle.Az})
	x.await(t.Context(), Command{Program: bundle.Az})
	if fmt.Sprint(clock.pauses) != "[1m0s]" {
		t.Errorf("pauses %v", clock.pauses)
	}
}
