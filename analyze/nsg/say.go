package nsg

import (
	"fmt"
	"net/netip"
	"strings"
)

// say tells which rule decided: "NSG x (subnet): rule y priority 400 denies Tcp 80
// from 198.51.100.7 (Internet) to 20.1.2.3".
func (v verdict) say(f Flow) string {
	r := v.decidedBy()
	verb := "allows"
	if v.answer == Denied {
		verb = "denies"
	}
	return fmt.Sprintf("NSG %s (%s): rule %s priority %d %s %s", r.NSG, r.Level, r.Rule.Name, r.Rule.Priority, verb, f.text(v.source))
}

// text describes the flow. term is what of a rule its source met; it is left out
// where it adds nothing to the address.
func (f Flow) text(term string) string {
	what := f.Protocol
	if f.DstPort != 0 && !strings.EqualFold(f.Protocol, "Icmp") {
		what += fmt.Sprintf(" %d", f.DstPort)
	}
	from := address(f.Src)
	if term != "" && !isAny(term) && term != from {
		from += " (" + term + ")"
	}
	return fmt.Sprintf("%s from %s to %s", what, from, address(f.Dst))
}

func address(a netip.Addr) string {
	if !a.IsValid() {
		return "an unknown address"
	}
	return a.String()
}

// ruleName names a rule inside a longer sentence.
func (r *Reason) ruleName() string {
	return fmt.Sprintf("rule %s priority %d of NSG %s (%s)", r.Rule.Name, r.Rule.Priority, r.NSG, r.Level)
}

// missing tells why a level has no answer: every rule that may match and what
// evidence would settle it.
func (v verdict) missing() string {
	if v.group == nil {
		where := "subnet"
		if v.level == "nic" {
			where = "interface"
		}
		return "the network security group of the " + where + " is not in the bundle"
	}
	var gaps []string
	certain := false
	for i := range v.seen {
		r := &v.seen[i]
		if r.Match == Maybe {
			gaps = append(gaps, r.ruleName()+" "+r.Why)
		}
		if r.Match != No && answerOf(r.Rule.Access) == Unknown {
			gaps = append(gaps, fmt.Sprintf("%s has an access %q that cannot be read", r.ruleName(), r.Rule.Access))
		}
		certain = certain || r.Match == Yes
	}
	if !certain {
		gaps = append(gaps, fmt.Sprintf("no rule of NSG %s (%s) matches for certain and its default rules are not in the bundle", v.group.Name, v.level))
	}
	return strings.Join(gaps, "; ")
}

// list shortens what a rule names to what a reader takes in.
func list(terms []string) string {
	const shown = 4
	if len(terms) <= shown {
		return strings.Join(terms, ", ")
	}
	return fmt.Sprintf("%s, … (%d in all)", strings.Join(terms[:shown], ", "), len(terms))
}
