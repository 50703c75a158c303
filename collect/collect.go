package collect

import (
	"context"
	"errors"
	"os"
	"runtime"
	"slices"
	"time"

	bundle "azlb/bundle-schema"
)

// Options are what the customer chose. Zero values mean: resolve it.
type Options struct {
	Context        string
	Subscription   string
	ResourceGroups []string
	Namespaces     []string       // pods are read in these only
	Services       []string       // "ns/name": pods are read in the namespaces of these only
	Only           bundle.Program // asked alone, kubectl or az; empty: both
	Since          time.Duration  // how far back current logs go; 0: to their beginning
	Tail           int            // newest lines that are asked of each controller log; 0: all
	MaxLog         int64          // bytes kept of each log at most; 0: what its evidence says
	MaxSize        int64          // bytes of evidence kept at most, unpacked; 0: no limit
	LogFiles       []string
	CloudConfig    string
	Workspace      string        // id of the Log Analytics workspace that has the log of the AKS controller; empty: as the diagnostic settings say
	Deep           bool          // what Azure answers to a POST is asked for too
	Timeout        time.Duration // of the whole
	CommandTimeout time.Duration // of each command
	Output         string        // path of the bundle; empty: a name of our own in the current directory
	Force          bool          // an existing file is replaced
	HideNames      bool          // names, addresses and ids are replaced by pseudonyms
	Names          string        // path of the private map that is continued; empty: a new one beside the bundle
	Runner         Runner
	OwnMachine     bool                                 // files of this machine are evidence; false for a recording
	Pause          func(context.Context, time.Duration) // waits, or until the context is done
	Now            func() time.Time
	Progress       Progress
	Planned        func(Plan)      // is told what will run, before the bulk of it does; may be nil
	Abandoned      <-chan struct{} // closed: no bundle is wanted any more; nil: it always is
	Tool           bundle.Tool
}

// discoveryReads decide what else is read.
var discoveryReads = []*bundle.Evidence{&bundle.Nodes, &bundle.Services, &bundle.ControllerPods}

// early is what is read with the discovery reads because it decides what is kept of the
// pods; events first, because the API server forgets them.
var early = []*bundle.Evidence{&bundle.Events, &bundle.EndpointSlices}

// How many groups and scale sets beyond those of the nodes are followed, and how many
// load balancers, AKS clusters, workspaces, single subnets and rules in all.
const (
	furtherGroups    = 10
	furtherScaleSets = 20
	balancerCap      = 10
	clusterCap       = 3
	workspaceCap     = 3
	subnetCap        = 10
	ruleCap          = 20
)

// Collect runs the plan and writes the bundle. Whatever fails on the way stands in
// the bundle; an error means that there is none. ctx ends the collection early:
// what was collected until then is written, unless it is abandoned.
func Collect(ctx context.Context, o Options) (Result, error) {
	if err := checkOutput(o.Output, o.Force); err != nil {
		return Result{}, err
	}
	s, err := begin(o)
	if err != nil {
		return Result{}, err
	}
	defer s.spool.close()
	if o.HideNames {
		if s.names, err = openNames(o.Names); err != nil {
			return Result{}, err
		}
		if o.Output != "" {
			if err := s.names.beside(o.Output, o.Force); err != nil {
				return Result{}, err
			}
		}
	}
	if err := s.collect(ctx); err != nil {
		return Result{}, err
	}
	path, err := s.write()
	switch {
	case errors.Is(err, ErrAbandoned):
		return Result{}, ErrAbandoned
	case err != nil:
		return Result{}, err
	}
	entries := s.shown()
	r := Result{Path: path, LeftOut: s.found.LeftOut, Missing: missing(entries, s.found.Managed), Early: s.early}
	if s.names != nil {
		r.Map = s.names.path
	}
	r.Commands, r.Answered = counted(entries)
	if info, err := os.Stat(path); err == nil {
		r.Size = info.Size()
	}
	return r, nil
}

// Result is what a collection came to.
type Result struct {
	Path               string // of the bundle
	Map                string // path of the private map of names; empty: names stay
	Size               int64  // of its file, in bytes
	Commands, Answered int    // planned, and completely answered
	Early              string // why it ended before everything was asked; empty: it did not
	Missing            []Missing
	LeftOut            []string // namespaces of LoadBalancer Services whose pods the flags exclude
}

// MakePlan runs the discovery reads only and returns what Collect would run.
func MakePlan(ctx context.Context, o Options) (Plan, error) {
	s, err := begin(o)
	if err != nil {
		return Plan{}, err
	}
	defer s.spool.close()
	ctx, cancel := context.WithTimeoutCause(ctx, o.Timeout, errTotal)
	defer cancel()
	s.resolve(ctx)
	s.discover(ctx, nil)
	if err := s.unknown(); err != nil {
		return Plan{}, err
	}
	p := s.plan(ctx)
	p.conditions()
	if s.o.declined(bundle.Az) == "" {
		p.onlyDeep()
	}
	p.plan.Discovery = s.asked
	return p.plan, nil
}

// session is one collection.
type session struct {
	*executor
	o       Options
	started time.Time
	found   Discovered
	read    map[*bundle.Evidence]bool // discovery reads that were answered
	asked   []Command                 // discovery reads that ran
	begun   []Command                 // of the plan, that ran with them
	entries []bundle.Entry
	planner *planner
	early   string          // why the collection ended before its end
	names   *nameMap        // nil: names stay
	hidden  *bundle.Cluster // the cluster without its names, once they are replaced
}

func begin(o Options) (*session, error) {
	if err := o.somewhere(); err != nil {
		return nil, err
	}
	spool, err := newSpool("", o.Abandoned)
	if err != nil {
		return nil, err
	}
	x := &executor{
		builder: builder{context: o.Context, endpoint: publicCloud, since: o.Since, tail: o.Tail, windows: runtime.GOOS == "windows"},
		runner:  o.Runner, spool: spool, maxLog: o.MaxLog, progress: o.Progress, now: o.Now,
		timeout: o.CommandTimeout, total: o.Timeout, deadline: o.Now().Add(o.Timeout), pause: o.Pause,
		stopped: map[bundle.Program]string{}, unreachable: map[string]bool{}, damaged: map[string]string{}, unseen: map[string]bool{},
	}
	return &session{executor: x, o: o, started: o.Now(), read: map[*bundle.Evidence]bool{}}, nil
}

// collect is the whole way up to the packing.
func (s *session) collect(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, s.o.Timeout, errTotal)
	defer cancel()
	s.resolve(ctx)
	s.discover(ctx, early)
	if err := s.unknown(); err != nil {
		return err
	}
	s.olderEndpoints(ctx)
	s.chosen, s.groups = s.selections(), s.inGroups
	p := s.plan(ctx)
	p.plan.Always = slices.DeleteFunc(p.plan.Always, func(c Command) bool { return slices.Contains(early, c.Evidence) })
	if s.o.Planned != nil {
		told := p.plan
		told.Discovery = slices.Concat(s.asked, s.begun)
		s.o.Planned(told)
	}
	s.entries = append(s.entries, p.plan.Missing...)
	s.entries = append(s.entries, s.all(ctx, p.plan.Always)...)
	if s.o.declined(bundle.Az) == "" {
		s.further(ctx)
		s.machines(ctx)
	}
	s.visible(ctx)
	switch {
	case errors.Is(context.Cause(ctx), ErrInterrupted):
		s.early = reasonInterrupted
	case ctx.Err() != nil:
		s.early = s.totalPassed()
	}
	s.none()
	s.neverAsked()
	return nil
}

// olderEndpoints reads the older form where EndpointSlices could not be read.
func (s *session) olderEndpoints(ctx context.Context) {
	if s.o.declined(bundle.Kubectl) != "" {
		return
	}
	for _, e := range s.entries {
		if e.Evidence == bundle.EndpointSlices.ID && (e.Status == bundle.StatusOK || e.Status == bundle.StatusEmpty) {
			return
		}
	}
	if c, err := s.command(&bundle.Endpoints, nil); err == nil {
		s.entries = append(s.entries, s.all(ctx, []Command{c})...)
		s.read[&bundle.Endpoints] = s.entries[len(s.entries)-1].Status.Complete()
	}
}
