package rule

import (
	"fmt"
	"regexp"
	"strings"

	"azlb/report"
)

var idPattern = regexp.MustCompile(`^AZLB-[A-Z][A-Z0-9]*[0-9]{2}$`)

// Validate reports the first thing that keeps the rules from being a well-formed
// suite: ids of the right form and unique, a complete Doc, a Check, evidence
// declared, and FollowsFrom naming rules that exist, without a cycle.
func Validate(rules []*Rule) error {
	ids := map[string]bool{}
	for _, r := range rules {
		if !idPattern.MatchString(r.ID) {
			return fmt.Errorf("rule %q: the id is not AZLB-<TOPIC><two digits>", r.ID)
		}
		if ids[r.ID] {
			return fmt.Errorf("rule %s: the id is used twice", r.ID)
		}
		ids[r.ID] = true
		if r.Check == nil {
			return fmt.Errorf("rule %s: no Check", r.ID)
		}
		if len(r.Needs.All)+len(r.Needs.Any) == 0 {
			return fmt.Errorf("rule %s: declares no evidence that it needs", r.ID)
		}
		if severityOrder(r.Severity) < 0 {
			return fmt.Errorf("rule %s: severity %q is unknown", r.ID, r.Severity)
		}
		if r.AsDesigned && r.Severity != report.Info {
			return fmt.Errorf("rule %s: what works as designed is an information, not %q", r.ID, r.Severity)
		}
		d := r.Doc
		for _, part := range []struct{ name, text string }{{"title", d.Title}, {"symptom", d.Symptom}, {"cause", d.Cause}, {"healthy", d.Healthy}} {
			if strings.TrimSpace(part.text) == "" {
				return fmt.Errorf("rule %s: the doc has no %s", r.ID, part.name)
			}
		}
		if strings.HasSuffix(d.Title, ".") {
			return fmt.Errorf("rule %s: the title ends in a period", r.ID)
		}
		if len(d.Fix) == 0 || len(d.References) == 0 {
			return fmt.Errorf("rule %s: the doc needs a fix and a reference", r.ID)
		}
		if err := validateTexts(r); err != nil {
			return err
		}
		for _, t := range d.Tables {
			for _, row := range t.Rows {
				if len(row) != len(t.Head) {
					return fmt.Errorf("rule %s: table %q: a row has %d cells, the head %d", r.ID, t.Title, len(row), len(t.Head))
				}
			}
		}
	}
	return validateCauses(rules, ids)
}

// validateCauses looks at FollowsFrom: the rules exist, none of them is the net,
// which follows from all others, and no rule follows from itself through others.
func validateCauses(rules []*Rule, ids map[string]bool) error {
	net := map[string]bool{}
	for _, r := range rules {
		net[r.ID] = r.Net
	}
	causes := closure(rules)
	for _, r := range rules {
		for _, id := range r.FollowsFrom {
			switch {
			case !ids[id]:
				return fmt.Errorf("rule %s: follows from %s, which does not exist", r.ID, id)
			case net[id]:
				return fmt.Errorf("rule %s: follows from %s, which is the net below all rules", r.ID, id)
			case id == r.ID || causes[id][r.ID]:
				return fmt.Errorf("rule %s: follows from itself through %s", r.ID, id)
			}
		}
	}
	return nil
}
