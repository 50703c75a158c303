package nsg

import (
	"fmt"
	"strconv"
	"strings"

	"azlb/bundle-schema/az"
)

// outcome is how a flow met a rule, or a part of it. why says which part did not
// match; for Maybe it goes on after "rule x" and says what is missing.
type outcome struct {
	match Match
	why   string
	term  string // the term that the address met; of a whole rule, the source's
}

// parts are what a rule asks of a flow. Those that tell a reader most about a rule
// that does not match come first.
var parts = []func(Flow, *az.SecurityRule, *Facts) outcome{protocol, destinationPort, destinationOf, sourceOf, sourcePort}

// meet is the conjunction of a rule's parts: one that does not match rules it out,
// else one that may match leaves it open.
func meet(f Flow, rule *az.SecurityRule, facts *Facts) outcome {
	var missing []string
	for _, part := range parts {
		switch met := part(f, rule, facts); met.match {
		case No:
			return met
		case Maybe:
			missing = append(missing, met.why)
		}
	}
	if len(missing) > 0 {
		return outcome{match: Maybe, why: strings.Join(missing, " and ")}
	}
	return outcome{match: Yes, term: sourceOf(f, rule, facts).term}
}

func protocol(f Flow, rule *az.SecurityRule, _ *Facts) outcome {
	switch {
	case isAny(rule.Protocol), strings.EqualFold(rule.Protocol, "All"):
		return outcome{match: Yes}
	case rule.Protocol == "":
		return outcome{match: Maybe, why: "names no protocol"}
	case f.Protocol == "":
		return outcome{match: Maybe, why: "is for " + rule.Protocol + " only, and the protocol of the flow is not known"}
	case strings.EqualFold(rule.Protocol, f.Protocol):
		return outcome{match: Yes}
	}
	return outcome{match: No, why: fmt.Sprintf("protocol %s is not %s", f.Protocol, rule.Protocol)}
}

func isAny(term string) bool { return term == "*" || strings.EqualFold(term, "Any") }

func sourcePort(f Flow, rule *az.SecurityRule, _ *Facts) outcome {
	return portIn("source port", f, f.SrcPort, union(rule.SourcePortRange, rule.SourcePortRanges))
}

func destinationPort(f Flow, rule *az.SecurityRule, _ *Facts) outcome {
	return portIn("destination port", f, f.DstPort, union(rule.DestinationPortRange, rule.DestinationPortRanges))
}

// portIn looks for a port, 0 for an unknown one, in the ranges of a rule.
func portIn(who string, f Flow, port int, ranges []string) outcome {
	if strings.EqualFold(f.Protocol, "Icmp") {
		return outcome{match: Yes}
	}
	if len(ranges) == 0 {
		return outcome{match: Maybe, why: "names no " + who}
	}
	maybe := ""
	for _, text := range ranges {
		first, last, ok := portRange(text)
		switch {
		case ok && first == 0 && last == 65535, ok && port != 0 && first <= port && port <= last:
			return outcome{match: Yes}
		case !ok && maybe == "":
			maybe = fmt.Sprintf("has a %s %q that cannot be read", who, text)
		}
	}
	switch {
	case maybe != "":
		return outcome{match: Maybe, why: maybe}
	case port == 0:
		return outcome{match: Maybe, why: "is for " + who + " " + list(ranges) + " only, and the flow's is not known"}
	}
	return outcome{match: No, why: fmt.Sprintf("%s %d is not in %s", who, port, list(ranges))}
}

// portRange reads "*", a number or "a-b".
func portRange(text string) (first, last int, ok bool) {
	if text == "*" {
		return 0, 65535, true
	}
	from, to, isRange := strings.Cut(text, "-")
	if !isRange {
		to = from
	}
	a, errA := strconv.ParseUint(strings.TrimSpace(from), 10, 16)
	b, errB := strconv.ParseUint(strings.TrimSpace(to), 10, 16)
	return int(a), int(b), errA == nil && errB == nil && a <= b
}

// union is what the singular and the plural field name together. Azure leaves the
// unused one empty.
func union(one string, many []string) []string {
	terms := make([]string, 0, 1+len(many))
	for _, part := range [][]string{{one}, many} {
		for _, term := range part {
			if term = strings.TrimSpace(term); term != "" {
				terms = append(terms, term)
			}
		}
	}
	return terms
}
