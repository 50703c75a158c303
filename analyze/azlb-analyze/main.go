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

	"github.com/spf13/pflag"

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

// options are the flags of an analysis.
type options struct {
	format, output, service     string
	to, from, fromNode, fromPod string // of a trace
}

// run is the program without the process around it.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	fail := func(code int, err error) int {
		fmt.Fprintln(stderr, "azlb-analyze: "+err.Error())
		return code
	}
	var o options
	var files []string
	var help, version bool
	flags := pflag.NewFlagSet("azlb-analyze", pflag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVarP(&o.format, "format", "f", "", "")
	flags.StringVarP(&o.output, "output", "o", "", "")
	flags.StringVar(&o.service, "service", "", "")
	flags.StringArrayVar(&files, "signatures", nil, "")
	flags.StringVar(&o.to, "to", "", "")
	flags.StringVar(&o.from, "from", "", "")
	flags.StringVar(&o.fromNode, "from-node", "", "")
	flags.StringVar(&o.fromPod, "from-pod", "", "")
	flags.BoolVarP(&help, "help", "h", false, "")
	flags.BoolVar(&version, "version", false, "")
	if err := flags.Parse(args); err != nil {
		return fail(exitUsage, fmt.Errorf("%w (azlb-analyze --help shows the flags)", err))
	}
	more, err := signatureFiles(files)
	switch rest := flags.Args(); {
	case help:
		fmt.Fprint(stdout, usage)
		return exitClean
	case version:
		fmt.Fprintln(stdout, versionText())
		return exitClean
	case len(rest) == 0:
		return fail(exitUsage, errors.New("give a bundle, a directory, files, or - for standard input (azlb-analyze --help shows examples)"))
	case err != nil:
		return fail(exitUsage, err)
	case rest[0] == "explain":
		return explain(rest[1:], o, analyze.Catalogue(more...), stdout, fail)
	case rest[0] == "rules":
		return listRules(rest[1:], o, analyze.Catalogue(more...), stdout, fail)
	case (rest[0] == "trace" || rest[0] == "expected") && len(more) > 0:
		return fail(exitUsage, fmt.Errorf("--signatures belongs to an analysis, to rules and to explain: %s knows no failures", rest[0]))
	case rest[0] == "trace":
		return trace(rest[1:], o, stdin, stdout, fail)
	case o.to != "" || o.from != "" || o.fromNode != "" || o.fromPod != "":
		return fail(exitUsage, errors.New("--to, --from, --from-node and --from-pod belong to a trace: azlb-analyze trace BUNDLE --to NS/NAME:PORT"))
	case rest[0] == "expected":
		return expected(rest[1:], o, stdin, stdout, fail)
	default:
		return diagnose(rest, o, more, stdin, stdout, stderr, fail)
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
		if near := nearest(inputs[0], []string{"explain", "expected", "rules", "trace"}); len(near) > 0 {
			return fail(exitUsage, fmt.Errorf("there is no file %s, and no command of that name; near it is: %s", inputs[0], strings.Join(near, ", ")))
		}
	}
	if err != nil {
		return fail(exitUnread, err)
	}
	var r *report.Report
	if o.service == "" {
		r = analyze.Snapshot(s, versionText(), more...)
	} else if r, err = analyze.Service(s, o.service, versionText(), more...); err != nil {
		return fail(exitUsage, err)
	}
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
