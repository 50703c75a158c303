package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/api/resource"

	"azlb/bundle-schema/manual"
	"azlb/collect"
)

// tree is the program as commands: what may be typed, and what is said of it.
func (c *command) tree() *cobra.Command {
	c.options = collect.Options{
		Runner: collect.Processes{}, OwnMachine: true, Now: time.Now, Progress: collect.Silent{},
		Pause: collect.Sleep, Tool: tool(),
	}
	c.maxLog.Quantity, c.maxSize.Quantity = resource.MustParse("64Mi"), resource.MustParse("1Gi")
	name := manual.Called("azlb-collect")
	root := &cobra.Command{
		Use:   "azlb-collect [flags]",
		Short: "collect with the current kube context and az login",
		Long: name + ` archives what a diagnosis of the cluster's load balancers needs.

It runs your own kubectl and az, reads only, and writes one bundle; its path is printed on stdout. Secrets are removed before anything is written.`,
		Example: name + ` --context prod && azlb-analyze azlb-prod-*.tgz`,
		Annotations: manual.Exits("the bundle is written, the plan or the permissions printed",
			"nothing could be written", "wrong flags"),
	}
	plan := &cobra.Command{
		Use:   "plan [--offline]",
		Short: "print every command that would run",
	}
	permissions := &cobra.Command{
		Use:   "permissions",
		Short: "print the least rights that it needs",
	}
	root.AddCommand(plan, permissions)
	c.flags(root, plan, permissions)
	for _, verb := range []*cobra.Command{root, plan, permissions} {
		verb.Args = noWords
		verb.PreRunE = func(*cobra.Command, []string) error { return c.check() }
	}
	root.RunE = c.does(func(ctx context.Context, stdout, stderr io.Writer) error {
		if c.version {
			_, err := fmt.Fprintln(stdout, version())
			return err
		}
		return c.collect(ctx, stdout, stderr)
	})
	plan.RunE = c.does(func(ctx context.Context, stdout, _ io.Writer) error { return c.plan(ctx, stdout) })
	permissions.RunE = c.does(func(_ context.Context, stdout, _ io.Writer) error {
		return collect.Permissions(stdout, c.options)
	})
	manual.Program(root, "azlb-collect "+c.options.Tool.Version)
	return root
}

// noWords refuses words that are no commands.
func noWords(_ *cobra.Command, words []string) error {
	if len(words) > 0 {
		return fmt.Errorf("%q is no command: there are plan and permissions", words[0])
	}
	return nil
}

// failure is what went wrong with the work, and not with the command line.
type failure struct{ error }

// does runs the work of a command, in a recording if --replay names one.
func (c *command) does(work func(ctx context.Context, stdout, stderr io.Writer) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) error {
		if c.replay != "" {
			recording, err := collect.OpenRecording(c.replay)
			if err != nil {
				return failure{err}
			}
			recording.Apply(&c.options)
		}
		c.options.MaxLog, c.options.MaxSize = c.maxLog.Value(), c.maxSize.Value()
		ctx, abandoned, stop := interruptible(cmd.ErrOrStderr())
		defer stop()
		c.options.Abandoned = abandoned
		if err := work(ctx, cmd.OutOrStdout(), cmd.ErrOrStderr()); err != nil {
			return failure{err}
		}
		return nil
	}
}
