// Package rule is the vocabulary and the engine of diagnosis: a rule is a value,
// its evaluation ends in exactly one of five states, and what could not be looked
// at is said by the engine, never by a rule's author.
package rule

import (
	"slices"
	"strings"

	"azlb/analyze/errtext"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// Rule is one failure mode.
type Rule struct {
	// ID is "AZLB-" and topic and number, for example AZLB-AUTH02. Ids are never reused.
	ID string
	// Severity is that of its findings unless a finding says less.
	Severity report.Severity
	Doc      report.Doc
	Needs    Needs
	// Texts are the forms of words by which it knows an error, if it knows any. Check may
	// ask for more (Pass.Knows); `explain CODE` looks the code up here.
	Texts []Text
	// FollowsFrom lists the rules whose finding explains one of this rule on the same
	// Services or the same subject: it is then folded below that finding. These are
	// ids, as topics do not import each other; a test checks that each exists.
	FollowsFrom []string
	// Net marks a rule that catches what no other rule explains. It runs after all
	// others and never ranks above one of them.
	Net bool
	// Added marks a rule of a file of signatures. It runs after all that are built in and
	// leaves to them each error that one of them knows; among findings of equal severity
	// its own come after theirs.
	Added bool
	// AsDesigned marks a rule whose findings are no faults: states that look like one and
	// are as they should be. They are informations, whatever a finding says, and come last.
	AsDesigned bool
	// Check looks at the world and reports findings. It must not change what it reads.
	Check func(*Pass)
}

// Needs declares the evidence of a rule.
type Needs struct {
	// Any are the sources in which a finding can show: one is enough to find, all
	// must be complete before the engine says clean.
	Any []*bundle.Evidence
	// All are the sources without which the rule cannot run. Of azure.json and of what
	// tells of syncs and releases only what was asked for in vain counts: many bundles
	// are without.
	All []*bundle.Evidence
	// Refutes could disprove a finding: while one is missing, a finding is at most
	// possible and never an error.
	Refutes []*bundle.Evidence
	// Clean is what else it takes to say clean: the rule runs and finds without it, but
	// finds less (what matches a pool's members to nodes, the release of the cluster).
	Clean []*bundle.Evidence
}

// What leads from a frontend over the members of its pool to the nodes, and further to
// the machines that carry these.
var (
	Backends = []*bundle.Evidence{&bundle.LoadBalancers, &bundle.Nodes, &bundle.NICs, &bundle.ScaleSetNICs}
	Machines = append(slices.Clone(Backends), &bundle.VMs, &bundle.ScaleSetInstances)
)

// Finding is what a Check reports; the engine adds the rule's own text.
type Finding struct {
	Subject  report.Object
	Services []string        // "ns/name" of every Service it harms
	Severity report.Severity // empty: the rule's
	// Confidence is certain when empty; Why gives the reason for anything less.
	Confidence report.Confidence
	Why        string
	Message    string
	Cites      []report.Cite
	Fix        []report.Step // with this bundle's names; empty: the Doc's
	// Errors are those that the finding rests on, where no state of the world shows it
	// as well: the engine lowers it where they may be history.
	Errors []*errtext.Error
	// Absence lists evidence from whose completeness the finding concludes that
	// something is not there. In loose files such a conclusion is at most likely.
	Absence []*bundle.Evidence
}

// Topic is the rule's entry in the catalogue.
func (r *Rule) Topic() report.Topic {
	t := report.Topic{ID: r.ID, Severity: r.Severity, Doc: r.Doc}
	for _, x := range r.Texts {
		for _, code := range x.Codes {
			if !slices.ContainsFunc(t.Codes, func(c string) bool { return strings.EqualFold(c, code) }) {
				t.Codes = append(t.Codes, code)
			}
		}
	}
	return t
}
