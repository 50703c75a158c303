package collect

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	bundle "azlb/bundle-schema"
)

// locationCap is how many locations are asked for the limits of their network.
const locationCap = 4

// locate adds the locations of the groups of the nodes: the region that a node is labelled
// with may be missing.
func (s *session) locate() {
	for _, e := range slices.Clone(s.entries) {
		var group struct {
			Location string `json:"location"`
		}
		if e.Evidence == bundle.Group.ID && e.Path != "" && s.hasNodes(e) && json.Unmarshal(s.spool.read(e.Path), &group) == nil {
			s.found.addLocation(group.Location, e.Scope["subscription"], e.Path, s.windows)
		}
	}
}

// addLocation adds a location of a subscription once. Azure writes "westeurope", and "West
// Europe" where people read it.
func (d *Discovered) addLocation(name, subscription, from string, windows bool) {
	name = strings.ToLower(strings.ReplaceAll(name, " ", ""))
	if name == "" || subscription == "" {
		return
	}
	d.addInstance(&d.Locations, &bundle.NetworkUsages, "location", Instance{Group: Group{Subscription: strings.ToLower(subscription)}, Name: name}, from, windows)
}

// locations plans the limits of each location that it has not planned before.
func (p *planner) locations(d *Discovered) {
	for ; p.asked < len(d.Locations); p.asked++ {
		l := d.Locations[p.asked]
		c := p.add(&bundle.NetworkUsages, Values{"subscription": l.Group.Subscription, "location": l.Name})
		if c != nil && p.asked >= locationCap {
			c.Skip = fmt.Sprintf("at most %d locations are asked for their limits", locationCap)
		}
	}
}
