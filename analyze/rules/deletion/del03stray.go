package deletion

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/desired"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
	"azlb/bundle-schema/azname"
	"azlb/report"
)

// strays are rules and probes of dead Services that no frontend of theirs holds
// together: they stand on another Service's frontend, or on none. Those of one
// Service on one load balancer come together.
func strays(p *rule.Pass) []rule.Bunch[desired.Check] {
	return rule.Bunches(p.Compared.Drift(), func(c desired.Check) (string, bool) {
		lb, name, _ := strings.Cut(c.Object, "/")
		prefix, ok := azname.ParsePrefix(name)
		inside := c.Hop == desired.HopRule || c.Hop == desired.HopProbe
		return lb + "/" + prefix, c.Kind == desired.Leftover && inside && ok && !alive(p, prefix) && !held(p, lb, prefix)
	})
}

// alive reports whether some Service, of whatever type, has that prefix.
func alive(p *rule.Pass, prefix string) bool {
	return slices.ContainsFunc(p.Snapshot.Services, func(s snapshot.Service) bool {
		return s.UID != "" && azname.Prefix(string(s.UID)) == prefix
	})
}

// held reports whether a leftover with a frontend there has the rules and probes.
func held(p *rule.Pass, lb, prefix string) bool {
	return slices.ContainsFunc(p.Graph.Leftovers, func(l topology.Leftover) bool {
		return l.Prefix == prefix && l.Frontend != nil && strings.EqualFold(l.Frontend.LB.Name, lb)
	})
}

// astray tells of the rules and probes of one dead Service.
func astray(p *rule.Pass, checks []desired.Check) rule.Finding {
	name, first, _ := strings.Cut(checks[0].Object, "/")
	prefix, _ := azname.ParsePrefix(first)
	group := p.Wants.Settings.Group.V
	f := rule.Finding{Subject: report.Object{Kind: "LoadBalancer", Name: checks[0].Object}, Absence: []*bundle.Evidence{&bundle.Services}}
	for i := range p.Snapshot.Loads {
		if lb := &p.Snapshot.Loads[i]; strings.EqualFold(lb.Name, name) && group == "" {
			group = az.GroupOf(lb.ID)
		}
	}
	var what, commands []string
	for _, c := range checks { // rules stand before probes, and are deleted first
		_, object, _ := strings.Cut(c.Object, "/")
		what = append(what, c.Hop+" "+object)
		commands = append(commands, fmt.Sprintf("az network lb %s delete -g %s --lb-name %s -n %s", c.Hop, rule.Word(group, "GROUP"), rule.Word(name, "LOAD_BALANCER"), rule.Word(object, "NAME")))
		if len(f.Cites) < 4 {
			f.Cites = append(f.Cites, c.Cites()...)
		}
	}
	f.Message = fmt.Sprintf("Left behind in load balancer %s by a Service that no longer exists: %s. No sync removes it, and no other Service can have its port at the same address.", name, rule.List(what))
	f.Confidence, f.Why = ours(p, topology.Leftover{Prefix: prefix}, group, true, &f)
	f.Fix = []report.Step{{Say: "Delete the rules before the probes.", Run: strings.Join(commands, " && "), Changes: true}}
	return f
}
