package desired

import (
	"fmt"
	"strings"

	"azlb/analyze/topology"
	"azlb/bundle-schema/azname"
)

// Problem is something a Service asks for that the provider does not take as it
// is meant.
type Problem struct {
	Kind    ProblemKind
	Subject Subject
	Key     string // of the annotation, in full, or the field: "spec.loadBalancerIP"
	Value   string
	Pointer string // into the Service's document
	// Effect is the mildest that the releases which may be the provider agree on.
	Effect Effect
	// Depends says that with some of these releases something worse comes of it.
	Depends bool
	Meant   string // the key that was probably meant, or that counts instead, in full
	Fits    string // a value that the provider takes, as an example; empty: that depends
	Say     string // what is wrong, and what the provider does with it: sentences
}

// ProblemKind is in which way it is wrong.
type ProblemKind string

// The kinds of problems.
const (
	InvalidValue ProblemKind = "invalid value"
	EmptyValue   ProblemKind = "empty value"
	UnknownKey   ProblemKind = "unknown key"
	Misplaced    ProblemKind = "not an annotation"
	Conflict     ProblemKind = "conflict"
	NoEffect     ProblemKind = "no effect"
	TooNew       ProblemKind = "newer than the provider"
	Obsolete     ProblemKind = "older than the provider"
)

// Subject is what a problem is about. Whoever tells problems takes all of one
// subject, so that each is told once.
type Subject int

// The subjects of problems.
const (
	AboutValue         Subject = iota + 1 // a value, where no subject below is meant
	AboutEmptiness                        // a value that is empty
	AboutIdleTimeout                      // minutes after which an idle connection is cut
	AboutMode                             // the choice among sets of machines
	AboutAllPorts                         // one rule for all ports
	AboutSpelling                         // a key that nobody reads
	AboutAddress                          // two addresses asked for
	AboutInternal                         // internal or public
	AboutEffect                           // a good value that does nothing
	AboutAudience                         // sources that cannot come
	AboutRanges                           // ranges of sources that cannot be read
	AboutRangeConflict                    // two lists of sources that exclude each other
	AboutNodePorts                        // ports that were not allocated
	AboutProbe                            // the health probe
	AboutProtocol                         // protocols of ports
	// The rest is told by whoever knows what of it is in Azure.
	AboutLink      // a private link service that cannot be made
	AboutBalancers // the choice among several Standard load balancers
)

// Effect is what comes of a problem.
type Effect int

// The effects, mildest first.
const (
	Harmless      Effect = iota // it works as meant all the same
	Ignored                     // it is left out, and nothing is harmed
	Dropped                     // it is left out, and traffic or exposure are not as meant
	DefaultUsed                 // the provider takes its default instead
	RangeDenied                 // the range is left out, and whom no other range lets in is denied
	PublicInstead               // the Service is public though meant to be internal
	Closed                      // the provider's security rules let nobody in
	SyncFails                   // the provider refuses the whole Service
)

// fate is what one release does with a value; the zero value takes it as meant.
type fate struct {
	effect Effect
	say    string
}

// inspection looks at one Service.
type inspection struct {
	g     *topology.Graph
	s     *topology.Service
	p     *Provider
	basic bool // the load balancers are known to be Basic
	std   bool // they are known to be Standard
	found []Problem
}

// Problems lists what the Service asks for that the provider does not take as it is
// meant, in the order of the table of annotations. A Service of another controller
// has none. What only some of the releases that may be the provider do is said so.
func Problems(g *topology.Graph, s *topology.Service, p *Provider) []Problem {
	if s.Foreign() || s.Deleting() {
		return nil
	}
	v := sku(&Cluster{Graph: g, Version: p.Candidates[0]}, s).V
	i := &inspection{g: g, s: s, p: p, basic: v == "Basic", std: v == "Standard"}
	i.annotations()
	i.spelling()
	if i.azure() {
		i.internal()
		i.allPorts()
		i.mode()
		i.addresses()
		i.probes()
		i.link()
		i.ranges()
		i.rangeConflict()
		i.audience()
		i.nodePorts()
		i.protocols()
	}
	return i.found
}

// azure reports whether the Service is one of Azure's: what its spec says means
// something else elsewhere.
func (i *inspection) azure() bool {
	if len(i.s.Frontends) > 0 || len(i.g.Snapshot.Loads) > 0 || i.g.Snapshot.Config != nil || i.g.Managed() {
		return true
	}
	for _, n := range i.g.Nodes {
		if strings.HasPrefix(n.Spec.ProviderID, "azure://") {
			return true
		}
	}
	return false
}

// value is an annotation as it stands.
func (i *inspection) value(name string) (string, bool) {
	v, ok := i.s.Annotations[annotationPrefix+name]
	return v, ok
}

// on is how the provider reads most switches: "true" in any case, not trimmed
// (expectAttributeInSvcAnnotationBeEqualTo).
func (i *inspection) on(name string) bool {
	v, _ := i.value(name)
	return strings.EqualFold(v, "true")
}

// isInternal is true for exactly "true" (requiresInternalLoadBalancer).
func (i *inspection) isInternal() bool {
	v, _ := i.value(internal)
	return v == "true"
}

// about begins a problem with an annotation.
func (i *inspection) about(subject Subject, kind ProblemKind, name string) Problem {
	key := annotationPrefix + name
	return Problem{Subject: subject, Kind: kind, Key: key, Value: i.s.Annotations[key], Pointer: pointer("/metadata/annotations/", key)}
}

// inSpec begins a problem with a field of the spec.
func inSpec(subject Subject, kind ProblemKind, name, value, at string) Problem {
	return Problem{Subject: subject, Kind: kind, Key: "spec." + name, Value: value, Pointer: "/spec/" + at}
}

func pointer(above, key string) string {
	return above + strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
}

// add asks every release that may be the provider what it does, and keeps the
// problem unless all take the value as meant.
func (i *inspection) add(p Problem, of func(azname.Version) fate) {
	var all []fate
	var first []azname.Version // newest release of each fate
	for _, v := range i.p.Candidates {
		f, seen := of(v), false
		for _, x := range all {
			seen = seen || x == f
		}
		if !seen {
			all, first = append(all, f), append(first, v)
		}
	}
	p.Effect, p.Say = all[0].effect, all[0].say
	for _, f := range all[1:] {
		p.Depends = p.Depends || f.effect != p.Effect
		p.Effect = min(p.Effect, f.effect)
	}
	if len(all) > 1 {
		p.Say = "What becomes of it depends on the release of the provider, which is not known (" + i.release() + ")."
		for n, f := range all {
			if f.say == "" {
				f.say = "It is taken as it stands."
			}
			p.Say += fmt.Sprintf(" In %s: %s", latest(first[n]), f.say)
		}
	} else if p.Effect == Harmless {
		return
	}
	i.found = append(i.found, p)
}

// always adds a problem that every release has.
func (i *inspection) always(p Problem, effect Effect, format string, args ...any) {
	i.add(p, func(azname.Version) fate { return fate{effect, fmt.Sprintf(format, args...)} })
}

// release names the provider, or the span of what it may be.
func (i *inspection) release() string {
	oldest, newest := i.p.Candidates[len(i.p.Candidates)-1], i.p.Candidates[0]
	if oldest == newest {
		return newest.String()
	}
	return latest(oldest) + " to " + latest(newest)
}

// latest names the newest of several releases that behave alike: the last of a
// branch has no number of its own here.
func latest(v azname.Version) string {
	if v.Patch < lastPatch {
		return v.String()
	}
	text := v.String()
	return "the latest " + text[:strings.LastIndex(text, ".")]
}
