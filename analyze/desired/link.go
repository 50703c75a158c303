package desired

import "azlb/analyze/topology"

// Link is a placeholder until the private link service's own file arrives.
type Link struct{ Create Value[bool] }

// LinkOf is nil.
func LinkOf(s *topology.Service) *Link { return nil }
