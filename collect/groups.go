package collect

import (
	"cmp"
	"slices"
	"strings"

	bundle "azlb/bundle-schema"
)

// Group is a resource group and the place that named it.
type Group struct {
	Subscription string // empty: az's current one, until it is known
	Name         string
	From         string
	Nodes        bool // nodes are in it
	Others       bool // only Services that --service leaves out name it
}

// namedByFlag is the place of groups that the command line names.
const namedByFlag = "--resource-group"

// same compares as Azure does: without case.
func (g Group) same(o Group) bool {
	return strings.EqualFold(g.Name, o.Name) && strings.EqualFold(g.Subscription, o.Subscription)
}

// addGroup adds a group once, whatever its casing, and returns it as it stands in
// the list.
func (d *Discovered) addGroup(g Group, windows bool) (Group, bool) {
	if err := check("group", g.Name, windows); err != nil {
		d.refuse(&bundle.Group, "group", g.Name, g.From, err)
		return g, false
	}
	if g.Subscription != "" {
		if err := check("subscription", g.Subscription, windows); err != nil {
			d.refuse(&bundle.Group, "subscription", g.Subscription, g.From, err)
			return g, false
		}
	}
	for i, known := range d.Groups {
		if strings.EqualFold(known.Name, g.Name) && (g.Subscription == "" || known.Subscription == "" || strings.EqualFold(known.Subscription, g.Subscription)) {
			d.Groups[i].Others = known.Others && g.Others
			return d.Groups[i], true
		}
	}
	d.Groups = append(d.Groups, g)
	return g, true
}

// subscription is the nodes' one, or the first that is known; empty: none is.
func (d *Discovered) subscription() string {
	for _, g := range d.Groups {
		if g.Subscription != "" {
			return g.Subscription
		}
	}
	return ""
}

// subscriptions lists the groups' subscriptions and the named one, each once.
func (d *Discovered) subscriptions(named string) []string {
	var list []string
	add := func(s string) {
		if s != "" && !slices.ContainsFunc(list, func(x string) bool { return strings.EqualFold(x, s) }) {
			list = append(list, s)
		}
	}
	for _, g := range d.Groups {
		add(g.Subscription)
	}
	add(named)
	return list
}

// groupCap is how many groups are read: those of the nodes and of the command
// line, and some that annotations and ids name.
func (d *Discovered) groupCap() int {
	n := furtherGroups
	for _, g := range d.Groups {
		if g.Nodes || g.From == namedByFlag {
			n++
		}
	}
	return n
}

// settle gives every group a subscription, drops what that made equal, and sorts
// what has an order.
func (d *Discovered) settle(subscription string) {
	var groups []Group
	for _, g := range d.Groups {
		g.Subscription = cmp.Or(g.Subscription, subscription)
		if !slices.ContainsFunc(groups, g.same) {
			groups = append(groups, g)
		}
	}
	slices.SortStableFunc(groups, func(a, b Group) int {
		return cmp.Or(cmp.Compare(order(a.Nodes), order(b.Nodes)), cmp.Compare(order(a.From == namedByFlag), order(b.From == namedByFlag)))
	})
	d.Groups = groups
	slices.SortStableFunc(d.VMs, func(a, b Instance) int { return cmp.Compare(order(!a.Ready), order(!b.Ready)) })
	slices.Sort(d.Namespaces)
	slices.Sort(d.LeftOut)
	d.LeftOut = slices.DeleteFunc(d.LeftOut, func(ns string) bool { return slices.Contains(d.Namespaces, ns) })
}
