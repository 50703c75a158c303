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

// machines plans the list of the states for each subscription with plain machines among
// the nodes.
func (p *planner) machines(d *Discovered) {
	if p.lacks != nil && p.lacks(&bundle.VMStatuses) {
		p.views(d.VMs)
		return
	}
	for _, vm := range d.VMs {
		p.statuses(vm.Group.Subscription)
	}
}

// statuses plans the list of a subscription that it has not planned before.
func (p *planner) statuses(id string) {
	if slices.ContainsFunc(p.listed, func(known string) bool { return strings.EqualFold(known, id) }) {
		return
	}
	p.listed = append(p.listed, id)
	c := p.add(&bundle.VMStatuses, Values{"subscription": id})
	if c != nil && len(p.listed) > subscriptionCap {
		c.Skip = fmt.Sprintf("at most %d subscriptions are read", subscriptionCap)
	}
}

// machines asks for what the lists of states did not bring: those of subscriptions that
// only Azure's answers show to have machines, where no node is known, and single
// machines where the list was refused.
func (s *session) machines(ctx context.Context) {
	unlisted := s.planner.lacks != nil && s.planner.lacks(&bundle.VMStatuses)
	if unlisted && s.found.AzureNodes > 0 {
		return // planned one by one
	}
	before := len(s.planner.plan.Always)
	for _, e := range slices.Clone(s.entries) {
		if s.found.AzureNodes > 0 || e.Evidence != bundle.VMs.ID || e.Status != bundle.StatusOK || !s.hasNodes(e) {
			continue
		}
		g := Group{Subscription: e.Scope["subscription"], Name: e.Scope["group"]}
		for _, vm := range listed[struct {
			Name string `json:"name"`
		}](s.spool.read(e.Path)) {
			s.found.addInstance(&s.found.VMs, &bundle.VMInstanceViews, "vm", Instance{Group: g, Name: vm.Name}, e.Path, s.windows)
		}
		s.planner.statuses(g.Subscription)
	}
	s.entries = append(s.entries, s.all(ctx, s.planner.plan.Always[before:])...)
	before = len(s.planner.plan.Always)
	s.planner.views(slices.DeleteFunc(slices.Clone(s.found.VMs), func(vm Instance) bool {
		return slices.ContainsFunc(s.entries, func(e bundle.Entry) bool {
			return e.Evidence == bundle.VMStatuses.ID && e.Path != "" && e.Status.Complete() && strings.EqualFold(e.Scope["subscription"], vm.Group.Subscription)
		})
	}))
	s.entries = append(s.entries, s.all(ctx, s.planner.plan.Always[before:])...)
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
