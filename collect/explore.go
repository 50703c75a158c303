package collect

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"

	bundle "azlb/bundle-schema"
)

// resolve settles the context once, so that every command means the same cluster
// whatever happens to the kubeconfig meanwhile. Without a current context kubectl
// decides by itself (inside a pod it can).
func (s *session) resolve(ctx context.Context) {
	if s.context != "" || s.o.declined(bundle.Kubectl) != "" {
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
	reads := append(before, discoveryReads...)
	if s.o.declined(bundle.Kubectl) != "" {
		reads = nil // the plan records all of kubectl's
	}
	for _, e := range reads {
		c, err := s.command(e, nil)
		if err != nil {
			s.entries = append(s.entries, gapEntry(e, nil, nil, bundle.StatusSkipped, err.Error()))
			continue
		}
		commands = append(commands, c)
		if slices.Contains(discoveryReads, e) {
			s.asked = append(s.asked, c)
		} else {
			s.begun = append(s.begun, c)
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
		s.stop(bundle.Kubectl, notReached+reason)
	}
}

// learn reads the answers of the discovery reads.
func (s *session) learn() {
	d := &s.found
	s.each(&bundle.Nodes, func(item []byte) {
		if n, ok := fieldsOf[node](item, "metadata", "spec", "status"); ok {
			d.addNode(n, s.windows)
		}
	})
	for _, name := range s.o.ResourceGroups {
		d.addGroup(Group{Subscription: s.o.Subscription, Name: name, From: namedByFlag}, s.windows)
	}
	if raw := s.spool.read(bundle.CloudConfig.Path); raw != nil {
		// An azure.json that does not parse has an entry that says so.
		_ = d.addConfig(raw, s.windows)
	}
	subscription := cmp.Or(s.o.Subscription, d.subscription())
	s.each(&bundle.Services, func(item []byte) {
		if svc, ok := fieldsOf[service](item, "metadata", "spec"); ok {
			d.addService(svc, subscription, s.selected, s.windows)
		}
	})
	s.each(&bundle.ControllerPods, func(item []byte) {
		if p, ok := fieldsOf[pod](item, "metadata"); ok && isController(p) {
			full, _ := decoded[pod](item)
			d.addPod(full, s.windows)
		}
	})
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
	if reason == "" {
		s.cloud(ctx)
	}
	if reason == "" && cmp.Or(s.o.Subscription, d.subscription()) == "" {
		s.current(ctx)
	}
	d.settle(cmp.Or(d.subscription(), s.o.Subscription))
	p := newPlanner(s.builder)
	p.deep = s.o.Deep
	if r, ok := s.o.Runner.(*Recording); ok {
		p.lacks = r.lacks
	}
	for _, e := range s.entries {
		if e.Path != "" {
			p.paths[strings.ToLower(e.Path)] = true
		}
	}
	if declined := s.o.declined(bundle.Kubectl); declined != "" {
		p.declined(bundle.Kubectl, declined)
	} else {
		p.cluster(d, s.read[&bundle.Services], s.read[&bundle.ControllerPods])
	}
	if reason != "" {
		p.declined(bundle.Az, reason)
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
	case s.o.declined(bundle.Az) != "":
		return s.o.declined(bundle.Az)
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
