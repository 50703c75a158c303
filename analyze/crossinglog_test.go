package analyze

import (
	"bytes"
	"regexp"
	"slices"
	"time"
)

var (
	stamp     = regexp.MustCompile(`^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z) [IWEF]\d{4} `)
	syncStart = regexp.MustCompile(`Ensuring (?:load balancer|LB) for service |Deleting existing load balancer for service `)
)

// stretch is a part of a controller's log that nothing of another Service may come
// between.
type stretch struct {
	at    time.Time
	lines [][]byte
	sync  bool // of one Service, from its beginning
}

// stretches cuts a log where a sync begins, and where nothing was logged for a second.
// What has no head is of the line before.
func stretches(log []byte) []stretch {
	var out []stretch
	var last time.Time
	for line := range bytes.Lines(log) {
		m := stamp.FindSubmatch(line)
		if m == nil && len(out) > 0 {
			s := &out[len(out)-1]
			s.lines = append(s.lines, line)
			continue
		}
		now := last
		if m != nil {
			now, _ = time.Parse(time.RFC3339Nano, string(m[1])) // the expression is that of a time
		}
		starts := syncStart.Match(line)
		if len(out) == 0 || starts || now.Sub(last) > time.Second {
			out = append(out, stretch{at: now, sync: starts})
		}
		s := &out[len(out)-1]
		s.lines, last = append(s.lines, line), now
	}
	return out
}

// log puts the guest's syncs between those of the host: one controller works off both,
// one after the other. Outside of a sync only the lines come along that name something
// of the guest.
func (g *guest) log(host, own []byte) []byte {
	all := stretches(host)
	for _, s := range stretches([]byte(g.rename(string(own)))) {
		if !s.sync {
			s.lines = slices.DeleteFunc(s.lines, func(l []byte) bool { return !g.own.Match(l) })
		}
		if len(s.lines) > 0 {
			all = append(all, s)
		}
	}
	slices.SortStableFunc(all, func(a, b stretch) int { return a.at.Compare(b.at) })
	var out []byte
	for _, s := range all {
		out = append(out, bytes.Join(s.lines, nil)...)
	}
	return out
}
