package desired

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/snapshot"
	"azlb/report"
)

// Kind says how a wanted value and the actual one stand to each other.
type Kind string

// The kinds of a check. Leftover is something that nobody wants any more.
const (
	Same      Kind = ""
	Missing   Kind = "missing"
	Different Kind = "different"
	Leftover  Kind = "leftover"
	// NotCompared is a value that nothing tells, or that was taken from what is there.
	NotCompared Kind = "not compared"
)

// The hops that are compared, in the order of the report.
const (
	HopStatus   = "status"
	HopPublicIP = "public-ip"
	HopBalancer = "load-balancer"
	HopFrontend = "frontend"
	HopRule     = "rule"
	HopNSG      = "nsg"
	HopProbe    = "probe"
	HopPool     = "pool"
	HopLink     = "private-link"
)

// Hops lists them.
var Hops = []string{HopStatus, HopPublicIP, HopBalancer, HopFrontend, HopRule, HopNSG, HopProbe, HopPool, HopLink}

// Existence is the field of a check that asks whether an object is there at all.
const Existence = "existence"

// Check is one comparison of what should be with what is.
type Check struct {
	Services []string // "ns/name", sorted; of what belongs to the cluster all that it serves
	Kind     Kind
	Hop      string
	Object   string // the Azure object, "kubernetes/a…-TCP-80" for what is inside a load balancer
	Field    string
	Want     string
	Got      string
	Because  string // why Want
	// Heals says that the next sync of the Service repairs the difference; where not,
	// Why says why.
	Heals bool
	Why   string

	slot   string // the same in every release that may be the provider
	places []place
}

// place is a proof that is looked up only for what is told.
type place struct {
	doc     *snapshot.Doc
	pointer string
}

// Cites prove the difference: what the Service asks for, and what is there.
func (c Check) Cites() []report.Cite {
	var out []report.Cite
	for _, p := range c.places {
		if p.doc != nil {
			out = append(out, p.doc.Cite(p.pointer))
		}
	}
	return out
}

// Comparison is every check of a cluster.
type Comparison struct {
	Checks []Check
	// Skipped says of each Service that was not compared why.
	Skipped map[string]string
}

// Drift are the checks that found a difference.
func (c *Comparison) Drift() []Check {
	return slices.DeleteFunc(slices.Clone(c.Checks), func(x Check) bool { return x.Kind == Same || x.Kind == NotCompared })
}

// Of are the checks of one Service.
func (c *Comparison) Of(service string) []Check {
	return slices.DeleteFunc(slices.Clone(c.Checks), func(x Check) bool { return !slices.Contains(x.Services, service) })
}

// Compare looks at every value that the provider owns. Where its release is not
// known, a difference counts only if every release that may be it would show it:
// a difference that only a guess explains is none.
func Compare(w *Wants) *Comparison {
	first := compareAs(w, &Cluster{Graph: w.graph, Settings: w.Settings, Version: w.Provider.Candidates[0]}, "")
	for _, v := range w.Provider.Candidates[1:] {
		if len(first.Drift()) == 0 {
			break
		}
		other := compareAs(w, &Cluster{Graph: w.graph, Settings: w.Settings, Version: v}, "")
		shown := map[string]bool{}
		for _, x := range other.Drift() {
			shown[x.slot] = true
		}
		for i := range first.Checks {
			if x := &first.Checks[i]; x.Kind != Same && x.Kind != NotCompared && !shown[x.slot] {
				x.Kind, x.Because = Same, fmt.Sprintf("as release %s of the provider builds it", v)
				x.Want = x.Got
			}
		}
	}
	first.Checks = gathered(slices.DeleteFunc(first.Checks, func(x Check) bool { return x.Kind == NotCompared }))
	return first
}

// compareAs compares with what one release would have built. The Service "always"
// is compared in whatever state it is.
func compareAs(w *Wants, c *Cluster, always string) *Comparison {
	x := &comparer{Cluster: c, always: always, out: &Comparison{Skipped: map[string]string{}}, wants: map[string]*Service{}, on: map[string]*snapshot.LoadBalancer{}, gone: map[*Lane]bool{}}
	for _, s := range w.graph.Services {
		want := w.services[s.Key()]
		if why := x.skip(s, want); why != "" && s.Key() != x.always {
			x.out.Skipped[s.Key()] = why
			continue
		}
		if c.Version != w.Provider.Candidates[0] {
			want = Of(s, c)
		}
		x.wants[s.Key()] = want
		x.service(s, want)
	}
	x.balancers()
	x.pools()
	x.securityGroup()
	x.leftovers()
	return x.out
}

// comparer collects checks.
type comparer struct {
	*Cluster
	always string // the Service that is compared in whatever state it is
	out    *Comparison
	wants  map[string]*Service
	on     map[string]*snapshot.LoadBalancer // where each Service stands
	gone   map[*Lane]bool                    // lanes without a frontend: what hangs on it is not told as well
}

// add records a check; the slot names it alike in every release.
func (x *comparer) add(c Check, slot string, places ...place) {
	c.slot = strings.Join(c.Services, ",") + "|" + c.Hop + "|" + slot
	c.places = places
	x.out.Checks = append(x.out.Checks, c)
}

// subject is one object of one Service whose fields are compared.
type subject struct {
	x       *comparer
	service string
	hop     string
	object  string
	slot    string
	heals   bool
	why     string
	want    *snapshot.Doc // the Service's
	got     *snapshot.Doc // Azure's
	at      string        // pointer of the object in it
}

// field compares one value; pointer is that of the actual value below the object.
func field[T comparable](s subject, name string, want Value[T], got T, pointer string) {
	fieldAs(s, name, want, fmt.Sprint(want.V), fmt.Sprint(got), pointer, func(a, b string) bool { return a == b })
}

// named compares names, ids and words, of which Azure ignores the case.
func named(s subject, name string, want Value[string], got, pointer string) {
	fieldAs(s, name, want, want.V, got, pointer, strings.EqualFold)
}

func fieldAs[T any](s subject, name string, v Value[T], want, got, pointer string, same func(a, b string) bool) {
	c := Check{Services: []string{s.service}, Hop: s.hop, Object: s.object, Field: name, Want: want, Got: got, Because: v.Because}
	if v.Unknown != "" || v.Inferred {
		if c.Kind = NotCompared; v.Unknown != "" {
			c.Want, c.Because = "", v.Unknown
		}
		s.x.add(c, s.slot+"/"+name)
		return
	}
	if !same(want, got) {
		c.Kind, c.Heals, c.Why = Different, s.heals, s.why
		if got == "" {
			c.Got = "none"
		}
		if want == "" {
			c.Want = "none"
		}
	}
	s.x.add(c, s.slot+"/"+name, place{s.want, v.Pointer}, place{s.got, s.at + pointer})
}

// exists records that the object is there.
func (s subject) exists(because string) {
	s.x.add(Check{Services: []string{s.service}, Hop: s.hop, Object: s.object, Field: Existence, Want: "present", Got: "present", Because: because},
		s.slot, place{s.want, ""}, place{s.got, s.at})
}

// missing records that it is not; near is the document that should hold it.
func (s subject) missing(want, because, pointer string, near ...place) {
	s.x.add(Check{Services: []string{s.service}, Kind: Missing, Hop: s.hop, Object: s.object, Field: Existence, Want: want, Got: "absent", Because: because, Heals: s.heals, Why: s.why},
		s.slot, append([]place{{s.want, pointer}}, near...)...)
}

// gathered joins checks that say the same of one object for several Services, and
// sorts: by hop, object, field, Service.
func gathered(checks []Check) []Check {
	index := map[string]int{}
	var out []Check
	for _, c := range checks {
		key := strings.Join([]string{c.Hop, c.Object, c.Field, string(c.Kind), c.Want, c.Got}, "\x00")
		if i, ok := index[key]; ok {
			out[i].Services = append(out[i].Services, c.Services...)
			continue
		}
		index[key] = len(out)
		out = append(out, c)
	}
	for i := range out {
		slices.Sort(out[i].Services)
		out[i].Services = slices.Compact(out[i].Services)
	}
	slices.SortStableFunc(out, func(a, b Check) int {
		return cmp.Or(cmp.Compare(slices.Index(Hops, a.Hop), slices.Index(Hops, b.Hop)), strings.Compare(a.Object, b.Object), strings.Compare(a.Field, b.Field),
			strings.Compare(a.Want, b.Want), slices.Compare(a.Services, b.Services))
	})
	return out
}
