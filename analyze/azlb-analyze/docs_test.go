package main

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"

	"azlb/analyze"
)

var update = flag.Bool("update", false, "make the generated parts of the README again")

// TestDocs keeps the README's table of rules equal to the rules, and its example of a
// trace equal to what the program prints.
func TestDocs(t *testing.T) {
	const page = "../../README.md"
	raw, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	want := string(raw)
	want = between(t, want, "<!-- rules: made by `make docs` -->\n", "<!-- end of rules -->\n", "\n"+table()+"\n")
	want = between(t, want, "<!-- trace: made by `make docs` -->\n", "<!-- end of trace -->\n", "\n```\n"+example(t)+"```\n\n")
	if want == string(raw) {
		return
	}
	if !*update {
		t.Fatalf("the rules or the trace in %s are stale: run make docs", page)
	}
	if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// between is a page with another text between two marks.
func between(t *testing.T, page, begin, end, text string) string {
	t.Helper()
	head, rest, ok := strings.Cut(page, begin)
	_, tail, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("the page has no part between %q and %q", begin, end)
	}
	return head + begin + text + end + tail
}

// example is a trace of the sample nsg-deny, without the line that names the program.
func example(t *testing.T) string {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run([]string{"trace", "../../samples/nsg-deny/bundle", "--to", "payments/gateway:8443", "--from", "203.0.113.7"}, nil, &out, &errs); code != exitErrors {
		t.Fatalf("exit %d: %s", code, errs.String())
	}
	head, rest, _ := strings.Cut(out.String(), "Analysed by ")
	_, rest, _ = strings.Cut(rest, "\n\n")
	return head + "\n" + rest
}

// table of all rules in Markdown, in the order of the suite.
func table() string {
	var b strings.Builder
	b.WriteString("| rule | severity | what is wrong |\n| --- | --- | --- |\n")
	for _, topic := range analyze.Topics() {
		b.WriteString("| " + topic.ID + " | " + string(topic.Severity) + " | " + strings.ReplaceAll(topic.Doc.Title, "|", "\\|") + " |\n")
	}
	return b.String()
}
