package collect

import (
	"cmp"
	"fmt"
	"slices"

	bundle "azlb/bundle-schema"
)

// deep plans what Azure tells only to a POST, which changes nothing: the resources that
// violate a policy, and which backends a rule's probe holds for up.
func (s *session) deep() {
	if !s.o.Deep {
		return
	}
	for _, g := range s.ownGroups() {
		s.planner.once(&bundle.PolicyStates, Values{"subscription": g.Subscription, "group": g.Name})
	}
	for _, e := range slices.Clone(s.entries) {
		if e.Evidence != bundle.LoadBalancers.ID || e.Path == "" || !s.hasNodes(e) && !s.provider(e) {
			continue
		}
		left := 0
		for _, r := range rulesOf(s.spool.read(e.Path)) {
			if s.planner.count(&bundle.RuleHealth) >= ruleCap {
				left++
				continue
			}
			s.planner.once(&bundle.RuleHealth, Values{"subscription": e.Scope["subscription"], "group": e.Scope["group"], "loadbalancer": r.balancer, "rule": r.name})
		}
		where := Values{"subscription": e.Scope["subscription"], "group": e.Scope["group"]}
		told := slices.ContainsFunc(s.entries, func(x bundle.Entry) bool {
			return x.Evidence == bundle.RuleHealth.ID && len(x.Argv) == 0 && sameScope(x.Scope, where)
		})
		if left > 0 && !told {
			s.planner.miss(&bundle.RuleHealth, where, bundle.StatusSkipped, fmt.Sprintf("at most %d rules are asked for their health", ruleCap))
		}
	}
}

// rule is a load balancing rule.
type rule struct{ balancer, name string }

// rulesOf lists the rules of the Standard load balancers in an answer, in any of its shapes.
func rulesOf(raw []byte) []rule {
	type named []struct{ Name string }
	type balancer struct {
		Name               string
		SKU                struct{ Name string }
		LoadBalancingRules named
		Properties         struct{ LoadBalancingRules named }
	}
	standard := standardBalancers(raw)
	var rules []rule
	for _, b := range listed[balancer](raw) {
		if !slices.Contains(standard, b.Name) {
			continue
		}
		for _, r := range append(b.LoadBalancingRules, b.Properties.LoadBalancingRules...) {
			rules = append(rules, rule{b.Name, r.Name})
		}
	}
	slices.SortFunc(rules, func(a, b rule) int { return cmp.Or(cmp.Compare(a.balancer, b.balancer), cmp.Compare(a.name, b.name)) })
	return rules
}
