package topology

import (
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/azname"
)

// Served are the Services that the cloud provider serves and that are meant to stay.
func (g *Graph) Served() []*Service {
	var out []*Service
	for _, s := range g.Services {
		if !s.Foreign() && !s.Deleting() {
			out = append(out, s)
		}
	}
	return out
}

// Minor is the minor version of the API server; that of the cloud provider is the
// same or one less. 0: not known.
func (g *Graph) Minor() int {
	v, err := azname.ParseVersion(g.Snapshot.Kubernetes, true)
	if err != nil || v.Major != 1 {
		return 0
	}
	return v.Minor
}

// Whole reports whether the evidence is complete in every resource group in which
// the provider puts its objects.
func (g *Graph) Whole(e *bundle.Evidence) bool { return g.completeInNodeGroups(e) }
