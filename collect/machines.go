package collect

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	bundle "azlb/bundle-schema"
)

// vmCap is how many virtual machines are asked for their state one by one, where the list
// of all states cannot be had. Those whose nodes are not Ready come first: of a Ready
// node it is known that its machine runs.
const vmCap = 10

// machines asks for the state of the nodes that are plain virtual machines: one list for
// each subscription, and where it is refused some of them one by one.
func (s *session) machines(ctx context.Context) {
	s.groups = s.inGroups
	var refused []string
	s.planner.plan.Missing = nil
	for _, id := range s.machineSubscriptions() {
		entries := s.all(ctx, []Command{s.statuses(id)})
		s.entries = append(s.entries, entries...)
		if !slices.ContainsFunc(entries, func(e bundle.Entry) bool { return e.Path != "" && e.Status.Complete() }) {
			refused = append(refused, id)
		}
	}
	before := len(s.planner.plan.Always)
	var left []Instance
	for _, vm := range s.found.VMs {
		if slices.ContainsFunc(refused, func(id string) bool { return strings.EqualFold(id, vm.Group.Subscription) }) {
			left = append(left, vm)
		}
	}
	s.planner.views(left)
	if len(left) == 0 && len(s.found.VMs) > 0 {
		s.planner.miss(&bundle.VMInstanceViews, nil, bundle.StatusSkipped, "the state of all virtual machines was read in one list")
	}
	s.entries = append(s.entries, s.planner.plan.Missing...)
	s.entries = append(s.entries, s.all(ctx, s.planner.plan.Always[before:])...)
}

// machineSubscriptions are those of the nodes that are plain virtual machines. Where no
// node is known they are those in whose groups Azure lists some.
func (s *session) machineSubscriptions() []string {
	if s.planner.lacks != nil && s.planner.lacks(&bundle.VMStatuses) {
		return nil
	}
	var ids []string
	add := func(id string) {
		if id != "" && !slices.ContainsFunc(ids, func(x string) bool { return strings.EqualFold(x, id) }) && len(ids) < subscriptionCap {
			ids = append(ids, id)
		}
	}
	for _, vm := range s.found.VMs {
		add(vm.Group.Subscription)
	}
	for _, e := range s.entries {
		if s.found.AzureNodes == 0 && e.Evidence == bundle.VMs.ID && e.Status == bundle.StatusOK && s.hasNodes(e) {
			add(e.Scope["subscription"])
		}
	}
	return ids
}

func (s *session) statuses(subscription string) Command {
	c := Command{Evidence: &bundle.VMStatuses, Program: bundle.Az, Scope: Values{"subscription": subscription}, Path: bundle.VMStatuses.Path}
	c.Path = s.planner.unique(c)
	if asked, err := s.restCommand(c, s.endpoint()); err == nil {
		return asked
	}
	return c // the run says why it cannot be asked
}

// views plans the states of single machines.
func (p *planner) views(machines []Instance) {
	for i, vm := range machines {
		c := p.add(&bundle.VMInstanceViews, Values{"subscription": vm.Group.Subscription, "group": vm.Group.Name, "vm": vm.Name})
		if c != nil && i >= vmCap {
			c.Skip = fmt.Sprintf("at most %d virtual machines are asked for their state one by one", vmCap)
		}
	}
}

// inGroups reports whether an ARM id lies in a group that this collection reads.
func (s *session) inGroups(id string) bool {
	m := groupOfID.FindStringSubmatch(id)
	return m == nil || slices.ContainsFunc(s.found.Groups, func(g Group) bool { return strings.EqualFold(g.Name, m[1]) })
}

var groupOfID = regexp.MustCompile(`(?i)^/subscriptions/[^/]+/resourceGroups/([^/]+)/`)

// ours keeps of a list of the subscription's virtual machines those in the groups of the
// nodes; what else runs in a subscription is nobody's business. Not ok: it keeps all.
func (x *executor) ours(e *bundle.Evidence, list []json.RawMessage) (kept []json.RawMessage, ok bool) {
	if e != &bundle.VMStatuses || x.groups == nil {
		return list, false
	}
	for _, item := range list {
		var vm struct {
			ID string `json:"id"`
		}
		if json.Unmarshal(item, &vm) != nil || x.groups(vm.ID) {
			kept = append(kept, item)
		}
	}
	return kept, len(kept) < len(list)
}
