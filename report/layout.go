package report

import (
	"slices"
	"strconv"
	"strings"
)

// layout is the report in the order in which every format for readers shows it:
// each finding stands in full in one place and is a reference everywhere else.
type layout struct {
	*Report
	Shown    []shownService
	Wide     []*numbered // findings that no Service shows in full
	Designed []designed  // those that are no faults, a line each in one place
	Gaps     []gap
}

// numbered is a finding with its place in the ranking, by which it is referred to.
type numbered struct {
	N int // from 1
	*Finding
}

// Label is "F1 AZLB-AUTH02"; what works as designed has no number, only "AZLB-OK07".
func (n *numbered) Label() string {
	if n.AsDesigned {
		return ruleID(n.Rule)
	}
	return "F" + strconv.Itoa(n.N) + " " + ruleID(n.Rule)
}

// Anchor is the heading under which it stands, as the fragment that GitHub derives from
// it: its label, or that of all that works as designed.
func (n *numbered) Anchor() string {
	if n.AsDesigned {
		return strings.ToLower(strings.ReplaceAll(designedTitle, " ", "-"))
	}
	return strings.ToLower(strings.ReplaceAll(n.Label(), " ", "-"))
}

// designed are the findings of one rule that are no faults.
type designed struct {
	*numbered // the first of them
	All       []*numbered
}

// shownService is a Service with the findings that belong to it.
type shownService struct {
	Service
	Ways []way       // its paths
	Full *numbered   // its root cause, in full here; nil: none, or elsewhere
	Root *numbered   // its root cause, in full elsewhere
	Also []*numbered // further findings that harm it
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
		switch {
		case n.AsDesigned:
			if last := len(l.Designed) - 1; last >= 0 && l.Designed[last].Rule == n.Rule {
				l.Designed[last].All = append(l.Designed[last].All, n)
			} else {
				l.Designed = append(l.Designed, designed{n, []*numbered{n}})
			}
		case home[n] < 0:
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
			case harms(n.Finding, s) && !n.AsDesigned:
				shown.Also = append(shown.Also, n)
			}
		}
		l.Shown = append(l.Shown, shown)
	}
	l.ways()
	l.Gaps = gaps(l.Report)
	return l
}

// homeOf is the index of the Service that shows the finding in full: the Service
// that is at fault itself, or the only one that another object's fault harms.
// -1: none, the finding stands among the cluster-wide ones, or is none of a fault.
func homeOf(n *numbered, owners []int, services []Service) int {
	if len(owners) == 0 || n.AsDesigned {
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
