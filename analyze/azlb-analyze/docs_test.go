package main

import (
	"flag"
	"os"
	"strings"
	"testing"

	"azlb/analyze"
)

var update = flag.Bool("update", false, "make the generated parts of the README again")

// TestDocs keeps the README's table of rules equal to the rules.
func TestDocs(t *testing.T) {
	const page, begin, end = "../../README.md", "<!-- rules: made by `make docs` -->\n", "<!-- end of rules -->\n"
	raw, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(raw), begin)
	_, tail, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s has no part between %q and %q", page, begin, end)
	}
	want := head + begin + "\n" + table() + "\n" + end + tail
	if want == string(raw) {
		return
	}
	if !*update {
		t.Fatalf("the table of rules in %s is stale: run make docs", page)
	}
	if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
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
