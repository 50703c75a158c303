package rule

import (
	"slices"
	"testing"
	"time"

	"azlb/analyze/errtext"
	"azlb/report"
)

func at(clock string) time.Time {
	t, err := time.Parse(time.DateTime, clock)
	if err != nil {
		panic(err)
	}
	return t
}

func TestSpan(t *testing.T) {
	morning, noon, next := at("2026-11-23 09:36:30"), at("2026-11-23 12:00:00"), at("2026-11-24 00:00:01")
	for _, c := range []struct {
		told Told
		want string
	}{
		{Told{Count: 1}, "once"},
		{Told{Count: 4}, "4 times"},
		{Told{Count: 1, First: noon, Last: noon}, "once at 2026-11-23 12:00:00 UTC"},
		{Told{Count: 2, First: morning, Last: noon}, "2 times from 2026-11-23 09:36:30 to 12:00:00 UTC"},
		{Told{Count: 2, First: morning, Last: next}, "2 times from 2026-11-23 09:36:30 to 2026-11-24 00:00:01 UTC"},
	} {
		if got := c.told.Span(); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestTellCitesAsManyErrorsAsPossible(t *testing.T) {
	cite := func(line int) report.Cite { return report.Cite{File: "ccm.log", Line: line} }
	told := Tell([]*errtext.Error{
		{Service: "shop/web", Count: 2, First: at("2026-11-23 09:00:00"), Last: at("2026-11-23 09:01:00"), Cites: []report.Cite{cite(1), cite(2)}},
		{Service: "shop/api", Count: 1, First: at("2026-11-23 09:02:00"), Last: at("2026-11-23 09:02:00"), Cites: []report.Cite{cite(5), cite(4)}},
		{Count: 1, Cites: nil},
	})
	if told.Count != 4 || !slices.Equal(told.Services, []string{"shop/api", "shop/web"}) || !told.First.Equal(at("2026-11-23 09:00:00")) || !told.Last.Equal(at("2026-11-23 09:02:00")) {
		t.Errorf("summed up wrongly: %+v", told)
	}
	if want := []report.Cite{cite(5), cite(1), cite(4)}; !slices.Equal(told.Cites, want) {
		t.Errorf("cites %v, want %v", told.Cites, want)
	}
}

func TestList(t *testing.T) {
	names := []string{"a", "b", "c", "d", "e", "f", "g"}
	for n, want := range []string{"none", "a", "a and b", "a, b and c", "a, b, c and d", "a, b, c, d and e", "a, b, c, d and 2 more", "a, b, c, d and 3 more"} {
		if got := List(names[:n]); got != want {
			t.Errorf("%d: got %q, want %q", n, got, want)
		}
	}
}
