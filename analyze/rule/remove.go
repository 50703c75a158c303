package rule

import (
	"fmt"
	"strings"

	"azlb/analyze/topology"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// Remove are the steps that take what is left of a dead Service out of Azure, in
// the only order in which Azure lets them go: what refers to a thing before the
// thing itself, so rules, probes, frontend, public IP. An address that the frontend
// refers to goes only if it is the leftover's own: it may be the customer's, of
// another group, or kept by a living Service.
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
		say := "Delete its frontend."
		if kept := l.Frontend.PublicIP; kept != nil && kept != l.PublicIP {
			say = fmt.Sprintf("Delete its frontend; public IP %s on it is not the provider's work for this Service and stays.", kept.Name)
		}
		add(say, []string{"az network lb frontend-ip delete" + where + Word(l.Frontend.Name, "FRONTEND")})
	}
	if pip := l.PublicIP; pip != nil {
		add("Delete the public IP last; while a frontend refers to it Azure refuses.",
			[]string{"az network public-ip delete -g " + Word(az.GroupOf(pip.ID), "GROUP") + " -n " + Word(pip.Name, "PUBLIC_IP")})
	}
	return steps
}
