package rule

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"azlb/analyze/errtext"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// Signature is a failure that is known by its text alone: its finding repeats what was
// said, for whom and how often, and the Doc tells the rest; NAMESPACE and SERVICE in the
// commands of its Fix become the first Service's names. It is data without code, so
// that a file can hold it as well (package signature). A rule that looks at the world, or
// takes names for its Fix out of the text, is a Rule with a Check of its own.
//
//	var NSG99 = rule.Signature{
//		ID: "AZLB-NSG99", Severity: report.Error, Doc: report.Doc{…},
//		Texts: []rule.Text{rule.Codes("SomeCode")},
//	}.Rule()
type Signature struct {
	ID string
	// Severity is that of a finding about Services that wait for the provider. One about
	// Services that keep working, or about none, is a warning at most.
	Severity report.Severity
	Doc      report.Doc
	// Texts are the forms of words, at least one.
	Texts []Text
	// About is the object at fault, where that is always the same, such as the controller's
	// identity. Zero: what each error is about, see subject.
	About report.Object
	// FollowsFrom is as in Rule.
	FollowsFrom []string
	// Added is as in Rule.
	Added bool
}

// Rule makes the rule: a finding for each object at fault.
func (s Signature) Rule() *Rule {
	return &Rule{ID: s.ID, Severity: s.Severity, Doc: s.Doc, Texts: s.Texts, FollowsFrom: s.FollowsFrom, Added: s.Added,
		Needs: Needs{Any: []*bundle.Evidence{&bundle.Events, &bundle.ControllerLog}}, Check: s.check}
}

func (s Signature) check(p *Pass) {
	var others []string // rules that know what this one matches
	errs := p.Current(func(e *errtext.Error) bool {
		if !p.Knows(e) {
			return false
		}
		if p.rule.Added && p.Claimed(e) {
			if counts(p, e) && slices.Contains(p.Errors.Current(e.Service), e) {
				others = append(others, p.claims[e]...)
			}
			return false
		}
		return true
	})
	errs = slices.DeleteFunc(errs, func(e *errtext.Error) bool { return !counts(p, e) })
	if p.rule.Added {
		p.leave(func(e *errtext.Error) bool {
			return !slices.Contains(errs, e) || s.Severity == report.Info && p.Waits(e)
		})
	}
	for _, b := range Bunches(errs, func(e *errtext.Error) (string, bool) { return s.subject(e).String(), true }) {
		p.Find(s.finding(p, b.All))
	}
	if len(others) > 0 {
		slices.Sort(others)
		p.NotApplicable("what it matches is left to "+List(slices.Compact(others))+", which knows it too", s.Rule().Needs.Any...)
	}
}

// leave takes back what the rule claimed, where it tells nothing of it, or no more than a
// note of an error that keeps a Service waiting: the net below all rules is built in as well.
func (p *Pass) leave(which func(*errtext.Error) bool) {
	for e, ids := range p.claims {
		if slices.Contains(ids, p.rule.ID) && which(e) {
			p.claims[e] = slices.DeleteFunc(ids, func(id string) bool { return id == p.rule.ID })
		}
	}
}

// counts reports whether an error is more than history or noise: its Service is still
// there; one that names no Service is newer than the success of any; one that the
// provider retries by itself persists.
func counts(p *Pass, e *errtext.Error) bool {
	switch {
	case p.Gone(e):
		return false
	case e.Transient && !p.Lasts(e):
		return false
	}
	return e.Service != "" || !p.Errors.Followed(e)
}

// subject is the object at fault: the resource that the failed call was about, else the
// Service, else the node, else the controller.
func (s Signature) subject(e *errtext.Error) report.Object {
	switch {
	case s.About != report.Object{}:
		return s.About
	case e.Target != "":
		return Resource(e.Target)
	case e.Service != "":
		return Subject(e.Service)
	case e.Node != "":
		return report.Object{Kind: "Node", Name: e.Node}
	}
	return report.Object{Kind: "Controller", Name: "of the cloud provider"}
}

func (s Signature) finding(p *Pass, errs []*errtext.Error) Finding {
	told, last := Tell(errs), errs[len(errs)-1]
	f := Finding{Subject: s.subject(last), Errors: errs, Cites: told.Cites}
	waiting, working := p.Named(slices.DeleteFunc(slices.Clone(errs), func(e *errtext.Error) bool { return e.Advisory }))
	if f.Services = waiting; len(waiting) == 0 {
		f.Services = working
		if len(told.Services) > 0 && len(working) == 0 {
			f.Services = told.Services // warnings of syncs that went on
		}
		if s.Severity == report.Error {
			f.Severity = report.Warning
		}
	}
	if len(f.Services) > 0 {
		f.Fix = filled(s.Doc.Fix, f.Services[0])
	}
	who, whom := "The cloud provider", ""
	if last.Code != "" {
		who = "Azure"
	}
	if len(told.Services) > 0 {
		whom = " of " + List(told.Services)
	}
	f.Message = fmt.Sprintf("%s says so%s, %s: %s", who, whom, told.Span(), Quoted(last))
	if len(waiting) == 0 && len(working) > 0 {
		f.Message += fmt.Sprintf(" %s keeps what it has, but no change of it arrives.", List(working))
	}
	return f
}

// filled puts the name of a Service into commands that have NAMESPACE and SERVICE in its
// place. A name that a shell would not read as one word stays out.
func filled(steps []report.Step, key string) []report.Step {
	ns, name, _ := strings.Cut(key, "/")
	if !plainWord.MatchString(ns) || !plainWord.MatchString(name) {
		return steps
	}
	out := slices.Clone(steps)
	for i := range out {
		out[i].Run = standIn.ReplaceAllStringFunc(out[i].Run, func(s string) string {
			return map[string]string{"NAMESPACE": ns, "SERVICE": name}[s]
		})
	}
	return out
}

var standIn = regexp.MustCompile(`\b(?:NAMESPACE|SERVICE)\b`)

// Quoted repeats an error in its own words: code, codes inside, status, action and scope,
// message.
func Quoted(e *errtext.Error) string {
	var parts []string
	if e.Code != "" {
		parts = append(parts, e.Code)
	}
	if len(e.Inner) > 0 {
		parts = append(parts, "inside "+strings.Join(e.Inner, ", "))
	}
	if e.Status != 0 {
		parts = append(parts, fmt.Sprintf("HTTP %d", e.Status))
	}
	for _, part := range []struct{ name, text string }{{"action", e.Action}, {"scope", e.Scope}, {"linked action", e.LinkedAction}, {"linked scope", e.LinkedScope}} {
		if part.text != "" {
			parts = append(parts, part.name+" "+part.text)
		}
	}
	said, end := short(e.Message), "."
	if strings.HasSuffix(said, ".") {
		end = ""
	}
	return strings.Join(append(parts, "“"+said+"”"), ", ") + end
}
