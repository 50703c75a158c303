package report

import "strings"

// way is a path as it is shown. In full is a path that is blocked, the first time
// that this root cause leaves such a picture; of the others the chain and the
// hops that decide say it all.
type way struct {
	Path
	Full bool
}

// ways chooses the paths that are shown in full.
func (l *layout) ways() {
	seen := map[string]bool{}
	for i := range l.Shown {
		s := &l.Shown[i]
		for _, p := range s.Paths {
			picture := s.RootCause + picture(p)
			if s.RootCause == "" {
				picture = s.Key() + picture // nothing says that two such Services have the same fault
			}
			s.Ways = append(s.Ways, way{p, blocksAt(p) >= 0 && !seen[picture]})
			seen[picture] = true
		}
	}
}

// picture is how the hops of a path look, without their names.
func picture(p Path) string {
	var b strings.Builder
	for _, h := range p.Hops {
		b.WriteString("\x00" + h.Kind + "\x00" + string(h.State) + "\x00" + string(h.Verdict))
	}
	return b.String()
}

// Deciding are the hops that a reader has to know: the first one that blocks, or
// where none does those that are not known to pass.
func (w way) Deciding() []Hop {
	if at := blocksAt(w.Path); at >= 0 {
		return w.Hops[at : at+1]
	}
	var out []Hop
	for _, h := range w.Hops {
		if h.Verdict != Passes {
			out = append(out, h)
		}
	}
	return out
}
