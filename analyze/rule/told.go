package rule

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"azlb/analyze/errtext"
	"azlb/analyze/snapshot"
	"azlb/report"
)

// Told sums up the errors that one finding tells of.
type Told struct {
	Count       int       // of failed tries
	First, Last time.Time // zero where no place has a time
	Services    []string  // that the errors name, sorted
	Cites       []report.Cite
}

// Tell sums up errors, which come oldest first. It cites at most three places, the
// newest of as many errors as possible.
func Tell(errs []*errtext.Error) Told {
	t := Told{}
	for _, e := range slices.Backward(errs) {
		t.Count += e.Count
		if !e.First.IsZero() && (t.First.IsZero() || e.First.Before(t.First)) {
			t.First = e.First
		}
		if e.Last.After(t.Last) {
			t.Last = e.Last
		}
		if e.Service != "" && !slices.Contains(t.Services, e.Service) {
			t.Services = append(t.Services, e.Service)
		}
	}
	for _, all := range []bool{false, true} { // the newest place of each error first, then whatever else tells of it
		for _, e := range slices.Backward(errs) {
			n := min(len(e.Cites), 1)
			if all {
				n = len(e.Cites)
			}
			for _, c := range e.Cites[:n] {
				t.cite(c)
			}
		}
	}
	slices.Sort(t.Services)
	return t
}

func (t *Told) cite(c report.Cite) {
	if len(t.Cites) < 3 && !slices.Contains(t.Cites, c) {
		t.Cites = append(t.Cites, c)
	}
}

// LastRecord cites the last line of a log that was kept, if there is one.
func (w *World) LastRecord(log *snapshot.LogFile) []report.Cite {
	for _, r := range slices.Backward(w.Snapshot.Records) {
		if r.Log.File == log.File {
			return []report.Cite{r.Cite("")}
		}
	}
	return nil
}

// Span says how often and when: "3 times from 2026-11-23 09:36:30 to 09:36:45 UTC".
func (t Told) Span() string {
	const day, clock = "2006-01-02", "15:04:05"
	often := "once"
	if t.Count > 1 {
		often = fmt.Sprintf("%d times", t.Count)
	}
	first, last := t.First.UTC(), t.Last.UTC()
	switch {
	case t.Last.IsZero():
		return often
	case t.First.IsZero() || first.Format(day+clock) == last.Format(day+clock):
		return often + " at " + last.Format(day+" "+clock) + " UTC"
	case first.Format(day) == last.Format(day):
		return often + " from " + first.Format(day+" "+clock) + " to " + last.Format(clock) + " UTC"
	}
	return often + " from " + first.Format(day+" "+clock) + " to " + last.Format(day+" "+clock) + " UTC"
}

// List names up to five things: "a, b and 3 more".
func List(names []string) string {
	const most = 5
	switch n := len(names); {
	case n == 0:
		return "none"
	case n == 1:
		return names[0]
	case n > most:
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most-1], ", "), n-most+1)
	default:
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
}
