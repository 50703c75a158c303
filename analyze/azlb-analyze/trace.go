package main

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"

	"azlb/analyze"
	"azlb/report"
)

var traceFormats = map[string]func(io.Writer, *report.Trace) error{
	"table": func(w io.Writer, t *report.Trace) error { return report.TraceTerminal(w, t, terminalWidth) },
	"json":  report.TraceJSON,
}

// showTrace prints the way of a caller's packets to a Service. The exit code is 0 where
// they arrive, 1 where one stops, 4 where the bundle cannot tell.
func showTrace(inputs []string, o options, stdin io.Reader, stdout io.Writer, fail func(int, error) int) int {
	if len(inputs) == 0 || o.to == "" {
		return fail(exitUsage, errors.New("trace takes a bundle and a Service, for example: azlb-analyze trace bundle.tgz --to shop/web:443 --from 203.0.113.7"))
	}
	call, err := callOf(o)
	if err != nil {
		return fail(exitUsage, err)
	}
	write, ok := traceFormats[o.chosen()]
	if !ok {
		return fail(exitUsage, fmt.Errorf("a trace is printed as table or json, not as %s", o.chosen()))
	}
	s, err := load(inputs, stdin)
	if err != nil {
		return fail(exitUnread, err)
	}
	real, err := namesOf(o.names, s)
	if err != nil {
		return fail(exitUsage, err)
	}
	real.hide(&call.Service, &call.Node, &call.Pod)
	call.From = real.address(call.From)
	t, err := analyze.Trace(s, call, versionText())
	if err != nil {
		return fail(exitUsage, real.said(err))
	}
	report.Rename(t, real.show)
	if o.output != "" {
		err = writeFile(o.output, func(w io.Writer) error { return write(w, t) })
	} else {
		err = write(stdout, t)
	}
	if err != nil {
		return fail(exitUnread, err)
	}
	code := exitClean
	for _, w := range t.Ways {
		switch {
		case w.Verdict == report.Stops:
			return exitErrors
		case w.Verdict == report.NotDecidable:
			code = exitUnhelpful
		}
	}
	return code
}

// callOf reads who calls what from the flags.
func callOf(o options) (analyze.Call, error) {
	call := analyze.Call{Service: o.to, Node: o.fromNode, Pod: o.fromPod}
	if service, port, ok := strings.Cut(o.to, ":"); ok {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			return call, fmt.Errorf("--to %s: %q is no port number (write NAMESPACE/NAME:PORT)", o.to, port)
		}
		call.Service, call.Port = service, int(n)
	}
	if !strings.Contains(call.Service, "/") {
		return call, fmt.Errorf("--to %s: a Service is named NAMESPACE/NAME or NAMESPACE/NAME:PORT", o.to)
	}
	callers := 0
	for _, s := range []string{o.from, o.fromNode, o.fromPod} {
		if s != "" {
			callers++
		}
	}
	if callers > 1 {
		return call, errors.New("--from, --from-node and --from-pod exclude each other: a trace follows one caller")
	}
	if o.from != "" {
		a, err := netip.ParseAddr(o.from)
		if err != nil {
			return call, fmt.Errorf("--from %s is no IP address: a trace needs the address that the caller's packets carry", o.from)
		}
		call.From = a
	}
	return call, nil
}
