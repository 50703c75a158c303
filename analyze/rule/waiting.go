package rule

import (
	"slices"

	"azlb/analyze/errtext"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
)

// Waiting lists the Services that can go no further without the provider: those
// without an address and those whose deletion waits for it, sorted. A cause that
// stops the provider as a whole harms these; the others keep working unchanged.
func (w *World) Waiting() []string {
	var out []string
	for _, s := range w.Graph.Services {
		if waits(s) {
			out = append(out, s.Key())
		}
	}
	return out
}

// Waits reports whether the Service that an error names waits for the provider: for
// an address, for its deletion, or for something on its way that is not there. One
// that is not in the bundle does where the bundle does not hold all Services, and
// where the error is of its deletion, which old controllers went on with after the
// Service was gone.
func (p *Pass) Waits(e *errtext.Error) bool {
	switch s := p.Graph.Service(e.Service); {
	case e.Service == "":
		return false
	case s != nil:
		return waits(s) || !s.Deleting() && !s.Foreign() && p.unmade(s)
	case p.Exists(e.Service):
		return false
	}
	return !p.Complete(&bundle.Services, "") || e.OfDeletion()
}

// Named lists the Services that errors name, sorted: those that wait for the
// provider, and those that keep working but cannot be changed.
func (p *Pass) Named(errs []*errtext.Error) (waiting, working []string) {
	for _, e := range errs {
		switch {
		case e.Service == "":
		case p.Waits(e):
			waiting = append(waiting, e.Service)
		default:
			working = append(working, e.Service)
		}
	}
	slices.Sort(waiting)
	slices.Sort(working)
	return slices.Compact(waiting), slices.Compact(working)
}

// Gone reports whether the Service that an error names no longer exists and the
// error is not of its deletion: nobody needs what failed.
func (p *Pass) Gone(e *errtext.Error) bool {
	return e.Service != "" && !p.Exists(e.Service) && p.Complete(&bundle.Services, "") && !e.OfDeletion()
}

// Exists reports whether the Service "ns/name" is in the bundle, of whatever type.
func (p *Pass) Exists(key string) bool {
	for i := range p.Snapshot.Services {
		if s := &p.Snapshot.Services[i]; s.Namespace+"/"+s.Name == key {
			return true
		}
	}
	return false
}

// Handled reports whether the service controller has put its finalizer on it.
func Handled(s *topology.Service) bool { return slices.Contains(s.Finalizers, topology.Cleanup) }

func waits(s *topology.Service) bool {
	switch {
	case s.Foreign():
		return false
	case s.Deleting():
		return Handled(s)
	}
	return len(s.Status.LoadBalancer.Ingress) == 0
}
