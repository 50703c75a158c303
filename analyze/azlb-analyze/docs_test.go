package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"azlb/analyze"
	"azlb/analyze/signature"
	"azlb/report"
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

// TestCatalogue keeps the page of all rules equal to what they say of themselves.
func TestCatalogue(t *testing.T) {
	const page = "../rules/CATALOGUE.md"
	var want bytes.Buffer
	if err := report.Catalogue(&want, analyze.Catalogue()); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(page)
	if err != nil && !*update {
		t.Fatal(err)
	}
	if bytes.Equal(got, want.Bytes()) {
		return
	}
	if !*update {
		t.Fatalf("%s is stale: run make docs", page)
	}
	if err := os.WriteFile(page, want.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestReadmeSignature reads the README's example of a file of signatures.
func TestReadmeSignature(t *testing.T) {
	raw, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(raw), "<!-- signatures: a test reads this -->\n\n```yaml\n")
	text, _, ok := strings.Cut(rest, "```\n\n<!-- end of signatures -->\n")
	if !ok {
		t.Fatal("the README has no example of signatures between its two marks")
	}
	if _, err := signature.Load("README.md", []byte(text)); err != nil {
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

// table of the topics, and behind a fold that of all rules, in Markdown and in the order
// of the suite. Both lead into the catalogue.
func table() string {
	const catalogue = "analyze/rules/CATALOGUE.md#"
	var topics, rules strings.Builder
	n := 0
	for _, c := range analyze.Catalogue() {
		n += len(c.Topics)
		fmt.Fprintf(&topics, "| [%s](%s%s) | %s | %d |\n", c.Title, catalogue, strings.ReplaceAll(strings.ToLower(c.Title), " ", "-"), c.About, len(c.Topics))
		for _, topic := range c.Topics {
			fmt.Fprintf(&rules, "| [%s](%s%s) | %s | %s |\n", topic.ID, catalogue, strings.ToLower(topic.ID), topic.Severity, strings.ReplaceAll(topic.Doc.Title, "|", "\\|"))
		}
	}
	return "| topic | what it is about | rules |\n| --- | --- | --- |\n" + topics.String() +
		fmt.Sprintf("\n<details>\n<summary>All %d rules, in the order in which the controller, and then a packet, meets them</summary>\n\n| rule | severity | what is wrong |\n| --- | --- | --- |\n", n) + rules.String() + "\n</details>\n"
}
