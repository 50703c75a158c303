package analyze

import (
	"fmt"
	"slices"
	"strings"

	"azlb/analyze/desired"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	"azlb/report"
)

// Expected puts what the provider would build for the Service "ns/name" next to
// what is there.
func Expected(s *snapshot.Snapshot, key, tool string) (*report.Expected, error) {
	graph := topology.Build(s)
	svc := graph.Service(key)
	if svc == nil {
		var keys []string
		for _, s := range graph.Services {
			keys = append(keys, s.Key())
		}
		return nil, noService(key, keys)
	}
	wants := desired.All(graph)
	out := &report.Expected{Schema: report.SchemaVersion, Tool: tool, Service: key, Provider: wants.Provider.Sentence()}
	switch why := desired.Compare(wants).Skipped[key]; {
	case svc.Foreign():
		out.Note = fmt.Sprintf("Nothing is expected in Azure: the loadBalancerClass of the Service is %s, so that another controller serves it.", *svc.Spec.LoadBalancerClass)
		return out, nil
	case svc.Prefix == "":
		out.Note = "Nothing can be told: the Service has no uid in the bundle, and the names of its objects follow from it. The output of kubectl get services -A -o yaml has the uid."
		return out, nil
	case svc.Deleting():
		out.Note = "The Service is being deleted: the next sync that succeeds removes all of this. Differences of it are not told as drift."
	case why != "":
		out.Note = "Differences of this Service are not told as drift (" + why + ")."
	}
	for _, c := range desired.CompareOne(wants, key) {
		i := slices.IndexFunc(out.Objects, func(o report.ExpectedObject) bool { return o.Hop == c.Hop && o.Name == c.Object })
		if i < 0 {
			i = len(out.Objects)
			out.Objects = append(out.Objects, report.ExpectedObject{Hop: c.Hop, Name: c.Object, State: "present"})
		}
		o := &out.Objects[i]
		if c.Field == desired.Existence {
			switch c.Kind {
			case desired.Missing:
				o.State = "absent"
			case desired.Leftover:
				o.State = "leftover"
			case desired.NotCompared:
				o.State = "not in the bundle"
			}
		}
		switch c.Kind {
		case desired.Same:
			out.Compared++
		case desired.NotCompared:
			out.NotCompared++
		default:
			out.Compared++
			out.Differ++
		}
		o.Fields = append(o.Fields, report.ExpectedField{Name: c.Field, Want: c.Want, Got: c.Got, Differs: string(c.Kind), Because: c.Because})
	}
	for i := range out.Objects {
		slices.SortStableFunc(out.Objects[i].Fields, func(a, b report.ExpectedField) int { return strings.Compare(rank(a), rank(b)) })
	}
	return out, nil
}

// rank puts the question whether the object is there first.
func rank(f report.ExpectedField) string {
	if f.Name == desired.Existence {
		return ""
	}
	return f.Name
}
