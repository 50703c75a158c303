package pseudonym

import (
	"net/netip"
	"regexp"
	"strings"
)

// token rewrites one word: what stands between two characters that no name has.
func (n *Names) token(t string) string {
	if to, ok := n.replaced[t]; ok {
		return to
	}
	if _, ok := n.kept[t]; ok {
		return t
	}
	to := n.derive(t)
	if !n.backward { // the way back is asked for few words, and learns nothing
		if to != t {
			n.replaced[t] = to
		} else if len(n.kept) < mostKept {
			n.kept[t] = struct{}{}
		}
	}
	return to
}

// mostKept bounds the memory for words that stay.
const mostKept = 1 << 20

// derive finds the pseudonym of a word that was not met before.
func (n *Names) derive(t string) string {
	lower := strings.ToLower(t)
	if number(t) && !strings.Contains(t, ".") || n.word(lower) {
		return t
	}
	if _, ok := n.learned[lower]; ok {
		return n.name(t)
	}
	if to, ok := n.special(t); ok {
		return to
	}
	if n.ofField(t) && !dashed.MatchString(t) {
		return t // "health-probe-interval", though a Service may be called "probe-interval"
	}
	to, replaced, unknown := n.compose(t, "")
	switch {
	case !replaced:
		return t
	case unknown:
		return n.parts(t)
	}
	return to
}

// name is the pseudonym of a name that was learned, in the casing of this spelling.
func (n *Names) name(t string) string {
	lower := strings.ToLower(t)
	if to, ok := n.given[lower]; ok {
		return inCase(t, to)
	}
	k := n.learned[lower]
	if to, ok := n.special(t); ok {
		return to
	}
	if to, replaced, unknown := n.compose(t, lower); replaced && !unknown {
		return to
	}
	if k == Label && !labelled(t) {
		return n.shaped(t)
	}
	n.given[lower] = n.stem(lower, k)
	return inCase(t, n.given[lower])
}

// stem gives a pseudonym, and leaves what a machine appended: pods of one ReplicaSet
// and the slices of one Service are told by what they begin with.
func (n *Names) stem(lower string, k Kind) string {
	base := lower
	for {
		i := strings.LastIndexAny(base, "-_.")
		if i <= 0 || !opaque(base[i+1:]) || n.word(base[:i]) {
			break
		}
		base = base[:i]
	}
	if base == lower {
		return n.invent(lower, k)
	}
	if to, ok := n.given[base]; ok {
		return to + lower[len(base):]
	}
	if _, ok := n.learned[base]; !ok {
		n.learned[base] = k
	}
	return n.name(base) + lower[len(base):]
}

// parts rewrites a word that has a name in it and more that is not known: the parts
// between points one by one, and such a part as a whole.
func (n *Names) parts(t string) string {
	labels := strings.Split(t, ".")
	for i, label := range labels {
		lower := strings.ToLower(label)
		if _, ok := n.learned[lower]; ok || n.word(lower) {
			labels[i] = n.token(label)
			continue
		}
		to, replaced, unknown := n.compose(label, "")
		if unknown && (replaced || len(labels) > 1 && !opaque(lower)) && !n.backward {
			n.learned[lower] = Other
			to = n.name(label)
		}
		labels[i] = to
	}
	return strings.Join(labels, ".")
}

const separators = "-_."

// compose rewrites a word as a chain of names, words of the field and what machines
// append. It tells whether a name was in it, and whether something else was. without
// is the word that is being named, which does not explain itself.
func (n *Names) compose(t, without string) (out string, replaced, unknown bool) {
	var b strings.Builder
	lower := strings.ToLower(t)
	for at := 0; at < len(t); {
		if strings.IndexByte(separators, t[at]) >= 0 {
			b.WriteByte(t[at])
			at++
			continue
		}
		end, to := n.longest(t, lower, at, without)
		if end > at {
			b.WriteString(to)
			replaced = replaced || to != t[at:end]
			at = end
			continue
		}
		end = at + next(t[at:])
		part := lower[at:end]
		unknown = unknown || !n.word(part) && !opaque(part)
		b.WriteString(t[at:end])
		at = end
	}
	return b.String(), replaced, unknown
}

// next is where the part at the beginning of a text ends.
func next(s string) int {
	if i := strings.IndexAny(s, separators); i >= 0 {
		return i
	}
	return len(s)
}

// longest is the longest thing at a place of a word that has a pseudonym, with where it ends.
func (n *Names) longest(t, lower string, at int, without string) (int, string) {
	rest := t[at:]
	if len(rest) >= 36 && (len(rest) == 36 || strings.IndexByte(separators, rest[36]) >= 0) && isGUID(rest[:36]) {
		return at + 36, n.uid(rest[:36])
	}
	if len(rest) >= uidLen && (len(rest) == uidLen || strings.IndexByte(separators, rest[uidLen]) >= 0) && allHex(rest[:uidLen]) {
		if isPrefix(rest[:uidLen]) {
			return at + uidLen, n.derivedPrefix(rest[:uidLen], n.backward)
		}
		if strings.ContainsAny(rest[:uidLen], "0123456789") {
			return at + uidLen, withCase(rest[:uidLen], n.hexadecimal(strings.ToLower(rest[:uidLen]), n.backward))
		}
	}
	if size, to := n.addressAt(rest); size > 0 {
		return at + size, to
	}
	for end := len(t); end > at; end = at + strings.LastIndexAny(t[at:end], separators) {
		if prefix := end - hostDigits; prefix > at && n.hosts[lower[at:prefix]] && alphanumeric(lower[prefix:end]) {
			return end, n.token(t[at:prefix]) + t[prefix:end]
		}
		if name := lower[at:end]; name != without && len(name) > 2 {
			if _, ok := n.learned[name]; ok {
				return end, n.name(t[at:end])
			}
		}
	}
	return at, ""
}

// hostDigits is how many digits in base 36 follow the prefix in the host name of a
// scale set's instance.
const hostDigits = 6

func alphanumeric(s string) bool {
	return strings.Trim(s, "0123456789abcdefghijklmnopqrstuvwxyz") == ""
}

func (n *Names) uid(s string) string { return n.guid(s, n.backward) }

// ipv4 is an address with points, or with dashes behind "ip-" as some clouds name machines.
var ipv4 = regexp.MustCompile(`^\d{1,3}(?:\.\d{1,3}){3}`)
var dashed = regexp.MustCompile(`^(?i:ip)-(\d{1,3})-(\d{1,3})-(\d{1,3})-(\d{1,3})`)

// addressAt rewrites the address at the beginning of a text.
func (n *Names) addressAt(s string) (int, string) {
	if m := ipv4.FindString(s); m != "" && (len(m) == len(s) || s[len(m)] == '-' || s[len(m)] == '_' || s[len(m)] == '.' && (len(m)+1 == len(s) || s[len(m)+1] < '0' || s[len(m)+1] > '9')) {
		if a, err := netip.ParseAddr(m); err == nil {
			if to, ok := n.replaced[m]; ok {
				return len(m), to
			}
			if n.backward {
				return 0, "" // only addresses that were replaced are turned back
			}
			to := n.address(a)
			if to != m {
				n.replaced[m] = to
			}
			return len(m), to
		}
	}
	if m := dashed.FindStringSubmatch(s); m != nil && (len(m[0]) == len(s) || strings.IndexByte(separators, s[len(m[0])]) >= 0) {
		if size, to := n.addressAt(strings.Join(m[1:], ".")); size > 0 {
			return len(m[0]), m[0][:3] + strings.ReplaceAll(to, ".", "-")
		}
	}
	return 0, ""
}
