package bundle

import (
	"fmt"
	"io"
)

// limits bounds what an input of a stranger can make the reader do.
type limits struct {
	Entry      int64 // bytes of one entry
	Total      int64 // bytes of everything unpacked
	Manifest   int64 // bytes of the manifest, the only entry that is held whole
	Entries    int   // entries, refused ones included
	Ratio      int64 // unpacked bytes for each packed one …
	RatioFloor int64 // … looked at only beyond that many unpacked bytes
}

// defaultLimits leave room for a cluster of 5,000 nodes. Text seldom packs better
// than 30 to 1; deflate ends at 1032 to 1, which only made-up data reaches.
var defaultLimits = limits{Entry: 512 << 20, Total: 4 << 30, Manifest: 64 << 20, Entries: 100_000, Ratio: 300, RatioFloor: 256 << 20}

// size prints a limit the way people say it.
func size(n int64) string {
	switch {
	case n >= 1<<30 && n%(1<<30) == 0:
		return fmt.Sprintf("%d GiB", n>>30)
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d bytes", n)
}

// meter counts the bytes of a packed stream and keeps the last ones.
type meter struct {
	r    io.Reader
	n    int64
	tail []byte
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	m.n += int64(n)
	m.tail = append(m.tail, p[max(0, n-tailLength):n]...)
	m.tail = append(m.tail[:0], m.tail[max(0, len(m.tail)-tailLength):]...)
	return n, err
}

// gauge passes an unpacked stream on until it exceeds the limits. It also knows
// where the last byte stood that is not zero: a tar ends with zeros.
type gauge struct {
	r       io.Reader
	packed  *meter // nil: the stream is not packed
	limits  limits
	n       int64
	nonzero int64 // offset behind the last byte that is not zero
}

func (g *gauge) Read(p []byte) (int, error) {
	n, err := g.r.Read(p)
	for i := n - 1; i >= 0; i-- {
		if p[i] != 0 {
			g.nonzero = g.n + int64(i) + 1
			break
		}
	}
	g.n += int64(n)
	if g.n > g.limits.Total {
		return 0, fmt.Errorf("it unpacks to more than %s", size(g.limits.Total))
	}
	if g.packed != nil && g.n > g.limits.RatioFloor && g.n/g.limits.Ratio > g.packed.n {
		return 0, fmt.Errorf("it unpacks to more than %d times its size, which real evidence does not", g.limits.Ratio)
	}
	return n, err
}
