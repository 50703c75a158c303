package nsg

import (
	"cmp"
	"slices"
	"strings"

	"azlb/bundle-schema/az"
)

// verdict is what one level says about the flow.
type verdict struct {
	answer Answer
	level  string
	group  *az.NSG  // nil where none is associated (absent) or it is unreadable
	absent bool     // no group is associated
	seen   []Reason // the rules walked, the deciding one last
	source string   // the term of the deciding rule that the flow's source met
}

// judge walks the rules of one level by priority. A rule that matches for certain
// ends the walk; the accesses of rules that may match are remembered with it, and
// only if they all agree is there an answer.
func judge(f Flow, level string, l Level, facts *Facts) verdict {
	v := verdict{answer: Unknown, level: level, group: l.NSG}
	if l.absent() {
		v.answer, v.absent = Allowed, true
		return v
	}
	if l.NSG == nil {
		return v
	}
	agreed, disputed := Answer(""), false
	for _, rule := range ordered(l.NSG, f.Inbound) {
		met := meet(f, rule, facts)
		v.seen = append(v.seen, Reason{NSG: l.NSG.Name, Level: level, Rule: rule, Match: met.match, Why: met.why})
		if met.match == No {
			continue
		}
		access := answerOf(rule.Access)
		disputed = disputed || agreed != "" && agreed != access
		agreed = access
		if met.match == Yes {
			v.source = met.term
			if !disputed {
				v.answer = access
			}
			break
		}
	}
	return v
}

// ordered are the rules of one direction, the group's own and the default ones, in
// the order in which Azure looks at them.
func ordered(group *az.NSG, inbound bool) []*az.SecurityRule {
	direction := "Outbound"
	if inbound {
		direction = "Inbound"
	}
	var rules []*az.SecurityRule
	for _, list := range [][]az.SecurityRule{group.SecurityRules, group.DefaultSecurityRules} {
		for i := range list {
			if strings.EqualFold(list[i].Direction, direction) {
				rules = append(rules, &list[i])
			}
		}
	}
	slices.SortStableFunc(rules, func(a, b *az.SecurityRule) int { return cmp.Compare(a.Priority, b.Priority) })
	return rules
}

func answerOf(access string) Answer {
	switch {
	case strings.EqualFold(access, "Allow"):
		return Allowed
	case strings.EqualFold(access, "Deny"):
		return Denied
	}
	return Unknown
}

// decidedBy is the rule that ended the walk.
func (v verdict) decidedBy() *Reason { return &v.seen[len(v.seen)-1] }
