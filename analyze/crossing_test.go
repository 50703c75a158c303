package analyze

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"azlb/report"
)

var (
	crossings    = flag.Int("crossing.pairs", 200, "pairs of samples that TestCrossing merges, and a quarter as many with a cause of the whole cluster")
	crossingSeed = flag.Uint64("crossing.seed", 1, "which pairs TestCrossing takes")
)

// TestCrossing merges two samples into one cluster. Where the causes of both belong to
// Services, each is found for its own Services, and nothing new is, not even an
// information. A cause of the whole
// cluster is told once for all Services that it harms, and the other's is not lost.
func TestCrossing(t *testing.T) {
	if raced {
		t.Skip("runs without the race detector")
	}
	all := partners(t)
	var apart, above []crossing
	for _, era := range slices.Sorted(maps.Keys(all)) {
		var services, cluster []*partner
		for _, p := range all[era] {
			switch p.Cause {
			case "service":
				services = append(services, p)
			case "cluster":
				cluster = append(cluster, p)
			}
		}
		twice, over := crossed(services, services), crossed(cluster, services)
		apart, above = append(apart, twice...), append(above, over...)
		t.Logf("%s: %d samples with a cause of a Service make %d pairs, %d with one of the cluster %d more", era, len(services), len(twice), len(cluster), len(over))
	}
	r := rand.New(rand.NewPCG(*crossingSeed, 2))
	apart, above = drawn(r, apart, *crossings), drawn(r, above, *crossings/4)
	t.Logf("merged %d pairs of Services' causes, and %d with a cause of the cluster", len(apart), len(above))
	for _, c := range apart {
		t.Run(c.String(), func(t *testing.T) {
			t.Parallel()
			c.apart(t)
		})
	}
	for _, c := range above {
		t.Run(c.String(), func(t *testing.T) {
			t.Parallel()
			c.above(t)
		})
	}
}

// crossing is a pair of samples: the guest comes into the host's cluster.
type crossing struct{ host, guest *partner }

func (c crossing) String() string { return c.host.name + "+" + c.guest.name }

func crossed(hosts, guests []*partner) []crossing {
	var out []crossing
	for _, h := range hosts {
		for _, g := range guests {
			if c := (crossing{h, g}); c.possible() {
				out = append(out, c)
			}
		}
	}
	return out
}

// possible tells the pairs that can be of one cluster: a load balancer that the guest
// brings along has to have all nodes of the host in its pools.
func (c crossing) possible() bool {
	has := c.guest.nodes()
	missing := func(name string) bool { _, ok := has[name]; return !ok }
	brings := func(lb string) bool { return !slices.Contains(c.host.loadBalancers(), lb) }
	return !slices.ContainsFunc(slices.Collect(maps.Keys(c.host.nodes())), missing) || !slices.ContainsFunc(c.guest.loadBalancers(), brings)
}

func drawn(r *rand.Rand, list []crossing, n int) []crossing {
	r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list[:min(n, len(list))]
}

// merged is the guest as it is called in the host's cluster, and the report on both.
func (c crossing) merged(t *testing.T) (*guest, *report.Report) {
	t.Helper()
	g := welcome(c.host, c.guest)
	return g, analysed(t, laidDown(t, g.settle(t, c.host)))
}

// apart expects the causes of both for their own Services, and nothing else.
func (c crossing) apart(t *testing.T) {
	g, got := c.merged(t)
	want := findingsOf(c.host.report, same)
	for key, a := range findingsOf(c.guest.report, g.rename) {
		want[key] = want[key].and(a)
	}
	is := findingsOf(got, same)
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if a, ok := is[key]; !ok {
			t.Errorf("lost: %s", want[key].say(key))
		} else if a.say(key) != want[key].say(key) {
			t.Errorf("%s, became %s", want[key].say(key), a.say(key))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(is)) {
		if _, ok := want[key]; !ok {
			t.Errorf("new: %s", is[key].say(key))
		}
	}
	ends := endsOf(c.host.report, same)
	maps.Copy(ends, endsOf(c.guest.report, g.rename))
	for _, fault := range unlike(ends, endsOf(got, same)) {
		t.Error(fault)
	}
}

// above expects the host's causes once, for its Services and for those of the guest that
// share them; and the guest's causes among the findings. What failed in the host's
// cluster began after all that the guest tells: what the controller could do for one
// Service meanwhile would show that it can do it again.
func (c crossing) above(t *testing.T) {
	if began := c.host.failing(); !began.IsZero() {
		c.guest = c.guest.older(t, c.guest.stop(t).Sub(began)+time.Second)
	}
	g, got := c.merged(t)
	is, times, known := alarmsOf(got, same), told(got), map[string]bool{}
	for key, a := range alarmsOf(c.host.report, same) {
		known[ruleOf(key)] = true
		now, ok := is[key]
		if !ok {
			t.Errorf("lost: %s", a.say(key))
			continue
		}
		if times[key] != 1 {
			t.Errorf("told %d times: %s", times[key], now.say(key))
		}
		for s := range a.and(finding{services: c.share(g, a, got)}).services {
			if !now.services[s] {
				t.Errorf("%s does not harm %s", now.say(key), s)
			}
		}
	}
	for key := range alarmsOf(c.guest.report, g.rename) {
		known[ruleOf(key)] = true
	}
	for key, a := range is {
		if !known[ruleOf(key)] {
			t.Errorf("new: %s", a.say(key))
		}
	}
	for _, s := range c.guest.report.Services {
		if f := faultOf(c.guest.report, s.Key()); f != nil {
			key := keyOf(f, g.rename)
			if a, ok := is[key]; !ok || !a.services[g.rename(s.Key())] {
				t.Errorf("lost: %s harms %s", key, g.rename(s.Key()))
			}
		}
	}
	causes, now := rootCauses(c.host.report), rootCauses(got)
	maps.DeleteFunc(causes, func(_, cause string) bool { return cause == "" })
	maps.DeleteFunc(now, func(s, _ string) bool { _, ok := causes[s]; return !ok })
	for _, fault := range unlike(causes, now) {
		t.Error(fault)
	}
}

// share are the guest's Services that a finding of the host must harm as well: those
// behind each load balancer of which it harms all of the host's, but those that have a
// fault of their own. What only errors tell is told of the Services that met them.
func (c crossing) share(g *guest, a finding, got *report.Report) map[string]bool {
	out := map[string]bool{}
	if a.errors {
		return out
	}
	guests := map[string]bool{}
	for _, s := range c.guest.report.Services {
		guests[g.rename(s.Key())] = faultOf(c.guest.report, s.Key()) == nil
	}
	for _, list := range behindOf(got) {
		hosts := slices.DeleteFunc(slices.Clone(list), func(s string) bool { _, ok := guests[s]; return ok })
		if len(hosts) == 0 || slices.ContainsFunc(hosts, func(s string) bool { return !a.services[s] }) {
			continue
		}
		for _, s := range list {
			if guests[s] {
				out[s] = true
			}
		}
	}
	return out
}

// faultOf is the root cause of a Service where it is a fault, no note.
func faultOf(r *report.Report, service string) *report.Finding {
	if f := causeOf(service, r.Findings); f != nil && f.Severity != report.Info {
		return f
	}
	return nil
}

// behindOf are the Services behind each load balancer.
func behindOf(r *report.Report) map[string][]string {
	out := map[string][]string{}
	for _, s := range r.Services {
		for _, p := range s.Paths {
			for _, h := range p.Hops {
				if lb, _, ok := strings.Cut(h.Name, "/"); ok && h.Kind == "frontend" && h.State == report.HopFound && !slices.Contains(out[lb], s.Key()) {
					out[lb] = append(out[lb], s.Key())
				}
			}
		}
	}
	return out
}

func same(s string) string { return s }

// endsOf are what the report says of each Service: its state, its root cause, and where
// its packets stop.
func endsOf(r *report.Report, name func(string) string) map[string]string {
	out, hops := map[string]string{}, firstHops(r)
	for _, s := range r.Services {
		out[name(s.Key())] = fmt.Sprintf("%s, root cause %q, first hop that does not pass %q", s.Status, s.RootCause, hops[s.Key()])
	}
	return out
}

func unlike(want, is map[string]string) []string {
	var out []string
	for _, s := range slices.Sorted(maps.Keys(want)) {
		if is[s] != want[s] {
			out = append(out, fmt.Sprintf("%s: %s, want %s", s, is[s], want[s]))
		}
	}
	for _, s := range slices.Sorted(maps.Keys(is)) {
		if _, ok := want[s]; !ok {
			out = append(out, "nobody expects a Service "+s)
		}
	}
	return out
}

// TestSamplesCause: a sample with findings says whose its cause is, else no other sample
// is merged with it.
func TestSamplesCause(t *testing.T) {
	for _, s := range samples(t) {
		switch known := slices.Contains([]string{"service", "cluster", "alone"}, s.Cause); {
		case len(s.Expect.Findings) > 0 && !known:
			t.Errorf("%s: sample.yaml lacks `cause: service` (all that shows it belongs to Services) `cause: cluster` (it shows in what all Services share) or `cause: alone` (another cluster's machines or settings would take it away)", s.name)
		case len(s.Expect.Findings) == 0 && s.Cause != "":
			t.Errorf("%s: sample.yaml has a cause, but no findings", s.name)
		}
	}
}
