package analyze

import (
	"fmt"

	"azlb/analyze/rule"
	"azlb/analyze/rules"
	"azlb/analyze/signature"
	"azlb/report"
)

// Catalogue is what all rules say of themselves, topic by topic; the rules of each file of
// signatures follow as a chapter of its own.
func Catalogue(more ...*signature.File) []report.Chapter {
	var out []report.Chapter
	for _, t := range rules.Topics() {
		out = append(out, report.Chapter{Name: t.Name, Title: t.Title, About: t.About, Topics: topics(t.Rules)})
	}
	for i, f := range more {
		title := "Signatures"
		if i > 0 {
			title += fmt.Sprintf(" %d", i+1)
		}
		out = append(out, report.Chapter{Name: signatures, Title: title, About: "Failures that are not built in, from " + f.Name + ".", Topics: topics(f.Rules)})
	}
	return out
}

// signatures is the name of the chapters of files.
const signatures = "signatures"

func topics(list []*rule.Rule) []report.Topic {
	var out []report.Topic
	for _, r := range list {
		out = append(out, r.Topic())
	}
	return out
}
