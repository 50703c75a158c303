// Package lock holds the rules about locks, by which a customer forbids changes or
// deletion of what is in Azure, to everybody.
package lock

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// Rules of this topic, in the order in which the controller meets them.
var Rules = []*rule.Rule{LOCK01, LOCK02}

// Levels of a lock.
const (
	readOnly     = "ReadOnly"
	canNotDelete = "CanNotDelete"
)

// evidence is where a lock shows.
var evidence = []*bundle.Evidence{&bundle.Events, &bundle.ControllerLog, &bundle.Locks, &bundle.SubscriptionLocks}

const docs = "https://learn.microsoft.com/azure/azure-resource-manager/management/lock-resources"

// hold is one place with a lock: what Azure refused for it, and the locks of the bundle
// that hang there.
type hold struct {
	scope string // id of the subscription, group or resource, the first that the message names; empty: it names none
	errs  []*errtext.Error
	locks []*snapshot.Lock
	// lifted says that the bundle lists all locks of the group that Azure named, and has
	// none there that forbids it.
	lifted bool
}

// What comes of taking a lock away.
const (
	tries  = "; the controller's next try goes through by itself."
	nobody = ". Nobody tries to delete again what a Service left that is gone."
)

// refused are the current refusals of the rule that load balancing meets: what a log tells
// of a disk that a volume needs is none.
func refused(p *rule.Pass) []*errtext.Error {
	return slices.DeleteFunc(p.Current(p.Knows), func(e *errtext.Error) bool {
		return p.Gone(e) || e.Service == "" && !balances(e)
	})
}

// balances reports whether a Service's load balancing writes such a resource.
func balances(e *errtext.Error) bool {
	id, ok := az.ParseID(e.Target)
	return !ok || strings.EqualFold(id.Provider, "Microsoft.Network") || strings.HasPrefix(strings.ToLower(strings.Join(id.Types, "/")), "virtualmachine")
}

// holds are the places that errors name, each with the locks of the bundle there that
// forbid what was refused, and further the places of locks of one level that no error names.
func holds(p *rule.Pass, errs []*errtext.Error, level string) []*hold {
	var out []*hold
	for _, b := range rule.Bunches(errs, func(e *errtext.Error) (string, bool) { return scopesOf(e)[0], true }) {
		h := &hold{scope: b.Name, errs: b.All}
		for i := range p.Snapshot.Locks {
			l := &p.Snapshot.Locks[i]
			forbids := strings.EqualFold(l.Level, readOnly) || strings.EqualFold(l.Level, level) // ReadOnly forbids to delete as well
			if forbids && h.named(l.Scope()) {
				h.locks = append(h.locks, l)
			}
		}
		h.lifted = len(h.locks) == 0 && !slices.ContainsFunc(h.errs, func(e *errtext.Error) bool {
			return slices.ContainsFunc(scopesOf(e), func(scope string) bool { return !listed(p, scope) })
		})
		out = append(out, h)
	}
	for i := range p.Snapshot.Locks {
		l := &p.Snapshot.Locks[i]
		if !strings.EqualFold(l.Level, level) || l.Scope() == "" {
			continue
		}
		j := slices.IndexFunc(out, func(h *hold) bool { return az.SameID(h.scope, l.Scope()) })
		switch {
		case j < 0:
			out = append(out, &hold{scope: l.Scope(), locks: []*snapshot.Lock{l}})
		case len(out[j].errs) == 0:
			out[j].locks = append(out[j].locks, l)
		}
	}
	return out
}

// listed reports whether a place is a resource group of which the bundle has all locks.
func listed(p *rule.Pass, scope string) bool {
	id, ok := az.ParseID(scope)
	return ok && id.Group != "" && len(id.Names) == 0 && !az.Masked(scope) && p.Complete(&bundle.Locks, id.Group)
}

// lift says of a refusal that the lock is not there any more.
func (h *hold) lift(f *rule.Finding) {
	if !h.lifted {
		return
	}
	f.Message += " The list of locks has none there that forbids it, so that somebody took it away since: the next try should go through."
	f.Absence = []*bundle.Evidence{&bundle.Locks}
	f.Fix = slices.DeleteFunc(f.Fix, func(s report.Step) bool { return strings.Contains(s.Run, "LOCK_ID") })
}

// scopesOf are the locked places that a refusal names.
func scopesOf(e *errtext.Error) []string {
	var out []string
	for _, scope := range strings.Split(e.Scope, ",") {
		out = append(out, strings.Trim(strings.TrimSpace(scope), "'"))
	}
	return out
}

// named reports whether a refusal of the hold says that a place is locked.
func (h *hold) named(place string) bool {
	return place != "" && slices.ContainsFunc(h.errs, func(e *errtext.Error) bool {
		return slices.ContainsFunc(scopesOf(e), func(scope string) bool { return az.SameID(scope, place) })
	})
}

// subject is the lock by the place at which it hangs: an error does not tell its name.
func (h *hold) subject() report.Object { return report.Object{Kind: "Lock", Name: "on " + h.place()} }

// place names what is locked, for the middle of a sentence.
func (h *hold) place() string {
	id, ok := az.ParseID(h.scope)
	switch {
	case !ok:
		return "a place that the message does not name"
	case len(id.Names) > 0:
		return fmt.Sprintf("%s %s", kind(id.Types[len(id.Types)-1]), id.Names[len(id.Names)-1])
	case id.Group != "":
		return "resource group " + id.Group
	}
	return "subscription " + id.Subscription
}

// kind words the type of a resource.
func kind(typ string) string {
	kinds := map[string]string{"loadbalancers": "load balancer", "publicipaddresses": "public IP", "networksecuritygroups": "network security group",
		"virtualmachinescalesets": "scale set", "virtualmachines": "machine", "networkinterfaces": "network interface", "virtualnetworks": "virtual network",
		"routetables": "route table", "privatelinkservices": "private link service"}
	return cmp.Or(kinds[strings.ToLower(typ)], typ)
}

// which names the locks of the bundle at that place: " (lock keep, ReadOnly, “notes”)".
func (h *hold) which() string {
	var names []string
	for _, l := range h.locks {
		say := fmt.Sprintf("%s, %s", l.Name, l.Level)
		if l.Notes != "" {
			say += ", “" + snapshot.Quote(l.Notes) + "”"
		}
		names = append(names, say)
	}
	if len(names) == 0 {
		return ""
	}
	return " (lock " + strings.Join(names, "; lock ") + ")"
}

// cites are the levels of the locks of the bundle.
func (h *hold) cites() []report.Cite {
	var out []report.Cite
	for _, l := range h.locks[:min(len(h.locks), 3)] {
		out = append(out, l.Doc.Cite(l.At+"/level"))
	}
	return out
}

// unlock are the steps that take the locks away, and what comes of it.
func (h *hold) unlock(then string) []report.Step {
	id, _ := az.ParseID(h.scope)
	look := "az lock list"
	if id.Subscription != "" {
		look += " --subscription " + rule.Word(id.Subscription, "SUBSCRIPTION")
	}
	if id.Group != "" {
		look += " --resource-group " + rule.Word(id.Group, "GROUP")
	}
	steps := []report.Step{{Say: "See the locks there, and ask who set them why.", Run: look + " --query \"[].{id:id, level:level, notes:notes}\" -o json"}}
	if len(h.locks) == 0 {
		return append(steps, report.Step{Say: "Take the lock away" + then, Run: "az lock delete --ids LOCK_ID", Changes: true})
	}
	for _, l := range h.locks {
		steps = append(steps, report.Step{Say: "Take lock " + l.Name + " away" + then, Run: "az lock delete --ids " + rule.Word(l.ID, "LOCK_ID"), Changes: true})
	}
	return steps
}

// targets names the first things that Azure refused to touch.
func (h *hold) targets() []string {
	var out []string
	for _, e := range h.errs {
		id, ok := az.ParseID(e.Target)
		if !ok || len(id.Names) == 0 {
			continue
		}
		if say := kind(id.Types[len(id.Types)-1]) + " " + id.Names[len(id.Names)-1]; !slices.Contains(out, say) {
			out = append(out, say)
		}
	}
	if len(out) == 0 {
		return []string{"what is there"}
	}
	return out
}
