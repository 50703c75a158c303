package pool

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/desired"
	"azlb/analyze/rule"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
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
	case unhealed(p, checks):
		f.Message += " This release of Kubernetes puts no node into internal pools (AZLB-POOL09): no sync of it repairs that, an upgrade does."
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
	if internal(checks) && !p.Complete(&bundle.KubeVersion, "") {
		f.Confidence, f.Why = report.Likely, "the version of Kubernetes is not in the bundle, and there are releases that put no node into internal pools"
	}
}

// unhealed reports nodes that the provider's release itself leaves out of the pools, so
// that no sync puts them in.
func unhealed(p *rule.Pass, checks []desired.Check) bool { return passesOver(p) && internal(checks) }

// internal reports whether the pools of all checks are internal load balancers'.
func internal(checks []desired.Check) bool {
	return !slices.ContainsFunc(checks, func(c desired.Check) bool {
		lb, _, _ := strings.Cut(c.Object, "/")
		return !azname.IsInternalName(lb)
	})
}

// repair are the steps against nodes that are missing: a sync, and who took them out.
// Where the release is at fault neither helps.
func repair(p *rule.Pass, f *rule.Finding, checks []desired.Check, say string, histories []string, ids ...string) []report.Step {
	switch {
	case unhealed(p, checks):
		return []report.Step{{Say: "Upgrade the control plane to 1.9.4, to 1.10 or later; until then no sync puts the nodes in.", Changes: true}}
	case f.Confidence == report.Possible: // a sync runs
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
