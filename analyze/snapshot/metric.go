package snapshot

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/az"
)

// MetricOf returns a metric ("DipAvailability") of the resource with that ARM id, or nil.
func (s *Snapshot) MetricOf(id, name string) *Metric {
	for i := range s.Metrics {
		if m := &s.Metrics[i]; strings.EqualFold(m.Name, name) && az.SameID(m.Resource, id) {
			return m
		}
	}
	return nil
}

// metric decodes a metric into its table. One with as many series as were asked for at
// most may lack some, so nothing is concluded from what is not in it.
func (l *loader) metric(f *reading, e *bundle.Evidence, item az.Item, doc *Doc) (id string, err error) {
	m, err := az.AsMetric(item)
	for _, series := range m.Series {
		if p, ok := series.Last(); ok {
			l.saw(p.Time)
		}
	}
	if len(m.Series) >= bundle.MostSeries {
		reason := fmt.Sprintf("%s has the first %d series of metric %s only", doc.File, len(m.Series), m.Name)
		f.note(reason)
		l.broken[f.name] = true
		l.gaps = append(l.gaps, bundle.Gap{Evidence: e, Status: bundle.StatusTruncated, Reason: reason, Supply: l.supply(e, map[string]string{"group": az.GroupOf(m.Resource), "loadbalancer": az.LastName(m.Resource)})})
	}
	return add(&l.s.Metrics, Metric{m, doc}, m.Resource, err)
}

// metrics sorts by resource and name; of a metric that was given twice with the same
// dimensions the first stays.
func metrics(rows []Metric) []Metric {
	key := func(m Metric) string {
		split := ""
		if len(m.Series) > 0 {
			for _, d := range strings.Fields(m.Series[0].Label()) {
				name, _, _ := strings.Cut(d, "=")
				split += " " + name
			}
		}
		return az.Key(m.Resource) + "\x00" + strings.ToLower(m.Name) + "\x00" + split
	}
	slices.SortStableFunc(rows, func(a, b Metric) int {
		if key(a) == key(b) {
			return 0
		}
		return cmp.Or(strings.Compare(key(a), key(b)), strings.Compare(a.Doc.File, b.Doc.File), strings.Compare(a.At, b.At))
	})
	return slices.CompactFunc(rows, func(a, b Metric) bool { return az.Key(a.Resource) != "" && key(a) == key(b) })
}

// wholeBalancers takes completeness back where a Standard load balancer of the group
// has none of the metrics that another one has.
func (l *loader) wholeBalancers() {
	for _, e := range bundle.Catalogue {
		if e.Scope != bundle.PerLoadBalancer {
			continue
		}
		for _, lb := range l.s.Loads {
			group := strings.ToLower(az.GroupOf(lb.ID))
			has := slices.ContainsFunc(l.s.Metrics, func(m Metric) bool { return azMetrics[m.Name] == e && az.SameID(m.Resource, lb.ID) })
			if x := l.s.known[e.ID][group]; x.complete && !has && strings.EqualFold(lb.SKU.Name, "Standard") {
				l.s.known[e.ID][group] = extent{x.read, false}
			}
		}
	}
}
