package desired

import (
	"net/netip"
	"strings"
)

// Sources is who may reach the Service.
type Sources struct {
	Ranges []netip.Prefix // valid CIDRs; empty: everybody
	Tags   []string       // service tags
	// Invalid are ranges that the provider cannot use.
	Invalid []string
	// Unmanaged says that the Service asks the provider for no security rule.
	Unmanaged bool
	// Internet says that the provider lets the tag Internet in; DenyOthers that it
	// denies whoever is not allowed.
	Internet, DenyOthers bool
	// Refused is why the provider refuses the Service as a whole; empty: it does not.
	Refused string
	Because string
	Pointer string
}

// allowAll are the ranges that stand for everybody.
func allowAll(list []netip.Prefix) bool {
	for _, p := range list {
		if p.Bits() == 0 {
			return true
		}
	}
	return false
}

// sources collects the ranges of the spec and of the annotations (NewAccessControl
// of pkg/provider/loadbalancer; before it, reconcileSecurityGroup).
func (a annotations) sources(c *Cluster) Sources {
	out := Sources{Because: "nothing restricts the sources"}
	if v := a.text(disableNSGRule); isTrue(v.V) && c.has(noSecurityRule) {
		out.Unmanaged = true
	}
	spec := a.list(a.service.Spec.LoadBalancerSourceRanges, c.has(accessControl))
	if len(spec.all) > 0 {
		out.Because, out.Pointer = "spec.loadBalancerSourceRanges", "/spec/loadBalancerSourceRanges"
	}
	core := a.raw(coreRanges)
	if len(spec.all) == 0 && core != nil && !c.has(coreRangesAllowed) {
		spec = a.list(strings.Split(core.V, ","), c.has(accessControl))
		out.Because, out.Pointer = core.Because, core.Pointer
	}
	var allowed ranges
	for _, v := range []*Value[string]{a.raw(allowedRanges), core} {
		if v == nil || !c.has(accessControl) || v == core && !c.has(coreRangesAllowed) {
			continue
		}
		more := a.list(strings.Split(v.V, ","), true)
		allowed.all = append(allowed.all, more.all...)
		allowed.valid, allowed.invalid = append(allowed.valid, more.valid...), append(allowed.invalid, more.invalid...)
		out.Because, out.Pointer = v.Because, v.Pointer
	}
	if v := a.raw(allowedTags); v != nil && c.has(serviceTags) {
		for t := range strings.SplitSeq(v.V, ",") {
			out.Tags = append(out.Tags, strings.TrimSpace(t))
		}
		if len(spec.all)+len(allowed.all) == 0 {
			out.Because, out.Pointer = v.Because, v.Pointer
		}
	}
	out.Ranges = append(spec.valid, allowed.valid...)
	out.Invalid = append(spec.invalid, allowed.invalid...)
	deny := isTrue(a.text(denyAllOthers).V) && c.has(denyAllAnnotation)
	switch {
	case !c.has(accessControl):
		out.beforeAccessControl(c, a, len(spec.all) > 0, deny)
		return out
	case len(spec.valid) > 0 && len(allowed.valid) > 0:
		out.Refused = "spec.loadBalancerSourceRanges and an annotation with ranges exclude each other"
	case len(out.Invalid) > 0 && !c.has(invalidRangeDenies):
		out.Refused = "a range is invalid"
	}
	insideOnly := strings.EqualFold(a.text(internal).V, "true")
	out.Internet = len(out.Tags) == 0 && len(out.Invalid) == 0 && (len(spec.valid) == 0 || allowAll(spec.valid)) &&
		(len(allowed.valid) == 0 || allowAll(allowed.valid)) && (!insideOnly || len(out.Ranges) > 0)
	if allowAll(out.Ranges) && c.has(allRangesOnly) {
		out.Internet = false // the range itself is allowed
	}
	out.DenyOthers = deny && len(out.Ranges) > 0 || len(out.Invalid) > 0
	return out
}

// beforeAccessControl is the older logic: without ranges everybody is allowed, tags
// replace everybody, and everybody is the tag Internet, which an internal Service
// does not need.
func (s *Sources) beforeAccessControl(c *Cluster, a annotations, given, deny bool) {
	if len(s.Invalid) > 0 {
		s.Refused = "a range is invalid"
	}
	everybody := !given || allowAll(s.Ranges)
	if everybody && len(s.Tags) == 0 {
		inside := a.internal().V
		s.Internet = !inside || given && c.has(internalAllowAll)
		s.Ranges = nil
		return
	}
	if everybody {
		s.Ranges = nil
		s.Internet = !c.has(tagsReplaceAll)
	}
	s.DenyOthers = deny && len(s.Ranges) > 0
}

// ranges are CIDRs of a Service.
type ranges struct {
	all     []string
	valid   []netip.Prefix
	invalid []string
}

// list parses CIDRs. strict refuses those with host bits; the older provider
// cleared them.
func (a annotations) list(texts []string, strict bool) ranges {
	var out ranges
	for _, text := range texts {
		text = strings.TrimSpace(text)
		out.all = append(out.all, text)
		p, err := netip.ParsePrefix(text)
		switch {
		case err != nil, strict && p.Masked() != p:
			out.invalid = append(out.invalid, text)
		default:
			out.valid = append(out.valid, p.Masked())
		}
	}
	return out
}

// additional are the addresses that the Service adds to its own.
func (a annotations) additional(c *Cluster) []netip.Addr {
	var out []netip.Addr
	v := a.raw(additionalIPs)
	if v == nil || !c.has(additionalAddresses) {
		return nil
	}
	for text := range strings.SplitSeq(v.V, ",") {
		if ip, err := netip.ParseAddr(strings.TrimSpace(text)); err == nil {
			out = append(out, ip)
		}
	}
	return out
}
