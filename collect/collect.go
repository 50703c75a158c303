package collect

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	bundle "azlb/bundle-schema"
)

// Options are what the customer chose. Zero values mean: resolve it.
type Options struct {
	Context        string
	Subscription   string
	ResourceGroups []string
	Namespaces     []string      // pods are read in these only
	Services       []string      // "ns/name": pods are read in the namespaces of these only
	Since          time.Duration // how far back current logs go; 0: to their beginning
	LogFiles       []string
	CloudConfig    string
	Timeout        time.Duration // of the whole
	CommandTimeout time.Duration // of each command
	Output         string        // path of the bundle; empty: a name of our own in the current directory
	Force          bool          // an existing file is replaced
	Runner         Runner
	OwnMachine     bool            // files of this machine are evidence; false for a recording
	Retries        []time.Duration // pauses before a throttled az command runs again
	Now            func() time.Time
	Progress       Progress
	Tool           bundle.Tool
}

// discoveryReads decide what else is read.
var discoveryReads = []*bundle.Evidence{&bundle.Nodes, &bundle.Services, &bundle.ControllerPods}

// How many groups and scale sets beyond those of the nodes are followed.
const (
	furtherGroups    = 10
	furtherScaleSets = 20
)

// ErrExists says that the bundle's file is already there.
var ErrExists = errors.New("the file exists; choose another with --output, or replace it with --force")

// Collect runs the plan and writes the bundle. Whatever fails on the way stands in
// the bundle; an error means that there is none. ctx ends the collection early:
// what was collected until then is written.
func Collect(ctx context.Context, o Options) (Result, error) {
	if o.Output != "" && !o.Force {
		if _, err := os.Stat(o.Output); err == nil {
			return Result{}, fmt.Errorf("writing %s: %w", o.Output, ErrExists)
		}
	}
	s, err := begin(o)
	if err != nil {
		return Result{}, err
	}
	defer s.spool.close()
	s.collect(ctx)
	path, err := s.write()
	if err != nil {
		return Result{}, err
	}
	r := Result{Path: path, LeftOut: s.found.LeftOut}
	for _, e := range s.entries {
		if len(e.Argv) > 0 {
			r.Commands++
		}
		if len(e.Argv) > 0 && e.Status.Complete() {
			r.Answered++
		}
	}
	return r, nil
}

// Result is what a collection came to.
type Result struct {
	Path               string   // of the bundle
	Commands, Answered int      // planned, and completely answered
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
	p := s.plan(ctx)
	p.conditions(s.endpoint())
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
	entries []bundle.Entry
	planner *planner
}

func begin(o Options) (*session, error) {
	spool, err := newSpool("")
	if err != nil {
		return nil, err
	}
	x := &executor{
		builder: builder{context: o.Context, since: o.Since, windows: runtime.GOOS == "windows"},
		runner:  o.Runner, spool: spool, progress: o.Progress, now: o.Now,
		timeout: o.CommandTimeout, total: o.Timeout, retries: o.Retries,
		stopped: map[bundle.Program]string{}, unreachable: map[string]bool{},
	}
	return &session{executor: x, o: o, started: o.Now(), read: map[*bundle.Evidence]bool{}}, nil
}

// collect is the whole way up to the packing.
func (s *session) collect(ctx context.Context) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.o.Timeout, errTotal)
	defer cancel()
	s.resolve(ctx)
	s.discover(ctx, []*bundle.Evidence{&bundle.Events})
	p := s.plan(ctx)
	p.plan.Always = slices.DeleteFunc(p.plan.Always, func(c Command) bool { return c.Evidence == &bundle.Events })
	s.entries = append(s.entries, p.plan.Missing...)
	s.entries = append(s.entries, s.all(ctx, p.plan.Always)...)
	s.olderEndpoints(ctx)
	s.further(ctx)
}

// resolve settles the context once, so that every command means the same cluster
// whatever happens to the kubeconfig meanwhile. Without a current context kubectl
// decides by itself (inside a pod it can).
func (s *session) resolve(ctx context.Context) {
	if s.context != "" {
		return
	}
	c, err := s.command(&bundle.KubeContext, nil)
	if err != nil {
		return
	}
	s.asked = append(s.asked, c)
	s.entries = append(s.entries, s.all(ctx, []Command{c})...)
	if s.entries[len(s.entries)-1].Status != bundle.StatusOK {
		return
	}
	name := strings.TrimSpace(string(s.spool.read(c.Path)))
	if err := check("context", name, s.windows); err != nil {
		s.stop(bundle.Kubectl, err.Error()+" (it is the current context): choose another with --context")
		return
	}
	s.context = name
}

// discover runs the reads that decide what else is read, with others before them.
func (s *session) discover(ctx context.Context, before []*bundle.Evidence) {
	var commands []Command
	for _, e := range append(before, discoveryReads...) {
		c, err := s.command(e, nil)
		if err != nil {
			s.entries = append(s.entries, gapEntry(e, nil, nil, bundle.StatusSkipped, err.Error()))
			continue
		}
		commands = append(commands, c)
		if slices.Contains(discoveryReads, e) {
			s.asked = append(s.asked, c)
		}
	}
	entries := s.all(ctx, commands)
	s.entries = append(s.entries, entries...)
	s.giveUp(entries)
	s.entries = append(s.entries, s.executor.cloudConfig(s.o.CloudConfig, s.o.OwnMachine))
	s.entries = append(s.entries, s.logFiles(s.o.LogFiles)...)
	for _, e := range entries {
		s.read[bundle.ByID(e.Evidence)] = e.Path != "" && e.Status != bundle.StatusTruncated
	}
	s.learn()
}

// giveUp stops asking a cluster that answered none of the first reads: the rest
// would only wait for the same timeouts.
func (s *session) giveUp(entries []bundle.Entry) {
	reason := ""
	for _, e := range entries {
		if e.Status.Complete() || e.Status == bundle.StatusTruncated || !s.unreachable[e.Evidence] {
			return
		}
		reason = cmp.Or(reason, e.Reason)
	}
	if reason != "" {
		s.stop(bundle.Kubectl, "not asked, because the first reads failed: "+reason)
	}
}

// learn reads the answers of the discovery reads.
func (s *session) learn() {
	d := &s.found
	items(s.answer(&bundle.Nodes), func(n node) { d.addNode(n, s.windows) })
	for _, name := range s.o.ResourceGroups {
		d.addGroup(Group{Subscription: s.o.Subscription, Name: name, From: namedByFlag}, s.windows)
	}
	if raw := s.spool.read(bundle.CloudConfig.Path); raw != nil {
		// An azure.json that does not parse has an entry that says so.
		_ = d.addConfig(raw, s.windows)
	}
	subscription := cmp.Or(s.o.Subscription, d.subscription())
	items(s.answer(&bundle.Services), func(svc service) { d.addService(svc, subscription, s.selected, s.windows) })
	items(s.answer(&bundle.ControllerPods), func(p pod) { d.addPod(p, s.windows) })
}

// answer opens what a discovery read brought; an empty list where it brought nothing.
func (s *session) answer(e *bundle.Evidence) *bytes.Reader {
	return bytes.NewReader(s.spool.read(e.Path))
}

// selected reports whether the flags choose a Service.
func (s *session) selected(namespace, name string) bool {
	return (len(s.o.Namespaces) == 0 || slices.Contains(s.o.Namespaces, namespace)) &&
		(len(s.o.Services) == 0 || slices.Contains(s.o.Services, namespace+"/"+name))
}

// plan turns what was found into commands.
func (s *session) plan(ctx context.Context) *planner {
	d := &s.found
	reason := s.noAzure()
	if reason == "" && cmp.Or(s.o.Subscription, d.subscription()) == "" {
		s.current(ctx)
	}
	d.settle(cmp.Or(d.subscription(), s.o.Subscription))
	p := newPlanner(s.builder)
	for _, e := range s.entries {
		if e.Path != "" {
			p.paths[strings.ToLower(e.Path)] = true
		}
	}
	p.cluster(d, s.read[&bundle.Services], s.read[&bundle.ControllerPods])
	if reason != "" {
		p.noAzure(reason)
	} else {
		p.azure(d, s.o.Subscription, s.read[&bundle.Nodes])
	}
	p.refused(d)
	s.planner = p
	return p
}

// noAzure says why there is nothing to ask of Azure; empty: there is.
func (s *session) noAzure() string {
	d := &s.found
	switch {
	case len(d.Groups) > 0 || s.o.Subscription != "":
		return ""
	case !s.read[&bundle.Nodes]:
		return "the nodes could not be read, so neither subscription nor resource groups are known: name them with --subscription and --resource-group"
	default:
		return "no node has a providerID of Azure: if this is an Azure cluster, name its groups with --subscription and --resource-group"
	}
}

// current asks az for its current subscription, where neither nodes nor flags name one.
func (s *session) current(ctx context.Context) {
	c, err := s.command(&bundle.Account, nil)
	if err != nil {
		return
	}
	s.asked = append(s.asked, c)
	entries := s.all(ctx, []Command{c})
	s.entries = append(s.entries, entries...)
	var account struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(s.spool.read(c.Path), &account) == nil && check("subscription", account.ID, s.windows) == nil {
		s.o.Subscription = account.ID
		return
	}
	s.stop(bundle.Az, "no subscription is known, neither from the nodes nor from az: name it with --subscription")
}

// olderEndpoints reads the older form where EndpointSlices could not be read.
func (s *session) olderEndpoints(ctx context.Context) {
	for _, e := range s.entries {
		if e.Evidence == bundle.EndpointSlices.ID && (e.Status == bundle.StatusOK || e.Status == bundle.StatusEmpty) {
			return
		}
	}
	if c, err := s.command(&bundle.Endpoints, nil); err == nil {
		s.entries = append(s.entries, s.all(ctx, []Command{c})...)
	}
}

// further follows what Azure's answers name: groups that no node is in, and scale
// sets whose instances never became nodes. Two rounds reach the route table of a
// subnet in another group.
func (s *session) further(ctx context.Context) {
	for range 2 {
		before := len(s.planner.plan.Always)
		refs := s.references()
		s.found.Managed = s.found.Managed || refs.aks
		known := len(s.found.Groups)
		refused := len(s.found.Refused)
		for _, g := range refs.groups {
			s.found.addGroup(g, s.windows)
		}
		for i, g := range s.found.Groups[known:] {
			s.planner.group(g, known+i >= s.found.groupCap())
		}
		s.unlisted()
		s.planner.plan.Missing = nil
		s.planner.refused(&Discovered{Refused: s.found.Refused[refused:]})
		s.entries = append(s.entries, s.planner.plan.Missing...)
		if len(s.planner.plan.Always) == before {
			return
		}
		s.entries = append(s.entries, s.all(ctx, s.planner.plan.Always[before:])...)
	}
}

// references reads Azure's answers for the groups that they name.
func (s *session) references() *references {
	refs := &references{subnets: map[string]bool{}}
	var vnets []bundle.Entry
	for _, e := range s.entries {
		evidence := bundle.ByID(e.Evidence)
		if e.Path == "" || evidence.Program != bundle.Az || evidence == &bundle.AzVersion || evidence == &bundle.Account {
			continue
		}
		if evidence == &bundle.VNets {
			vnets = append(vnets, e)
			continue
		}
		// The answers of a foreign group lead on only through what our nodes use.
		if s.hasNodes(e) {
			refs.scan(s.spool.read(e.Path), e.Scope["subscription"], e.Path)
		}
	}
	for _, e := range vnets {
		refs.scanVNets(s.spool.read(e.Path), e.Scope["subscription"], e.Path)
	}
	return refs
}

// hasNodes reports whether an answer is about a group that belongs to the cluster;
// the groups of the command line count where no node is known.
func (s *session) hasNodes(e bundle.Entry) bool {
	for _, g := range s.found.Groups {
		if strings.EqualFold(g.Name, e.Scope["group"]) {
			return g.Nodes || s.found.AzureNodes == 0 && !strings.HasPrefix(g.From, "an id")
		}
	}
	return false
}

// unlisted plans the instances of scale sets that no node names. Flexible ones
// have plain virtual machines instead.
func (s *session) unlisted() {
	added := 0
	for _, e := range slices.Clone(s.entries) {
		if e.Evidence != bundle.ScaleSets.ID || e.Path == "" || !s.hasNodes(e) {
			continue
		}
		g := Group{Subscription: e.Scope["subscription"], Name: e.Scope["group"]}
		for _, name := range scaleSetNames(s.spool.read(e.Path)) {
			if slices.ContainsFunc(s.found.ScaleSets, func(i Instance) bool { return i.Group.same(g) && strings.EqualFold(i.Name, name) }) {
				continue
			}
			before := len(s.found.ScaleSets)
			s.found.addInstance(&s.found.ScaleSets, &bundle.ScaleSetInstances, "scaleset", Instance{Group: g, Name: name}, e.Path, s.windows)
			if len(s.found.ScaleSets) == before || added >= furtherScaleSets {
				continue
			}
			added++
			v := Values{"subscription": g.Subscription, "group": g.Name, "scaleset": name}
			s.planner.add(&bundle.ScaleSetInstances, v)
			s.planner.add(&bundle.ScaleSetNICs, v)
		}
	}
}

// scaleSetNames lists the uniform scale sets of an answer in any of its shapes.
func scaleSetNames(raw []byte) []string {
	type scaleSet struct {
		Name              string `json:"name"`
		OrchestrationMode string `json:"orchestrationMode"`
		Properties        struct {
			OrchestrationMode string `json:"orchestrationMode"`
		} `json:"properties"`
	}
	var list []scaleSet
	if json.Unmarshal(raw, &list) != nil {
		var envelope struct {
			Value []scaleSet `json:"value"`
		}
		_ = json.Unmarshal(raw, &envelope) // an answer in no known shape names none
		list = envelope.Value
	}
	var names []string
	for _, s := range list {
		if !strings.EqualFold(cmp.Or(s.OrchestrationMode, s.Properties.OrchestrationMode), "Flexible") && s.Name != "" {
			names = append(names, s.Name)
		}
	}
	return names
}

var unsafeContext = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// write packs the bundle. Its name tells clusters and times apart.
func (s *session) write() (string, error) {
	path := s.o.Output
	if path == "" {
		name := strings.Trim(unsafeContext.ReplaceAllString(cmp.Or(s.context, "cluster"), "_"), "._-")
		path = fmt.Sprintf("azlb-%s-%s.tgz", cmp.Or(name[:min(len(name), 60)], "cluster"), s.started.UTC().Format("20060102T150405Z"))
		if _, err := os.Stat(path); err == nil && !s.o.Force {
			return "", fmt.Errorf("writing %s: %w", path, ErrExists)
		}
	}
	m := s.manifest()
	if err := bundle.Create(path, m, s.spool.open); err != nil {
		return "", fmt.Errorf("writing the bundle %s: %w", path, err)
	}
	return filepath.Clean(path), nil
}

// manifest is built last: it holds what became of every command.
func (s *session) manifest() *bundle.Manifest {
	m := &bundle.Manifest{
		Schema: bundle.SchemaVersion, MinReader: bundle.SchemaVersion, Tool: s.o.Tool,
		Started: s.started.UTC(), Finished: s.o.Now().UTC(), Redaction: "secrets",
		Cluster: bundle.Cluster{Context: s.context, Region: s.found.Region, Managed: s.found.Managed, UID: s.uid(),
			Subscriptions: []string{}, ResourceGroups: []string{}},
		Entries: s.entries,
	}
	m.Cluster.Subscriptions = append(m.Cluster.Subscriptions, s.found.subscriptions(s.o.Subscription)...)
	for _, g := range s.found.Groups {
		m.Cluster.ResourceGroups = append(m.Cluster.ResourceGroups, g.Name)
	}
	for i := range m.Entries {
		m.Entries[i].Reason = sentence(m.Entries[i].Reason)
		m.Entries[i].Started = m.Entries[i].Started.UTC()
	}
	return m
}

var uidLine = regexp.MustCompile(`(?m)^  uid: "?([0-9a-fA-F-]{36})"?\s*$`)

func (s *session) uid() string {
	if m := uidLine.FindSubmatch(s.spool.read(bundle.KubeSystem.Path)); m != nil {
		return string(m[1])
	}
	return ""
}
