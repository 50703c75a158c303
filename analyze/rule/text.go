package rule

import (
	"fmt"
	"regexp"
	"slices"

	"azlb/analyze/errtext"
)

// Text is a form of words by which a rule knows an error: the error has all that the
// fields ask for. The wrapper around the words never matters: errtext took it off.
type Text struct {
	// Codes are ARM codes: the error has one of them, outermost or inside, in any case.
	// Empty: any code, or none.
	Codes []string
	// Uncoded asks for an error without any code: words of the provider's own, which say
	// something else in an answer of Azure.
	Uncoded bool
	// Pattern (RE2) is found in the error's message, on one line and without wrappers:
	// the provider's own words, or what tells two meanings of a code apart. Nil: any message.
	Pattern *regexp.Regexp
	// Raw looks for the pattern in the whole text as it was found, for words that stand in
	// a wrapper.
	Raw bool
	// Reasons are those of events; the error has one of them. Empty: any, and of logs.
	Reasons []string
	// Where are kinds of places; one of them tells of the error. Empty: any place.
	Where []errtext.Where
}

// Says is a text known by its words, under whatever code, or under none.
func Says(pattern string) Text { return Text{Pattern: regexp.MustCompile(pattern)} }

// Codes is a text known by its ARM code, whichever of them it has.
func Codes(codes ...string) Text { return Text{Codes: codes} }

// Reasons is a text known by the reason of its event, whichever of them it has.
func Reasons(reasons ...string) Text { return Text{Reasons: reasons} }

// InLogs limits texts to logs, Azure's and the controllers': of these failures nothing
// sends an event.
func InLogs(texts ...Text) []Text {
	out := slices.Clone(texts)
	for i := range out {
		out[i].Where = []errtext.Where{errtext.InLog, errtext.InActivityLog}
	}
	return out
}

// Matches reports whether the error is of this text.
func (t Text) Matches(e *errtext.Error) bool {
	said := e.Message
	if t.Raw {
		said = e.Raw
	}
	return (len(t.Codes) == 0 || slices.ContainsFunc(t.Codes, e.Has)) &&
		(!t.Uncoded || e.Code == "") &&
		(t.Pattern == nil || t.Pattern.MatchString(said)) &&
		(len(t.Reasons) == 0 || slices.Contains(t.Reasons, e.Reason)) &&
		(len(t.Where) == 0 || slices.ContainsFunc(t.Where, func(w errtext.Where) bool { return slices.Contains(e.Where, w) }))
}

// Knows reports whether the error is of one of the rule's texts.
func (r *Rule) Knows(e *errtext.Error) bool { return anyOf(r.Texts, e) }

func anyOf(texts []Text, e *errtext.Error) bool {
	return slices.ContainsFunc(texts, func(t Text) bool { return t.Matches(e) })
}

// Knows reports whether the error is of one of the texts of the rule that is evaluated.
func (p *Pass) Knows(e *errtext.Error) bool { return p.rule.Knows(e) }

// validateTexts reports a text that would match everything, or nothing.
func validateTexts(r *Rule) error {
	for i, t := range r.Texts {
		switch {
		case len(t.Codes) == 0 && t.Pattern == nil && len(t.Reasons) == 0 || slices.Contains(t.Codes, "") || slices.Contains(t.Reasons, ""):
			return fmt.Errorf("rule %s: text %d has neither a code, a pattern nor a reason", r.ID, i+1)
		case t.Uncoded && len(t.Codes) > 0:
			return fmt.Errorf("rule %s: text %d asks for a code and for none", r.ID, i+1)
		}
	}
	return nil
}
