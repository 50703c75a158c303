package report

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// field is one line of the identity block.
type field struct{ Name, Value string }

const notKnown = "not known"

// identity is the block that opens every format.
func identity(r *Report) []field {
	c, b := r.Cluster, r.Bundle
	kind := ""
	if c.Managed {
		kind = " (AKS)"
	}
	collected := notKnown
	if !b.Collected.IsZero() {
		collected = b.Collected.UTC().Format("2006-01-02 15:04:05 UTC")
	}
	collector := cmp.Or(b.Collector, notKnown)
	if b.Loose {
		collector = cmp.Or(b.Collector, "loose files, not collected by azlb-collect")
	}
	out := []field{
		{"Context", cmp.Or(c.Context, notKnown)},
		{"Cluster UID", cmp.Or(c.UID, notKnown)},
		{"Subscription", cmp.Or(c.Subscription, notKnown)},
		{"Resource groups", cmp.Or(strings.Join(c.ResourceGroups, ", "), notKnown)},
		{"Region", cmp.Or(c.Region, notKnown)},
		{"Azure cloud", cmp.Or(c.Azure, notKnown)},
		{"Kubernetes", cmp.Or(c.Kubernetes, notKnown) + kind},
		{"Cloud provider", cmp.Or(c.Provider, notKnown)},
		{"Azure CLI", cmp.Or(c.AzCLI, notKnown)},
		{"Collected", collected},
		{"Collected by", collector},
		{"Analysed by", cmp.Or(r.Tool, notKnown)},
		{"Bundle", cmp.Or(b.Name, notKnown)},
	}
	for _, s := range r.Signatures {
		out = append(out, field{"Signatures", s.Name + " (" + itoa(s.Rules) + plural(s.Rules, " rule", " rules") + ", SHA-256 " + s.SHA256[:min(12, len(s.SHA256))] + ")"})
	}
	return out
}

// headline is never empty and never says more than what was looked at.
func headline(r *Report) []string {
	if len(r.Headline) > 0 {
		return r.Headline
	}
	return []string{"Nothing was found in what could be looked at."}
}

const (
	noServices = "No Service of type LoadBalancer is in this bundle: there is no path to judge. That is an answer, not an error."
	unseen     = "The Services could not be read, so it is not known which there are, and none could be judged."
	noWide     = "None."

	designedTitle = "Works as designed"
	designedSay   = "This may look like a fault and is none."
	noGaps        = "No evidence is reported as missing."
)

// without is what stands in place of Services where the report has none: there
// are none only where they could be read.
func without(r *Report) string {
	for _, e := range r.Coverage.Evidence {
		if e.ID == "services" && e.Status != "ok" && e.Status != "empty" {
			return unseen
		}
	}
	return noServices
}

// partial is the warning of an archive that ends early; empty: it does not.
func partial(r *Report) string {
	if r.Bundle.Partial == "" {
		return ""
	}
	return "The bundle could not be read to its end: " + r.Bundle.Partial
}

// tally is a number with its name.
type tally struct {
	Name string
	N    int
}

// tallies counts the Services by status, in the order in which they first occur.
func tallies(services []Service) []tally {
	return count(len(services), func(i int) string { return string(services[i].Status) })
}

// states counts the verdicts by state.
func states(verdicts []Verdict) []tally {
	return count(len(verdicts), func(i int) string { return string(verdicts[i].State) })
}

// silent lists the rules that looked and found nothing: their verdicts say no more.
func silent(verdicts []Verdict) []string {
	var out []string
	for _, v := range verdicts {
		if isSilent(v) {
			out = append(out, v.Rule)
		}
	}
	return out
}

// telling are the other verdicts.
func telling(verdicts []Verdict) []Verdict {
	return slices.DeleteFunc(slices.Clone(verdicts), isSilent)
}

func isSilent(v Verdict) bool { return v.State == Clean && v.Reason == "" && v.Subject == "" }

func count(n int, name func(int) string) []tally {
	var out []tally
	for i := range n {
		at := slices.IndexFunc(out, func(t tally) bool { return t.Name == name(i) })
		if at < 0 {
			at = len(out)
			out = append(out, tally{Name: name(i)})
		}
		out[at].N++
	}
	return out
}

// counts is "2 broken, 1 serving".
func counts(list []tally) string {
	var s []string
	for _, t := range list {
		s = append(s, strconv.Itoa(t.N)+" "+t.Name)
	}
	return strings.Join(s, ", ")
}

// blocksAt is the index of the first hop that blocks, or -1.
func blocksAt(p Path) int {
	return slices.IndexFunc(p.Hops, func(h Hop) bool { return h.Verdict == Blocks })
}

// exposure says from where a Service is meant to be reached.
func exposure(s Service) string {
	if s.Internal {
		return "internal"
	}
	return "public"
}

// portName is "443/TCP IPv4".
func portName(p Path) string {
	return oneLine(strconv.Itoa(p.Port) + "/" + p.Protocol + " " + p.Family)
}

// hopName is a kind of hop in words: "public IP", "NSG".
func hopName(kind string) string {
	switch kind {
	case "public-ip":
		return "public IP"
	case "nsg":
		return "NSG"
	case "load-balancer":
		return "load balancer"
	case "private-link":
		return "private link"
	case "source-ranges":
		return "source ranges"
	}
	return kind
}

// outcome is a hop's state and verdict in one word or two.
func outcome(h Hop) string {
	switch {
	case h.Verdict == Blocks && h.State == HopAbsent:
		return "absent, blocks"
	case h.Verdict == Blocks:
		return "blocks"
	case h.State == HopAbsent:
		return "absent"
	case h.Verdict == Passes && h.State == HopUnknown:
		return "passes, unseen"
	case h.Verdict == Passes:
		return "passes"
	}
	return "unknown"
}

// mark is the sign of a hop that needs no colour.
func mark(h Hop) string {
	switch {
	case h.Verdict == Blocks:
		return "✗"
	case h.State == HopAbsent:
		return "–"
	case h.Verdict == Passes:
		return "✓"
	}
	return "?"
}

// reserve is how sure a finding is, where it is not certain: "(likely: there is no log)".
func reserve(f *Finding) string {
	if f.Confidence == Certain {
		return ""
	}
	return "(" + string(f.Confidence) + prefixed(": ", f.Why) + ")"
}

// place is where a cite points: "k8s/services.yaml:12".
func place(c Cite) string {
	if c.Line == 0 {
		return c.File
	}
	return c.File + ":" + strconv.Itoa(c.Line)
}

// kindOf marks a step that is a command.
func kindOf(s Step) string {
	switch {
	case s.Changes:
		return "CHANGES"
	case s.Run != "":
		return "reads"
	}
	return ""
}

// reading is what a file was read as.
func reading(f File) string { return cmp.Or(f.As, "not recognised") }

var ruleName = regexp.MustCompile(`^[A-Z]+-[A-Z][A-Z0-9]*$`)

// ruleID is a rule's id; anything else could not stand in headings and anchors.
func ruleID(s string) string {
	if ruleName.MatchString(s) {
		return s
	}
	return "unnamed"
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// prefixed puts a text behind a prefix, and nothing behind nothing.
func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}
