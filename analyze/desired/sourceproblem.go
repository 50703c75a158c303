package desired

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"azlb/bundle-schema/azname"
)

// askedRange is one range of sources, as it is written.
type askedRange struct {
	text, key, pointer string
	prefix             netip.Prefix // zero where it cannot be read
	bits               bool         // host bits are set
}

// asked are the ranges of the spec and those of the annotations, item by item.
func (i *inspection) asked() (spec, annotated []askedRange) {
	for n, r := range i.s.Spec.LoadBalancerSourceRanges {
		spec = append(spec, rangeOf(r, "spec.loadBalancerSourceRanges", fmt.Sprintf("/spec/loadBalancerSourceRanges/%d", n)))
	}
	for _, name := range []string{allowedRanges, coreRanges} {
		if v, ok := i.value(name); ok {
			for _, r := range strings.Split(v, ",") {
				annotated = append(annotated, rangeOf(r, annotationPrefix+name, pointer("/metadata/annotations/", annotationPrefix+name)))
			}
		}
	}
	return spec, annotated
}

func rangeOf(text, key, pointer string) askedRange {
	r := askedRange{text: strings.TrimSpace(text), key: key, pointer: pointer}
	if p, err := netip.ParsePrefix(r.text); err == nil {
		r.prefix, r.bits = p.Masked(), p.Masked() != p
	}
	return r
}

// ranges tells ranges that cannot be read (SourceRanges, AllowedIPRanges and
// ParsePrefix of iputil; before 1.25 GetLoadBalancerSourceRanges of Kubernetes).
func (i *inspection) ranges() {
	spec, annotated := i.asked()
	all := append(slices.Clone(spec), annotated...)
	good := slices.ContainsFunc(all, func(r askedRange) bool { return r.prefix.IsValid() && !r.bits })
	for _, r := range all {
		if r.prefix.IsValid() && !r.bits {
			continue
		}
		wrong := fmt.Sprintf("%q is no range of addresses (CIDR).", r.text)
		switch {
		case r.bits:
			wrong = fmt.Sprintf("%s is no network: bits after its prefix length are set. The network is %s.", r.text, r.prefix)
		case r.text == "":
			wrong = "An empty range is a range too, and one that cannot be read."
		}
		kind := InvalidValue
		if r.text == "" {
			kind = EmptyValue
		}
		core := r.key == annotationPrefix+coreRanges
		i.add(Problem{Subject: AboutRanges, Kind: kind, Key: r.key, Value: r.text, Pointer: r.pointer}, func(v azname.Version) fate {
			f := rangeFate(v, r, good)
			if f.say != "" {
				f.say = wrong + " " + f.say
			}
			switch {
			case r.key == annotationPrefix+allowedRanges && !v.AtLeast(accessControl):
				return fate{} // not read at all, which is told by itself
			case core && (len(spec) > 0 || r.text == "") && !v.AtLeast(coreRangesAllowed):
				return fate{}
			}
			return f
		})
	}
}

// rangeFate is what a release does with a range that is not as it must be.
func rangeFate(v azname.Version, r askedRange, good bool) fate {
	switch {
	case v.AtLeast(invalidRangeDenies) && good:
		return fate{RangeDenied, "The provider leaves it out without a word and adds a rule that denies everybody else: whoever is only in this range gets no answer."}
	case v.AtLeast(invalidRangeDenies):
		return fate{Closed, "The provider leaves it out without a word and adds a rule that denies everybody: with no other range, nobody gets an answer."}
	case !r.bits:
		return fate{SyncFails, dead}
	case v.AtLeast(accessControl):
		return fate{Ignored, "The provider hands it on to Azure with these bits."}
	}
	return fate{} // masked without a word
}

// rangeConflict tells lists of sources that exclude each other (NewAccessControl).
func (i *inspection) rangeConflict() {
	spec, annotated := i.asked()
	valid := func(r askedRange) bool { return r.prefix.IsValid() && !r.bits }
	n := slices.IndexFunc(annotated, valid)
	if slices.ContainsFunc(spec, valid) && n >= 0 {
		p := Problem{Subject: AboutRangeConflict, Kind: Conflict, Key: annotated[n].key, Value: i.s.Annotations[annotated[n].key], Pointer: annotated[n].pointer}
		i.add(p, func(v azname.Version) fate {
			own := slices.ContainsFunc(annotated, func(r askedRange) bool { return valid(r) && r.key == annotationPrefix+allowedRanges })
			if own && v.AtLeast(accessControl) || v.AtLeast(coreRangesAllowed) {
				return fate{SyncFails, "The Service has spec.loadBalancerSourceRanges as well, and only one of them may be set. " + dead}
			}
			return fate{}
		})
	}
	tags, ok := i.value(allowedTags)
	if !ok || len(spec) == 0 || slices.ContainsFunc(spec, func(r askedRange) bool { return r.prefix.IsValid() && r.prefix.Bits() == 0 }) {
		return
	}
	var shut, inside []string
	for _, tag := range strings.Split(tags, ",") {
		switch tag = strings.TrimSpace(tag); strings.ToLower(tag) {
		case "", "azureloadbalancer", "azure_loadbalancer": // nobody, or probes, which do not pass kube-proxy's rules for the Service
		case "virtualnetwork", "virtual_network":
			inside = append(inside, tag)
		default:
			shut = append(shut, tag)
		}
	}
	p := i.about(AboutRangeConflict, Conflict, allowedTags)
	const why = "The security group lets in the tags and the ranges, but kube-proxy on the nodes knows only spec.loadBalancerSourceRanges and drops whoever is in none of them"
	switch {
	case len(shut) > 0:
		i.always(p, Dropped, "%s: clients of %s do not get through.", why, strings.Join(shut, ", "))
	case len(inside) > 0:
		i.always(p, Ignored, "%s; clients of the virtual network whose addresses are in the ranges get through.", why)
	}
}

// carrierNAT is the range of carrier-grade NAT, which no client on the Internet has
// either (RFC 6598).
var carrierNAT = netip.MustParsePrefix("100.64.0.0/10")

// audience tells a public Service whose sources are all private: no packet from the
// Internet has such a source.
func (i *inspection) audience() {
	spec, annotated := i.asked()
	all := append(slices.Clone(spec), annotated...)
	if _, tags := i.value(allowedTags); tags || len(all) == 0 || i.isInternal() || i.on(disableNSGRule) {
		return
	}
	for _, r := range all {
		if !r.prefix.IsValid() || !private(r.prefix) || r.key == annotationPrefix+allowedRanges && i.p.Has(accessControl) != Yes {
			return
		}
	}
	var texts []string
	for _, r := range all {
		texts = append(texts, r.text)
	}
	i.always(Problem{Subject: AboutAudience, Kind: Conflict, Key: all[0].key, Value: strings.Join(texts, ","), Pointer: all[0].pointer}, Dropped,
		"These ranges are all private, and no packet from the Internet has such a source. The Service has a public address that nobody outside can use.")
}

func private(p netip.Prefix) bool {
	a := p.Addr()
	whole := a.IsPrivate() && (a.Is6() || p.Bits() >= 12 || p.Bits() >= 8 && a.As4()[0] == 10)
	return whole || carrierNAT.Contains(a) && p.Bits() >= 10 || a.IsLoopback() || a.IsLinkLocalUnicast()
}
