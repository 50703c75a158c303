package report

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// layout is the report in the order in which every format for readers shows it:
// each finding stands in full in one place and is a reference everywhere else.
type layout struct {
	*Report
	Shown []shownService
	Wide  []*numbered // findings that no Service shows in full
	Gaps  []gap
}

// numbered is a finding with its place in the ranking, by which it is referred to.
type numbered struct {
	N int // from 1
	*Finding
}

// Label is "F1 AZLB-AUTH02".
func (n *numbered) Label() string { return "F" + strconv.Itoa(n.N) + " " + ruleID(n.Rule) }

// Anchor is the label as the fragment that GitHub derives from a heading.
func (n *numbered) Anchor() string {
	return strings.ToLower(strings.ReplaceAll(n.Label(), " ", "-"))
}

// shownService is a Service with the findings that belong to it.
type shownService struct {
	Service
	Full *numbered   // its root cause, in full here; nil: none, or elsewhere
	Root *numbered   // its root cause, in full elsewhere
	Also []*numbered // further findings that harm it
}

// gap is what could not be evaluated, by the evidence that is missing.
type gap struct {
	Title    string
	Evidence []Evidence // the entries of that title; empty: no evidence explains it
	Rules    []string   // the rules that were not evaluated for it
}

// arrange lays a report out for readers. All texts are cleaned.
func arrange(r *Report) *layout {
	l := &layout{Report: copied(r, clean)}
	var all []*numbered
	for i := range l.Findings {
		all = append(all, &numbered{i + 1, &l.Findings[i]})
	}
	roots := make([]*numbered, len(l.Services))
	owners := map[*numbered][]int{}
	for i, s := range l.Services {
		at := slices.IndexFunc(all, func(n *numbered) bool { return s.RootCause != "" && n.Rule == s.RootCause && harms(n.Finding, s) })
		if at >= 0 {
			roots[i] = all[at]
			owners[all[at]] = append(owners[all[at]], i)
		}
	}
	home := map[*numbered]int{}
	for _, n := range all {
		home[n] = homeOf(n, owners[n], l.Services)
		if home[n] < 0 {
			l.Wide = append(l.Wide, n)
		}
	}
	for i, s := range l.Services {
		shown := shownService{Service: s}
		for _, n := range all {
			switch {
			case n == roots[i] && home[n] == i:
				shown.Full = n
			case n == roots[i]:
				shown.Root = n
			case harms(n.Finding, s):
				shown.Also = append(shown.Also, n)
			}
		}
		l.Shown = append(l.Shown, shown)
	}
	l.Gaps = gaps(l.Report)
	return l
}

// homeOf is the index of the Service that shows the finding in full: the Service
// that is at fault itself, or the only one that another object's fault harms.
// -1: none, the finding stands among the cluster-wide ones.
func homeOf(n *numbered, owners []int, services []Service) int {
	if len(owners) == 0 {
		return -1
	}
	for _, i := range owners {
		if isSubject(n.Finding, services[i]) {
			return i
		}
	}
	if n.Subject.Kind == "Service" || len(owners) == 1 && len(n.Services) <= 1 {
		return owners[0]
	}
	return -1
}

func isSubject(f *Finding, s Service) bool {
	return f.Subject.Kind == "Service" && f.Subject.Namespace == s.Namespace && f.Subject.Name == s.Name
}

func harms(f *Finding, s Service) bool {
	return isSubject(f, s) || slices.Contains(f.Services, s.Key())
}

// gaps joins missing evidence with the rules that were not evaluated for it. The
// engine names evidence by its title at the end of a reason, after a colon.
func gaps(r *Report) []gap {
	var out []gap
	at := map[string]int{}
	open := func(title string) int {
		i, ok := at[title]
		if !ok {
			i = len(out)
			at[title] = i
			out = append(out, gap{Title: title})
		}
		return i
	}
	for _, e := range r.Coverage.Evidence {
		if e.Status != "ok" && (e.Without != "" || e.Supply != "") {
			i := open(cmp.Or(e.Title, e.ID))
			out[i].Evidence = append(out[i].Evidence, e)
		}
	}
	evidence := len(out)
	for _, v := range r.Verdicts {
		if v.State != NotEvaluated && v.State != BrokenRule {
			continue
		}
		_, names, _ := strings.Cut(v.Reason, ": ")
		known := false
		for _, title := range strings.Split(names, ", ") {
			if i, ok := at[title]; ok && i < evidence {
				out[i].Rules = append(out[i].Rules, v.Rule)
				known = true
			}
		}
		if !known {
			i := open(cmp.Or(v.Reason, "no reason given"))
			out[i].Rules = append(out[i].Rules, v.Rule)
		}
	}
	for i := range out {
		out[i].Rules = slices.Compact(out[i].Rules)
	}
	return out
}

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
	return []field{
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
	noWide     = "None."
	noGaps     = "No evidence is reported as missing."
)

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
