package errtext

import (
	"regexp"
	"strings"

	"azlb/analyze/snapshot"
)

var (
	azLine = regexp.MustCompile(`(?m)^(?:ERROR|Error): `)
	// azCode begins az's rendering of an answer: `(Code) Message`, then both once more, each
	// in its line, and the answer's details in the same way.
	azCode   = regexp.MustCompile(`^\((\w+)\) `)
	azAgain  = regexp.MustCompile(`\n\s*(?:Code|Message|Target|Exception Details|Inner error|Additional Information): ?`)
	azDetail = regexp.MustCompile(`(?m)(?:^|Exception Details:)\s*\((\w+)\) `)
	azTarget = regexp.MustCompile(`(?m)^Target: (/subscriptions/\S+)`)
	// azWord is what `az rest` puts around a body.
	azWord = regexp.MustCompile(`^([A-Z][A-Za-z ]+)\(\{`)
)

// azcli reads what az prints of an answer that was no success.
func azcli(t string) []Error {
	if loc := azLine.FindStringIndex(t); loc != nil {
		t = t[loc[1]:]
	}
	t = strings.TrimSpace(t)
	m := azCode.FindStringSubmatchIndex(t)
	if m == nil {
		if w := azWord.FindStringSubmatch(t); w != nil {
			found := bodies(t)
			for i := range found {
				found[i].Status = statusOf(w[1])
			}
			return found
		}
		return nil
	}
	e := Error{Code: t[m[2]:m[3]], Message: t[m[1]:]}
	again := azAgain.FindStringIndex(e.Message)
	if again == nil {
		return []Error{e}
	}
	rest := e.Message[again[0]:]
	e.Message = e.Message[:again[0]]
	for _, d := range azDetail.FindAllStringSubmatch(rest, -1) {
		e.addInner(d[1])
	}
	e.Target = firstGroup(azTarget, rest)
	return []Error{e}
}

// refusals takes apart what az said of its own failures. What is in no known form is its
// first line that says ERROR.
func (s *scan) refusals(list []snapshot.Refusal) []Refusal {
	var out []Refusal
	for _, r := range list {
		found := azcli(strings.ToValidUTF8(r.Stderr, "?"))
		if len(found) > 0 {
			found = finish(found, r.Stderr)
		} else {
			text := r.Stderr
			if loc := azLine.FindStringIndex(text); loc != nil {
				text = text[loc[1]:]
			}
			found = unwrap(text)
		}
		for _, e := range found {
			e.Raw, e.Count, e.Where = cut(r.Stderr), 1, []Where{InAz}
			e.First, e.Last = r.Started, r.Started
			e.Cites = append(e.Cites, r.Doc.Cite(r.At+"/stderr"))
			out = append(out, Refusal{Error: e, Evidence: r.Evidence, Of: r.Scope})
		}
	}
	return out
}
