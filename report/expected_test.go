package report

import (
	"io"
	"strings"
	"testing"
)

// Every format says first how much differs, then what to know about it, and by which
// program it was made.
func TestExpectedHead(t *testing.T) {
	e := &Expected{Tool: "azlb-analyze v1", Service: "shop/web", Provider: "Release 1.31.2.", Note: "It is being deleted.", Compared: 40, Differ: 2, NotCompared: 3,
		Objects: []ExpectedObject{{Hop: "rule", Name: "kubernetes/a-TCP-80", State: "not in the bundle", Fields: []ExpectedField{{Name: "existence", Want: "Tcp 80", Got: "not in the bundle", Differs: "not compared", Because: "port"}}}}}
	for name, write := range map[string]func(io.Writer) error{
		"table":    func(w io.Writer) error { return ExpectedTerminal(w, e, 80) },
		"markdown": func(w io.Writer) error { return ExpectedMarkdown(w, e) },
	} {
		got := strings.ReplaceAll(written(t, write), "`", "")
		at := -1
		for _, part := range []string{"Expected and actual objects of shop/web", "2 of 40 fields differ; 3 more could not be compared.", "It is being deleted.", "Release 1.31.2.", "\nAnalysed by azlb-analyze v1", "not in the bundle"} {
			if i := strings.Index(got, part); i <= at {
				t.Errorf("%s: %q is not where it belongs in\n%s", name, part, got)
			} else {
				at = i
			}
		}
	}
	if got := written(t, func(w io.Writer) error { return ExpectedJSON(w, e) }); !strings.Contains(got, `"compared": 40`) || !strings.Contains(got, `"differ": 2`) || !strings.Contains(got, `"notCompared": 3`) {
		t.Errorf("JSON without the summary:\n%s", got)
	}
	for want, e := range map[string]Expected{
		"1 of 1 field differs.":                   {Compared: 1, Differ: 1},
		"None of the 7 fields could be compared.": {NotCompared: 7},
		"": {},
	} {
		if got := e.summary(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
