package collect

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	bundle "azlb/bundle-schema"
)

// unasked is how long is waited where Azure throttles and does not say how long: az
// rest shows no Retry-After, and a bucket of Azure Resource Manager is full again within
// ten seconds.
const unasked = 10 * time.Second

// told is the time to wait in an error of Azure ("Please try again after '17' seconds",
// "Retry-After: 17"). A clock ("'00:05:00'") stands there too.
var told = regexp.MustCompile(`(?i)(?:try again|retry)[ -](?:after|in)['":\s]*(\d{1,5}(?::\d\d){0,2})['"]?\s*(min)?`)

// waitOf is how long an error asks to wait, and a second more, because the request that
// comes too early is counted again.
func waitOf(stderr string) time.Duration {
	m := told.FindStringSubmatch(stderr)
	if m == nil {
		return unasked
	}
	total := time.Duration(0)
	for part := range strings.SplitSeq(m[1], ":") {
		n, _ := strconv.Atoi(part) // digits, by the pattern
		total = total*60 + time.Duration(n)
	}
	unit := time.Second
	if m[2] != "" {
		unit = time.Minute
	}
	return total*unit + time.Second
}

// patiently asks, and once more where Azure throttles and the wait that it asks for fits
// into what is left of the collection. The first time's entry comes back as earlier.
func (x *executor) patiently(ctx context.Context, c Command, ask func() (bundle.Entry, ending)) (earlier []bundle.Entry, entry bundle.Entry, end ending) {
	entry, end = ask()
	if end.Status != bundle.StatusThrottled || c.Program != bundle.Az {
		return nil, entry, end
	}
	d := waitOf(entry.Stderr)
	if left := x.deadline.Sub(x.now()); d >= left {
		end.Reason = fmt.Sprintf("Azure throttles requests of this subscription and asks to wait %v, longer than what was left of the total timeout: collect again later, or raise it with --timeout", d)
		return nil, entry, end
	}
	end.Reason = fmt.Sprintf("Azure throttled requests of this subscription: it was asked again after %v", d)
	x.finish(c, &entry, end)
	x.progress.Plan(1)
	x.hold(d)
	again, end := ask()
	return []bundle.Entry{entry}, again, end
}

// hold keeps az back for a time: whoever asks a throttled subscription too early is made
// to wait longer.
func (x *executor) hold(d time.Duration) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if until := x.now().Add(d); until.After(x.held) {
		x.held = until
	}
}

// await waits until az may ask again, or the collection ends.
func (x *executor) await(ctx context.Context, c Command) {
	x.mu.Lock()
	until := x.held
	x.mu.Unlock()
	d := until.Sub(x.now())
	if c.Program != bundle.Az || c.Skip != "" || d <= 0 || ctx.Err() != nil {
		return
	}
	x.progress.Wait(d)
	x.pause(ctx, d)
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.held.Equal(until) { // the clock of a recording stands still
		x.held = time.Time{}
	}
}
