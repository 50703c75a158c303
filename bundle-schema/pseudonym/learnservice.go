package pseudonym

import (
	"net/netip"
	"slices"
	"strings"
)

// serviceOf is what the security rules of a Service are named by: the hash of a rule
// that is missing, or was deleted, stands in reports and logs, and can be made again
// from what the Service asks for.
type serviceOf struct {
	name, namespace string
	ranges, tags    []string
	ports           []portOf
}

type portOf struct{ port, nodePort, protocol string }

func (s *serviceOf) port() { s.ports = append(s.ports, portOf{}) }

func (s *serviceOf) annotation(key, value string) {
	if key == providerKey+"allowed-ip-ranges" || key == "service.beta.kubernetes.io/load-balancer-source-ranges" {
		for r := range strings.SplitSeq(value, ",") {
			s.ranges = append(s.ranges, strings.TrimSpace(r))
		}
	}
	if key == providerKey+"allowed-service-tags" {
		for t := range strings.SplitSeq(value, ",") {
			s.tags = append(s.tags, strings.TrimSpace(t))
		}
	}
}

func (s *serviceOf) field(parent, key, value string) {
	if parent == "metadata" && key == "namespace" {
		s.namespace = value
	}
}

func (s *serviceOf) number(parent, key, value string) {
	if parent != "ports" || len(s.ports) == 0 {
		return
	}
	switch p := &s.ports[len(s.ports)-1]; key {
	case "port":
		p.port = value
	case "nodePort":
		p.nodePort = value
	case "protocol":
		p.protocol = value
	}
}

// end takes what was read of a Service.
func (n *Names) end(s *serviceOf) {
	defer func() { *s = serviceOf{} }()
	if s.name == "" {
		return
	}
	n.service(s.namespace + "/" + s.name)
	sources := map[string][][]string{}
	for _, family := range []string{"IPv4", "IPv6"} {
		sources[family] = [][]string{{"Internet"}, {"VirtualNetwork"}, {"*"}}
		for _, t := range s.tags {
			sources[family] = append(sources[family], []string{t})
		}
		if ranges := s.rangesOf(family); len(ranges) > 0 {
			sources[family] = append(sources[family], ranges, aggregated(ranges))
		}
	}
	for _, protocol := range []string{"TCP", "UDP", "SCTP"} {
		var ports, nodePorts []string
		for _, p := range s.ports {
			if p.protocol == protocol || p.protocol == "" && protocol == "TCP" {
				ports, nodePorts = append(ports, p.port), append(nodePorts, p.nodePort)
			}
		}
		name := map[string]string{"TCP": "Tcp", "UDP": "Udp", "SCTP": "*"}[protocol]
		for family, lists := range sources {
			for _, list := range lists {
				if len(ports) > 0 {
					n.candidates = append(n.candidates, hashed{family, name, list, sorted(ports)}, hashed{family, name, list, sorted(nodePorts)})
				}
			}
		}
	}
}

// rangesOf are the allowed prefixes of one family.
func (s *serviceOf) rangesOf(family string) []string {
	var out []string
	for _, r := range s.ranges {
		if p, err := netip.ParsePrefix(r); err == nil && p.Addr().Is4() == (family == "IPv4") {
			out = append(out, p.Masked().String())
		}
	}
	return out
}

// aggregated merges prefixes that lie in others, or make a wider one together.
func aggregated(list []string) []string {
	var ps []netip.Prefix
	for _, s := range list {
		ps = append(ps, netip.MustParsePrefix(s))
	}
	for again := true; again; {
		again = false
		slices.SortFunc(ps, func(a, b netip.Prefix) int {
			if c := a.Addr().Compare(b.Addr()); c != 0 {
				return c
			}
			return a.Bits() - b.Bits()
		})
		for i := 0; i+1 < len(ps); i++ {
			a, b := ps[i], ps[i+1]
			if wider, _ := a.Addr().Prefix(max(a.Bits()-1, 0)); a.Contains(b.Addr()) && a.Bits() <= b.Bits() {
				ps = slices.Delete(ps, i+1, i+2)
				again = true
			} else if a.Bits() == b.Bits() && a.Bits() > 0 && wider.Contains(b.Addr()) && wider.Addr() == a.Addr() {
				ps[i] = wider
				ps = slices.Delete(ps, i+1, i+2)
				again = true
			}
		}
	}
	var out []string
	for _, p := range ps {
		out = append(out, p.String())
	}
	return out
}
