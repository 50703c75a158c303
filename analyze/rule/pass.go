package rule

import (
	"slices"

	"azlb/analyze/desired"
	"azlb/analyze/errtext"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	"azlb/analyze/walk"
	bundle "azlb/bundle-schema"
)

// World is everything that rules read. They must not change it.
type World struct {
	Snapshot *snapshot.Snapshot
	Errors   *errtext.Errors
	Graph    *topology.Graph
	Wants    *desired.Wants
	// Compared is the comparison of what is there with what the Services want.
	Compared *desired.Comparison
	Walks    *walk.Walks
}

// Pass is the evaluation of one rule on one world.
type Pass struct {
	*World
	rule          *Rule
	found         []Finding
	notApplicable string
	rests         []*bundle.Evidence          // on which that rests; nil: on all that the rule needs
	claims        map[*errtext.Error][]string // the rules that know it
}

// Find reports a finding.
func (p *Pass) Find(f Finding) { p.found = append(p.found, f) }

// NotApplicable says why the rule has no meaning in this world, for example that
// there is no internal load balancer, and on which evidence that rests: all that the
// rule needs where none is named. It counts only where nothing was found, and where
// that evidence is whole: what is not seen may be there.
func (p *Pass) NotApplicable(reason string, rests ...*bundle.Evidence) {
	p.notApplicable, p.rests = reason, rests
}

// Claim says that the rule knows the error, whether it makes a finding of it or
// not, so that the net below all rules stays silent about it.
func (p *Pass) Claim(e *errtext.Error) {
	if !slices.Contains(p.claims[e], p.rule.ID) {
		p.claims[e] = append(p.claims[e], p.rule.ID)
	}
}

// Claimed reports whether some rule knows the error.
func (p *Pass) Claimed(e *errtext.Error) bool { return len(p.claims[e]) > 0 }

// Current returns the errors, of every Service and of none, that match and that no
// later success ended, oldest first; all that match are claimed, history as well.
func (p *Pass) Current(match func(*errtext.Error) bool) []*errtext.Error {
	var out []*errtext.Error
	for _, e := range p.Errors.All {
		if !match(e) {
			continue
		}
		p.Claim(e)
		if slices.Contains(p.Errors.Current(e.Service), e) {
			out = append(out, e)
		}
	}
	return out
}

// Complete reports whether a conclusion from absence may rest on the evidence of
// the resource group ("" = all of it).
func (p *Pass) Complete(e *bundle.Evidence, group string) bool {
	return p.Snapshot.Complete(e, group)
}
