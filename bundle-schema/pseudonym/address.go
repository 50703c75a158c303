package pseudonym

import (
	"net/netip"
	"slices"
	"sort"
)

// addressing maps addresses one to one and keeps prefixes: two addresses have as many
// leading bits in common as their pseudonyms. So an address lies in a prefix exactly if
// its pseudonym lies in the prefix's.
//
// It goes down the tree of all addresses bit by bit. At each node the two halves below
// it change places or not, as the key says. Some nodes are held, where they must not:
//
//   - those above more than one class of addresses, or above a special one
//   - in a known prefix, those before which only zeros follow the prefix: its first
//     addresses stay its first
//   - those inside of the smallest known prefix: there an address keeps its host part
type addressing struct {
	random   func(purpose, text string) []byte
	prefixes map[netip.Prefix]bool
	above    map[netip.Prefix]bool // nodes with a known prefix strictly below
	lengths  [2][]int              // of the known prefixes, of IPv4 and IPv6
	before   []replacedAddress     // by an earlier run with the same map, sorted
	decided  map[netip.Prefix]bool // at which nodes the halves change places
}

type replacedAddress struct{ from, to netip.Addr }

func newAddressing(random func(purpose, text string) []byte) addressing {
	return addressing{random: random, prefixes: map[netip.Prefix]bool{}, above: map[netip.Prefix]bool{}, decided: map[netip.Prefix]bool{}}
}

// class is a range of addresses with a meaning; those of one that stays are not mapped.
type class struct {
	prefix         netip.Prefix
	stays, private bool
}

// classes are told apart by rules, by Azure or by Kubernetes. RFC 6890 and RFC 4291.
var classes = func() []class {
	var out []class
	for _, c := range []struct {
		prefix         string
		stays, private bool
	}{
		{"0.0.0.0/8", true, false}, {"127.0.0.0/8", true, false}, {"169.254.0.0/16", true, false}, {"224.0.0.0/4", true, false}, {"240.0.0.0/4", true, false},
		{"168.63.129.16/32", true, false}, // Azure's platform: probes, DNS
		{"10.0.0.0/8", false, true}, {"172.16.0.0/12", false, true}, {"192.168.0.0/16", false, true}, {"100.64.0.0/10", false, true},
		{"192.0.2.0/24", false, false}, {"198.51.100.0/24", false, false}, {"203.0.113.0/24", false, false}, {"198.18.0.0/15", false, false}, {"192.0.0.0/24", true, false},
		{"::/8", true, false}, {"fe80::/10", true, false}, {"ff00::/8", true, false}, {"64:ff9b::/96", true, false},
		{"2000::/3", false, false}, {"2001:db8::/32", false, false}, {"2001::/32", false, false}, {"2002::/16", false, false}, {"fc00::/8", false, false}, {"fd00::/8", false, false},
	} {
		out = append(out, class{netip.MustParsePrefix(c.prefix), c.stays, c.private})
	}
	return out
}()

// The longest known prefixes that say where a network begins, and the shortest inside
// of which an address keeps its host part: no subnet of a cluster is wider.
const (
	longestIPv4, longestIPv6   = 30, 126
	shortestIPv4, shortestIPv6 = 16, 48
)

// learn makes a prefix known.
func (s *addressing) learn(p netip.Prefix) {
	p = p.Masked()
	longest, family := longestIPv4, 0
	if p.Addr().Is6() {
		longest, family = longestIPv6, 1
	}
	if p.Bits() < 1 || p.Bits() > longest || s.prefixes[p] {
		return
	}
	s.prefixes[p] = true
	clear(s.decided)
	for d := range p.Bits() {
		node, _ := p.Addr().Prefix(d)
		s.above[node] = true
	}
	if !slices.Contains(s.lengths[family], p.Bits()) {
		s.lengths[family] = append(s.lengths[family], p.Bits())
	}
}

// remember makes later results agree with one of an earlier run.
func (s *addressing) remember(from, to netip.Addr) {
	s.before = append(s.before, replacedAddress{from, to})
}

func (s *addressing) settle() {
	slices.SortFunc(s.before, func(a, b replacedAddress) int { return a.from.Compare(b.from) })
}

// stays reports an address with a meaning of its own.
func stays(a netip.Addr) bool {
	return slices.ContainsFunc(classes, func(c class) bool { return c.stays && c.prefix.Contains(a) })
}

// of is the pseudonym of an address.
func (s *addressing) of(a netip.Addr) netip.Addr { return s.walk(a, false) }

// original is the address of a pseudonym.
func (s *addressing) original(a netip.Addr) netip.Addr { return s.walk(a, true) }

// walk goes down the tree by the bits of the original; on the way back they come out
// of the pseudonym one after the other.
func (s *addressing) walk(a netip.Addr, back bool) netip.Addr {
	if a.Is4In6() {
		return netip.AddrFrom16(s.walk(a.Unmap(), back).As16())
	}
	zone := a.Zone()
	a = a.WithZone("")
	if stays(a) {
		return a.WithZone(zone)
	}
	original, out := a.AsSlice(), a.AsSlice()
	near, common := replacedAddress{}, -1
	if !back {
		near, common = s.nearest(a)
	}
	for d := range a.BitLen() {
		var swap bool
		at, _ := netip.AddrFromSlice(original)
		if back {
			near, common = s.nearestTo(at, d)
		}
		if d <= common {
			swap = bit(near.from.AsSlice(), d) != bit(near.to.AsSlice(), d)
		} else {
			swap = s.swaps(at, d)
		}
		if swap {
			flip(out, d)
			if back {
				flip(original, d)
			}
		}
	}
	to, _ := netip.AddrFromSlice(out)
	return to.WithZone(zone)
}

// swaps reports whether the halves below a node change places.
func (s *addressing) swaps(a netip.Addr, d int) bool {
	node, _ := a.Prefix(d)
	swap, known := s.decided[node]
	if !known {
		swap = !s.held(a, d) && s.random("address", node.String())[0]&1 == 1
		s.decided[node] = swap
	}
	return swap
}

// held reports whether the halves below a node keep their places: the node is what the
// first d bits of the address lead to.
func (s *addressing) held(a netip.Addr, d int) bool {
	node, _ := a.Prefix(d)
	private := false
	for _, c := range classes {
		if c.prefix.Addr().BitLen() != a.BitLen() {
			continue
		}
		if c.prefix.Bits() > d && node.Contains(c.prefix.Addr()) {
			return true
		}
		private = private || c.private && c.prefix.Contains(a)
	}
	family, shortest := 0, shortestIPv4
	if a.Is6() {
		family, shortest = 1, shortestIPv6
		if d >= 64 {
			return true // the interface in its network
		}
	} else if private && d >= 24 {
		return true // no subnet of which nothing is known is smaller
	}
	for _, bits := range s.lengths[family] {
		if bits > d {
			continue
		}
		if p, _ := a.Prefix(bits); s.prefixes[p] {
			if bits >= shortest && !s.above[node] || zeros(a.AsSlice(), bits, d) {
				return true
			}
		}
	}
	return false
}

// nearest is the remembered address with the most leading bits in common, and how many.
func (s *addressing) nearest(a netip.Addr) (replacedAddress, int) {
	best, common := replacedAddress{}, -1
	at := sort.Search(len(s.before), func(i int) bool { return s.before[i].from.Compare(a) >= 0 })
	for _, i := range []int{at - 1, at} {
		if i >= 0 && i < len(s.before) && s.before[i].from.BitLen() == a.BitLen() {
			if n := commonBits(s.before[i].from.AsSlice(), a.AsSlice()); n > common {
				best, common = s.before[i], n
			}
		}
	}
	return best, common
}

// nearestTo is the same where only the first d bits count.
func (s *addressing) nearestTo(a netip.Addr, d int) (replacedAddress, int) {
	if len(s.before) == 0 {
		return replacedAddress{}, -1
	}
	node, _ := a.Prefix(d)
	near, common := s.nearest(node.Addr())
	return near, common
}

func commonBits(a, b []byte) int {
	for d := range len(a) * 8 {
		if bit(a, d) != bit(b, d) {
			return d
		}
	}
	return len(a) * 8
}

func bit(b []byte, d int) bool { return b[d/8]&(0x80>>(d%8)) != 0 }

func flip(b []byte, d int) { b[d/8] ^= 0x80 >> (d % 8) }

// zeros reports whether the bits from one to another, itself not included, are zero.
func zeros(b []byte, from, to int) bool {
	for d := from; d < to; d++ {
		if bit(b, d) {
			return false
		}
	}
	return true
}

// prefixOf is the pseudonym of a prefix. One without host bits gets none.
func (s *addressing) prefixOf(p netip.Prefix) netip.Prefix {
	to := netip.PrefixFrom(s.of(p.Addr()), p.Bits())
	if p == p.Masked() {
		return to.Masked()
	}
	return to
}
