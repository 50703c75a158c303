// Command azlb-collect archives what kubectl and az say about the load balancers
// of a cluster into one bundle. It reads only.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"

	"azlb/collect"
)

// The exit codes.
const (
	exitWritten = 0 // the bundle is written, the plan or the permissions printed
	exitNothing = 1 // nothing could be written
	exitUsage   = 2 // wrong flags
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	root := new(command).tree()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	name, err := root.CommandPath(), root.Execute()
	var failed failure
	switch {
	case err == nil:
		return exitWritten
	case errors.As(err, &failed):
		fmt.Fprintf(stderr, "%s: %v\n", name, failed.error)
		return exitNothing
	}
	fmt.Fprintf(stderr, "%s: %s (see %[1]s --help)\n", name, oneLine(err.Error()))
	return exitUsage
}

// collect writes the bundle and says where it is.
func (c *command) collect(ctx context.Context, stdout, stderr io.Writer) error {
	outlive()
	progress, done := c.progress(stderr)
	c.options.Progress = progress
	c.options.Planned = func(p collect.Plan) { _ = p.Say(stderr) } // a closed terminal ends no collection
	result, err := collect.Collect(ctx, c.options)
	done()
	if err != nil {
		return err
	}
	result.Write(stderr, columns(stderr))
	fmt.Fprintln(stdout, result.Path) // a closed stdout does not undo the bundle, whose path stands on stderr too
	return nil
}

// plan prints what would run.
func (c *command) plan(ctx context.Context, stdout io.Writer) error {
	if c.offline {
		return collect.Templates(c.options).Write(stdout)
	}
	plan, err := collect.MakePlan(ctx, c.options)
	if err != nil {
		return err
	}
	return plan.Write(stdout)
}

// columns is how wide a terminal is, and 80 for what is none.
func columns(stderr io.Writer) int {
	if f, ok := stderr.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			return width
		}
	}
	return 80
}

// progress is one line that changes on a terminal, and plain lines elsewhere.
func (c *command) progress(stderr io.Writer) (collect.Progress, func()) {
	if f, ok := stderr.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		t := collect.NewTerminal(f, columns(stderr), time.Now)
		return t, t.Close
	}
	return &collect.Lines{W: stderr}, func() {}
}
