package ruletest

import (
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"testing"

	"azlb/analyze/errtext"
	"azlb/analyze/errtext/generation"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
)

// eras is how many generations of wrappers there are.
const eras = 5

// generations runs a finding case again as each generation of the provider would have told
// it: the events in the case's own edits whose text the rule knows are wrapped anew, and
// the rule must say the same. Which variant of a generation it is depends on the case, so
// that all of them come to their turn. It returns how many generations told it.
func generations(t *testing.T, r *rule.Rule, list []Case, c Case) int {
	t.Helper()
	if len(c.Want) == 0 || c.Generations != nil && !*c.Generations {
		return 0
	}
	told := 0
	for era := 1; era <= eras; era++ {
		variants := generation.Of(era)
		g := variants[crc32.ChecksumIEEE([]byte(r.ID+c.Name))%uint32(len(variants))]
		again, ok := rewrapped(r, c, g)
		if !ok {
			continue
		}
		told++
		t.Run(fmt.Sprintf("%s, generation %d (%s)", c.Name, g.Era, g.Name), func(t *testing.T) { run(t, r, list, again, false) })
	}
	return told
}

// everyGeneration holds a rule that knows a text of events to a case in every generation:
// where no finding case has the event itself, those count that have it from the case that
// they are like.
func everyGeneration(t *testing.T, r *rule.Rule, list []Case) {
	t.Helper()
	told := 0
	for _, c := range list {
		told = max(told, generations(t, r, list, c))
	}
	for _, c := range list {
		if told > 0 || !ofEvents(r) {
			break
		}
		all, name, err := edits(list, c)
		if err != nil {
			t.Fatal(err)
		}
		c.Edits, c.Base, c.Like = all, name, ""
		told = generations(t, r, list, c)
	}
	if told < eras && ofEvents(r) {
		t.Errorf("told in %d generations of wrappers, not in all %d: the rule knows a text that no finding case has as the event of a Service", told, eras)
	}
}

// ofEvents reports a rule with a text that may stand in an event.
func ofEvents(r *rule.Rule) bool {
	return slices.ContainsFunc(r.Texts, func(x rule.Text) bool { return len(x.Where) == 0 || slices.Contains(x.Where, errtext.InEvent) })
}

// rewrapped is the case with the texts that the rule knows as a generation writes them; not
// ok where it has none. Most generations do not name the resource that a failed call was
// about: a finding has the same weight and Services then, and may be about something else.
func rewrapped(r *rule.Rule, c Case, g generation.Generation) (Case, bool) {
	c.Edits = slices.Clone(c.Edits)
	any := false
	for i, e := range c.Edits {
		name, ofService := strings.CutPrefix(e.In, "Service ")
		if e.Event == nil || !ofService {
			continue
		}
		found := said(name, e.Event)
		if len(found) != 1 || !r.Knows(found[0]) {
			continue
		}
		if text, ok := g.Wrap(*found[0]); ok {
			event := *e.Event
			event.Message = text
			c.Edits[i].Event, any = &event, true
			if again := said(name, &event); len(again) == 1 && again[0].Target != found[0].Target {
				c.Want = slices.Clone(c.Want)
				for j := range c.Want {
					c.Want[j].Subject, c.Want[j].Says, c.Want[j].Runs = "", nil, nil
				}
			}
		}
	}
	return c, any
}

// said are the errors that an event tells of a Service.
func said(service string, e *Event) []*errtext.Error {
	namespace, name, _ := strings.Cut(service, "/")
	return errtext.Scan(&snapshot.Snapshot{Events: []snapshot.Event{{Namespace: namespace, Kind: "Service", Name: name, Type: e.kind(), Reason: e.Reason, Message: e.Message,
		Component: e.component(), Doc: &snapshot.Doc{Text: e.Message}}}}).All
}
