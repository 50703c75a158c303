package pool

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/desired"
	"azlb/analyze/rule"
	"azlb/analyze/topology"
	"azlb/bundle-schema/azname"
	"azlb/report"
)

// blamed says what the provider's last sync tells about who did it. One that runs may
// have put it right since, and one that failed never came to it; a release with a fault
// of its own left it so; one that succeeded since the node came had it in the pool. ids
// are what would have been written.
func blamed(p *rule.Pass, f *rule.Finding, checks []desired.Check, n *topology.Node, ids ...string) {
	lb, _ := pooled(p, checks[0].Object)
	warned := f.Severity == report.Warning
	switch {
	case failing(p, f.Services):
		f.Severity = report.Info
		f.Message += " The provider's last sync failed, so it may never have come to it: repair what it fails with."
		return
	case ownFault(p, checks) != "":
		f.Message += " " + ownFault(p, checks)
		f.Confidence, f.Why = report.Likely, "the provider's release may be why, without anybody else's doing"
		return
	case p.Running(f, lb):
		if warned {
			f.Severity = report.Info // other nodes carry it, and it is on its way
		}
		return
	}
	s := p.Synced(f.Services)
	if s == nil || n != nil && !s.At.After(n.CreationTimestamp.Time) {
		f.Message += " The provider puts it right at its next sync."
		f.Confidence, f.Why = report.Likely, "no later sync that succeeded is in the bundle, so the provider may not have come to it yet"
		return
	}
	since := ", so somebody else has changed it since"
	if p.WroteAfter(s.At, ids...) {
		since = ""
	}
	f.Message += fmt.Sprintf(" The provider's last sync of %s succeeded (%s)%s; the provider puts it right at its next sync and does not look before.",
		s.Service, s.At.UTC().Format("2006-01-02 15:04:05 UTC"), since)
	f.Cites = append(f.Cites, s.Cite)
}

// ownFault says which fault of the provider's release leaves nodes out of these pools,
// so that no sync need put them back; empty where none is known.
func ownFault(p *rule.Pass, checks []desired.Check) string {
	all := func(is func(lb, pool string) bool) bool {
		return !slices.ContainsFunc(checks, func(c desired.Check) bool {
			lb, pool, _ := strings.Cut(c.Object, "/")
			return !is(lb, pool)
		})
	}
	switch {
	case passesOver(p) && all(func(lb, _ string) bool { return azname.IsInternalName(lb) }):
		return "This release of Kubernetes puts no node into internal pools (AZLB-POOL09): no sync of it repairs that, an upgrade does."
	case len(p.Wants.Settings.Many) > 0 && all(func(_, pool string) bool { return ofService(p, pool) }):
		return "The pool is one Service's own, which the provider fills with the nodes of its endpoints; releases with the faults AZLB-MSLB01 or AZLB-MSLB06 leave some out, and then an upgrade repairs it."
	}
	return ""
}

// ofService reports whether a pool is not the cluster's but that of one local Service.
func ofService(p *rule.Pass, pool string) bool {
	name, _, _ := strings.Cut(strings.ToLower(pool), "-ipv6")
	return name != strings.ToLower(p.Graph.ClusterName)
}

// repair are the steps against nodes that are missing: a sync, and who took them out.
// Where the release is at fault neither helps.
func repair(p *rule.Pass, f *rule.Finding, checks []desired.Check, say string, histories []string, ids ...string) []report.Step {
	if ownFault(p, checks) != "" {
		return []report.Step{{Say: "Upgrade to a release of the provider without that fault; until then no sync puts the nodes in."}}
	}
	if f.Confidence == report.Possible { // a sync runs
		return append([]report.Step{{Say: "Look again when it has ended: the events tell.", Run: rule.Kubectl("describe", f.Services[0], "")}}, refill(p, checks, say)...)
	}
	return append(refill(p, checks, say), writers(p, f, histories, ids...)...)
}

// belong is "a belongs in it" or "a and b belong in it".
func belong(names []string) string {
	if len(names) == 1 {
		return names[0] + " belongs in it"
	}
	return rule.List(names) + " belong in it"
}

// pools names the backend pools of checks.
func pools(checks []desired.Check) string {
	list := objects(checks)
	if len(list) == 1 {
		return "backend pool " + list[0]
	}
	return "backend pools " + rule.List(list)
}

// absent says that a node is in none of these pools.
func absent(checks []desired.Check) string {
	switch len(objects(checks)) {
	case 1:
		return "it is not there"
	case 2:
		return "is in neither"
	}
	return "is in none of them"
}
