package pseudonym

import (
	"net/netip"
	"strconv"
	"strings"
)

// Rewrite replaces every name, address and id in an answer, a log or a message. It
// changes words only, so that the layout of the text stays.
func (n *Names) Rewrite(b []byte) []byte {
	n.Settle()
	out := make([]byte, 0, len(b)+len(b)/16)
	copied := 0
	put := func(from, to int, with string) {
		out = append(append(out, b[copied:from]...), with...)
		copied = to
	}
	words(b, func(from, to int, what piece) {
		switch what {
		case wordPiece:
			if with, changed := n.known(b[from:to]); changed {
				put(from, to, with)
			}
		case addressPiece:
			if with := n.network(string(b[from:to])); with != "" {
				put(from, to, with)
			}
		}
	})
	return append(out, b[copied:]...)
}

// known rewrites a word without making a string of one that was met before.
func (n *Names) known(word []byte) (string, bool) {
	if to, ok := n.replaced[string(word)]; ok {
		return to, true
	}
	if _, ok := n.kept[string(word)]; ok {
		return "", false
	}
	t := string(word)
	to := n.token(t)
	return to, to != t
}

// network rewrites an address, or a prefix as a whole; empty: it stays.
func (n *Names) network(s string) string {
	if to, ok := n.replaced[s]; ok {
		return to
	}
	if n.backward {
		address, bits, prefix := strings.Cut(s, "/")
		if to, ok := n.replaced[address]; ok && prefix {
			return to + "/" + bits
		}
		return n.machine(s)
	}
	to := ""
	if p, err := netip.ParsePrefix(s); err == nil {
		to = n.networks.prefixOf(p).String()
	} else if a, err := netip.ParseAddr(s); err == nil {
		to = n.address(a)
	} else {
		return n.machine(s)
	}
	if to == s || sameAddress(s, to) {
		return ""
	}
	if s == strings.ToUpper(s) {
		to = strings.ToUpper(to)
	}
	n.replaced[s] = to
	return to
}

// sameAddress reports another spelling of the same address.
func sameAddress(a, b string) bool {
	x, errX := netip.ParseAddr(a)
	y, errY := netip.ParseAddr(b)
	if errX == nil && errY == nil {
		return x == y
	}
	p, errP := netip.ParsePrefix(a)
	q, errQ := netip.ParsePrefix(b)
	return errP == nil && errQ == nil && p == q
}

// machine rewrites a MAC address: its maker stays, its number goes. Empty: it is none.
func (n *Names) machine(s string) string {
	if !isMAC(s) {
		return ""
	}
	digits := []byte(strings.ToLower(s))
	mask := n.random("mac", string(digits[:8]))
	for i := 9; i < len(digits); i++ {
		if digits[i] != s[2] {
			digits[i] = digit(value(digits[i]) ^ mask[i]&15)
		}
	}
	return withCase(s, string(digits))
}

func isMAC(s string) bool {
	if len(s) != 17 || s[2] != ':' && s[2] != '-' {
		return false
	}
	for i := range len(s) {
		if i%3 == 2 && s[i] != s[2] || i%3 != 2 && !isHex(s[i]) {
			return false
		}
	}
	return true
}

// piece is what words finds.
type piece int

const (
	wordPiece    piece = iota // letters, digits, "-", "_" and "."
	addressPiece              // an address or a prefix
)

// words finds the words and addresses of a text, from left to right.
func words(b []byte, found func(from, to int, what piece)) {
	for i := 0; i < len(b); {
		c := b[i]
		switch {
		case c == ':' || isHex(c):
			if end := colonAddress(b, i); end > i {
				found(i, end, addressPiece)
				i = end
				continue
			}
			if c == ':' {
				i++
				continue
			}
		case c == '\\' && i+1 < len(b):
			i += escaped(b[i:])
			continue
		case c == '%' && i+2 < len(b) && isHex(b[i+1]) && isHex(b[i+2]):
			i += 3
			continue
		}
		if !wordByte(c) {
			i++
			continue
		}
		end := i + 1
		for end < len(b) && wordByte(b[end]) {
			end++
		}
		from, to := i, end
		for from < to && strings.IndexByte(separators, b[from]) >= 0 {
			from++
		}
		for to > from && strings.IndexByte(separators, b[to-1]) >= 0 {
			to--
		}
		i = end
		if to-from < 3 {
			continue
		}
		if '0' <= b[from] && b[from] <= '9' {
			if size := prefixAt(b[from:]); size > 0 {
				found(from, from+size, addressPiece)
				i = from + size
				continue
			}
			if to-from == 17 && isMAC(string(b[from:to])) {
				found(from, to, addressPiece)
				continue
			}
		}
		found(from, to, wordPiece)
	}
}

func wordByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '.' || c >= 0x80
}

// escaped is how much of an escape of JSON or YAML is no part of the word behind it.
func escaped(b []byte) int {
	switch b[1] {
	case 'n', 't', 'r', 'b', 'f', '"', '\\', '/':
		return 2
	case 'u':
		if len(b) >= 6 && allHex(string(b[2:6])) {
			return 6
		}
	}
	return 1
}

// prefixAt is the length of an IPv4 address with an optional number of bits at the
// beginning of a text, 0 if there is none.
func prefixAt(b []byte) int {
	end, points := 0, 0
	for end < len(b) && end < len("255.255.255.255") && ('0' <= b[end] && b[end] <= '9' || b[end] == '.') {
		if b[end] == '.' {
			if points++; points == 4 {
				break
			}
		}
		end++
	}
	if points < 3 || end > 0 && b[end-1] == '.' {
		return 0
	}
	if end < len(b) && wordByte(b[end]) && (b[end] != '.' || end+1 < len(b) && wordByte(b[end+1])) {
		return 0 // a word goes on
	}
	if _, err := netip.ParseAddr(string(b[:end])); err != nil {
		return 0
	}
	return end + bitsAt(b[end:], 32)
}

// bitsAt is the length of "/" and a number of bits, 0 if there is none.
func bitsAt(b []byte, most int) int {
	if len(b) < 2 || b[0] != '/' {
		return 0
	}
	end := 1
	for end < len(b) && end < 4 && '0' <= b[end] && b[end] <= '9' {
		end++
	}
	if n, err := strconv.Atoi(string(b[1:end])); err != nil || n > most || end < len(b) && (wordByte(b[end]) && b[end] != '.' || b[end] == '/') {
		return 0
	}
	return end
}

// colonAddress is where an IPv6 address, with an optional number of bits, or a MAC
// address with colons ends that begins at a place of a text; the place itself if none does.
func colonAddress(b []byte, at int) int {
	if at > 0 && (wordByte(b[at-1]) || b[at-1] == ':') {
		return at
	}
	first := at
	for first < len(b) && first-at <= 4 && isHex(b[first]) {
		first++
	}
	if first-at > 4 || first+1 >= len(b) || b[first] != ':' || !isHex(b[first+1]) && b[first+1] != ':' {
		return at
	}
	end, colons, double := at, 0, false
	for end < len(b) && (isHex(b[end]) || b[end] == ':' || b[end] == '.') {
		if b[end] == ':' {
			colons++
			double = double || b[end-max(0, min(1, end-at))] == ':' && end > at
		}
		end++
	}
	for end > at && (b[end-1] == '.' || b[end-1] == ':' && (end-2 < at || b[end-2] != ':')) {
		if b[end-1] == ':' {
			colons--
		}
		end--
	}
	if end < len(b) && wordByte(b[end]) && b[end] != '.' {
		return at
	}
	s := string(b[at:end])
	switch {
	case colons == 5 && isMAC(s):
		return end
	case colons < 2 || !double && colons < 6:
		return at
	}
	if _, err := netip.ParseAddr(s); err != nil {
		return at
	}
	return end + bitsAt(b[end:], 128)
}
