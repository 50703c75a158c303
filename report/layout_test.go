package report

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Evidence that is missing for one reason is one gap with all its rules.
func TestGapsAreToldOncePerReason(t *testing.T) {
	missing := func(title, status, reason string) Evidence {
		return Evidence{Title: title, Status: status, Reason: reason, Without: "x is not known"}
	}
	r := &Report{
		Coverage: Coverage{Evidence: []Evidence{
			missing("Events", "failed", "no answer"), missing("Nodes", "skipped", "no answer"), missing("Services", "failed", "no answer"),
			{Title: "Pods", Status: "ok", Without: "x"}, {Title: "Route tables", Status: "empty"},
		}},
		Verdicts: []Verdict{
			{Rule: "AZLB-A", State: NotEvaluated, Reason: "missing: Services"}, {Rule: "AZLB-B", State: NotEvaluated, Reason: "missing: Events, Nodes"},
			{Rule: "AZLB-A", State: NotEvaluated, Reason: "missing: Events"}, {Rule: "AZLB-C", State: BrokenRule, Reason: "it stopped"}, {Rule: "AZLB-D", State: Clean},
		},
	}
	want := []gap{
		{"failed", "no answer", []Evidence{r.Coverage.Evidence[0], r.Coverage.Evidence[2]}, []string{"AZLB-A", "AZLB-B"}},
		{"skipped", "no answer", []Evidence{r.Coverage.Evidence[1]}, []string{"AZLB-B"}},
		{"", "it stopped", nil, []string{"AZLB-C"}},
	}
	if d := cmp.Diff(want, gaps(r)); d != "" {
		t.Error(d)
	}
	for format, write := range writers {
		out := written(t, func(w io.Writer) error { return write(w, r) })
		if n := strings.Count(out, "no answer"); n != 2 {
			t.Errorf("%s gives the reason %d times, want once for each status", format, n)
		}
		if strings.Contains(out, "To supply it") {
			t.Errorf("%s says how to supply what has no command", format)
		}
	}
}

// A screen names some rules and counts many, by topic.
func TestLongListOfRules(t *testing.T) {
	if got := ruleList([]string{"AZLB-V601", "AZLB-NSG01"}); got != "AZLB-V601, AZLB-NSG01" {
		t.Errorf("two rules: %q", got)
	}
	var many []string
	for i := range 23 {
		many = append(many, fmt.Sprintf("AZLB-NSG%02d", i))
	}
	want := "25 rules, by topic: NSG 23, V6 2; the HTML and Markdown reports name each"
	if got := ruleList(append(many, "AZLB-V601", "AZLB-V602")); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

var writers = map[string]func(io.Writer, *Report) error{
	"terminal": func(w io.Writer, r *Report) error { return Terminal(w, r, 80) },
	"Markdown": Markdown, "HTML": HTML,
}

// A path is shown in full once for each picture that a root cause leaves.
func TestSameFaultIsDrawnOnce(t *testing.T) {
	path := func(v ...HopVerdict) Path {
		p := Path{Port: 80}
		for _, v := range v {
			p.Hops = append(p.Hops, Hop{Kind: "pool", State: HopFound, Verdict: v})
		}
		return p
	}
	blocked, other, passing, open := path(Passes, Blocks), path(Blocks, Blocks), path(Passes, Passes), path(Passes, VerdictUnknown)
	l := &layout{Report: &Report{}}
	for _, s := range []Service{
		{Name: "a", RootCause: "AZLB-A", Paths: []Path{blocked, blocked, other}},
		{Name: "b", RootCause: "AZLB-A", Paths: []Path{blocked, passing, open}},
		{Name: "c", RootCause: "AZLB-B", Paths: []Path{blocked}},
		{Name: "d", Paths: []Path{blocked}},
		{Name: "e", Paths: []Path{blocked}},
	} {
		l.Shown = append(l.Shown, shownService{Service: s})
	}
	l.ways()
	var got [][]bool
	for _, s := range l.Shown {
		var full []bool
		for _, w := range s.Ways {
			full = append(full, w.Full)
		}
		got = append(got, full)
	}
	if d := cmp.Diff([][]bool{{true, false, true}, {false, false, false}, {true}, {true}, {true}}, got); d != "" {
		t.Error(d)
	}
	for i, want := range []int{1, 0, 1} {
		if n := len((way{Path: []Path{blocked, passing, open}[i]}).Deciding()); n != want {
			t.Errorf("path %d: %d hops decide, want %d", i, n, want)
		}
	}
}

// A report without Services says that there are none only where they were read.
func TestNoServiceIsNotAnUnreadOne(t *testing.T) {
	for status, want := range map[string]string{"ok": noServices, "empty": noServices, "denied": unseen, "skipped": unseen} {
		r := &Report{Coverage: Coverage{Evidence: []Evidence{{ID: "services", Title: "Services", Status: status}}}}
		if got := without(r); got != want {
			t.Errorf("%s: %s", status, got)
		}
		if page := written(t, func(w io.Writer) error { return Markdown(w, r) }); !strings.Contains(page, "\n"+want+"\n") {
			t.Errorf("%s: the report does not say %q", status, want)
		}
	}
}

func TestWrapBreaksNamesWhereTheyHaveParts(t *testing.T) {
	for in, want := range map[string][]string{
		"azure/rg-lab1/vmss/instances.json": {"azure/rg-lab1/vmss/", "instances.json"},
		"0123456789012345678901234":         {"01234567890123456789", "01234"},
		"a/0123456789012345678901":          {"a/012345678901234567", "8901"},
	} {
		if d := cmp.Diff(want, wrap(in, 20)); d != "" {
			t.Errorf("%s: %s", in, d)
		}
	}
}

func TestTablesLeaveEmptyColumnsOut(t *testing.T) {
	head, rows := filledColumns([]string{"a", "b", "c"}, [][]string{{"1", "", " "}, {"2", "", "x"}})
	if d := cmp.Diff([][]string{{"a", "c"}, {"1", " "}, {"2", "x"}}, append([][]string{head}, rows...)); d != "" {
		t.Error(d)
	}
}

// What does not fit as a table is a block for each row, with every cell.
func TestComparisonOfLongCells(t *testing.T) {
	p := &page{width: 60}
	p.comparison(Table{Head: []string{"topic", "Basic", "Standard"}, Rows: [][]string{
		{"Pool size", "100", "as many machines as the virtual network of the region holds"}, {"Zones", "none", "all"}}})
	want := `
  Pool size
    Basic     100
    Standard  as many machines as the virtual network of the
              region holds

  Zones
    Basic     none
    Standard  all
`
	if d := cmp.Diff(want, p.String()); d != "" {
		t.Error(d)
	}
}
