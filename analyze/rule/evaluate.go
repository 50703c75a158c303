package rule

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/errtext"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// Outcome is what all rules together say.
type Outcome struct {
	Findings []report.Finding   // causes, ranked, consequences folded below them
	Verdicts []report.Verdict   // sorted by rule; every rule has at least one
	Lacking  []*bundle.Evidence // what kept a rule from being evaluated, in no order
}

// Evaluate runs the rules on a world. Every rule ends in exactly one state: a rule
// that found something has one verdict per finding, every other rule has one.
func Evaluate(w *World, rules []*Rule) Outcome {
	claims := map[*errtext.Error][]string{}
	lacks := map[string]*lack{}
	var all []ranked
	var verdicts []report.Verdict
	var lacking []*bundle.Evidence
	for _, turn := range []int{builtIn, added, net} {
		for i, r := range rules {
			if turnOf(r) != turn {
				continue
			}
			found, verdict, lack := evaluate(w, r, claims)
			if lack != nil {
				lacks[r.ID] = lack
				lacking = append(lacking, lack.evidence...)
			}
			verdicts = append(verdicts, verdict...)
			for _, f := range found {
				all = append(all, ranked{Finding: f, rule: r, order: i, fails: failing(w, f, claims)})
			}
		}
	}
	slices.SortStableFunc(verdicts, func(a, b report.Verdict) int {
		if c := strings.Compare(a.Rule, b.Rule); c != 0 {
			return c
		}
		return strings.Compare(a.Subject, b.Subject)
	})
	out := Outcome{Findings: fold(rank(all), rules), Verdicts: verdicts, Lacking: lacking}
	hide(w, out.Findings, rules, lacks)
	return out
}

// The turns in which rules run: who comes later sees what the earlier ones know.
const (
	builtIn = iota
	added
	net
)

func turnOf(r *Rule) int {
	switch {
	case r.Net:
		return net
	case r.Added:
		return added
	}
	return builtIn
}

// evaluate runs one rule; lacking is what kept it from an end. A panic is the state
// broken, not the end of the report.
func evaluate(w *World, r *Rule, claims map[*errtext.Error][]string) (found []report.Finding, verdicts []report.Verdict, lacking *lack) {
	one := func(s report.State, reason string) []report.Verdict {
		return []report.Verdict{{Rule: r.ID, State: s, Reason: reason}}
	}
	defer func() {
		if p := recover(); p != nil {
			found, verdicts, lacking = nil, one(report.BrokenRule, fmt.Sprintf("the rule stopped: %v", p)), nil
		}
	}()
	if missing := unseen(w, without(w, r.Needs.All, mayRun)); len(missing) > 0 {
		return nil, one(report.NotEvaluated, "missing: "+titles(missing)), unrun(missing)
	}
	if len(r.Needs.Any) > 0 && len(without(w, r.Needs.Any, have)) == len(r.Needs.Any) {
		missing := unseen(w, r.Needs.Any)
		return nil, one(report.NotEvaluated, "missing: "+titles(missing)), unrun(missing)
	}
	p := &Pass{World: w, rule: r, claims: claims}
	r.Check(p)
	for _, f := range p.found {
		full := complete(w, r, f)
		found = append(found, full)
		verdicts = append(verdicts, report.Verdict{Rule: r.ID, Subject: full.Subject.String(), State: report.Found, Reason: full.Message})
	}
	if len(found) > 0 {
		return found, verdicts, nil
	}
	rests := p.rests
	if p.notApplicable == "" || rests == nil {
		rests = needed(w, r)
	}
	switch missing := without(w, rests, whole); {
	case len(missing) > 0 && p.notApplicable != "":
		return nil, one(report.NotEvaluated, "as far as the bundle tells, "+p.notApplicable+"; incomplete: "+titles(missing)), missed(w, missing)
	case len(missing) > 0:
		return nil, one(report.NotEvaluated, "partly looked at, nothing found; incomplete: "+titles(missing)), missed(w, missing)
	case p.notApplicable != "":
		return nil, one(report.NotApplicable, p.notApplicable), nil
	}
	return nil, one(report.Clean, ""), nil
}

// needed is what must be whole before nothing found means clean. What a controller's log
// tells may stand in that of its last run as well, and in a file that the customer added.
// Of what is further looked at, that which a bundle is often without counts only where it
// was asked for in vain: on AKS nobody has the controller's log or azure.json, older
// collectors ask for no metrics, and files that are given by hand seldom tell the release.
func needed(w *World, r *Rule) []*bundle.Evidence {
	out := slices.Clone(r.Needs.Any)
	further := slices.Concat(r.Needs.All, r.Needs.Clean)
	if slices.Contains(out, &bundle.ControllerLog) {
		further = append(further, &bundle.ControllerLogPrevious, &bundle.LogFile)
	}
	for _, e := range further {
		if !slices.Contains(spare, e) || w.Snapshot.Lost(e) {
			out = append(out, e)
		}
	}
	return out
}

var spare = []*bundle.Evidence{&bundle.Events, &bundle.ControllerLog, &bundle.ControllerLogPrevious, &bundle.LogFile, &bundle.CloudConfig, &bundle.KubeVersion, &bundle.ControllerPods, &bundle.ProbeMetrics}

// complete adds to a finding what the rule says of itself, and lowers what the
// evidence does not carry.
func complete(w *World, r *Rule, f Finding) report.Finding {
	out := report.Finding{Rule: r.ID, Severity: f.Severity, Confidence: f.Confidence, Why: f.Why, Subject: f.Subject,
		Services: slices.Compact(slices.Sorted(slices.Values(f.Services))), Title: r.Doc.Title, Message: f.Message,
		AsDesigned: r.AsDesigned, Cites: f.Cites, Fix: f.Fix, References: r.Doc.References}
	if out.Severity == "" || r.AsDesigned {
		out.Severity = r.Severity
	}
	if out.Confidence == "" {
		out.Confidence = report.Certain
	}
	if len(out.Fix) == 0 {
		out.Fix = r.Doc.Fix
	}
	weigh(w, &out, f.Errors)
	harmUnseen(w, &out)
	if missing := without(w, r.Needs.Refutes, whole); len(missing) > 0 {
		out.Confidence = report.Possible
		if out.Severity == report.Error {
			out.Severity = report.Warning
		}
		out.Why = join(out.Why, "what could disprove it is not in the bundle: "+titles(missing))
	}
	if w.Snapshot.Apart != "" && slices.ContainsFunc(out.Cites, ofAzure) {
		out.Confidence, out.Why = report.Possible, join(out.Why, w.Snapshot.Apart)
		if out.Severity == report.Error {
			out.Severity = report.Warning
		}
	}
	if w.Snapshot.Manifest == nil && len(f.Absence) > 0 && out.Confidence == report.Certain {
		out.Confidence = lower(out.Confidence, report.Likely)
		out.Why = join(out.Why, "it rests on something being absent from files that were given by hand; certain with the output of: "+commands(f.Absence))
	}
	for _, key := range out.Services {
		if svc := w.Graph.Service(key); svc != nil && svc.Guessed() {
			out.Confidence = lower(out.Confidence, report.Likely)
			out.Why = join(out.Why, fmt.Sprintf("%s has no uid in the evidence and was matched to its frontend by %s", key, svc.Join))
		}
	}
	sum := sha256.Sum256([]byte(r.ID + "\x00" + out.Subject.String() + "\x00" + strings.Join(out.Services, ",")))
	out.Fingerprint = hex.EncodeToString(sum[:8])
	return out
}

// ofAzure reports whether a cite is of what az brought; of two bundles with a file of one
// name, the name of the bundle stands before that of the file.
func ofAzure(c report.Cite) bool {
	return strings.HasPrefix(c.File[strings.LastIndexByte(c.File, ':')+1:], "azure/")
}

// lower is the less sure of two confidences.
func lower(a, b report.Confidence) report.Confidence {
	if confidenceOrder(a) > confidenceOrder(b) {
		return a
	}
	return b
}

func have(w *World, e *bundle.Evidence) bool { return w.Snapshot.Have(e) }

// mayRun is have for Needs.All, where what a bundle is often without is missing only if it
// was asked for in vain.
func mayRun(w *World, e *bundle.Evidence) bool {
	return have(w, e) || slices.Contains(spare, e) && notLost(w, e)
}

func whole(w *World, e *bundle.Evidence) bool   { return w.Snapshot.Complete(e, "") }
func notLost(w *World, e *bundle.Evidence) bool { return !w.Snapshot.Lost(e) }

// without lists the evidence that fails the test.
func without(w *World, list []*bundle.Evidence, ok func(*World, *bundle.Evidence) bool) []*bundle.Evidence {
	var out []*bundle.Evidence
	for _, e := range list {
		if !ok(w, e) && !slices.Contains(out, e) {
			out = append(out, e)
		}
	}
	return out
}

// unseen leaves out of what was not read that of which nothing can be there, such as the
// AKS cluster of a self-managed one.
func unseen(w *World, list []*bundle.Evidence) []*bundle.Evidence {
	if some := without(w, list, whole); len(some) > 0 {
		return some
	}
	return list
}

func titles(list []*bundle.Evidence) string {
	var s []string
	for _, e := range list {
		s = append(s, e.Title)
	}
	return strings.Join(s, ", ")
}

// commands names what would supply the evidence.
func commands(list []*bundle.Evidence) string {
	var s []string
	for _, e := range list {
		if e.Program == bundle.Local {
			s = append(s, e.Right)
			continue
		}
		s = append(s, "`"+string(e.Program)+" "+strings.Join(e.Args, " ")+"`")
	}
	return strings.Join(s, ", ")
}

func join(a, b string) string {
	if a == "" {
		return b
	}
	return a + "; " + b
}
