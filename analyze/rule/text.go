package rule

import (
	"fmt"
	"regexp"
	"slices"

	"azlb/analyze/errtext"
)

// Text is a form of words by which a rule knows an error. The wrapper around them never
// matters: errtext took it off.
type Text struct {
	// Codes are ARM codes: the error has one of them, outermost or inside, in any case.
	// Empty: any code, or none.
	Codes []string
	// Pattern (RE2) is found in the error's message, on one line and without wrappers:
	// the provider's own words, or what tells two meanings of a code apart. Empty: any message.
	Pattern *regexp.Regexp
}

// Says is a text of the provider's own, which has no code.
func Says(pattern string) Text { return Text{Pattern: regexp.MustCompile(pattern)} }

// Codes is a text known by its ARM code, whichever of them it has.
func Codes(codes ...string) Text { return Text{Codes: codes} }

// matches reports whether the error has one of the codes and the words.
func (t Text) matches(e *errtext.Error) bool {
	return (len(t.Codes) == 0 || slices.ContainsFunc(t.Codes, e.Has)) && (t.Pattern == nil || t.Pattern.MatchString(e.Message))
}

// Knows reports whether the error is of one of the rule's texts.
func (r *Rule) Knows(e *errtext.Error) bool { return anyOf(r.Texts, e) }

func anyOf(texts []Text, e *errtext.Error) bool {
	return slices.ContainsFunc(texts, func(t Text) bool { return t.matches(e) })
}

// Knows reports whether the error is of one of the texts of the rule that is evaluated.
func (p *Pass) Knows(e *errtext.Error) bool { return p.rule.Knows(e) }

// validateTexts reports a text that would match everything.
func validateTexts(r *Rule) error {
	for i, t := range r.Texts {
		if len(t.Codes) == 0 && t.Pattern == nil || slices.Contains(t.Codes, "") {
			return fmt.Errorf("rule %s: text %d has neither a code nor a pattern", r.ID, i+1)
		}
	}
	return nil
}
