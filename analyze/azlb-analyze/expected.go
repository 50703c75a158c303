package main

import (
	"errors"
	"fmt"
	"io"

	"azlb/analyze"
	"azlb/report"
)

var expectedFormats = map[string]func(io.Writer, *report.Expected) error{
	"table":    func(w io.Writer, e *report.Expected) error { return report.ExpectedTerminal(w, e, terminalWidth) },
	"markdown": report.ExpectedMarkdown,
	"json":     report.ExpectedJSON,
}

// showExpected prints what the cloud provider would build for one Service next to what
// is there. It judges nothing: the exit code is 0, differences or not, and 4 where
// there was nothing to show.
func showExpected(inputs []string, o options, stdin io.Reader, stdout io.Writer, fail func(int, error) int) int {
	if len(inputs) == 0 || o.service == "" {
		return fail(exitUsage, errors.New("expected takes a bundle and one Service, for example: azlb-analyze expected bundle.tgz --service shop/web"))
	}
	write, ok := expectedFormats[o.chosen()]
	if !ok {
		return fail(exitUsage, fmt.Errorf("expected is printed as table, markdown or json, not as %s", o.chosen()))
	}
	s, err := load(inputs, stdin)
	if err != nil {
		return fail(exitUnread, err)
	}
	real, err := namesOf(o.names, s)
	if err != nil {
		return fail(exitUsage, err)
	}
	real.hide(&o.service)
	e, err := analyze.Expected(s, o.service, versionText())
	if err != nil {
		return fail(exitUsage, real.said(err))
	}
	report.Rename(e, real.show)
	if o.output != "" {
		err = writeFile(o.output, func(w io.Writer) error { return write(w, e) })
	} else {
		err = write(stdout, e)
	}
	if err != nil {
		return fail(exitUnread, err)
	}
	if len(e.Objects) == 0 {
		return exitUnhelpful
	}
	return exitClean
}
