package az

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Metric is one metric of one resource, a series for each value of its dimensions.
type Metric struct {
	ID       string // of the metric, below the resource's
	Resource string // id of the resource, for example of a load balancer
	Name     string // "DipAvailability"
	Series   []Series
	At       string // JSON pointer of the metric in its document
}

// Series is the course of a metric for one value of each dimension.
type Series struct {
	Dimensions map[string]string // name in lower case ("backendipaddress") → value as Azure writes it
	// Points are the buckets of time that have a value, oldest first. Azure leaves the
	// value out where nothing was measured: such a bucket is none, and not 0.
	Points []Point
	At     string
}

// Point is the value of one bucket of time: the one aggregation that was asked for.
type Point struct {
	Time  time.Time
	Value float64
	At    string // JSON pointer of the value
}

// MetricName is the name of a metric of Azure Monitor, empty for anything else.
func (i Item) MetricName() string {
	if !i.Has("timeseries") {
		return ""
	}
	return i.worded("name")
}

// metric is a metric as it is printed.
type metric struct {
	ID   string `json:"id"`
	Name struct {
		Value string `json:"value"`
	} `json:"name"`
	Error  string `json:"errorCode"`
	Series []struct {
		Dimensions []struct {
			Name struct {
				Value string `json:"value"`
			} `json:"name"`
			Value string `json:"value"`
		} `json:"metadatavalues"`
		Data []struct {
			Time    string `json:"timeStamp"`
			Average string `json:"average"`
			Total   string `json:"total"`
			Maximum string `json:"maximum"`
			Minimum string `json:"minimum"`
			Count   string `json:"count"`
			At      string `json:"@at"`
		} `json:"data"`
		At string `json:"@at"`
	} `json:"timeseries"`
}

// AsMetric decodes a metric, its series sorted by their dimensions.
func AsMetric(item Item) (Metric, error) {
	raw, err := As[metric](item)
	if err != nil {
		return Metric{}, err
	}
	m := Metric{ID: raw.ID, Name: raw.Name.Value, At: item.At}
	if m.Name == "" {
		m.Name = item.worded("name")
	}
	if i := strings.Index(strings.ToLower(raw.ID), "/providers/microsoft.insights/"); i >= 0 {
		m.Resource = raw.ID[:i]
	}
	if raw.Error != "" && !strings.EqualFold(raw.Error, "Success") {
		return m, fmt.Errorf("%s: the metric was not read: %s", pointer(item.At, "errorCode"), raw.Error)
	}
	for _, r := range raw.Series {
		s := Series{Dimensions: map[string]string{}, At: r.At}
		for _, d := range r.Dimensions {
			s.Dimensions[strings.ToLower(d.Name.Value)] = d.Value
		}
		for _, d := range r.Data {
			key, text := "", ""
			for _, v := range []struct{ key, text string }{{"average", d.Average}, {"total", d.Total}, {"maximum", d.Maximum}, {"minimum", d.Minimum}, {"count", d.Count}} {
				if text == "" {
					key, text = v.key, v.text
				}
			}
			if text == "" {
				continue
			}
			v, err := strconv.ParseFloat(text, 64)
			if err != nil {
				return m, fmt.Errorf("%s: a number is expected, found %q", pointer(d.At, key), text)
			}
			at, err := time.Parse(time.RFC3339, d.Time)
			if err != nil {
				return m, fmt.Errorf("%s: a time is expected, found %q", pointer(d.At, "timeStamp"), d.Time)
			}
			s.Points = append(s.Points, Point{Time: at.UTC(), Value: v, At: pointer(d.At, key)})
		}
		slices.SortStableFunc(s.Points, func(a, b Point) int { return a.Time.Compare(b.Time) })
		m.Series = append(m.Series, s)
	}
	slices.SortStableFunc(m.Series, func(a, b Series) int { return strings.Compare(a.Label(), b.Label()) })
	return m, nil
}

// By returns the series whose dimensions have these values, keys in lower case and
// values without case; what a series is not split by is no reason to leave it out.
func (m Metric) By(want map[string]string) []Series {
	var out []Series
	for _, s := range m.Series {
		fits := true
		for k, v := range want {
			has, split := s.Dimensions[k]
			fits = fits && (!split || strings.EqualFold(has, v))
		}
		if fits {
			out = append(out, s)
		}
	}
	return out
}

// Label names the series: "backendipaddress=10.0.0.4 protocoltype=TCP".
func (s Series) Label() string {
	var parts []string
	for k, v := range s.Dimensions {
		parts = append(parts, k+"="+v)
	}
	slices.Sort(parts)
	return strings.Join(parts, " ")
}

// Last is the newest bucket with a value; false: there is none.
func (s Series) Last() (Point, bool) {
	if len(s.Points) == 0 {
		return Point{}, false
	}
	return s.Points[len(s.Points)-1], true
}

// Since are the points that are not older than that.
func (s Series) Since(t time.Time) Series {
	i := slices.IndexFunc(s.Points, func(p Point) bool { return !p.Time.Before(t) })
	if i < 0 {
		i = len(s.Points)
	}
	s.Points = s.Points[i:]
	return s
}

// Below is the share, 0 to 1, of the buckets with a value whose value is below limit;
// false: there is no bucket with a value.
func (s Series) Below(limit float64) (share float64, known bool) {
	n := 0
	for _, p := range s.Points {
		if p.Value < limit {
			n++
		}
	}
	if len(s.Points) == 0 {
		return 0, false
	}
	return float64(n) / float64(len(s.Points)), true
}

// Most is the bucket with the highest value, the newest of several; false: there is none.
func (s Series) Most() (Point, bool) {
	var most Point
	for i, p := range s.Points {
		if i == 0 || p.Value >= most.Value {
			most = p
		}
	}
	return most, len(s.Points) > 0
}

// Sum adds the values up, which means something for totals only.
func (s Series) Sum() float64 {
	sum := 0.0
	for _, p := range s.Points {
		sum += p.Value
	}
	return sum
}
