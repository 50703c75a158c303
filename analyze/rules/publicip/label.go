package publicip

import (
	"maps"
	"slices"
	"strings"

	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/topology"
	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/azname"
)

// mine lists the public IPs of a Service: those that it asks for, else the one that
// the provider makes for it, and those of its frontends.
func mine(p *rule.Pass, s *topology.Service) []*snapshot.PublicIP {
	var out []*snapshot.PublicIP
	add := func(pip *snapshot.PublicIP) {
		if pip != nil && !slices.Contains(out, pip) {
			out = append(out, pip)
		}
	}
	for _, x := range pins(p, s) {
		add(x.pip)
	}
	for _, f := range s.Frontends {
		add(f.PublicIP)
	}
	for i := range p.Snapshot.PublicIPs {
		pip := &p.Snapshot.PublicIPs[i]
		if rest, ok := strings.CutPrefix(strings.ToLower(pip.Name), strings.ToLower(p.Graph.ClusterName)+"-"); ok && s.Prefix != "" && owns(s, rest) {
			add(pip)
		}
	}
	return out
}

// labelled reports whether the address has the DNS label.
func labelled(pip *snapshot.PublicIP, label string) bool {
	return pip.DNS != nil && strings.EqualFold(pip.DNS.DomainNameLabel, label)
}

// labelledElsewhere is an address in the Service's region that has the label for
// which it asks, while none of its own has.
func labelledElsewhere(p *rule.Pass, s *topology.Service, label string) *snapshot.PublicIP {
	own := mine(p, s)
	region := regionOf(p, own)
	if region == "" || slices.ContainsFunc(own, func(pip *snapshot.PublicIP) bool { return labelled(pip, label) }) {
		return nil
	}
	return inRegion(p, label, region)
}

// inRegion is the address of a region that has a label. A label whose scope is
// narrower than the region has another name, which does not disturb.
func inRegion(p *rule.Pass, label, region string) *snapshot.PublicIP {
	for i := range p.Snapshot.PublicIPs {
		pip := &p.Snapshot.PublicIPs[i]
		if labelled(pip, label) && strings.EqualFold(pip.Location, region) &&
			(pip.DNS.FQDN == "" || strings.HasPrefix(strings.ToLower(pip.DNS.FQDN), strings.ToLower(label+"."+region+"."))) {
			return pip
		}
	}
	return nil
}

func regionOf(p *rule.Pass, own []*snapshot.PublicIP) string {
	if c := p.Snapshot.Config; c != nil && c.Location != "" {
		return c.Location
	}
	for _, pip := range own {
		if pip.Location != "" {
			return pip.Location
		}
	}
	for i := range p.Snapshot.Loads {
		if lb := &p.Snapshot.Loads[i]; ours(p, lb) && lb.Location != "" {
			return lb.Location
		}
	}
	return ""
}

// tagOfOther is the address of a Service whose tag says that another Service set its
// DNS label.
func tagOfOther(p *rule.Pass, s *topology.Service) (*snapshot.PublicIP, string) {
	for _, pip := range mine(p, s) {
		if owner := strings.TrimSpace(pip.Tags[dnsTag(pip)]); owner != "" && !strings.EqualFold(owner, s.Key()) {
			return pip, owner
		}
	}
	return nil, ""
}

// dnsTag is the key of the tag that names whose DNS label it is, empty: there is none.
func dnsTag(pip *snapshot.PublicIP) string {
	keys := slices.Sorted(maps.Keys(pip.Tags))
	for _, want := range []string{azname.DNSLabelTag, azname.LegacyDNSLabelTag} {
		if i := slices.IndexFunc(keys, func(k string) bool { return strings.EqualFold(k, want) }); i >= 0 {
			return keys[i]
		}
	}
	return ""
}

// rivalFor is the first Service that asks for the same label for another address,
// where no address has it.
func rivalFor(p *rule.Pass, s *topology.Service, label string) *topology.Service {
	region := regionOf(p, nil)
	if region == "" || !p.Complete(&bundle.PublicIPs, "") || inRegion(p, label, region) != nil {
		return nil
	}
	own := mine(p, s)
	for _, other := range p.Graph.Services {
		switch {
		case other == s:
			return nil // the pair is told once, by the later
		case public(p, other) && strings.EqualFold(annotation(other, dnsLabel), label) &&
			!slices.ContainsFunc(mine(p, other), func(pip *snapshot.PublicIP) bool { return slices.Contains(own, pip) }):
			return other
		}
	}
	return nil
}
