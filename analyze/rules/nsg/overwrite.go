package nsg

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"azlb/analyze/desired"
	"azlb/analyze/nsg"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	"azlb/analyze/walk"
	"azlb/bundle-schema/az"
	"azlb/report"
)

// effect is what a changed rule of the provider's does to a Service, worst first.
type effect int

const (
	stopped   effect = iota // clients' packets are dropped by it
	open                    // others get in that the Service does not want
	second                  // they are dropped before, and would be here with that put right
	untold                  // whether clients still get in cannot be told
	harmless                // the packets that the Service wants still pass
	unwritten               // the provider's sync fails: it never wrote the rule
)

func (e effect) severity() report.Severity {
	switch e {
	case stopped:
		return report.Error
	case open, second, untold:
		return report.Warning
	}
	return report.Info
}

// say tells what the effect is to clients.
func (l *overwrite) say(p *rule.Pass) string {
	switch l.effect {
	case stopped:
		return "So what clients send is dropped."
	case open:
		return "This exposes the Service: clients get in that it does not allow."
	case second:
		return "What clients send is dropped for another reason before it comes to this; with that put right, it would be dropped here."
	case untold:
		return "Whether clients still get in is not known."
	}
	for _, key := range l.services {
		for _, w := range p.Walks.Of(key) {
			if h := w.Hop(walk.NSG); h != nil && h.Verdict == report.Blocks {
				return fmt.Sprintf("This is not what stops the clients of %s; a security group drops what they send for another reason.", key)
			}
		}
	}
	return "The clients that the Service wants still get in."
}

// overwrite is all that one group lost, or kept, with the same effect.
type overwrite struct {
	group    string
	effect   effect
	running  bool // a sync of the Services ran while the evidence was collected
	checks   []desired.Check
	services []string // sorted
}

// recorded adds a check's effect on a Service; the list stays sorted, worst first.
func recorded(all []*overwrite, one overwrite, c desired.Check, key string) []*overwrite {
	i, found := slices.BinarySearchFunc(all, &one, func(a, b *overwrite) int {
		running := 0
		if a.running != b.running {
			running = 1
			if b.running {
				running = -1
			}
		}
		return cmp.Or(strings.Compare(a.group, b.group), int(a.effect-b.effect), running)
	})
	if !found {
		all = slices.Insert(all, i, &one)
	}
	l := all[i]
	if n := len(l.checks); n == 0 || !same(l.checks[n-1], c) {
		l.checks = append(l.checks, c)
	}
	if !slices.Contains(l.services, key) {
		l.services = append(l.services, key)
		slices.Sort(l.services)
	}
	return all
}

func same(a, b desired.Check) bool {
	return a.Object == b.Object && a.Field == b.Field && a.Want == b.Want && a.Got == b.Got
}

// effectOf judges one difference for one Service.
func effectOf(p *rule.Pass, c desired.Check, group, name, key string) effect {
	r := securityRule(p, group, name)
	allow := strings.HasPrefix(c.Want, "Allow") || c.Field != desired.Existence && c.Field != "access" && r != nil && strings.EqualFold(r.Access, "Allow")
	switch {
	case p.Failing(key):
		return unwritten
	case stops(p, c, group, name, key, allow):
		return stopped
	case opens(p, c, r, key):
		return open
	case allow && c.Kind != desired.Leftover && masked(p, group, key):
		return second
	case allow && c.Kind != desired.Leftover && dark(p, key):
		return untold
	}
	return harmless
}

// firstOwn is the priority at which the provider begins to number its rules.
const firstOwn = 500

// stops reports whether the walk to some port ends at this rule, or at one behind
// the place where the provider would have let the packet in.
func stops(p *rule.Pass, c desired.Check, group, name, key string, allow bool) bool {
	return slices.ContainsFunc(p.Walks.Of(key), func(w *walk.Walk) bool {
		h, d := w.Hop(walk.NSG), w.Decided(walk.ForClient)
		if h == nil || h.Verdict != report.Blocks || d == nil || d.Decision.Deciding == nil || !strings.EqualFold(d.Decision.Deciding.NSG, group) {
			return false
		}
		r := d.Decision.Deciding.Rule
		return strings.EqualFold(r.Name, name) || allow && c.Kind != desired.Leftover && r.Priority > firstOwn
	})
}

// masked reports whether the walk to some port ends before the provider's rule has its
// say, and the group alone would drop the packet as well if what stops it now were gone.
func masked(p *rule.Pass, group, key string) bool {
	g := named(p, group)
	return g != nil && slices.ContainsFunc(p.Walks.Of(key), func(w *walk.Walk) bool {
		h, d := w.Hop(walk.NSG), w.Decided(walk.ForClient)
		if h == nil || h.Verdict != report.Blocks || d == nil {
			return false
		}
		name := ""
		if r := d.Decision.Deciding; r != nil && strings.EqualFold(r.NSG, g.Name) {
			name = r.Rule.Name
		}
		return without(g, name, d).Answer == nsg.Denied
	})
}

// dark reports whether nothing blocks the way to the Service that is known, and the
// answer of its security groups is not.
func dark(p *rule.Pass, key string) bool {
	return slices.ContainsFunc(p.Walks.Of(key), func(w *walk.Walk) bool {
		h := w.Hop(walk.NSG)
		return h != nil && h.Verdict == report.VerdictUnknown && w.Blocked() == nil && w.Answer(walk.ForClient) == nsg.Unknown
	})
}

// opens reports whether somebody gets in whom the Service does not allow.
func opens(p *rule.Pass, c desired.Check, r *az.SecurityRule, key string) bool {
	want := p.Wants.Of(key)
	switch {
	case c.Kind == desired.Missing:
		return strings.HasPrefix(c.Want, "Deny")
	case c.Field == "access":
		return c.Want == "Deny"
	case r == nil || !strings.EqualFold(r.Access, "Allow"):
		return false
	case c.Kind == desired.Leftover:
		return !want.Internal.V && wider(sources(want.Sources), append([]string{r.SourceAddressPrefix}, r.SourceAddressPrefixes...))
	case c.Field == "sourceAddressPrefixes":
		return wider(strings.Split(c.Want, ", "), strings.Split(c.Got, ", "))
	}
	return false
}

// sources are those that a Service lets in, as security rules spell them.
func sources(s desired.Sources) []string {
	if s.Unmanaged {
		return nil
	}
	out := slices.Clone(s.Tags)
	for _, r := range s.Ranges {
		out = append(out, r.String())
	}
	if s.Internet {
		out = append(out, "Internet")
	}
	return out
}

// wider reports whether got holds sources that want does not.
func wider(want, got []string) bool {
	if slices.ContainsFunc(want, func(s string) bool {
		return s == "*" || strings.EqualFold(s, "Internet") || s == "0.0.0.0/0" || s == "::/0"
	}) {
		return false
	}
	return slices.ContainsFunc(got, func(g string) bool {
		return g != "" && g != "none" && !slices.ContainsFunc(want, func(w string) bool { return strings.EqualFold(w, g) || within(g, w) })
	})
}

func within(part, whole string) bool {
	p, err := netip.ParsePrefix(part)
	if err != nil {
		a, err := netip.ParseAddr(part)
		if err != nil {
			return false
		}
		p = netip.PrefixFrom(a, a.BitLen())
	}
	w, err := netip.ParsePrefix(whole)
	return err == nil && w.Bits() <= p.Bits() && w.Contains(p.Addr())
}

// told says what became of each rule.
func (l *overwrite) told() string {
	var parts []string
	for i := 0; i < len(l.checks); i++ {
		c := l.checks[i]
		_, name, _ := strings.Cut(c.Object, "/")
		switch c.Kind {
		case desired.Missing:
			parts = append(parts, fmt.Sprintf("the provider's rule %s (%s) is missing", name, c.Want))
		case desired.Leftover:
			parts = append(parts, fmt.Sprintf("the provider's rule %s still lists %s, which nothing asks for", name, c.Got))
		default:
			var fields []string
			for ; i < len(l.checks) && l.checks[i].Object == c.Object && l.checks[i].Kind == desired.Different; i++ {
				fields = append(fields, fmt.Sprintf("%s %s in place of %s", l.checks[i].Field, l.checks[i].Got, l.checks[i].Want))
			}
			i--
			parts = append(parts, fmt.Sprintf("the provider's rule %s has %s", name, strings.Join(fields, ", ")))
		}
	}
	return rule.List(parts)
}

func (l *overwrite) cites() []report.Cite {
	var out []report.Cite
	for _, c := range l.checks[:min(len(l.checks), 3)] {
		for _, x := range c.Cites() {
			if !slices.Contains(out, x) {
				out = append(out, x)
			}
		}
	}
	return out
}

// securityRule is the rule as it is in the group, or nil.
func securityRule(p *rule.Pass, group, name string) *az.SecurityRule {
	g := named(p, group)
	if g == nil {
		return nil
	}
	i := slices.IndexFunc(g.SecurityRules, func(r az.SecurityRule) bool { return strings.EqualFold(r.Name, name) })
	if i < 0 {
		return nil
	}
	return &g.SecurityRules[i]
}

// named is the group of which the comparison tells, by its name.
func named(p *rule.Pass, group string) *snapshot.NSG {
	if g := ownGroup(p); g != nil {
		return g
	}
	for i := range p.Snapshot.NSGs {
		if strings.EqualFold(p.Snapshot.NSGs[i].Name, group) {
			return &p.Snapshot.NSGs[i]
		}
	}
	return nil
}

// rewrite makes the provider write its rules again.
func rewrite(p *rule.Pass, l *overwrite) []report.Step {
	var steps []report.Step
	if g := named(p, l.group); g != nil {
		steps = append(steps, report.Step{Say: "See the group's rules in order.", Run: "az network nsg rule list " + place(g) + " --include-default -o table"})
	}
	for _, key := range l.services[:min(len(l.services), 5)] {
		if s := p.Graph.Service(key); s != nil {
			steps = append(steps, rule.Resync(s, anew))
		}
	}
	return steps
}

// idOf is the id of the group of that name, empty where it is not in the bundle.
func idOf(p *rule.Pass, group string) string {
	if g := named(p, group); g != nil {
		return g.ID
	}
	return ""
}

// leave ends a finding about the group with who wrote it last, and keeps them from the
// provider's rules.
func leave(p *rule.Pass, f *rule.Finding, group string) []report.Step {
	id := idOf(p, group)
	ask := report.Step{Say: "Find out who writes the group, or it will happen again: look for Terraform, CAPZ and template deployments.", Run: fmt.Sprintf("az monitor activity-log list --resource-id %s --offset 7d -o table", rule.Word(id, "NSG_ID"))}
	steps, tool := p.LastWritten(f, ask, id), "that tool"
	if len(steps) == 0 {
		tool = "a tool that wrote it"
	}
	return append(steps,
		report.Step{Say: "Let " + tool + " leave rules alone that it does not know: in Terraform azurerm_network_security_rule resources in place of inline security_rule blocks, in a template single securityRules resources."})
}
