package rule

import (
	"strings"

	"azlb/analyze/topology"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// Remove are the steps that take what is left of a dead Service out of Azure, in
// the only order in which Azure lets them go: what refers to a thing before the
// thing itself, so rules, probes, frontend, public IP.
func Remove(l topology.Leftover) []report.Step {
	var steps []report.Step
	add := func(say string, commands []string) {
		if len(commands) > 0 {
			steps = append(steps, report.Step{Say: say, Run: strings.Join(commands, " && "), Changes: true})
		}
	}
	if l.Frontend != nil {
		where := " -g " + Word(az.GroupOf(l.Frontend.LB.ID), "GROUP") + " --lb-name " + Word(l.Frontend.LB.Name, "LOAD_BALANCER") + " -n "
		var rules, probes []string
		for _, r := range l.Rules {
			rules = append(rules, "az network lb rule delete"+where+Word(r.Name, "RULE"))
		}
		for _, p := range l.Probes {
			probes = append(probes, "az network lb probe delete"+where+Word(p.Name, "PROBE"))
		}
		add("Delete its load balancing rules first; a frontend with a rule cannot be deleted.", rules)
		add("Delete its probes.", probes)
		add("Delete its frontend.", []string{"az network lb frontend-ip delete" + where + Word(l.Frontend.Name, "FRONTEND")})
	}
	pip := l.PublicIP
	if pip == nil && l.Frontend != nil {
		pip = l.Frontend.PublicIP
	}
	if pip != nil {
		add("Delete the public IP last; while a frontend refers to it Azure refuses.",
			[]string{"az network public-ip delete -g " + Word(az.GroupOf(pip.ID), "GROUP") + " -n " + Word(pip.Name, "PUBLIC_IP")})
	}
	return steps
}
