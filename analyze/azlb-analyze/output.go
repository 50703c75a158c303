package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"azlb/report"
)

// terminalWidth is what the summary table is drawn for.
const terminalWidth = 80

// Every report of ours begins with one of these and then names the program: a
// file that does not is not replaced, not even notes that speak of azlb-analyze.
var (
	beginnings = []string{"<!DOCTYPE html>\n", "# Azure load balancer report\n", "{\n  \"schema\": ", "Context  ",
		"# Expected and actual objects of ", "Expected and actual objects of", "Way to "}
	signatures = []string{`<meta name="generator" content="azlb-analyze">`, "\n| Analysed by | azlb-analyze ", `"tool": "azlb-analyze `, "\nAnalysed by      azlb-analyze ",
		"\nAnalysed by azlb-analyze ", "\nAnalysed by azlb-analyze ", "\nAnalysed by azlb-analyze "}
)

type writer func(io.Writer, *report.Report) error

var formats = map[string]writer{
	"table":    func(w io.Writer, r *report.Report) error { return report.Terminal(w, r, terminalWidth) },
	"markdown": report.Markdown,
	"html":     report.HTML,
	"json":     report.JSON,
}

// writerFor chooses the writer by -f, else by the ending of -o.
func writerFor(o options) (writer, error) {
	w, ok := formats[o.chosen()]
	if !ok {
		return nil, fmt.Errorf("there is no format %s: use table, markdown, html or json", o.format)
	}
	return w, nil
}

// chosen is the format that the flags ask for.
func (o options) chosen() string {
	f := o.format
	if f == "" {
		f = map[string]string{".md": "markdown", ".markdown": "markdown", ".html": "html", ".htm": "html", ".json": "json"}[strings.ToLower(filepath.Ext(o.output))]
	}
	if f == "" {
		f = "table"
	}
	return f
}

// leave prints the summary and writes the two reports that are attached to a ticket.
func leave(r *report.Report, input string, stdout, stderr io.Writer) error {
	name := reportName(input)
	paths := []string{name + ".report.html", name + ".report.md"}
	for i, w := range []writer{report.HTML, report.Markdown} {
		if err := writeFile(paths[i], func(f io.Writer) error { return w(f, r) }); err != nil {
			return err
		}
	}
	if err := formats["table"](stdout, r); err != nil {
		return fmt.Errorf("printing the summary: %w", err)
	}
	for _, p := range paths {
		fmt.Fprintln(stderr, p)
	}
	return nil
}

// reportName is the input's base name without the endings of archives.
func reportName(input string) string {
	if input == "-" {
		return "stdin"
	}
	name := filepath.Base(filepath.Clean(input))
	if name == "." || name == ".." || name == string(filepath.Separator) {
		return "azlb"
	}
	for _, ext := range []string{".tar.gz", ".tar.zst", ".tgz", ".tar", ".zip", ".yaml", ".yml", ".json", ".log", ".txt"} {
		if s, ok := strings.CutSuffix(strings.ToLower(name), ext); ok && s != "" {
			return name[:len(s)]
		}
	}
	return name
}

// writeFile writes under a temporary name and renames; nothing is left on an
// error, and a file that is not a report of ours is not replaced.
func writeFile(path string, write func(io.Writer) error) (err error) {
	if err := replaceable(path); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".azlb-*.tmp")
	if err != nil {
		return fmt.Errorf("writing %s: %w (choose another place with -o)", path, err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("writing %s: %w", path, errors.Join(err, os.Remove(tmp.Name())))
		}
	}()
	if err = errors.Join(write(tmp), tmp.Chmod(0o644), tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

// replaceable refuses to replace what is not a report of ours.
func replaceable(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	defer f.Close()
	head := make([]byte, 4096)
	n, err := io.ReadFull(f, head)
	if err == io.EOF {
		return nil
	}
	for i := range beginnings {
		if bytes.HasPrefix(head[:n], []byte(beginnings[i])) && bytes.Contains(head[:n], []byte(signatures[i])) {
			return nil
		}
	}
	return fmt.Errorf("writing %s: a file of that name exists and is no report of azlb-analyze: move it away, or choose another name with -o", path)
}
