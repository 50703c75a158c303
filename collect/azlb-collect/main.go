// Command azlb-collect archives what kubectl and az say about the load balancers
// of a cluster into one bundle. It reads only.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/pflag"
	"golang.org/x/term"

	"azlb/collect"
)

const usage = `Usage: azlb-collect [flags]               collect with the current kube context and az login
       azlb-collect plan [--offline]      print every command that would run
       azlb-collect permissions           print the least rights that it needs

Runs your own kubectl and az, reads only, and writes one bundle; its path is
printed on stdout. Secrets are removed before anything is written.

  --context NAME           kube context (default: the current one)
  --subscription ID        Azure subscription where the nodes name none
  --resource-group NAME    read this resource group too (repeatable)
  --namespace NAME         read pods in this namespace only (repeatable)
  --service NS/NAME        read pods of this Service's namespace only (repeatable)
  --since DURATION         how far back controller logs go (default 24h, 0: all)
  --log-file FILE          add a log: kubelet, AKS control plane (repeatable)
  --cloud-config FILE      azure.json (default: /etc/kubernetes/azure.json if readable)
  --workspace ID           Log Analytics workspace that has the AKS controller's log
  --deep                   also ask Azure what it tells to a POST only
  --redact secrets         what is removed (the only choice in this version)
  --timeout DURATION       end after this time with what there is (default 10m)
  --command-timeout DURATION  end a command after this time (default 60s)
  --output FILE            the bundle (default: azlb-CONTEXT-TIME.tgz here)
  --force                  replace an existing file
  --offline                plan only: print templates, contact nothing
  --replay DIR             answer commands out of a recording, run nothing
  --version                version, commit, Go and the catalogue's date
  --help                   this text

Example: azlb-collect --context prod && azlb-analyze azlb-prod-*.tgz
`

// The exit codes.
const (
	exitWritten = 0 // the bundle is written, the plan or the permissions printed
	exitNothing = 1 // nothing could be written
	exitUsage   = 2 // wrong flags
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	c, err := parse(args)
	switch {
	case errors.Is(err, pflag.ErrHelp):
		fmt.Fprint(stdout, usage)
		return exitWritten
	case err != nil:
		fmt.Fprintf(stderr, "azlb-collect: %s (see azlb-collect --help)\n", oneLine(err.Error()))
		return exitUsage
	}
	if err := c.do(stdout, stderr); err != nil {
		fmt.Fprintf(stderr, "azlb-collect: %v\n", err)
		return exitNothing
	}
	return exitWritten
}

// do runs what the command line asks for.
func (c *command) do(stdout, stderr io.Writer) error {
	if c.version {
		_, err := fmt.Fprintln(stdout, version())
		return err
	}
	if c.replay != "" {
		recording, err := collect.OpenRecording(c.replay)
		if err != nil {
			return err
		}
		recording.Apply(&c.options)
	}
	ctx, stop := interruptible()
	defer stop()
	switch c.verb {
	case "permissions":
		return collect.Permissions(stdout, c.options.Subscription)
	case "plan":
		return c.plan(ctx, stdout)
	}
	progress, done := c.progress(stderr)
	c.options.Progress = progress
	result, err := collect.Collect(ctx, c.options)
	done()
	if err != nil {
		return err
	}
	fmt.Fprintf(stderr, "azlb-collect: %d of %d commands were answered; the bundle says why the others were not\n", result.Answered, result.Commands)
	if len(result.LeftOut) > 0 {
		fmt.Fprintf(stderr, "azlb-collect: --namespace and --service left out the pods of: %s\n", strings.Join(result.LeftOut, ", "))
	}
	_, err = fmt.Fprintln(stdout, result.Path)
	return err
}

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

// interruptible ends with the first Ctrl-C, so that what there is gets written; the
// second one ends the program as ever.
func interruptible() (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		if _, ok := <-signals; ok {
			signal.Stop(signals)
			cancel(collect.ErrInterrupted)
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel(nil)
	}
}

// progress is one line that changes on a terminal, and plain lines elsewhere.
func (c *command) progress(stderr io.Writer) (collect.Progress, func()) {
	if f, ok := stderr.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		width, _, err := term.GetSize(int(f.Fd()))
		if err != nil || width <= 0 {
			width = 80
		}
		t := collect.NewTerminal(f, width, time.Now)
		return t, t.Close
	}
	return &collect.Lines{W: stderr}, func() {}
}
