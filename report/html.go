package report

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io"
	"regexp"
)

//go:embed html
var htmlFiles embed.FS

// HTML writes the report as one self-contained page: no script, nothing loaded
// from anywhere, readable in light and dark, on a phone and on paper.
func HTML(w io.Writer, r *Report) error {
	var b bytes.Buffer
	if err := pageTemplate.ExecuteTemplate(&b, "page", arrange(r)); err != nil {
		return fmt.Errorf("filling the HTML report in: %w", err)
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("writing the HTML report: %w", err)
	}
	return nil
}

// Reading the embedded files can only fail in a build that lacks them.
var (
	stylesheet, _ = htmlFiles.ReadFile("html/style.css")
	pageTemplate  = template.Must(template.New("report").Funcs(template.FuncMap{
		"style":    func() template.CSS { return template.CSS(stylesheet) },
		"identity": identity,
		"partial":  partial,
		"headline": headline,
		"segments": segments,
		"command":  command,
		"tallies":  tallies,
		"states":   states,
		"silent":   silent,
		"telling":  telling,
		"counts":   counts,
		"exposure": exposure,
		"portName": portName,
		"hopName":  hopName,
		"outcome":  outcome,
		"place":    place,
		"kindOf":   kindOf,
		"reading":  reading,
		"compared": compared,
		"basis":    basis,
		"skipped":  skipped,
		"hidden":   hiddenLines,
		"ruleID":   ruleID,
		"plural":   plural,
		"blocksAt": blocksAt,
		"whole":    whole,
		"tone":     tone,
		"shape":    shape,
		"link":     link,
		"without":  without,
		"reserve":  reserve,
		"noWide":   func() string { return noWide },
		"noGaps":   func() string { return noGaps },

		"comparedTitle": func() string { return comparedTitle },
		"designedTitle": func() string { return designedTitle },
		"designedSay":   func() string { return designedSay },
		"inc":           func(i int) int { return i + 1 },
	}).ParseFS(htmlFiles, "html/*.gohtml"))
)

var commandWord = regexp.MustCompile(`\S+`)

// command cuts a command into its words and what stands between them: a word is
// shown unbroken where it fits, for a line break behind a hyphen reads like a space.
func command(run string) []segment {
	var out []segment
	at := 0
	for _, m := range commandWord.FindAllStringIndex(run, -1) {
		if at < m[0] {
			out = append(out, segment{Text: run[at:m[0]]})
		}
		out = append(out, segment{run[m[0]:m[1]], true})
		at = m[1]
	}
	return out
}

// whole says that every hop of a path is known to pass.
func whole(p Path) bool {
	for _, h := range p.Hops {
		if h.Verdict != Passes {
			return false
		}
	}
	return len(p.Hops) > 0
}

// tone is the colour class of a status, a severity or a verdict; shape says the
// same without colour.
func tone(v any) string {
	switch fmt.Sprint(v) {
	case string(Broken), string(Error), string(Blocks):
		return "bad"
	case string(Degraded), string(Pending), string(Warning):
		return "warn"
	case string(Serving), string(Passes):
		return "good"
	}
	return "calm"
}

// shape is the icon of a hop, a status or a severity.
func shape(v any) string {
	if h, ok := v.(Hop); ok {
		switch {
		case h.Verdict == Blocks:
			return "cross"
		case h.State == HopAbsent:
			return "absent"
		case h.Verdict == Passes:
			return "check"
		}
		return "question"
	}
	switch tone(v) {
	case "bad":
		return "cross"
	case "warn":
		return "triangle"
	case "good":
		return "check"
	}
	if fmt.Sprint(v) == string(Unknown) {
		return "question"
	}
	return "absent"
}

var issueReference = regexp.MustCompile(`^([A-Za-z0-9-]+/[A-Za-z0-9._-]+)#([0-9]+)$`)

// link is the address behind a reference; empty: it has none.
func link(reference string) string {
	if webAddress.MatchString(reference) {
		return reference
	}
	if m := issueReference.FindStringSubmatch(reference); m != nil {
		return "https://github.com/" + m[1] + "/issues/" + m[2]
	}
	return ""
}
