package signature

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/report"
)

// flaw is what is wrong with an entry, and in which line.
type flaw struct {
	line int
	say  string
}

func (f *flaw) Error() string { return f.say }

func wrong(line int, format string, args ...any) error {
	return &flaw{line, fmt.Sprintf(format, args...)}
}

// rule makes the rule of an entry that the schema accepts; at is the line of a key of it.
func (e *entry) rule(at func(path ...string) int) (*rule.Rule, error) {
	if strings.HasPrefix(e.ID, "AZLB-") {
		return nil, wrong(at("id"), "ids that begin with AZLB- are those of the built-in rules: take a word of yours, as in ACME-FW01")
	}
	if err := e.clean(at); err != nil {
		return nil, err
	}
	s := rule.Signature{ID: e.ID, Severity: report.Severity(e.Severity), Added: true, Doc: report.Doc{
		Title: e.Title, Symptom: e.Symptom, Cause: e.Cause, References: e.References, Affects: e.Affects, Healthy: e.Healthy,
	}}
	for _, f := range e.Fix {
		s.Doc.Fix = append(s.Doc.Fix, report.Step{Say: f.Say, Run: f.Run, Changes: f.Changes})
	}
	for i, w := range e.Match {
		t, err := w.text()
		if err != nil {
			return nil, wrong(at("match", fmt.Sprint(i), "pattern"), "match, item %d: %v", i+1, err)
		}
		s.Texts = append(s.Texts, t)
	}
	r := s.Rule()
	return r, e.try(r, at)
}

// text is the form of words, as the rules know it.
func (w *words) text() (rule.Text, error) {
	t := rule.Text{Codes: w.Codes}
	for _, place := range w.Where {
		t.Where = append(t.Where, errtext.Where(place))
	}
	if w.Pattern == "" {
		if len(w.Codes) == 0 {
			return t, errors.New("it says only where, not what: give codes or a pattern")
		}
		return t, nil
	}
	re, err := regexp.Compile(w.Pattern)
	if err != nil {
		return t, fmt.Errorf("the pattern is no RE2 expression: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	if len(w.Codes) == 0 && slices.ContainsFunc(anything, re.MatchString) {
		return t, errors.New("the pattern matches any text: name the words that only this failure has")
	}
	t.Pattern = re
	return t, nil
}

// anything are texts without a word that a failure is known by: some have no word at all,
// the others only such as all failures have.
var anything = []string{
	"", "x", "0",
	"qzj xkv wzq 4071 jqx-zzv/kq_wx: vxz. kjw, zqk (xjw) [8z] {k} 'vv' \"jz\" = 2935; p y t h a r e i o u n s l c d m g b f",
	"QZJ XKV WZQ 4071 JQX-ZZV/KQ_WX: VXZ. P Y T H A R E I O U N S L C D M G B F",
	"error", "Error syncing load balancer: failed to ensure load balancer", "an error occurred while the request failed",
}

// clean brings the texts to one line each, and refuses what a reader would not see.
func (e *entry) clean(at func(path ...string) int) error {
	for _, x := range []struct {
		key  string
		text *string
	}{{"title", &e.Title}, {"symptom", &e.Symptom}, {"cause", &e.Cause}, {"affects", &e.Affects}, {"healthy", &e.Healthy}} {
		*x.text = strings.Join(strings.Fields(*x.text), " ")
		if hidden(*x.text) {
			return wrong(at(x.key), "%s: it has a character that nobody sees: type it anew", x.key)
		}
	}
	switch {
	case e.Title == "" || e.Symptom == "" || e.Cause == "":
		return wrong(at("title"), "title, symptom and cause must say something")
	case strings.HasSuffix(e.Title, "."):
		return wrong(at("title"), "the title ends in a period: take it off")
	}
	for i := range e.Fix {
		f, n := &e.Fix[i], fmt.Sprint(i)
		f.Say = strings.Join(strings.Fields(f.Say), " ")
		f.Run = strings.TrimSpace(f.Run)
		if strings.ContainsAny(f.Run, "\n\r\t") {
			return wrong(at("fix", n, "run"), "fix, item %d: run is more than one line: make it one command for each step", i+1)
		}
		if hidden(f.Say) || hidden(f.Run) {
			return wrong(at("fix", n), "fix, item %d: it has a character that nobody sees: type it anew", i+1)
		}
	}
	for i, r := range e.References {
		if hidden(r) || strings.ContainsAny(r, "\n\t\r") {
			return wrong(at("references", fmt.Sprint(i)), "references, item %d: it has a character that nobody sees: type it anew", i+1)
		}
	}
	return nil
}

// hidden reports control characters, marks that turn the direction of writing, and
// others without a form of their own.
func hidden(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.C, r) || r == unicode.ReplacementChar })
}

// try lets the rule read the entry's own examples as the analysis would: a line of a log
// with its head as one of a log, any other text wherever it may stand.
func (e *entry) try(r *rule.Rule, at func(path ...string) int) error {
	knows := func(text string) bool {
		return slices.ContainsFunc(errtext.Read(text), func(x errtext.Error) bool { return r.Knows(&x) })
	}
	for i, text := range e.Matches {
		if !knows(text) {
			return wrong(at("matches", fmt.Sprint(i)), "matches, item %d: it does not know this text, which says: %s", i+1, says(text))
		}
	}
	for i, text := range e.Ignores {
		if knows(text) {
			return wrong(at("ignores", fmt.Sprint(i)), "ignores, item %d: it knows this text, which says: %s", i+1, says(text))
		}
	}
	return nil
}

// says is what is left of a text without wrappers, for whoever wonders why a pattern
// does not match.
func says(text string) string {
	var parts []string
	for _, e := range errtext.Read(text) {
		codes := append([]string{e.Code}, e.Inner...)
		if e.Code == "" {
			codes = []string{"no code"}
		}
		parts = append(parts, strings.Join(codes, ", ")+", "+quoted(e.Message))
	}
	if len(parts) == 0 {
		return "nothing that is a failure"
	}
	return strings.Join(parts, "; ")
}
