package collect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	bundle "azlb/bundle-schema"
)

// Why a collection ended early; the cause of its context.
var (
	ErrInterrupted = errors.New("interrupted")
	errTotal       = errors.New("the total timeout passed")
	errCommand     = errors.New("the command's timeout passed")
)

// parallel is how many processes of one program run at once; az is safe with four
// and sleeps most of the time.
const parallel = 4

// executor runs commands and turns each into manifest entries.
type executor struct {
	builder
	runner   Runner
	spool    *spool
	progress Progress
	maxLog   int64 // bytes kept of each log; 0: what its evidence says
	now      func() time.Time
	timeout  time.Duration                        // per command
	total    time.Duration                        // of the whole, for its sentence only
	deadline time.Time                            // of the whole
	pause    func(context.Context, time.Duration) // waits, or until the context is done
	groups   func(id string) bool                 // reports an ARM id in a group of the cluster; nil: any may be
	chosen   map[string]*selection                // of pods, by namespace; nil: all of them

	mu          sync.Mutex
	stopped     map[bundle.Program]string // why no further command of it runs
	unreachable map[string]bool           // evidence whose command never spoke to the API server or to Azure
	held        time.Time                 // az asks nothing before it, because Azure throttles
	damaged     map[string]string         // modules of az that cannot run, and the command that showed it
	unseen      map[string]bool           // subscriptions that this login does not see
}

// all runs the commands, each program's on its own lanes, in order, and returns
// the entries in the order of the commands.
func (x *executor) all(ctx context.Context, commands []Command) []bundle.Entry {
	results := make([][]bundle.Entry, len(commands))
	x.progress.Plan(len(commands))
	var programs sync.WaitGroup
	for _, program := range []bundle.Program{bundle.Kubectl, bundle.Az} {
		var queue []int
		for i, c := range commands {
			if c.Program == program {
				queue = append(queue, i)
			}
		}
		programs.Go(func() {
			if program == bundle.Az {
				queue = x.gate(ctx, commands, queue, results)
			}
			x.lanes(ctx, commands, queue, results)
		})
	}
	programs.Wait()
	var entries []bundle.Entry
	for _, r := range results {
		entries = append(entries, r...)
	}
	return entries
}

// gate runs az's queue one by one up to its first read of a resource group, the
// first call that needs a token (`az account show` succeeds with an expired login),
// and returns what is left. A login that fails is then asked for once, not forty times;
// so is an Azure that cannot be reached.
func (x *executor) gate(ctx context.Context, commands []Command, queue []int, results [][]bundle.Entry) []int {
	for n, i := range queue {
		if commands[i].Evidence == &bundle.Group {
			for _, j := range queue[:n+1] {
				results[j] = x.one(ctx, commands[j])
			}
			x.mu.Lock()
			unreachable := x.unreachable[bundle.Group.ID]
			x.mu.Unlock()
			if entry := results[i][len(results[i])-1]; unreachable && !entry.Status.Complete() {
				x.stop(bundle.Az, notReached+entry.Reason)
			}
			return queue[n+1:]
		}
	}
	return queue
}

func (x *executor) lanes(ctx context.Context, commands []Command, queue []int, results [][]bundle.Entry) {
	next := make(chan int)
	var lanes sync.WaitGroup
	for range parallel {
		lanes.Go(func() {
			for i := range next {
				results[i] = x.one(ctx, commands[i])
			}
		})
	}
	for _, i := range queue {
		next <- i
	}
	close(next)
	lanes.Wait()
}

// one runs a command with its retry and its fallback: one entry for each attempt.
func (x *executor) one(ctx context.Context, c Command) []bundle.Entry {
	if c.Evidence.RestOnly() {
		return x.rest(ctx, c)
	}
	c = x.around(c)
	entries, entry, end := x.patiently(ctx, c, func() (bundle.Entry, ending) { return x.attempt(ctx, c) })
	x.finish(c, &entry, end)
	entries = append(entries, entry)
	if end.Fallback {
		x.progress.Plan(1)
		entries = append(entries, x.rest(ctx, c)...)
	}
	return entries
}

// attempt runs a command once and keeps what it answers; its entry is not finished.
func (x *executor) attempt(ctx context.Context, c Command) (bundle.Entry, ending) {
	var entry bundle.Entry
	var end ending
	switch c.Evidence.Format {
	case bundle.Log:
		entry, end = x.log(ctx, c)
	case bundle.YAML:
		entry, end = x.list(ctx, c)
	default:
		var raw []byte
		var cut int64
		if entry, end, raw, cut = x.document(ctx, c); end.Status == bundle.StatusOK {
			x.keep(c, raw, cut, &entry, &end)
		}
	}
	return entry, end
}

// document runs a command whose answer is held whole, because it is parsed; cut
// is how many bytes beyond the evidence's cap are lost.
func (x *executor) document(ctx context.Context, c Command) (entry bundle.Entry, end ending, raw []byte, cut int64) {
	out := &head{max: c.Evidence.Cap}
	entry, end = x.run(ctx, c, out)
	return entry, end, out.kept.Bytes(), out.over
}

// log runs a command whose answer is redacted and spooled as it comes. Of one that
// was ended from outside, half a log is better than none.
func (x *executor) log(ctx context.Context, c Command) (bundle.Entry, ending) {
	r, w := io.Pipe()
	var kept *tail
	var fault error
	var reader sync.WaitGroup
	reader.Go(func() { kept, fault = x.spool.stream(x.logCap(c.Evidence), r) })
	entry, end := x.run(ctx, c, w)
	w.Close() // of a pipe never fails
	reader.Wait()
	early := end.Status == bundle.StatusTimeout || end.Status == bundle.StatusCancelled
	switch {
	case fault != nil:
		end = ending{Status: bundle.StatusFailed, Reason: fault.Error()}
	case early && kept.text:
		end.Status = bundle.StatusTruncated
		kept.keep(c.Path, &entry, &end)
	case end.Status == bundle.StatusOK:
		if n := x.tail; n > 0 && podLog(c.Evidence) && kept.lines() >= n {
			end = ending{Status: bundle.StatusTruncated, Reason: fmt.Sprintf("only its newest %d lines were asked for; how many are older is not known: raise --tail", n)}
		}
		kept.keep(c.Path, &entry, &end)
	}
	return entry, end
}

// finish writes the ending into the entry and reports it.
func (x *executor) finish(c Command, entry *bundle.Entry, end ending) {
	entry.Status, entry.Reason = end.Status, end.Reason
	if end.Stops {
		x.stop(c.Program, end.Reason)
	}
	x.mu.Lock()
	if end.Unreachable {
		x.unreachable[entry.Evidence] = true
	}
	if end.Damaged && x.damaged[c.module()] == "" {
		x.damaged[c.module()] = c.String()
	}
	if s := strings.ToLower(c.Scope["subscription"]); end.Unseen && s != "" {
		x.unseen[s] = true
	}
	x.mu.Unlock()
	x.progress.Done(c, *entry)
}

// run runs a command once; out takes its answer as it is, secrets included.
func (x *executor) run(ctx context.Context, c Command, out io.Writer) (bundle.Entry, ending) {
	entry := gapEntry(c.Evidence, c.Argv(), c.Scope, "", "")
	x.await(ctx, c)
	if end, stop := x.mayNot(ctx, c); stop {
		return entry, end
	}
	limited, cancel := context.WithTimeoutCause(ctx, x.timeout, errCommand)
	defer cancel()
	x.progress.Start(c)
	entry.Started = x.now()
	o := x.runner.Run(limited, c, out)
	entry.Millis = x.now().Sub(entry.Started).Milliseconds()
	o.Stderr = x.spool.stderr(o.Stderr)
	entry.Exit, entry.Stderr = o.Exit, o.Stderr
	// A command that was ended from outside may still have left a clean exit code.
	switch {
	case o.Exit == 0 && o.Err == nil:
		return entry, ending{Status: bundle.StatusOK}
	case limited.Err() != nil:
		return entry, x.ended(context.Cause(limited), c)
	}
	return entry, classify(c, o)
}

// keep redacts a document, spools it and completes the entry.
func (x *executor) keep(c Command, raw []byte, cut int64, entry *bundle.Entry, end *ending) {
	if fault := malformed(c.Evidence, raw); fault != "" && cut == 0 {
		*end = ending{Status: bundle.StatusFailed, Reason: fmt.Sprintf("%s answered %s", c.Program, fault), Fallback: c.Program == bundle.Az}
		return
	}
	if c.Cut != nil && cut == 0 {
		raw = c.Cut(raw)
	}
	if cut > 0 {
		*end = ending{Status: bundle.StatusTruncated, Reason: fmt.Sprintf("the answer is longer than %s: its last %s are not kept", Size(c.Evidence.Cap), Size(cut))}
	} else if end.Status == bundle.StatusOK && empty(c.Evidence, raw) {
		end.Status = bundle.StatusEmpty
	} else if why := partial(c.Evidence, raw); end.Status == bundle.StatusOK && why != "" {
		*end = ending{Status: bundle.StatusTruncated, Reason: why}
	}
	if err := x.spool.keep(c.Evidence, c.Path, raw, entry); err != nil {
		*end = ending{Status: keepFault(err), Reason: err.Error()}
	}
}

// logCap is how many bytes of a log are kept.
func (x *executor) logCap(e *bundle.Evidence) int64 {
	if x.maxLog > 0 {
		return min(e.Cap, x.maxLog)
	}
	return e.Cap
}

func gapEntry(e *bundle.Evidence, argv []string, scope Values, status bundle.Status, reason string) bundle.Entry {
	if argv == nil {
		argv = []string{}
	}
	kept := map[string]string{}
	for k, v := range scope {
		kept[k] = v
	}
	return bundle.Entry{Evidence: e.ID, Argv: argv, Scope: kept, Status: status, Reason: strings.TrimSpace(reason)}
}

// Sleep is the pause of a real collection.
func Sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
