// Azlb-analyze says why a Kubernetes LoadBalancer Service on Azure does not work,
// from a bundle that azlb-collect wrote or from files that were mailed. It needs
// no cluster, no Azure and no network.
package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"azlb/analyze"
	"azlb/analyze/signature"
	"azlb/report"
)

// The exit codes, the same for every format.
const (
	exitClean     = 0 // analysed, no error found
	exitErrors    = 1 // analysed, errors found, or a Service is broken that nothing explains
	exitUsage     = 2 // wrong usage
	exitUnread    = 3 // the bundle could not be read, or the report not written
	exitUnhelpful = 4 // nothing could be evaluated
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// run is the program without the process around it.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	p := &program{stdin: stdin, stdout: stdout, stderr: stderr}
	root := p.tree()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	if err := root.Execute(); err != nil {
		return p.fail(exitUsage, fmt.Errorf("%w (azlb-analyze --help shows the flags)", err))
	}
	return p.code
}

// fail prints an error in one line.
func (p *program) fail(code int, err error) int {
	fmt.Fprintln(p.stderr, "azlb-analyze: "+err.Error())
	return code
}

// root is the program without a command: the diagnosis.
func (p *program) root(inputs []string) int {
	if p.version {
		fmt.Fprintln(p.stdout, versionText())
		return exitClean
	}
	if len(inputs) == 0 {
		return p.fail(exitUsage, errors.New("give a bundle, a directory, files, or - for standard input (azlb-analyze --help shows examples)"))
	}
	more, err := signatureFiles(p.signatures)
	if err != nil {
		return p.fail(exitUsage, err)
	}
	return diagnose(inputs, p.options, more, p.stdin, p.stdout, p.stderr, p.fail)
}

// withRules gives a command the rules, with those of --signatures.
func (p *program) withRules(work func(words []string, all []report.Chapter) int) func([]string) int {
	return func(words []string) int {
		more, err := signatureFiles(p.signatures)
		if err != nil {
			return p.fail(exitUsage, err)
		}
		return work(words, analyze.Catalogue(more...))
	}
}

// diagnose reads, analyses and shows.
func diagnose(inputs []string, o options, more []*signature.File, stdin io.Reader, stdout, stderr io.Writer, fail func(int, error) int) int {
	write, err := writerFor(o)
	if err != nil {
		return fail(exitUsage, err)
	}
	s, err := load(inputs, stdin)
	if errors.Is(err, fs.ErrNotExist) {
		if near := nearest(inputs[0], []string{"explain", "expected", "rules", "trace", "completion", "man"}); len(near) > 0 {
			return fail(exitUsage, fmt.Errorf("there is no file %s, and no command of that name; near it is: %s", inputs[0], strings.Join(near, ", ")))
		}
	}
	if err != nil {
		return fail(exitUnread, err)
	}
	real, err := namesOf(o.names, s)
	if err != nil {
		return fail(exitUsage, err)
	}
	real.hide(&o.service)
	var r *report.Report
	if o.service == "" {
		r = analyze.Snapshot(s, versionText(), more...)
	} else if r, err = analyze.Service(s, o.service, versionText(), more...); err != nil {
		return fail(exitUsage, real.said(err))
	}
	report.Rename(r, real.show)
	switch {
	case o.output != "":
		err = writeFile(o.output, func(w io.Writer) error { return write(w, r) })
	case o.format != "":
		err = write(stdout, r)
	default:
		err = leave(r, inputs[0], stdout, stderr)
	}
	if err != nil {
		return fail(exitUnread, err)
	}
	return exitCode(r)
}

// exitCode of a report.
func exitCode(r *report.Report) int {
	looked := false
	for _, v := range r.Verdicts {
		looked = looked || v.State == report.Found || v.State == report.Clean || v.State == report.NotApplicable
	}
	for _, f := range r.Findings {
		if f.Severity == report.Error {
			return exitErrors
		}
	}
	for _, s := range r.Services {
		if s.Status == report.Broken || s.Status == report.Degraded {
			return exitErrors // no success for a script, only because no rule knows why
		}
	}
	if !looked {
		return exitUnhelpful
	}
	return exitClean
}
