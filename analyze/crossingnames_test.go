package analyze

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"azlb/bundle-schema/azname"

	bundle "azlb/bundle-schema"
)

// guest is one sample on its way into the cluster of another, the host: what its
// Services and their objects are called there.
type guest struct {
	*partner
	names     *regexp.Regexp  // all that may be a name of its own
	chosen    map[string]bool // its namespaces but default, and names that somebody chose
	identity  map[string]bool
	addresses map[string]string
	ports     map[int]int
	rules     map[string]string // names of security rules, which are hashes of their ports
	own       *regexp.Regexp    // what only objects of the guest name
}

var (
	ipv4     = regexp.MustCompile(`\b\d{1,3}(?:\.\d{1,3}){3}\b`)
	ipv6     = regexp.MustCompile(`\b[0-9a-f]{1,4}:[0-9a-f:]*:[0-9a-f]*\b`)
	nodePort = regexp.MustCompile(`\b3[0-2]\d{3}\b`)
	allow    = regexp.MustCompile(`\bk8s-azure-lb_allow_(IPv[46])_[0-9a-f]{32}\b`)
)

// suffix is what the guest's namespaces and chosen names end in.
const suffix = "-b"

// welcome makes the names of the guest distinct from those of the host: namespaces,
// uids and all that is derived from them, addresses, node ports, and the names that
// somebody chose.
func welcome(host, from *partner) *guest {
	g := &guest{partner: from, chosen: map[string]bool{}, identity: from.identity(), addresses: map[string]string{}, ports: map[int]int{}, rules: map[string]string{}}
	own := []string{"default" + suffix}
	mine := longest(slices.Concat(from.namespaces(), from.chosenNames()))
	for _, n := range mine {
		g.chosen[n] = true
		own = append(own, regexp.QuoteMeta(n+suffix))
	}
	shapes := []string{uuid.String(), derived.String(), ipv4.String(), ipv6.String(), allow.String(), nodePort.String(), `\bdefault/`}
	if len(mine) > 0 {
		shapes = append([]string{`\b(?:` + strings.Join(quoted(mine), "|") + `)\b`}, shapes...)
	}
	g.names = regexp.MustCompile(strings.Join(shapes, "|"))
	own = append(own, quoted(g.placeAddresses(host))...)
	g.placePorts(host)
	for _, port := range g.ports {
		own = append(own, strconv.Itoa(port))
	}
	g.placeRules()
	for name := range from.nodes() {
		if _, ok := host.nodes()[name]; !ok {
			own = append(own, regexp.QuoteMeta(name))
		}
	}
	for _, name := range from.loadBalancers() {
		if !slices.Contains(host.loadBalancers(), name) {
			own = append(own, "loadBalancers/"+regexp.QuoteMeta(name))
		}
	}
	for _, name := range from.derivedNames() {
		own = append(own, g.rename(name))
	}
	g.own = regexp.MustCompile(`\b(?:` + strings.Join(longest(own), "|") + `)\b`)
	return g
}

func quoted(names []string) []string {
	var out []string
	for _, n := range names {
		out = append(out, regexp.QuoteMeta(n))
	}
	return out
}

// placePorts gives Services node ports that nobody uses.
func (g *guest) placePorts(host *partner) {
	used := map[int]bool{}
	var mine []int
	for _, p := range []*partner{host, g.partner} {
		mine = nil
		for _, s := range p.items(bundle.Services.ID) {
			if h, ok := at(s, "spec", "healthCheckNodePort").(float64); ok {
				mine = append(mine, int(h))
			}
			for _, port := range list(s, "spec", "ports") {
				if n, ok := at(port, "nodePort").(float64); ok {
					mine = append(mine, int(n))
				}
			}
		}
		for _, n := range mine {
			used[n] = true
		}
	}
	slices.Sort(mine)
	for _, n := range slices.Compact(mine) {
		to := n
		for used[to] {
			to = 30000 + (to-30000+7)%2768
		}
		used[to], g.ports[n] = true, to
	}
}

// placeRules finds the security rules whose names are hashes of their ports, and what
// the hashes are with the new ones.
func (g *guest) placeRules() {
	for _, group := range g.items(bundle.NSGs.ID) {
		for _, r := range list(group, "securityRules") {
			name := word(r, "name")
			m := allow.FindStringSubmatch(name)
			if m == nil || m[0] != name {
				continue
			}
			sources := either(r, "sourceAddressPrefix", "sourceAddressPrefixes")
			ports := either(r, "destinationPortRange", "destinationPortRanges")
			if azname.AllowRule(m[1], word(r, "protocol"), sources, ports) != name {
				continue // somebody changed it
			}
			for i := range ports {
				ports[i] = g.rename(ports[i])
			}
			g.rules[name] = azname.AllowRule(m[1], word(r, "protocol"), sources, ports)
		}
	}
}

// either are the values of a field that is either one or a list.
func either(v any, one, many string) []string {
	var out []string
	if s := word(v, one); s != "" {
		out = append(out, s)
	}
	for _, s := range list(v, many) {
		out = append(out, s.(string))
	}
	return out
}

// rename is a text of the guest in the host's cluster.
func (g *guest) rename(s string) string { return g.names.ReplaceAllStringFunc(s, g.name) }

// name is what one name is called there.
func (g *guest) name(s string) string {
	switch {
	case g.chosen[s]:
		return s + suffix
	case s == "default/": // the namespace, in a Service's whole name
		return "default" + suffix + "/"
	case g.addresses[s] != "":
		return g.addresses[s]
	case g.rules[s] != "":
		return g.rules[s]
	case len(s) == len("30000"):
		if n, err := strconv.Atoi(s); err == nil && g.ports[n] != 0 {
			return strconv.Itoa(g.ports[n])
		}
	case derived.MatchString(s):
		return "a" + digits(s[1:])
	case uuid.MatchString(s) && !g.identity[s]:
		return digits(s)
	}
	return s
}

// renamed is a decoded value of the guest in the host's cluster.
func (g *guest) renamed(v any) any {
	switch v := v.(type) {
	case string:
		return g.rename(v)
	case float64:
		if to, ok := g.ports[int(v)]; ok && v == float64(int(v)) {
			return float64(to)
		}
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = g.renamed(v[i])
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k := range v {
			out[k] = g.renamed(v[k])
		}
		return out
	}
	return v
}

// owns reports whether a renamed value names what only the guest has.
func (g *guest) owns(v any) bool {
	raw, err := json.Marshal(v)
	return err == nil && g.own.Match(raw)
}
