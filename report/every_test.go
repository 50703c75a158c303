package report

import (
	"bytes"
	"io"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// filled is the rich report with one string in every string field.
func filled(s string) *Report { return copied(rich(), func(string) string { return s }) }

func written(t *testing.T, write func(io.Writer) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestCopiedLeavesTheModelAlone(t *testing.T) {
	r := rich()
	copied(r, func(string) string { return "x" })
	if !reflect.DeepEqual(r, rich()) {
		t.Error("the report that was copied has changed")
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"plain 表示":                         "plain 表示",
		"\x1b[31mred\x1b[0m":               "red",
		"\x1b]0;title\x07after":            "after",
		"\x1b]8;;http://x\x1b\\link":       "link",
		"\u009b2Jcleared":                  "cleared",
		"\x1bcreset":                       "reset",
		"a\r\nb\tc\rd":                     "a\nb c d",
		"a\u200bb\u202ec\ufeff":            "a[U+200B]b[U+202E]c[U+FEFF]",
		"no\u00a0break \u2028 \U000e0041":  "no[U+00A0]break [U+2028] [U+E0041]",
		"bell\a null\x00 del\x7f c1\u0085": "bell null del c1",
		"broken \xff":                      "broken \uFFFD",
	} {
		if got := clean(in); got != want {
			t.Errorf("clean(%q) = %q, want %q", in, got, want)
		}
	}
}

// outside is a Markdown text without its fenced blocks and code spans, in which
// nothing is active. It follows CommonMark: a block ends at a fence that is at
// least as long, a span at a run that is exactly as long.
func outside(md string) []string {
	var out []string
	fence := ""
	for line := range strings.SplitSeq(md, "\n") {
		trimmed := strings.TrimLeft(line, " ")
		run := trimmed[:len(trimmed)-len(strings.TrimLeft(trimmed, "`"))]
		switch {
		case fence != "" && len(run) >= len(fence) && strings.TrimSpace(trimmed[len(run):]) == "":
			fence = ""
		case fence != "":
		case len(run) >= 3 && !strings.Contains(trimmed[len(run):], "`"):
			fence = run
			out = append(out, "FENCE")
		default:
			out = append(out, withoutSpans(line))
		}
	}
	return out
}

func withoutSpans(line string) string {
	runs := regexp.MustCompile("`+").FindAllStringIndex(line, -1)
	var b strings.Builder
	at := 0
	for i := 0; i < len(runs); i++ {
		for j := i + 1; j < len(runs); j++ {
			if runs[j][1]-runs[j][0] == runs[i][1]-runs[i][0] {
				b.WriteString(line[at:runs[i][0]] + "CODE")
				at = runs[j][1]
				i = j
				break
			}
		}
	}
	return b.String() + line[at:]
}

var (
	ourLinks = regexp.MustCompile(`\]\((?:#f[0-9]+-[a-z0-9-]+|#works-as-designed|https://[A-Za-z0-9./_%=#?~-]+)\)`)
	entities = regexp.MustCompile(`&(?:#124|#96|lt|gt|amp);`)
	active   = regexp.MustCompile("[<>@`~$_^]|&|#[0-9]|\\]\\(|!\\[|://|www\\.|:[a-z]+:|(?i)gh-[0-9]|[0-9a-f]{7,}")
)

func inert(t *testing.T, md string) {
	t.Helper()
	for _, line := range outside(md) {
		line = entities.ReplaceAllString(ourLinks.ReplaceAllString(line, ""), "")
		if m := active.FindString(line); m != "" {
			t.Errorf("active %q in %q", m, line)
		}
	}
}

// skeleton is the structure of a Markdown text: headings, items, cells.
func skeleton(md string) string {
	var b strings.Builder
	for _, line := range outside(md) {
		kind := regexp.MustCompile(`^ *(?:#+ |- |[0-9]+\. |FENCE|)`).FindString(line)
		b.WriteString(kind + strings.Repeat("|", strings.Count(line, "|")))
		if line != "" {
			b.WriteString("\n")
		}
	}
	return b.String()
}

func TestMarkdownIsInert(t *testing.T) {
	md := func(r *Report) string { return written(t, func(w io.Writer) error { return Markdown(w, r) }) }
	inert(t, md(rich()))
	want := skeleton(md(filled("x")))
	for _, h := range append(hostile, strings.Join(hostile, " "), "1. one", "- item", "# head", "> quote", "```", "`", "|", "\\", "\\|", "=====", "---", "a`b`c", "`a|b`", "`<b>`", "x `a` `b`.", "[ ] task", "+ plus", "    code") {
		got := md(filled(h))
		inert(t, got)
		if s := skeleton(got); s != want {
			t.Errorf("%q changes the structure of the document:\n%s", h, got)
		}
	}
}

func TestReferenceBecomesALinkOnlyToAWebPage(t *testing.T) {
	for in, want := range map[string]string{
		"https://learn.microsoft.com/azure/x":               "[`learn.microsoft.com/azure/x`](https://learn.microsoft.com/azure/x)",
		"kubernetes/kubernetes#61484":                       "`kubernetes/kubernetes#61484`",
		"https://github.com/kubernetes/kubernetes/pull/1":   "`https://github.com/kubernetes/kubernetes/pull/1`",
		"javascript:alert(1)":                               "`javascript:alert(1)`",
		"http://learn.microsoft.com/x":                      "`http://learn.microsoft.com/x`",
		"https://learn.microsoft.com/x) [y](https://evil.x": "`https://learn.microsoft.com/x) [y](https://evil.x`",
	} {
		if got := reference(in); got != want {
			t.Errorf("reference(%q) = %s, want %s", in, got, want)
		}
	}
}

func TestTerminalKeepsItsWidth(t *testing.T) {
	for _, width := range []int{60, 80, 120} {
		reports := []*Report{rich(), bare()}
		for _, h := range hostile {
			reports = append(reports, filled(h))
		}
		for _, r := range reports {
			for line := range strings.SplitSeq(written(t, func(w io.Writer) error { return Terminal(w, r, width) }), "\n") {
				if n := cells(line); n > width {
					t.Errorf("%d cells, want at most %d: %s", n, width, line)
				}
				if i := strings.IndexFunc(line, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }); i >= 0 {
					t.Errorf("a control character in %q", line)
				}
			}
		}
	}
	for _, topic := range topics() {
		for line := range strings.SplitSeq(written(t, func(w io.Writer) error { return Explain(w, topic) }), "\n") {
			if cells(line) > 80 {
				t.Errorf("explain: over 80 cells: %s", line)
			}
		}
	}
}
