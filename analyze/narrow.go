package analyze

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/rule"
	"azlb/report"
)

// narrow reduces a report to one Service, "ns/name", and what it depends on: the
// findings that harm it, and those of the cluster as a whole. What was compared is
// counted anew: that no field of the cluster differs is no answer about one Service.
func narrow(r *report.Report, w *rule.World, key string) (*report.Report, error) {
	var keys []string
	out := *r
	out.Services = nil
	for _, s := range r.Services {
		keys = append(keys, s.Key())
		if s.Key() == key {
			out.Services = append(out.Services, s)
		}
	}
	if len(out.Services) == 0 {
		return nil, noService(key, keys)
	}
	concerns := func(f report.Finding) bool {
		if f.AsDesigned && f.Subject.Kind == "Service" {
			return f.Subject == rule.Subject(key)
		}
		return len(f.Services) == 0 || slices.Contains(f.Services, key)
	}
	out.Findings = nil
	for _, f := range r.Findings {
		if concerns(f) || slices.ContainsFunc(f.Consequences, concerns) {
			out.Findings = append(out.Findings, f)
		}
	}
	out.Drift = slices.DeleteFunc(slices.Clone(r.Drift), func(d report.Drift) bool { return !slices.Contains(d.Services, key) })
	out.DriftCompared = driftCompared(w, w.Compared.Of(key), []string{key})
	out.Headline = headline(&out)
	return &out, nil
}

// noService says which Services there are.
func noService(key string, keys []string) error {
	if len(keys) == 0 {
		return errors.New("there is no Service of type LoadBalancer in the bundle")
	}
	slices.Sort(keys)
	return fmt.Errorf("there is no LoadBalancer Service %s in the bundle; there are: %s", key, strings.Join(keys, ", "))
}
