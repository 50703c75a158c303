package pseudonym

import (
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"azlb/bundle-schema/azname"
)

var (
	oldSecurityRule = regexp.MustCompile(`^(?i:(a[0-9a-f]{31})|shared)-(?i:TCP|UDP|SCTP)-\d{1,5}-(.+?)(?i:-IPv6)?$`)
	hashedRule      = regexp.MustCompile(`(?i)^k8s-azure-lb_[a-z]+_IPv[46]_([0-9a-f]{32})$`)
)

// routeMark stands between a node and the digits of its prefix in the name of a route.
const routeMark = "____"

// special rewrites names whose parts are no names: hashes, cut names, prefixes without
// their points.
func (n *Names) special(t string) (string, bool) {
	if m := hashedRule.FindStringSubmatch(t); m != nil {
		if to, ok := n.rules[strings.ToLower(t)]; ok {
			return withCase(m[1], t[:len(t)-32]) + to[len(to)-32:], true
		}
		return t[:len(t)-32] + withCase(m[1], n.hexadecimal(strings.ToLower(m[1]), n.backward)), true
	}
	if m := oldSecurityRule.FindStringSubmatchIndex(t); m != nil {
		source := t[m[4]:m[5]]
		head, tail := t[:m[4]], t[m[5]:]
		if m[2] >= 0 {
			head = n.derivedPrefix(t[m[2]:m[3]], n.backward) + t[m[3]:m[4]]
		}
		if to, ok := n.source(source); ok {
			return head + to + tail, true
		}
		return head + n.token(source) + tail, true
	}
	if prefix, subnet, _, _, _, ok := azname.ParseRule(t); ok && subnet != "" {
		at := len(prefix) + 1
		return n.derivedPrefix(t[:len(prefix)], n.backward) + "-" + n.cut(subnet) + t[at+len(subnet):], true
	}
	if node, digits, ok := strings.Cut(t, routeMark); ok && node != "" {
		return n.token(node) + routeMark + n.squeezed(digits), true
	}
	if i := strings.IndexByte(t, '-'); i > 0 {
		if prefix, ok := azname.ParsePrefix(t); ok && len(t) > len(prefix)+1 && !strings.EqualFold(t[len(prefix):], "-ipv6") {
			rest, family := t[len(prefix)+1:], ""
			if len(rest) > 5 && strings.EqualFold(rest[len(rest)-5:], "-ipv6") {
				rest, family = rest[:len(rest)-5], rest[len(rest)-5:]
			}
			if _, learned := n.learned[strings.ToLower(rest)]; !learned {
				if to := n.cut(rest); to != rest {
					return n.derivedPrefix(t[:len(prefix)], n.backward) + "-" + to + family, true
				}
			}
		}
	}
	return "", false
}

// source rewrites the source in the name of a security rule, which has "_" for "/" and
// may have "." for ":".
func (n *Names) source(s string) (string, bool) {
	address, bits, cut := strings.Cut(s, "_")
	dotted := false
	a, err := netip.ParseAddr(address)
	if err != nil {
		dotted = true
		if a, err = netip.ParseAddr(strings.ReplaceAll(address, ".", ":")); err != nil {
			return "", false
		}
	}
	text := a.String()
	if cut {
		text += "/" + bits
	}
	to := strings.Replace(n.Text(text), "/", "_", 1)
	if dotted {
		to = strings.ReplaceAll(to, ":", ".")
	}
	return to, true
}

// cut rewrites a name that may have lost its end, and the last character that was left.
func (n *Names) cut(s string) string {
	lower := strings.ToLower(s)
	if _, ok := n.learned[lower]; ok || len(s) < sameLength {
		return n.token(s)
	}
	var whole []string
	for name := range n.learned {
		if len(name) > len(lower) && (strings.HasPrefix(name, lower) || lower[len(lower)-1] == '_' && strings.HasPrefix(name, lower[:len(lower)-1])) {
			whole = append(whole, name)
		}
	}
	if len(whole) == 0 {
		return n.token(s)
	}
	slices.Sort(whole)
	to := n.name(whole[0])
	if len(to) < len(s) {
		return n.token(s)
	}
	to = inCase(s, to[:len(s)])
	if s[len(s)-1] == '_' && whole[0][len(s)-1] != '_' {
		to = to[:len(s)-1] + "_"
	}
	return to
}

// squeezed rewrites the digits of a prefix without points, colons and slash.
func (n *Names) squeezed(digits string) string {
	if n.routes == nil {
		n.routes = map[string]string{}
		for _, p := range slices.SortedFunc(maps.Keys(n.networks.prefixes), netip.Prefix.Compare) {
			n.routes[squeeze(p)] = squeeze(n.networks.prefixOf(p))
		}
	}
	if to, ok := n.routes[digits]; ok {
		return to
	}
	return digits
}

func squeeze(p netip.Prefix) string {
	return strings.NewReplacer(".", "", ":", "", "/", "").Replace(p.String())
}
