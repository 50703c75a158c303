package nsg

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/walk"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// admitted are the sources that a rule for a walk's clients may name, a command for
// each of them: ranges stand together, a service tag alone, as Azure wants it. The tags
// for everybody are named only where the Service restricts nobody; none says that what
// it restricts itself to cannot be named.
func admitted(p *rule.Pass, w *walk.Walk) (commands [][]string) {
	s := p.Wants.Of(w.Path.Service.Key()).Sources
	var ranges []string
	for _, r := range s.Ranges {
		if r.Addr().Is4() {
			ranges = append(ranges, r.String())
		}
	}
	if len(ranges) > 0 {
		commands = append(commands, ranges)
	}
	for _, tag := range s.Tags {
		if tag != "" {
			commands = append(commands, []string{tag})
		}
	}
	switch {
	case len(s.Ranges)+len(s.Tags)+len(s.Invalid) > 0:
		return commands
	case w.Path.Frontend.To.Frontend.PublicIP == nil:
		return [][]string{{"VirtualNetwork"}}
	}
	return [][]string{{"Internet"}}
}

// senders splits a drop by who sends and whom the Services let in: one command lets in
// the clients of one part only.
func (d *drop) senders(p *rule.Pass) []*drop {
	return d.parts(func(w *walk.Walk, c *walk.Check) string { return fmt.Sprint(c.Source, admitted(p, w)) })
}

// admit are the steps that let the clients of a drop in before the rule that decides,
// each with a priority of its own out of those that are free for the drop. anywhere
// names no destination.
func admit(p *rule.Pass, d *drop, anywhere bool, lead, tail string) []report.Step {
	var steps []report.Step
	for _, part := range d.senders(p) {
		w := part.walks[0]
		s, destination := w.Path.Service, "'*'"
		if w.Path.Rule.To.EnableFloatingIP && !anywhere {
			destination = rule.Word(w.Path.Address, "FRONTEND")
		}
		commands := admitted(p, w)
		if len(commands) == 0 {
			steps = append(steps, report.Step{Say: fmt.Sprintf("Whom %s lets in cannot be read from its ranges: put these right before a rule lets anybody in.", s.Key())})
		}
		for i, sources := range commands {
			if len(d.free) == 0 {
				return append(steps, report.Step{Say: fmt.Sprintf("No priority before that of %s is free. If it must stay, give it a higher number, behind a rule that lets clients in.", d.check.Decision.Deciding.Rule.Name)})
			}
			priority := d.free[0]
			d.free = d.free[1:]
			name, words := fmt.Sprintf("allow-%s-%s-%d", s.Namespace, s.Name, w.Path.Port.Port), []string{}
			if i > 0 {
				name += "-" + sources[0]
			}
			for _, x := range sources {
				words = append(words, rule.Word(x, "SOURCE"))
			}
			steps = append(steps, report.Step{Say: fmt.Sprintf("%s clients reach %s port %d %s%s", lead, s.Key(), w.Path.Port.Port, tail, others(part)), Changes: true,
				Run: fmt.Sprintf("az network nsg rule create %s -n %s --priority %d --direction Inbound --access Allow --protocol %s --source-address-prefixes %s --destination-address-prefixes %s --destination-port-ranges %d",
					place(d.group()), rule.Word(name, "RULE"), priority, part.check.Flow.Protocol, strings.Join(words, " "), destination, part.check.Flow.DstPort)})
		}
	}
	return steps
}

// others says that one command is written out of several alike.
func others(part *drop) string {
	if slices.ContainsFunc(part.walks, func(w *walk.Walk) bool { return w != part.walks[0] }) {
		return "; other ports and Services alike."
	}
	return "."
}

// firstFree is where Azure's priorities begin, and mostFree what new rules stay below:
// the provider counts up from 500.
const (
	firstFree = 100
	mostFree  = 400
)

// reserve deals out priorities for the commands of several drops: two rules of a group
// cannot have the same. The probes' one is taken first, the narrowest place next.
func reserve(p *rule.Pass, all []*drop) {
	all = slices.DeleteFunc(slices.Clone(all), func(d *drop) bool { return d.group() == nil })
	slices.SortStableFunc(all, func(a, b *drop) int { return cmp.Compare(a.below(), b.below()) })
	dealt := map[*snapshot.NSG][]int{}
	for _, d := range drops(p, stoppedProbes) {
		if g := d.group(); g != nil {
			if priority, ok := d.lowest(); ok {
				dealt[g] = append(dealt[g], priority)
			}
		}
	}
	for _, d := range all {
		need := 0
		for _, part := range d.senders(p) {
			need += len(admitted(p, part.walks[0]))
		}
		if d.check.Decision.Deciding.Rule.Priority >= firstDefault {
			need *= 3 // AZLB-NSG09 tells the errors of its releases apart, each with a command
		}
		g := d.group()
		for priority := d.below() - 1; priority >= firstFree && len(d.free) < need; priority-- {
			if isFree(g, priority) && !slices.Contains(dealt[g], priority) {
				d.free, dealt[g] = append(d.free, priority), append(dealt[g], priority)
			}
		}
	}
}

// below is the number that a new rule must stay under to come before the deciding one.
func (d *drop) below() int { return min(d.check.Decision.Deciding.Rule.Priority, mostFree) }

// lowest is the first free priority before the deciding rule, false where there is none.
func (d *drop) lowest() (int, bool) {
	for priority := firstFree; priority < d.below(); priority++ {
		if isFree(d.group(), priority) {
			return priority, true
		}
	}
	return 0, false
}

func isFree(g *snapshot.NSG, priority int) bool {
	return !slices.ContainsFunc(g.SecurityRules, func(r az.SecurityRule) bool {
		return r.Priority == priority && strings.EqualFold(r.Direction, "Inbound")
	})
}
