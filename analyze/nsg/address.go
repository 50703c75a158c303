package nsg

import (
	"fmt"
	"net/netip"
	"strings"

	"azlb/bundle-schema/az"
)

func sourceOf(f Flow, rule *az.SecurityRule, facts *Facts) outcome {
	terms := union(rule.SourceAddressPrefix, rule.SourceAddressPrefixes)
	members := membership{facts.KnowSrcASGs, facts.SrcASGs}
	return addressIn("source", f.Src, terms, rule.SourceASGs, members, facts)
}

func destinationOf(f Flow, rule *az.SecurityRule, facts *Facts) outcome {
	terms := union(rule.DestinationAddressPrefix, rule.DestinationAddressPrefixes)
	members := membership{facts.KnowDstASGs, facts.DstASGs}
	return addressIn("destination", f.Dst, terms, rule.DestinationASGs, members, facts)
}

// membership is the application security groups that an end of the flow is in.
type membership struct {
	known bool
	ids   []string
}

// addressIn looks for an address in all that one side of a rule names.
func addressIn(who string, a netip.Addr, terms []string, groups []az.Ref, members membership, facts *Facts) outcome {
	if len(terms) == 0 && len(groups) == 0 {
		return outcome{match: Maybe, why: "names no " + who}
	}
	open := outcome{match: No}
	for _, term := range terms {
		switch met := addressTerm(who, a, term, facts); {
		case met.match == Yes:
			return outcome{match: Yes, term: term}
		case met.match == Maybe && open.match == No:
			open = met
		}
	}
	if len(groups) > 0 {
		switch met := members.in(who, groups); {
		case met.match == Yes:
			return met
		case open.match == No:
			open.match, open.why = met.match, met.why
		}
	}
	if open.match == No {
		for _, group := range groups {
			terms = append(terms, "application security group "+lastSegment(group.ID))
		}
		open.why = fmt.Sprintf("%s %s is not in %s", who, a, list(terms))
	}
	return open
}

// in looks for a group that the end of the flow is in. An id that was masked before
// the evidence was handed on can be compared with nothing, and so rules nothing out.
func (m membership) in(who string, groups []az.Ref) outcome {
	readable := m.known
	for _, group := range groups {
		readable = readable && az.Key(group.ID) != ""
		for _, id := range m.ids {
			if m.known && az.SameID(group.ID, id) {
				return outcome{match: Yes, term: "application security group " + lastSegment(id)}
			}
			readable = readable && az.Key(id) != ""
		}
	}
	if !readable {
		return outcome{match: Maybe, why: fmt.Sprintf("is for application security group %s, and whether the %s belongs to it is not in the bundle", lastSegment(groups[0].ID), who)}
	}
	return outcome{match: No}
}

// addressTerm looks for an address in one term of a rule.
func addressTerm(who string, a netip.Addr, term string, facts *Facts) outcome {
	if isAny(term) {
		return outcome{match: Yes}
	}
	if !a.IsValid() {
		return outcome{match: Maybe, why: fmt.Sprintf("is for %s %s only, and the flow's is not known", who, term)}
	}
	if in, ok := literal(a, term); ok {
		return outcome{match: sure(in)}
	}
	switch strings.ToLower(strings.ReplaceAll(term, "_", "")) {
	case "azureloadbalancer":
		return outcome{match: sure(isProbe(a))}
	case "virtualnetwork":
		return virtualNetwork(who, a, facts)
	case "internet":
		return internet(who, a, facts)
	}
	if !isTag(term) {
		return outcome{match: Maybe, why: fmt.Sprintf("has a %s %q that cannot be read", who, term)}
	}
	return serviceTag(a, term, facts)
}

// literal reads an address, a CIDR (host bits allowed) or a range a-b. It is not ok
// for anything else.
func literal(a netip.Addr, term string) (in, ok bool) {
	if p, err := netip.ParsePrefix(term); err == nil {
		return p.Contains(a), true
	}
	if one, err := netip.ParseAddr(term); err == nil {
		return plain(one) == a, true
	}
	from, to, isRange := strings.Cut(term, "-")
	if !isRange {
		return false, false
	}
	first, errFirst := netip.ParseAddr(strings.TrimSpace(from))
	last, errLast := netip.ParseAddr(strings.TrimSpace(to))
	if errFirst != nil || errLast != nil || first.BitLen() != last.BitLen() || last.Less(first) {
		return false, false
	}
	// Addresses sort by family first, so that one of the other family is outside.
	return !a.Less(first) && !last.Less(a), true
}

func sure(yes bool) Match {
	if yes {
		return Yes
	}
	return No
}

func lastSegment(id string) string {
	id = strings.TrimRight(id, "/")
	return id[strings.LastIndex(id, "/")+1:]
}
