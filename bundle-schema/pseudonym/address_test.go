package pseudonym

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
)

// fixedKey is the key of the tests.
var fixedKey = []byte("0123456789abcdef0123456789abcdef")

// TestAddressesKeepTheirPlace: over random prefixes and addresses, the map goes one to
// one, keeps class and containment, gives prefixes no host bits, and leaves an address
// its place in its subnet.
func TestAddressesKeepTheirPlace(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 30 {
		n := New(fixedKey)
		var prefixes []netip.Prefix
		for range 12 {
			p := randomPrefix(r)
			prefixes = append(prefixes, p)
			n.networks.learn(p)
		}
		seen := map[netip.Addr]netip.Addr{}
		for range 60 {
			a := randomAddress(r, prefixes)
			b := n.networks.of(a)
			if from, taken := seen[b]; taken && from != a {
				t.Fatalf("%s and %s have the same pseudonym %s", from, a, b)
			}
			seen[b] = a
			if back := n.networks.original(b); back != a {
				t.Fatalf("%s became %s, and back %s", a, b, back)
			}
			if classOf(a) != classOf(b) {
				t.Fatalf("%s of class %s became %s of class %s", a, classOf(a), b, classOf(b))
			}
			for _, p := range prefixes {
				if q := n.networks.prefixOf(p); p.Contains(a) != q.Contains(b) {
					t.Fatalf("%s in %s is %v, and %s in %s is not", a, p, p.Contains(a), b, q)
				}
			}
			if p, ok := smallest(prefixes, a); ok && p.Bits() >= shortestIPv4 && a.Is4() {
				if host(a, p.Bits()) != host(b, p.Bits()) && !hasInner(prefixes, p) {
					t.Fatalf("%s became %s: another place in its subnet %s", a, b, p)
				}
			}
		}
		for _, p := range prefixes {
			if q := n.networks.prefixOf(p); q != q.Masked() || n.networks.of(p.Addr()) != q.Addr() {
				t.Fatalf("%s became %s, and its first address %s", p, q, n.networks.of(p.Addr()))
			}
			third, from := p.Addr().Next().Next().Next(), n.networks.prefixOf(p).Addr()
			if fourth := from.Next().Next().Next(); p.Addr().Is4() && (n.networks.of(third).Less(from) || fourth.Less(n.networks.of(third))) {
				t.Fatalf("%s became %s: no more among the first four of %s", third, n.networks.of(third), p)
			}
		}
	}
}

func randomPrefix(r *rand.Rand) netip.Prefix {
	if r.IntN(4) == 0 {
		var b [16]byte
		b[0], b[1] = []byte{0xfd, 0x26, 0x20}[r.IntN(3)], byte(r.IntN(4))
		for i := 2; i < 8; i++ {
			b[i] = byte(r.IntN(256))
		}
		return netip.PrefixFrom(netip.AddrFrom16(b), 48+8*r.IntN(3)).Masked()
	}
	b := [4]byte{[]byte{10, 172, 192, 20, 100}[r.IntN(5)], byte(r.IntN(256)), byte(r.IntN(256)), byte(r.IntN(256))}
	return netip.PrefixFrom(netip.AddrFrom4(b), 8+r.IntN(22)).Masked()
}

func randomAddress(r *rand.Rand, in []netip.Prefix) netip.Addr {
	p := in[r.IntN(len(in))]
	b := p.Addr().AsSlice()
	for i := p.Bits() / 8; i < len(b); i++ {
		b[i] = byte(r.IntN(256))
	}
	if r.IntN(5) == 0 {
		b[0] = byte(r.IntN(256))
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

func classOf(a netip.Addr) string {
	best := netip.Prefix{}
	for _, c := range classes {
		if c.prefix.Contains(a) && (!best.IsValid() || c.prefix.Bits() > best.Bits()) {
			best = c.prefix
		}
	}
	return best.String()
}

func smallest(prefixes []netip.Prefix, a netip.Addr) (netip.Prefix, bool) {
	var in []netip.Prefix
	for _, p := range prefixes {
		if p.Contains(a) {
			in = append(in, p)
		}
	}
	if len(in) == 0 {
		return netip.Prefix{}, false
	}
	return slices.MaxFunc(in, func(x, y netip.Prefix) int { return x.Bits() - y.Bits() }), true
}

func hasInner(prefixes []netip.Prefix, p netip.Prefix) bool {
	return slices.ContainsFunc(prefixes, func(q netip.Prefix) bool { return q.Bits() > p.Bits() && p.Contains(q.Addr()) })
}

func host(a netip.Addr, bits int) string {
	b := a.AsSlice()
	for d := range bits {
		if bit(b, d) {
			flip(b, d)
		}
	}
	rest, _ := netip.AddrFromSlice(b)
	return rest.String()
}

// TestAddressesThatStay have a meaning of their own.
func TestAddressesThatStay(t *testing.T) {
	n := New(fixedKey)
	for _, s := range []string{"168.63.129.16", "169.254.169.254", "0.0.0.0", "127.0.0.1", "255.255.255.255", "224.0.0.1", "fe80::1234:5678:9abc", "::", "::1", "ff02::1"} {
		if got := n.Text("of " + s + " it"); got != "of "+s+" it" {
			t.Errorf("%s became %q", s, got)
		}
	}
	for _, s := range []string{"0.0.0.0/0", "::/0", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fe80::/10"} {
		if got := n.Text(s); got != s {
			t.Errorf("%s became %q", s, got)
		}
	}
}

// TestAddressesOfTheSameMap: what an earlier run with the map replaced is replaced by the
// same, whatever is known of the networks by now, and still lies in them.
func TestAddressesOfTheSameMap(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 40 {
		first, second := New(fixedKey), New(fixedKey)
		p := randomPrefix(r)
		var list []netip.Addr
		for range 20 {
			a := randomAddress(r, []netip.Prefix{p})
			list = append(list, a)
			second.networks.remember(a, first.networks.of(a))
		}
		second.networks.learn(p)
		second.networks.settle()
		for _, a := range list {
			if x, y := first.networks.of(a), second.networks.of(a); x != y {
				t.Fatalf("%s was %s, and is %s", a, x, y)
			}
		}
		for range 50 {
			a := randomAddress(r, []netip.Prefix{p})
			b := second.networks.of(a)
			if p.Contains(a) != second.networks.prefixOf(p).Contains(b) {
				t.Fatalf("%s in %s: %s in %s", a, p, b, second.networks.prefixOf(p))
			}
			if back := second.networks.original(b); back != a {
				t.Fatalf("%s became %s, and back %s", a, b, back)
			}
		}
	}
}

func mustPrefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }
